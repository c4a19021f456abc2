"""Whether every time of a policy can be counted on its calendar, from whichever day a case comes in (R9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workflows.domain.formats import written_duration
from workflows.domain.policy.policy import Policy
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import CalendarKind

LONGEST = timedelta(days=3660)
"""A calendar counts twice as far, so that what is found to end before this ends on every day of the years after."""


def endless_times(policy: Policy, calendar: Calendar, years: range, longest: timedelta = LONGEST) -> list[str]:
    """A line for each time that ends more than `longest` after it began, on one of several days of `years`."""
    starts = [start for year in years for start in _starts(calendar, year)]
    faults = []
    known: dict[tuple[float, CalendarKind], datetime | None] = {}
    for where, seconds, kind in _times(policy):
        if (seconds, kind) not in known:
            known[seconds, kind] = next(
                (at for at in starts if _is_endless(calendar, at, seconds, kind, longest)), None
            )
        if (start := known[seconds, kind]) is not None:
            faults.append(
                f"{where}: {written_duration(seconds)} of {kind} from {calendar.local(start):%Y-%m-%d} take more than "
                "ten years; allowed: less"
            )
    return faults


def _is_endless(calendar: Calendar, start: datetime, seconds: float, kind: CalendarKind, longest: timedelta) -> bool:
    try:
        return calendar.add(start, seconds, kind) > start + longest
    except (ValueError, OverflowError):
        return True


def _times(policy: Policy) -> Iterator[tuple[str, float, CalendarKind]]:
    for priority, level in policy.priorities.items():
        for name, rule in level.clocks:
            if rule is not None:
                yield f"priorities.{priority}.clocks.{name}.within", rule.within, rule.calendar
    for name, rule in policy.clocks:
        yield f"clocks.{name}.within", rule.within, rule.calendar
    for name, reminder in policy.reminders:
        for index, every in enumerate(reminder.every):
            yield f"reminders.{name}.every[{index}]", every, reminder.calendar
    for where, after, calendar in (
        ("silence.close_after", policy.silence.close_after, policy.reminders.confirmation.calendar),
        ("rating.close_after", policy.rating.close_after, policy.reminders.rating.calendar),
    ):
        if after is not None:
            yield where, after, calendar
    for name in ("report", "approval", "escalation"):
        rule = getattr(policy.review, name)
        yield f"review.{name}.within", rule.within, rule.calendar


def _starts(calendar: Calendar, year: int) -> Iterator[datetime]:
    """The first and the last moment of a year, and the last before its longest holiday."""
    zone = ZoneInfo(calendar.zone)
    first, last = date(year, 1, 1), date(year, 12, 31)
    best, run = (0, first), 0
    for day in (first + timedelta(days=index) for index in range((last - first).days + 1)):
        run = 0 if calendar.is_working_day(day) else run + 1
        best = max(best, (run, day - timedelta(days=run - 1))) if run else best
    yield datetime.combine(first, time(), zone)
    yield datetime.combine(best[1], time(), zone) - timedelta(minutes=1)
    yield datetime.combine(last, time(23, 59), zone)
