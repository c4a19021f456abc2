"""What is supplied later is checked like a form, read back from an export, and triaged again (R3, R5, R10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.intake.form import parse_form
from activities.intake.submission import supply
from activities.opening.decision import Decision
from activities.opening.supplied import check_supplied, triage_supplied
from activities.organisation.loading import sample_organisation
from activities.policy.loading import load_policy
from workflows.domain.model import Json
from workflows.domain.problem import Problem
from workflows.domain.terms import DispatchRequest, Lookup, SuppliedForm
from workflows.domain.vocabulary import Priority

OPENED = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
NOW = OPENED + timedelta(hours=5)
POLICY, PEOPLE = load_policy("standard"), sample_organisation()


def form(symptom: str = "系统坏了", **changes: Any) -> Json:
    """A form as the register keeps it."""
    raw = {
        "channel": "portal",
        "customer": {"name": "王芳", "email": "wang@example.com"},
        "description": {"symptom": symptom},
    }
    parsed = parse_form(raw | changes, now=OPENED, policy=POLICY, organisation=PEOPLE)
    return parsed.model_dump(mode="json")


def checked(**fields: str) -> dict[str, str]:
    given = {key.replace("__", "."): value for key, value in fields.items()}
    return check_supplied(form(), given, accepted_at=OPENED, now=NOW, policy=POLICY)


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("customer__phone", "abc", "customer.phone: 'abc' is no phone number; allowed: such as 13800138000"),
        ("customer__email", "王芳", "customer.email: '王芳' is no mail address"),
        ("customer__name", "王" * 201, "customer.name: "),
        ("customer__name", "\u200b", "customer.name: "),
        ("customer__wechat", "\u200b\u202d", "customer.wechat: is empty"),
        ("occurred_at", "昨天下午", "occurred_at: '昨天下午' is no time"),
        ("occurred_at", "2026-05-11T18:00+08:00", "is in the future"),
        ("occurred_at", "2026-05-11T10:00+08:00", "occurred_at: is after received_at"),
        ("product", "线\x07", "product: holds the control character U+0007"),
        ("description__steps", "长" * 40_000, "description: is "),
    ],
)
def test_what_a_form_would_not_take_is_not_taken_later(key: str, value: str, fault: str) -> None:
    with pytest.raises(Problem, match=r"^form: ") as caught:
        checked(**{key: value})
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_taken_is_kept_as_a_form_keeps_it_and_reads_back() -> None:
    fields = checked(
        customer__phone=" 138\u202d00138000", customer__email="Wang@EXAMPLE.com", occurred_at="2026-05-11 08:30"
    )
    assert fields == {
        "customer.phone": "13800138000",
        "customer.email": "Wang@example.com",
        "occurred_at": "2026-05-11T00:30:00Z",
    }
    again = parse_form(supply(form(), fields), now=NOW, policy=POLICY, organisation=PEOPLE)
    assert again.customer.phone == "13800138000"


def test_what_an_earlier_release_stored_does_not_keep_a_customer_from_answering() -> None:
    stored = supply(form(), {"customer.phone": "abc", "occurred_at": "昨天下午"})
    fields = check_supplied(stored, {"product": "收银台"}, accepted_at=OPENED, now=NOW, policy=POLICY)
    assert fields == {"product": "收银台"}
    assert triage_supplied(stored, fields, SuppliedForm(fields=fields), POLICY).type is None


def test_what_is_supplied_is_triaged_again_whether_in_a_field_or_in_free_text() -> None:
    for given in (SuppliedForm(fields={"description.symptom": "无法登录"}), SuppliedForm(fields={}, text="无法登录")):
        found = triage_supplied(form("麻烦看一下"), given.fields, given, POLICY)
        assert found.type is not None and (found.type.type, found.type.subtype) == ("technical", "登录异常")
        assert found.priority is Priority.P2


def test_an_answer_that_says_nothing_new_leaves_type_and_priority_as_they_are() -> None:
    given = SuppliedForm(fields={"product": "收银台"}, text="好的")
    assert triage_supplied(form("无法登录"), given.fields, given, POLICY).type is None
    assert triage_supplied(form("无法登录"), given.fields, given, POLICY).priority is None


def test_the_owner_is_looked_for_by_what_was_supplied() -> None:
    lookup = Lookup(
        number="FB1", at=OPENED, supplied=SuppliedForm(fields={"description.symptom": "无法登录"}),
        dispatch=DispatchRequest(type="other", priority=Priority.P3),
    )  # fmt: skip
    answer = Decision(POLICY, PEOPLE).consultation(lookup, "", {}, OPENED, form=form(), now=NOW)
    assert answer.dispatch is not None and answer.dispatch.department == "technical_support"
    wrong = lookup.model_copy(update={"supplied": SuppliedForm(fields={"customer.phone": "abc"})})
    answer = Decision(POLICY, PEOPLE).consultation(wrong, "", {}, OPENED, form=form(), now=NOW)
    assert answer.fields is None and len(answer.faults) == 1
