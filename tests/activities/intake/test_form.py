"""What the registration form takes, and the one line that bad input gets (R1, R3, R5)."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.intake.completeness import missing_fields
from activities.intake.form import Form, parse_form
from activities.organisation.loading import sample_organisation
from activities.policy.loading import load_policy
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Channel, Contact, CustomerKind, Locale, Priority

NOW = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
POLICY, PEOPLE = load_policy("standard"), sample_organisation()
FORM: dict[str, Any] = {
    "intake_key": "hotline-1",
    "channel": "hotline",
    "customer": {
        "name": "刘洋",
        "kind": "company",
        "company": "远山物流",
        "phone": "13912345678",
        "wechat": "liuyang_ys",
        "email": "liuyang@example.com",
        "preferred_contact": "phone",
        "locale": "zh_CN",
    },
    "product": "调度平台",
    "type": "technical",
    "subtype": "登录异常",
    "occurred_at": "2026-05-11T08:30+08:00",
    "description": {
        "symptom": "登录后一直白屏",
        "steps": "打开首页,输入账号,登录",
        "expected": "进入首页",
        "actual": "白屏",
    },
    "impact": {"blocks_normal_use": True, "effect": "无法派车"},
    "hoped_for": "立即",
    "attachments": ["白屏.png"],
    "received_by": "agent-001",
    "priority": None,
}


def filled(**changes: Any) -> dict[str, Any]:
    """The form with dotted keys (`customer__phone`) changed."""
    data = copy.deepcopy(FORM)
    for key, value in changes.items():
        *path, last = key.split("__")
        place = data
        for step in path:
            place = place[step]
        place[last] = value
    return data


def parsed(raw: Any = None, **changes: Any) -> Form:
    return parse_form(raw if raw is not None else filled(**changes), now=NOW, policy=POLICY, organisation=PEOPLE)


def refusal(raw: Any = None, **changes: Any) -> str:
    with pytest.raises(Problem) as caught:
        parsed(raw, **changes)
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_a_whole_form_is_kept_whole() -> None:
    form = parsed(json.dumps(FORM).encode())
    assert form.channel is Channel.HOTLINE
    assert form.customer.name == "刘洋"
    assert form.occurred_at == datetime(2026, 5, 11, 0, 30, tzinfo=UTC)
    assert form.attachments == ["白屏.png"]
    assert missing_fields(form, "technical", POLICY) == ()
    assert Form.model_validate(form.model_dump(mode="json")) == form


def test_chinese_words_stand_for_ids() -> None:
    form = parsed(
        channel="在线客服",
        type="产品使用故障",
        customer__kind="个人",
        customer__preferred_contact="短信",
        priority="紧急",
    )
    assert (form.channel, form.type) == (Channel.CHAT, "technical")
    assert (form.customer.kind, form.customer.preferred_contact) == (CustomerKind.INDIVIDUAL, Contact.SMS)
    assert form.priority is Priority.P0


def test_the_shortest_form_is_enough_to_get_a_number() -> None:
    form = parsed({"channel": "email", "customer": {"name": "A", "email": "a@example.com"}})
    assert (form.customer.kind, form.customer.preferred_contact) == (CustomerKind.INDIVIDUAL, Contact.EMAIL)
    assert form.customer.locale is Locale.ZH_CN
    assert missing_fields(form, "other", POLICY) == ("description.symptom",)


def test_a_subtype_alone_names_its_type_when_only_one_has_it() -> None:
    assert parsed(type=None, subtype="退款").type == "service"
    assert "needs its type; allowed: enquiry or suggestion" in refusal(type=None, subtype="功能")


def test_html_in_a_name_stays_text() -> None:
    name = "<script>alert('x')</script> & Co"
    assert parsed(customer__name=name).customer.name == name


def test_line_breaks_and_tabs_may_stand_in_a_description() -> None:
    assert parsed(description__steps="1. 打开\r\n2.\t保存").description.steps == "1. 打开\n2.\t保存"


def test_a_time_without_an_offset_is_the_companys_own() -> None:
    assert parsed(occurred_at="2026-05-11 08:30:59").occurred_at == datetime(2026, 5, 11, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("ahead", ["2026-05-11T09:00:05+08:00", "2026-05-11T09:01:00+08:00"])
def test_a_form_from_a_clock_that_is_a_little_ahead_is_taken_as_of_now(ahead: str) -> None:
    form = parsed(received_at=ahead, occurred_at=ahead)
    assert (form.received_at, form.occurred_at) == (NOW, NOW)
    assert "is in the future" in refusal(received_at="2026-05-11T09:01:01+08:00")


@pytest.mark.parametrize("hope", ["立即", "24小时内", "3个工作日内", "2026-06-01"])
def test_each_hope_of_the_form_is_taken(hope: str) -> None:
    assert parsed(hoped_for=hope).hoped_for == hope


_PHONES = [
    "+86 139 1234 5678", "010-62345678", "400-810-1234", "+1 650 253 0000", "+1 650 253 0000 ext. 5",
    "010-62345678转801", "(010)62345678 (转801)", "+86 10 6234 5678 轉 3", "010-62345678总机转801", "400-810-1234转5",
    "0755-26001234 分机 123", "0755-26001234 分机号:123", "021-55556666 ext. 12", "021-55556666x12", "010-62345678-801",
]  # fmt: skip


@pytest.mark.parametrize(
    "invisible", ["\u202d", "\u200b", "\u200e", "\u2066", "\ufeff", "\u2060", "\u00ad", "\u200d", "\u3164"]
)
def test_what_nobody_sees_is_taken_out_of_what_was_pasted(invisible: str) -> None:
    def pasted(text: str) -> str:
        return invisible + invisible.join(text) + invisible

    own = FORM["customer"]
    customer = parsed(
        customer__name=pasted(own["name"]),
        customer__company=pasted(own["company"]),
        customer__phone=pasted(own["phone"]),
        customer__email=pasted(own["email"]),
        customer__wechat=pasted(own["wechat"]),
    ).customer
    assert customer == parsed().customer
    assert parsed(description__symptom=pasted("登录后一直白屏")).description.symptom == "登录后一直白屏"
    assert "customer.name: is empty" in refusal(customer__name=invisible * 3)


@pytest.mark.parametrize(
    "name", ["👩🏽\u200d🚀 太空", "❤️\u200d🔥", "\u0646\u0645\u06cc\u200c\u062f\u0627\u0646", "क्\u200dष"]
)
def test_emoji_and_scripts_that_are_written_with_joiners_keep_them(name: str) -> None:
    assert parsed(customer__name=name).customer.name == name


@pytest.mark.parametrize("phone", _PHONES)
def test_numbers_of_any_kind_and_country_are_taken_as_given(phone: str) -> None:
    assert parsed(customer__phone=phone).customer.phone == phone


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"attachments": [f"{n}.png" for n in range(6)]}, "attachments: are 6; allowed: at most 5"),
        ({"attachments": ["../../etc/passwd"]}, "attachments: '../../etc/passwd' leads out of its folder"),
        ({"attachments": "a.png"}, "attachments: 'a.png' is no list; allowed: a list"),
        (
            {"customer": {"name": "刘洋"}},
            "customer: has no contact; allowed: at least one of phone, wechat, email, other",
        ),
        (
            {"customer": {"name": "刘洋", "phone": " ", "email": ""}},
            "customer: has no contact; allowed: at least one of phone, wechat, email, other",
        ),
        ({"type": "magic"}, "type: 'magic' is not known; allowed: technical 技术类, service 服务类"),
        ({"subtype": "退款"}, "subtype: '退款' is no subtype of technical; allowed: 功能障碍, 软件错误"),
        ({"channel": "fax"}, "channel: 'fax' is not known; allowed: hotline, chat, email, portal"),
        ({"channel": None}, "channel: None is not known; allowed: hotline, chat"),
        ({"occurred_at": "2026-05-11T09:02+08:00"}, "is in the future; allowed: at most now, 2026-05-11T01:00Z"),
        ({"received_at": "2027-01-01T09:00+08:00"}, "received_at: '2027-01-01T09:00+08:00' is in the future"),
        ({"received_at": "2026-05-11T08:00+08:00"}, "occurred_at: is after received_at"),
        ({"occurred_at": "2026-05-11"}, "occurred_at: '2026-05-11' is no time; allowed: date and time to the minute"),
        ({"occurred_at": 1715000000}, "occurred_at: 1715000000 is no time"),
        ({"customer__phone": "12345"}, "customer.phone: '12345' is no phone number; allowed: such as 13800138000"),
        ({"customer__phone": "010-62345678转"}, "is no phone number; allowed: such as 13800138000"),
        ({"customer__phone": "13800138000-1"}, "is no phone number"),
        ({"customer__phone": "call me"}, "customer.phone: 'call me' is no phone number"),
        ({"customer__phone": 13912345678}, "customer.phone: 13912345678 is no text; allowed: text in quotes"),
        ({"customer__email": "liuyang@"}, "customer.email: 'liuyang@' is no mail address"),
        (
            {"customer__email": "刘洋@example.com"},
            "mail servers carry only ASCII letters, digits and signs before the @",
        ),
        ({"customer__email": "x" * 65 + "@example.com"}, "is no mail address: "),
        ({"customer__email": "a@b.c\r\nBcc: x@y.z"}, "customer.email"),
        ({"description__symptom": "x" * 100_000}, "description: is 100"),
        ({"description__symptom": "没有声音\x00"}, "holds the control character U+0000"),
        ({"description__symptom": "\ud800 broken"}, "control character U+D800; allowed: line breaks and tabs only"),
        ({"customer__name": "刘\x1b[31m洋"}, "customer.name: holds the control character U+001B; allowed: none"),
        ({"customer__name": "刘\n洋"}, "customer.name: holds the control character U+000A; allowed: none"),
        ({"customer__name": ""}, "customer.name: is empty; allowed: some text"),
        ({"customer__name": "x" * 201}, "customer.name: is too long; allowed: at most 200 characters"),
        ({"customer__kind": "vip"}, "customer.kind: 'vip' is not known; allowed: individual, company"),
        ({"customer__locale": "fr"}, "customer.locale: 'fr' is not known; allowed: zh_CN, en"),
        ({"hoped_for": "昨天"}, "hoped_for: '昨天' is not known; allowed: 立即, 24小时内, 3个工作日内, or a date"),
        ({"priority": "P9"}, "priority: 'P9' is not known; allowed: P0, P1, P2, P3"),
        ({"received_by": "agent-999"}, "received_by: 'agent-999' is not in the organisation"),
        ({"prioriy": "P1"}, "prioriy: is not known; allowed: intake_key, channel, customer"),
        ({"customer__phon": "1"}, "customer.phon: is not known; allowed: name, kind, company, phone"),
        ({"impact__blocks_normal_use": "maybe"}, "impact.blocks_normal_use: 'maybe' is neither true nor false"),
    ],
)
def test_bad_input_gets_one_line_with_place_fault_and_what_is_allowed(changes: dict[str, Any], said: str) -> None:
    assert said in refusal(**changes)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("{not json", "is no JSON: Expecting property name"),
        (b"", "is no JSON"),
        (b"\xff\xfe{", "is no UTF-8 at byte 0"),
        ("[1, 2]", "is no JSON object but [1, 2]; allowed: one JSON object"),
        ("null", "is no JSON object but None"),
        ("[" * 200_000, "is nested too deeply (at character 51)"),
        ('{"x": "' + "y" * 1_000_000 + '"}', "bytes long; allowed: at most 1000000"),
    ],
)
def test_what_is_no_json_object_is_said_so(raw: str | bytes, said: str) -> None:
    assert said in refusal(raw)


def test_many_faults_are_said_together_but_not_endlessly() -> None:
    said = refusal(channel="fax", customer__phone="1", customer__email="x", hoped_for="?", priority="P9", extra=1)
    assert said.startswith("form: channel: 'fax'")
    assert said.endswith("and 1 more")


def test_an_organisation_that_is_not_loaded_yet_does_not_stop_intake() -> None:
    form = parse_form(filled(received_by="agent-999"), now=NOW, policy=POLICY, organisation=None)
    assert form.received_by == "agent-999"


@pytest.mark.parametrize(
    ("changes", "kind", "missing"),
    [
        ({"description__symptom": "坏了"}, "technical", ("description.symptom",)),
        ({"description__steps": None, "occurred_at": ""}, "technical", ("occurred_at", "description.steps")),
        ({"description__steps": None}, "service", ()),
        ({"customer__phone": None}, "technical", ("customer.phone",)),
        ({"customer__preferred_contact": "wechat", "customer__wechat": ""}, "technical", ("customer.wechat",)),
        ({"customer__preferred_contact": "portal", "customer__phone": None}, "technical", ()),
    ],
)
def test_what_is_missing_is_asked_for_by_its_name(changes: dict[str, Any], kind: str, missing: tuple[str, ...]) -> None:
    assert missing_fields(parsed(**changes), kind, POLICY) == missing


def test_words_about_what_was_expected_decide_nothing() -> None:
    submission = parsed(description__expected="系统瘫痪").submission()
    assert "系统瘫痪" not in submission.text
    assert "无法派车" in submission.text
