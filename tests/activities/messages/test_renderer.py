"""Every message, in both languages, says what its reader needs and nothing that is not for them."""

from __future__ import annotations

import re
import shlex
from datetime import timedelta

import pytest

from activities.messages.renderer import RenderContext, Renderer
from activities.messages.samples import (
    CUSTOMER_FACTS,
    NOW,
    NUMBER,
    PORTAL,
    STAFF_FACTS,
    context,
    notice,
    sample_messages,
)
from activities.messages.ways import CustomerWays
from activities.rendering.filters import one_line
from activities.rendering.labels import label
from tests.activities.messages.rendered import parsed, rendered
from workflows.domain.commands.case import COMMANDS
from workflows.domain.event import Message, Notice
from workflows.domain.model import Json
from workflows.domain.vocabulary import Audience, ClockName, Locale, Resolution, Satisfaction

EVERY: dict[Message, list[tuple[Notice, RenderContext]]] = {}
"""Each message in both languages, with all facts and with few."""
for _told, _about in sample_messages():
    EVERY.setdefault(_told.message, []).append((_told, _about))
ENGLISH_SENTENCE = (
    "The certificate of the synchronisation service had expired; it was renewed and the service restarted"
)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


@pytest.mark.parametrize("name", EVERY)
def test_every_message_reads_well_whatever_is_unknown(renderer: Renderer, name: Message) -> None:
    for told, about in EVERY[name]:
        message = renderer.render(told, about)
        assert message.problem is None
        assert NUMBER in message.short
        assert NUMBER in message.subject
        assert NUMBER in message.text
        page = parsed(message.html)
        assert page.open == []
        for text in (message.subject, message.short, message.text, page.text):
            assert not re.search(r"None|Undefined|\{\{|\{%|\b0001-01-01|Decimal\(|datetime", text), text
            assert not re.search(r"[，：；、][，。：；、]|（）|\(\)| ,", text), (
                f"a gap where something was unknown: {text}"
            )
            assert not re.search(r"\d{4}-\d\d-\d\dT", text), f"a time as a machine writes it: {text}"
        for line in (message.subject, message.short):
            assert line == one_line(line)
        assert "\n\n\n" not in message.text, message.text


@pytest.mark.parametrize("name", EVERY)
def test_a_short_message_fits_into_one_sms(renderer: Renderer, name: Message) -> None:
    for given, about in EVERY[name]:
        english = about.recipient.locale is Locale.EN
        told = given.model_copy(update={"facts": _in_english(given.facts)}) if english else given
        short = renderer.render(told, about.model_copy(update={"portal": "", "link": ""})).short
        assert len(short) <= (160 if english else 70), short
        assert len(renderer.render(told, about).short) <= (160 if english else 70) + len(f" {PORTAL}"), short


def _in_english(facts: Json) -> Json:
    return {
        key: ENGLISH_SENTENCE if isinstance(value, str) and re.search("[\u4e00-\u9fff]", value) else value
        for key, value in facts.items()
    }


@pytest.mark.parametrize("message", CUSTOMER_FACTS)
@pytest.mark.parametrize("locale", Locale)
def test_a_customer_reads_no_internal_word(renderer: Renderer, message: Message, locale: Locale) -> None:
    shown = rendered(renderer, message, locale)
    for internal in (
        "bihuan",
        "agent-001",
        "agent-002",
        "head-tech",
        "赵敏",
        "韩梅",
        "P1",
        "breach",
        "level",
        "级别：",
        "超时",
    ):
        assert internal not in shown.text
        assert internal not in shown.short
        assert internal not in parsed(shown.html).text


@pytest.mark.parametrize("message", STAFF_FACTS)
@pytest.mark.parametrize("locale", Locale)
def test_every_command_in_a_message_can_be_typed_as_it_stands(
    renderer: Renderer, message: Message, locale: Locale
) -> None:
    lines = [line.strip() for line in rendered(renderer, message, locale).text.split("\n") if line.startswith("    ")]
    assert f"bihuan show {NUMBER}" in lines
    for line in lines:
        words = shlex.split(line)
        at = words.index(NUMBER)
        name, options = " ".join(words[1:at]), words[at + 1 :]
        assert words[0] == "bihuan"
        if name == "show" or name.startswith("review "):
            continue
        given = dict(zip(options[::2], options[1::2], strict=True))
        assert given.pop("--as") in {"agent-001", "customer"}
        command = COMMANDS[name.replace("-", "_")]
        required = {key for key, field in command.model_fields.items() if field.is_required()} - {"command_id", "by"}
        fields = {option.removeprefix("--").replace("-", "_") for option in given}
        assert required <= fields <= set(command.model_fields)


def test_the_result_tells_all_a_customer_needs_to_accept_or_refuse(renderer: Renderer) -> None:
    shown = rendered(renderer, Message.RESULT, handling_seconds=8100, cause="证书过期", solution="已更换证书")
    for part in (NUMBER, "证书过期", "已更换证书", "2小时15分", "请重新登录", "到期提醒", "是否已解决", "400-800-1234"):
        assert part in shown.text
        assert part in parsed(shown.html).text


@pytest.mark.parametrize("locale", Locale)
def test_a_customer_can_answer_the_questionnaire_from_any_channel(renderer: Renderer, locale: Locale) -> None:
    shown = rendered(renderer, Message.QUESTIONNAIRE, locale)
    for answer in Satisfaction:
        assert re.search(rf"^[·-] {label('satisfaction', answer.value, locale)}$", shown.text, re.MULTILINE)
        assert label("satisfaction", answer.value, locale) in shown.short
    assert not re.search(r"(?<!\d)[1-5] *(非常|满意|very|satisf)", shown.text + shown.short)
    assert "400-800-1234" in shown.text
    assert "400-800-1234" in shown.short


_PROMISES = re.compile(r"回复“|回复本|请回复|直接回复|回复对应|在线|[Rr]eply|confirmed\"|online|portal|https?://")
"""Ways to answer that do not exist: nobody reads an answer to a mail, and there is no page for customers."""


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("message", CUSTOMER_FACTS)
def test_no_message_promises_a_way_to_answer_that_does_not_exist(
    renderer: Renderer, message: Message, locale: Locale, sparse: bool
) -> None:
    told = notice(message, sparse=sparse)
    shown = renderer.render(told, context(Audience.CUSTOMER, locale, sparse=sparse))
    said = parsed(shown.html).text + shown.text + shown.short + shown.subject
    assert not _PROMISES.search(said), _PROMISES.search(said)
    assert "href=" not in shown.html


@pytest.mark.parametrize("locale", Locale)
def test_a_way_that_is_set_up_stands_in_every_message(
    renderer: Renderer, locale: Locale, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = CustomerWays(mailbox=True, portal="https://help.example.com")
    monkeypatch.setattr("activities.messages.renderer.customer_ways", lambda *_, **__: ways)
    for message in CUSTOMER_FACTS:
        shown = renderer.render(notice(message), context(Audience.CUSTOMER, locale))
        assert ("直接回复本消息" if locale is Locale.ZH_CN else "reply to this message") in shown.text
        assert 'href="https://help.example.com"' in shown.html


def test_a_link_that_is_no_web_address_is_not_put_into_a_mail(renderer: Renderer) -> None:
    told = notice(Message.QUESTIONNAIRE)
    about = context(Audience.CUSTOMER, Locale.ZH_CN).model_copy(
        update={"company": {"portal_url": "javascript:alert(1)"}}
    )
    shown = renderer.render(told, about)
    assert "javascript" not in shown.html + shown.text


def test_the_former_owner_learns_that_the_case_is_no_longer_theirs(renderer: Renderer) -> None:
    taken = rendered(renderer, Message.HANDED_OVER, **{"from": "agent-002"}, to="agent-001")
    given = rendered(renderer, Message.HANDED_OVER, **{"from": "agent-001"}, to="agent-002")
    assert "bihuan claim" in taken.text
    assert "bihuan claim" not in given.text
    assert "韩梅" in given.subject + given.text


@pytest.mark.parametrize("why", [*ClockName, "asked"])
def test_an_escalation_says_why_to_staff_and_apologises_to_the_customer(renderer: Renderer, why: str) -> None:
    assert rendered(renderer, Message.ESCALATED, why=why).text
    told = rendered(renderer, Message.ESCALATED_CUSTOMER, why=why)
    assert ("抱歉" in told.text) == (why != "asked")


@pytest.mark.parametrize("resolution", Resolution)
@pytest.mark.parametrize("locale", Locale)
def test_every_way_a_case_closes_has_its_words(renderer: Renderer, locale: Locale, resolution: Resolution) -> None:
    customer = rendered(renderer, Message.CLOSED, locale, resolution=resolution.value, satisfaction=None)
    staff = rendered(renderer, Message.CLOSED_STAFF, locale, resolution=resolution.value)
    assert label("resolution", resolution.value, locale) in staff.text
    assert customer.text


def test_facts_in_another_year_are_told_with_the_year(renderer: Renderer) -> None:
    due = (NOW + timedelta(days=300)).isoformat()
    assert "2025年2月25日 14:30" in rendered(renderer, Message.CREATED, response_due=due).text


@pytest.mark.parametrize("message", [Message.REVIEW_WARNING, Message.REVIEW_LATE, Message.REVIEW_ESCALATED])
@pytest.mark.parametrize("locale", Locale)
def test_who_owes_a_review_reads_whether_to_write_or_to_decide(
    renderer: Renderer, message: Message, locale: Locale
) -> None:
    writing = rendered(renderer, message, locale, step="writing")
    deciding = rendered(renderer, message, locale, step="awaiting_approval")
    assert "bihuan review approve" in deciding.text
    assert "bihuan review approve" not in writing.text
    wanted = "review assign" if message is Message.REVIEW_ESCALATED else "review draft"
    assert f"bihuan {wanted}" in writing.text
    assert writing.short != deciding.short


def test_only_who_may_move_a_measure_is_told_to_do_so_in_their_own_name(renderer: Renderer) -> None:
    move = f"bihuan review measure move {NUMBER} 1 --as"
    superior = rendered(renderer, Message.MEASURE_ESCALATED, who="agent-002", head="head-tech")
    head = rendered(renderer, Message.MEASURE_ESCALATED, who="agent-002", head="agent-001")
    above = rendered(renderer, Message.MEASURE_ESCALATED, who="head-tech", head="head-tech")
    assert f"{move} head-tech " in superior.text
    assert f"{move} agent-001 " in head.text
    assert f"{move} agent-001 " in above.text


@pytest.mark.parametrize("locale", Locale)
def test_a_review_of_many_cases_names_the_first_ten(renderer: Renderer, locale: Locale) -> None:
    cases = [f"FB2024050100{index:02}" for index in range(1, 31)]
    text = rendered(renderer, Message.REVIEW_ASKED, locale, cases=cases).text
    assert cases[9] in text
    assert cases[10] not in text
    assert "30" in text


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({"follower": NUMBER, "main": "FB202405010002"}, f"    bihuan unlink {NUMBER} --as agent-001\n"),
        ({"follower": "FB202405010002", "main": NUMBER}, "    bihuan unlink FB202405010002 --as agent-001\n"),
    ],
)
@pytest.mark.parametrize("locale", list(Locale))
def test_either_owner_reads_how_to_end_a_link(renderer: Renderer, facts: Json, line: str, locale: Locale) -> None:
    told = notice(Message.LINKED).model_copy(update={"facts": facts | {"by": "agent-002", "why": None}})
    message = renderer.render(told, context(Audience.STAFF, locale))
    assert line in message.text, "indented, so that the page shows it as a command"
