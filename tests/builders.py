"""A small company and a case in it, for tests of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from workflows.domain.case.aggregate import Case
from workflows.domain.case.view import CaseView
from workflows.domain.commands.case import COMMANDS
from workflows.domain.commands.command import Command
from workflows.domain.event import Event, EventKind, Message
from workflows.domain.terms import (
    ClockTerms,
    Consultation,
    Dispatch,
    Member,
    Opening,
    Reminders,
    ReviewTerms,
    ServiceLevel,
    Settlement,
    Terms,
)
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import CalendarKind, Channel, ClockName, Priority, Role
from workflows.ports import Record, StepMarker

MONDAY = datetime(2024, 5, 6, 1, 0, tzinfo=UTC)
"""09:00 on a Monday in Shanghai."""
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NUMBER = "FB202405060001"

PEOPLE = {
    member.id: member
    for member in (
        Member(id="tech-001", department="technical_support", group="tech", superior="tech-lead"),
        Member(id="tech-002", department="technical_support", group="tech", superior="tech-lead"),
        Member(
            id="tech-lead", department="technical_support", group="tech", superior="tech-head",
            roles=frozenset({Role.HEAD}),
        ),
        Member(id="tech-head", department="technical_support", superior="director", roles=frozenset({Role.HEAD})),
        Member(id="director", department="customer_service"),
        Member(id="agent-001", department="customer_service", group="service", superior="director"),
        Member(id="duty-001", department="customer_service", roles=frozenset({Role.DUTY_MANAGER})),
        Member(
            id="followup-001", department="customer_service", superior="followup-head",
            roles=frozenset({Role.FOLLOW_UP}),
        ),
        Member(id="followup-head", department="customer_service", superior="director"),
    )
}  # fmt: skip
STRANGER = Member(id="sales-001", department="sales", group="sales")
SALES = {
    member.id: member
    for member in (
        Member(id="sales-001", department="sales", group="sales", superior="sales-lead"),
        Member(id="sales-002", department="sales", group="sales", superior="sales-lead"),
        Member(id="sales-lead", department="sales", group="sales", superior="sales-head"),
        Member(id="sales-head", department="sales", superior="director"),
    )
}

DISPATCH = Dispatch(department="technical_support", group="tech", owner="tech-001", people=PEOPLE, reason="rule")
SALES_DISPATCH = Dispatch(department="sales", group="sales", owner="sales-001", people=SALES, reason="rule")

_RESPONSE = {Priority.P0: 15 * MINUTE, Priority.P1: HOUR, Priority.P2: 4 * HOUR, Priority.P3: 24 * HOUR}
_URGENT = (Priority.P0, Priority.P1)


def level(priority: Priority) -> ServiceLevel:
    """A promise in the manner of the standard policy."""
    calendar = CalendarKind.ROUND_THE_CLOCK if priority in _URGENT else CalendarKind.WORKING_DAYS
    response = _RESPONSE[priority]

    def terms(within: timedelta, *warnings: float, on: CalendarKind = calendar) -> ClockTerms:
        return ClockTerms(within=within.total_seconds(), calendar=on, warnings=warnings)

    return ServiceLevel(
        clocks={
            ClockName.CLAIM: terms(response / 3),
            ClockName.RESPONSE: terms(response, 0.5),
            ClockName.PROGRESS: terms(DAY, 0.9),
            ClockName.RESOLUTION: terms(response * 16, 0.8),
            ClockName.ESCALATION: terms(response / 2),
            ClockName.SUPPLEMENT: terms(DAY, on=CalendarKind.WORKING_DAYS),
            ClockName.FEEDBACK: terms(DAY, 0.5, on=CalendarKind.WORKING_DAYS),
            ClockName.FOLLOW_UP: terms(DAY, 0.5, on=CalendarKind.WORKING_DAYS),
            ClockName.COLLABORATION: terms(DAY, 0.5, 0.8, on=CalendarKind.WORKING_DAYS),
        },
        dispatch_incomplete=priority in _URGENT,
        alert_duty_manager=priority in _URGENT,
    )


def terms(**changes: Any) -> Terms:
    """The company's terms, with what a test wants otherwise."""
    standard: dict[str, Any] = {
        "policy": "test",
        "calendar": Calendar(official_years=(2024,)),
        "levels": {priority: level(priority) for priority in Priority},
        "supplement": Reminders(intervals=(DAY.total_seconds(), 2 * DAY.total_seconds())),
        "confirmation": Reminders(intervals=(DAY.total_seconds(), 3 * DAY.total_seconds())),
        "rating": Reminders(intervals=(DAY.total_seconds(), 3 * DAY.total_seconds())),
        "close_unrated_after": 7 * DAY.total_seconds(),
        "duty_managers": ("duty-001",),
        "follow_up": "followup-001",
        "follow_up_supervisor": "followup-head",
        "head": "tech-lead",
    }
    return Terms(**(standard | changes))


def settlement(priority: Priority = Priority.P1, *, terms_: Terms | None = None, **opening: Any) -> Settlement:
    """A complete technical fault, unless a test says otherwise."""
    facts: dict[str, Any] = {
        "channel": Channel.PORTAL,
        "received_at": MONDAY,
        "received_by": "agent-001",
        "type": "technical",
        "subtype": "数据同步失败",
        "priority": priority,
        "playbook": ("日志分析", "复现", "方案"),
    }
    opened = Opening(**(facts | opening))
    waits = bool(opened.missing) and priority not in _URGENT
    return Settlement(opening=opened, terms=terms_ or terms(), people=PEOPLE, dispatch=None if waits else DISPATCH)


def open_case(priority: Priority = Priority.P1, **opening: Any) -> tuple[Case, list[Event]]:
    """A case accepted on Monday at nine."""
    return Case.open(NUMBER, settlement(priority, **opening), MONDAY)


_ids = iter(range(1, 10**9))


def command(name: str, by: str, **fields: Any) -> Command:
    """A command with an id of its own."""
    defaults: dict[str, Any] = {"command_id": f"c{next(_ids)}", "by": by}
    return COMMANDS[name].model_validate(defaults | fields)


RESOLUTION = {"cause": "同步任务超时", "solution": "已扩容并补同步", "verified": "yes"}


def resolved_case(priority: Priority = Priority.P1, **opening: Any) -> tuple[Case, datetime]:
    """A case whose solution went to the customer half an hour after it came."""
    case, _ = open_case(priority, **opening)
    now = MONDAY + 5 * MINUTE
    case.handle(command("reply", "tech-001", text="在查"), now)
    now = MONDAY + 30 * MINUTE
    case.handle(command("resolve", "tech-001", **RESOLUTION), now)
    return case, now


def kinds(events: list[Event]) -> list[EventKind]:
    """What happened."""
    return [event.kind for event in events]


def told(events: list[Event]) -> list[tuple[Message, str]]:
    """Who was told what."""
    return [(notice.message, notice.recipient) for event in events for notice in event.notices]


def consulted(**facts: Any) -> Consultation:
    """What a lookup answered."""
    return Consultation(**facts)


def case_step(view: CaseView, events: Sequence[Event], *, review: ReviewTerms | None = None) -> Record:
    """A step of a case to be written down, judged at the time of its view."""
    return Record(view=view, events=tuple(events), marker=StepMarker(signals=0, at=view.updated_at), review=review)
