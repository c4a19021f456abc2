"""The books of a chaos run show what must not be: a short message sent again after an end, or an end told otherwise."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.faults.outside.books import faults_of
from tests.faults.outside.sms_gateway import Outcome
from tests.faults.plan import Plan

TAKEN, LATER, REFUSED, UNKNOWN = Outcome.TAKEN, Outcome.LATER, Outcome.REFUSED, Outcome.UNKNOWN
MAYBE = "may have arrived: no answer within 10 s"


def row(status: str, error: str | None = None, **more: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"key": "a", "status": status, "error": error, "channel": "sms", "tried": None} | more)


@pytest.mark.parametrize(
    ("found", "outcomes"),
    [
        (row("sent"), [LATER, LATER, TAKEN]),
        (row("told", "the gateway answers 7, not 0"), [REFUSED]),
        (row("told", MAYBE), [LATER, UNKNOWN]),
        (row("failed", MAYBE), [TAKEN]),
        (row("sent", channel="email", tried=[{"channel": "sms", "error": MAYBE}]), [UNKNOWN]),
    ],
)
def test_an_end_that_the_outbox_tells_as_it_was_is_none_to_name(found: Any, outcomes: list[Outcome]) -> None:
    assert list(faults_of(found, outcomes)) == []


@pytest.mark.parametrize(
    ("found", "outcomes", "fault"),
    [
        (row("sent"), [TAKEN, TAKEN], "sent again"),
        (row("sent"), [UNKNOWN, TAKEN], "sent again"),
        (row("told", "given up after 3 days"), [TAKEN], "the gateway took it"),
        (row("told", "the gateway answers 7"), [UNKNOWN], "nobody knows"),
        (row("sent"), [UNKNOWN], "noted as sent"),
        (None, [TAKEN], "no row"),
    ],
)
def test_an_end_told_otherwise_and_a_second_message_are_named(found: Any, outcomes: list[Outcome], fault: str) -> None:
    assert any(fault in line for line in faults_of(found, outcomes))


def test_what_a_seed_decided_before_there_were_mailboxes_stays_as_it_was() -> None:
    plan = Plan.of(7, cases=40, minutes=5, kills=4)
    assert {case.pages for case in plan.cases if case.mail or case.telephone} == {False}
    assert {case.by for case in plan.cases if case.mail or case.telephone} == {"here"}
    assert {cut.target for cut in plan.cuts} == {"mailbox", "gateway"}
