"""A case may stay open for years: what it carries from run to run stays small, and nothing still needed is lost."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.builders import (
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    NUMBER,
    RESOLUTION,
    SALES,
    command,
    consulted,
    open_case,
    settlement,
    terms,
)  # fmt: skip
from workflows.case.input import CaseInput
from workflows.domain.case.aggregate import Case
from workflows.domain.clock import Breach
from workflows.domain.department_task import TaskReport, TaskReportKind
from workflows.domain.event import Event, EventKind
from workflows.domain.terms import Settlement
from workflows.domain.vocabulary import SYSTEM, ClockName, Priority

TWO_YEARS = 730
ASKED_ON = range(9, TWO_YEARS, 18)
REOPENED_ON = (180, 360, 540)
MEASURED_ON = range(5, TWO_YEARS + 1, 5)
LONGEST = "长" * 4_000
"""As long as any text of a command may be, in the letters that take the most room."""


def carried(case: Case) -> int:
    """Bytes that a new run begins with."""
    return len(CaseInput(number=case.number, aggregate=case).model_dump_json().encode())


def ask_sales(case: Case, text: str, now: datetime) -> list[Event]:
    """Asked, and answered at once."""
    facts = consulted(heads={"sales": "sales-head"}, people=SALES)
    events = case.handle(command("collaborate", str(case.owner), department="sales", duty=text), now, facts)
    told = (
        (TaskReportKind.ASSIGNED, {"person": "sales-001"}),
        (TaskReportKind.CONTRIBUTED, {"status": "done", "result": text}),
    )
    round_ = case.tasks[-1].round
    for sequence, (kind, detail) in enumerate(told, start=1):
        report = TaskReport(sequence=sequence, at=now, kind=kind, by="sales-001", detail=detail)
        events += case.handle(
            command("part_reported", SYSTEM, department="sales", round=round_, reports=[report]), now
        )  # fmt: skip
    return events


def live(text: str) -> tuple[Case, list[Event], dict[int, int]]:
    """Two years with a report a day, forty collaborations and three reopenings; what was carried, every five days."""
    case, events = open_case()
    sizes = {}
    for day in range(1, TWO_YEARS + 1):
        now = MONDAY + day * DAY - 10 * MINUTE
        events += case.expire(now)
        events += case.handle(command("progress", str(case.owner), text=text, why="等待厂商"), now)
        if day in ASKED_ON:
            events += ask_sales(case, text, now)
        if day in REOPENED_ON:
            events += case.handle(command("resolve", str(case.owner), **RESOLUTION), now)
            events += case.handle(command("refuse", "customer", why="又出现了"), now)
        if day in MEASURED_ON:
            sizes[day] = carried(case)
    return case, events, sizes


@pytest.mark.parametrize(
    ("text", "most"), [("已定位原因,等待厂商补丁。" * 5, 60_000), (LONGEST, 300_000)], ids=["usual", "longest"]
)
def test_what_a_case_carries_along_stays_small_for_two_years(text: str, most: int) -> None:
    """The server refuses 2 MB and warns at 256 kB and 512 kB; what is carried is also written with every step."""
    case, events, sizes = live(text)
    assert max(sizes.values()) < most
    assert sizes[TWO_YEARS] < 1.5 * sizes[365]
    assert len(case.view().model_dump_json()) < most
    kinds = [event.kind for event in events]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert kinds.count(EventKind.PROGRESSED) == TWO_YEARS
    assert (kinds.count(EventKind.CONTRIBUTED), kinds.count(EventKind.REOPENED)) == (len(ASKED_ON), 3)
    assert [task.round for task in case.tasks] == list(range(1, len(ASKED_ON) + 1)), "all forty are still known"
    assert case.tasks[-1].result == text, "what was answered lately is known in full"


def test_a_case_that_nobody_touches_does_not_grow_with_the_days_it_is_late() -> None:
    case, _ = open_case()
    sizes = {}
    for day in range(1, TWO_YEARS + 1):
        case.expire(MONDAY + day * DAY)
        if day in (90, TWO_YEARS):
            sizes[day] = carried(case)
    assert sizes[TWO_YEARS] == pytest.approx(sizes[90], rel=0.01)
    standing = {breach.clock for breach in case.breaches[:3]}
    assert standing == {ClockName.CLAIM, ClockName.RESPONSE, ClockName.RESOLUTION}, "what is owed is not forgotten"
    assert case.breaches[0].due < MONDAY + HOUR
    assert case.breaches[-1].at == MONDAY + TWO_YEARS * DAY


def test_a_case_from_before_goes_on_with_all_that_it_remembered_and_forgets_the_oldest() -> None:
    case, _ = open_case()
    case.breaches = [
        Breach(clock=ClockName.PROGRESS, due=MONDAY - DAY + i * MINUTE, at=MONDAY, cycle=0) for i in range(700)
    ]
    again = Case.model_validate_json(case.model_dump_json())
    assert len(again.breaches) == 700
    again.expire(MONDAY + HOUR)
    assert len(again.breaches) == 50
    assert ClockName.CLAIM in {breach.clock for breach in again.breaches}


def test_a_department_asked_a_hundred_times_has_its_last_fifty_parts_and_the_next_number() -> None:
    case, events = open_case()
    facts = consulted(heads={"product": "director"})
    other = case.handle(command("collaborate", "tech-001", department="product", duty="看设计"), MONDAY, facts)
    assert other[-1].kind is EventKind.COLLABORATION_STARTED
    for index in range(100):
        events += ask_sales(case, f"第{index}次", MONDAY + index * MINUTE / 100)
    sales = [task for task in case.tasks if task.department == "sales"]
    assert [task.round for task in sales] == list(range(50, 101))
    assert case.tasks[0].department == "product", "what is still owed is never forgotten"
    assert [event.kind for event in events].count(EventKind.CONTRIBUTED) == 100


def test_a_refusal_with_endless_reasons_is_remembered_in_short() -> None:
    case, _ = open_case()
    case.followers = [f"FB2024050600{index:05d}" for index in range(1_000)]
    events = case.handle(command("link", "tech-001", to="FB202405060999"), MONDAY)
    assert len(str(events[-1].detail["reason"])) > 10_000
    (outcome,) = case.outcomes.values()
    assert outcome.reason is not None
    assert len(outcome.reason) == 1_000


def test_thousands_of_open_cases_share_the_terms_they_have_in_common() -> None:
    """Terms are most of a case, and a worker holds thousands of cases in memory."""
    written = settlement(Priority.P2).model_dump_json()
    first, second = (Case.open(NUMBER, Settlement.model_validate_json(written), MONDAY)[0] for _ in range(2))
    assert first.terms is second.terms
    assert Case.model_validate_json(first.model_dump_json()).terms is first.terms, "also in the next run"
    assert first.terms == settlement(Priority.P2).terms
    other = settlement(Priority.P2, terms_=terms(follow_up="followup-002")).model_dump_json()
    assert Settlement.model_validate_json(other).terms.follow_up == "followup-002"
