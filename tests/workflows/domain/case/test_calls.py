"""Whoever has to call a customer finds it in their list, with the time, until it is done (R21, R23, R43)."""

from __future__ import annotations

from tests.builders import MINUTE, MONDAY, RESOLUTION, command, open_case, resolved_case
from workflows.domain.case.aggregate import Case
from workflows.domain.case.recorded.calls import CallReason, call_due, reasons_to_call
from workflows.domain.vocabulary import Reachable


def _asked(case: Case, person: str) -> list[tuple[CallReason, str | None]]:
    view = case.view().model_dump(mode="json")
    return [(reason, call_due(view, reason)) for reason in reasons_to_call(view, person)]  # type: ignore[arg-type]


def test_the_owner_tells_what_no_channel_brings_and_the_follow_up_waits_for_it() -> None:
    case, _ = open_case(reachable=Reachable.BY_PERSON)
    for minute, (name, fields) in enumerate((("claim", {}), ("resolve", RESOLUTION)), start=1):
        case.handle(command(name, "tech-001", **fields), MONDAY + minute * MINUTE)
    ((reason, due),) = _asked(case, "tech-001")
    assert reason is CallReason.TELL
    assert due is not None
    assert _asked(case, "followup-001") == []
    case.handle(command("told", "tech-001"), MONDAY + 5 * MINUTE)
    assert _asked(case, "tech-001") == []
    assert [reason for reason, _ in _asked(case, "followup-001")] == [CallReason.FOLLOW_UP]


def test_a_follow_up_that_is_late_keeps_its_time_and_one_that_is_made_is_over() -> None:
    case, now = resolved_case()
    ((_, due),) = _asked(case, "followup-001")
    while (deadline := case.next_deadline) is not None and not case.view().breaches:
        case.expire(deadline)
        now = deadline
    assert ("follow_up", due) in [
        (one.clock, one.due.isoformat().replace("+00:00", "Z")) for one in case.view().breaches
    ]
    assert _asked(case, "followup-001")[0][1] == due
    case.handle(command("rate", "customer", score="satisfied"), now + MINUTE)
    assert _asked(case, "followup-001") == []
