"""A clock: one running deadline with its warnings, its pauses and its change to other terms.

Everything is kept in seconds that count on the clock's calendar, so a pause of a business-hours clock is
given back in business hours and never lands in a night.
"""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from workflows.domain.model import Fact, Instant, Model
from workflows.domain.terms import ClockTerms
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import CalendarKind, ClockName, Priority

_TOLERANCE = 0.001
"""Seconds; what arithmetic with fractions may be off by."""


class Clock(Model):
    """A deadline. Running: `due` is set. Paused: `remaining` is set (seconds that count)."""

    name: ClockName
    started: Instant
    within: float
    calendar: CalendarKind
    due: Instant | None
    remaining: float | None = None
    pending_warnings: list[float] = Field(default_factory=list)
    """Shares of `within` not warned of yet, ascending."""
    next_warning: Instant | None = None
    count: int = 0
    """How often it has expired and started again (reminders)."""
    earlier: dict[Priority, Clock] = Field(default_factory=dict)
    """What was promised by the priorities that the case had before, since this clock started; pauses move that too."""

    @classmethod
    def start(cls, name: ClockName, terms: ClockTerms, now: datetime, calendar: Calendar, *, count: int = 0) -> Self:
        """A clock that begins to run now."""
        clock = cls(
            name=name,
            started=now,
            within=terms.within,
            calendar=terms.calendar,
            due=calendar.add(now, terms.within, terms.calendar),
            pending_warnings=sorted(terms.warnings),
            count=count,
        )
        clock._set_warning(now, calendar)
        return clock

    @property
    def next(self) -> datetime | None:
        """When something has to be done about it; None while paused."""
        return self.next_warning or self.due

    def terms(self) -> ClockTerms:
        """The terms it runs by now."""
        return ClockTerms(within=self.within, calendar=self.calendar, warnings=tuple(self.pending_warnings))

    def left(self, now: datetime, calendar: Calendar) -> float:
        """Seconds that count until it is due; 0 when overdue."""
        if self.due is None:
            return self.remaining or 0.0
        return calendar.between(now, self.due, self.calendar)

    def pause(self, now: datetime, calendar: Calendar) -> None:
        """Stop counting; a second pause changes nothing."""
        for promise in self.earlier.values():
            promise.pause(now, calendar)
        if self.due is not None:
            self.remaining = self.left(now, calendar)
            self.due = self.next_warning = None

    def resume(self, now: datetime, calendar: Calendar) -> None:
        """Go on with what was left."""
        for promise in self.earlier.values():
            promise.resume(now, calendar)
        if self.due is None:
            self.due = calendar.add(now, self.remaining or 0.0, self.calendar)
            self.remaining = None
            self._set_warning(now, calendar)

    def warned(self, now: datetime, calendar: Calendar) -> float:
        """Take the warnings that are due off the list; the latest share warned of is returned."""
        share = self.pending_warnings.pop(0)
        self._set_warning(now, calendar)
        while self.next_warning is not None and self.next_warning <= now:
            share = self.pending_warnings.pop(0)
            self._set_warning(now, calendar)
        return share

    def reprioritised(
        self, before: Priority, after: Priority, terms: ClockTerms, now: datetime, calendar: Calendar, *, raised: bool
    ) -> Clock:
        """The clock by another priority: as that one promised, where the case had it before, and else by its terms.

        A promise that has passed since then comes back as one that is missed: a priority that goes down and up again
        moves nothing into the future.
        """
        promises = {**self.earlier, before: self.model_copy(update={"earlier": {}}, deep=True)}
        clock = promises.pop(after, None)
        if clock is None:
            clock = self
            clock.retime(terms, now, calendar, calendar, never_later=raised)
        clock.earlier = promises
        return clock

    def retime(self, terms: ClockTerms, now: datetime, old: Calendar, new: Calendar, *, never_later: bool) -> None:
        """Take up other terms from now on; time already counted stays counted as it was.

        A clock never becomes overdue by the change itself: when the new duration is used up already, it gets
        that duration once more from now. `never_later` keeps an earlier promise (a raised priority).
        An overdue clock is left alone: its past is not rewritten.
        """
        if self.due is not None and self.due < now:
            return
        spent = self.within - self.left(now, old)
        remaining = terms.within - spent
        if remaining <= 0:
            remaining = terms.within
        before = self.due
        self.within, self.calendar = terms.within, terms.calendar
        # The tolerance keeps a warning that was given at this very moment from being given again.
        ahead = remaining - _TOLERANCE
        self.pending_warnings = [share for share in sorted(terms.warnings) if terms.within * (1 - share) < ahead]
        if before is None:
            self.remaining = min(remaining, self.remaining or remaining) if never_later else remaining
            return
        due = new.add(now, remaining, terms.calendar)
        self.due = min(due, before) if never_later else due
        self._set_warning(now, new)

    def _set_warning(self, now: datetime, calendar: Calendar) -> None:
        """When the next warning comes: when so many seconds are left as its share leaves over."""
        warning = None
        if self.due is not None and self.pending_warnings:
            left = self.left(now, calendar)
            ahead = left - self.within * (1 - self.pending_warnings[0])
            moment = calendar.add(now, ahead, self.calendar) if ahead > 0 else now
            warning = moment if moment < self.due else None
        self.next_warning = warning


class Deadline(Fact):
    """A running (or paused: `due` is None, `remaining` the seconds left) clock."""

    clock: ClockName
    started: Instant
    due: Instant | None
    remaining: float | None = None
    next: Instant | None = None
    """The next warning or the due time: when the case acts on this clock."""


class Breach(Fact):
    """A deadline that was missed: when it was due, and when that was noticed."""

    clock: ClockName
    due: Instant
    at: Instant
    cycle: int = 0
    """0 for the first handling, 1 after the first reopening, …"""
