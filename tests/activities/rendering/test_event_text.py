"""An entry of a history in the reader's language, whatever it says."""

from __future__ import annotations

import ast
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from activities.organisation.loading import sample_organisation
from activities.policy.loading import load_policy
from activities.rendering.called import Called
from activities.rendering.event_text import event_text, whose
from activities.rendering.filters import kind, named
from activities.rendering.labels import labels
from workflows.domain.event import EventKind
from workflows.domain.organisation.assignment import Situation, assign
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.triage import Submission, triage
from workflows.domain.terms import DispatchRequest
from workflows.domain.vocabulary import Channel, Locale, Priority

_DOMAIN = Path(__file__).parents[3] / "workflows" / "domain"
_NOT_WORDS = {"id", "command_id"}


def _said_by_rules() -> set[str]:
    """The key of everything that a rule puts into an event."""
    calls = (
        node
        for path in _DOMAIN.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"emit", "_emit"}
    )
    return {keyword.arg for call in calls for keyword in call.keywords if keyword.arg}


def test_a_chinese_history_has_no_english_key_beside_its_chinese_labels() -> None:
    keys = _said_by_rules()
    assert len(keys) > 40
    for key in sorted(keys - _NOT_WORDS):
        entry = {"kind": EventKind.NOTED.value, "detail": {key: "甲"}}
        said = event_text(entry, datetime.fromisoformat, Locale.ZH_CN)
        assert not re.search("[a-z_]{2,}", said), (key, said)


@pytest.mark.parametrize("locale", list(Locale))
def test_what_is_missing_and_what_was_supplied_is_called_as_on_the_form(locale: Locale) -> None:
    known = labels(locale)["field"]
    asked = {"kind": "information_requested", "detail": {"missing": ["description.symptom"]}}
    given = {"kind": "supplied", "detail": {"fields": {"description.symptom": "打不开"}}}
    assert known["description.symptom"] in event_text(asked, datetime.fromisoformat, locale)
    said = event_text(given, datetime.fromisoformat, locale)
    assert f"{known['description.symptom']} 打不开" in said and "description" not in said


@pytest.mark.parametrize(
    ("by", "via", "detail", "said"),
    [
        ("customer", "link", {}, ("customer (link)", "customer（链接）")),
        ("customer", "console", {"relayed_by": "agent-001", "heard": "telephone"},
         ("customer, taken down by agent-001 (telephone)", "customer，由 agent-001 代录（电话）")),
        ("customer", "console", {"relayed_by": "agent-001"},
         ("customer, taken down by agent-001 (console)", "customer，由 agent-001 代录（控制台）")),
        ("customer", "console", {},
         ("customer, taken down by nobody named (console)", "customer，由未具名人员代录（控制台）")),
        ("followup-001", "console", {}, ("followup-001", "followup-001")),
        ("followup-001", "desk", {}, ("followup-001 (desk)", "followup-001（工作台）")),
        ("system", "system", {}, ("system", "system")),
    ],
)  # fmt: skip
def test_nobody_takes_what_was_taken_down_for_the_customers_own_hand(
    by: str, via: str, detail: dict[str, str], said: tuple[str, str]
) -> None:
    entry = {"kind": "rated", "by": by, "via": via, "detail": {"score": "satisfied", **detail}}
    assert (whose(entry, Locale.EN), whose(entry, Locale.ZH_CN)) == said
    assert "agent-001" not in event_text(entry, datetime.fromisoformat, Locale.EN)


def test_a_case_that_a_customer_opened_is_shown_as_theirs() -> None:
    entry = {"kind": "created", "by": "customer", "via": "console", "detail": {"channel": "portal"}}
    assert whose(entry, Locale.EN) == "customer"


@pytest.mark.parametrize("kind", ["event", "detail", "field", "via", "heard", "whose"])
def test_both_languages_have_a_word_for_the_same_things(kind: str) -> None:
    assert set(labels(Locale.ZH_CN)[kind]) == set(labels(Locale.EN)[kind])


_ORGANISATION, _POLICY = sample_organisation(), load_policy("standard")
_RAW = r"(?a)(?<![(\w-])(?!P\d\b|FB\d)[A-Za-z][\w-]+"
"""A word of the program, and no id beside a name."""


def _called(locale: Locale) -> Called:
    units, types = _ORGANISATION.labels(), _POLICY.labels()
    people = {one.id: one.name for one in _ORGANISATION.people}
    return Called(
        person=lambda key: f"{people[key]} ({key})",
        unit=lambda key: named(key, units, locale),
        kind=lambda type_, subtype: kind(type_, subtype, types, locale),
        command={"resolve": "给出解决方案"}.get,
    )


@pytest.mark.parametrize(
    ("what", "detail", "said"),
    [
        ("dispatched", {"owner": "tech-001", "assisting": {"sales": "sales-head"}},
         ("蒋华 (tech-001)", "销售部", "(sales-head)")),
        ("classified", {"after": {"type": "technical", "subtype": "登录异常", "priority": "P1"}},
         ("技术类", "登录异常")),
        ("escalated", {"level": 1, "to": "tech-lead", "acknowledge_by": "2026-05-11T01:00:00Z"},
         ("(tech-lead)", "05-11")),
        ("review_late", {"to": ["tech-head"], "measures": [{"what": "演练", "owner": "tech-002"}]},
         ("(tech-head)", "(tech-002)")),
        ("collaboration_late", {"department": "product", "person": "product-001"}, ("产品部", "(product-001)")),
        ("reopened", {"reason": "dissatisfied", "text": "还是不行", "kept": ["sales"]}, ("客户不满意", "销售部")),
        ("rejected", {"command": "resolve"}, ("给出解决方案",)),
        ("closed", {"why": "accepted, not rated"}, ("客户未评价",)),
        ("unlinked", {"why": "FB202605110001 is closed"}, ("已关闭",)),
        ("collaboration_assigned", {"reason": "tech-001 is no longer in the organisation"}, ("已不在公司",)),
    ],
)  # fmt: skip
def test_a_history_has_names_instead_of_ids_for_whoever_knows_the_company(
    what: str, detail: dict[str, object], said: tuple[str, ...]
) -> None:
    entry = {"kind": what, "by": "system", "detail": detail}
    shown = event_text(entry, datetime.fromisoformat, Locale.ZH_CN, _called(Locale.ZH_CN))
    assert all(one in shown for one in said), shown
    assert not re.search(_RAW, shown), shown


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("登录不了", {}),
        ("怎么开发票", {"type": "enquiry"}),
        ("？", {}),
        ("生产线全停了，机器人手臂不动", {}),
        ("退款", {"type": "transaction", "subtype": "退款", "priority": Priority.P1}),
    ],
)
def test_why_a_case_was_judged_so_is_said_in_the_readers_language(text: str, given: dict[str, Any]) -> None:
    judged = triage(Submission(channel=Channel.HOTLINE, text=text, **given), _POLICY)
    entry = {"kind": "classified", "by": "system", "detail": {"reasons": list(judged.reasons)}}
    shown = event_text(entry, datetime.fromisoformat, Locale.ZH_CN, _called(Locale.ZH_CN))
    assert not re.search(_RAW, shown), shown


@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("given", [{"person": "tech-001"}, {"department": "sales"}, {}])
def test_why_somebody_was_given_a_case_is_said_in_the_readers_language(away: bool, given: dict[str, Any]) -> None:
    absent = {one.id for one in _ORGANISATION.people if away and one.id not in given.values()}
    people = [one.model_copy(update={"away": one.id in absent}) for one in _ORGANISATION.people]
    organisation = Organisation.model_validate({**dict(_ORGANISATION), "people": tuple(people)})
    request = DispatchRequest(type="technical", subtype="登录异常", priority=Priority.P1, **given)
    chosen = assign(request, organisation, _POLICY, Situation(loads={}, day=date(2026, 5, 11)))
    entry = {"kind": "dispatched", "by": "system", "detail": {"reason": chosen.reason}}
    shown = event_text(entry, datetime.fromisoformat, Locale.ZH_CN, _called(Locale.ZH_CN))
    assert not re.search(_RAW, shown), shown


@pytest.mark.parametrize(
    ("what", "why", "said"),
    [
        ("handed_over", "claimed", "主动认领"),
        ("escalated", "asked", "处理人请求升级"),
        ("collaboration_ended", "closed: withdrawn", "问题已关闭：已撤销"),
    ],
)
def test_what_somebody_brought_about_has_the_rules_reason_in_words(what: str, why: str, said: str) -> None:
    entry = {"kind": what, "by": "agent-001", "detail": {"why": why}}
    assert event_text(entry, datetime.fromisoformat, Locale.ZH_CN) == said


def test_what_a_person_gave_as_the_reason_stays_as_they_wrote_it() -> None:
    entry = {"kind": "closed", "by": "agent-001", "detail": {"why": "accepted, not rated"}}
    assert event_text(entry, datetime.fromisoformat, Locale.ZH_CN) == "accepted, not rated"
