"""The activities of a case in memory, for tests of workflows alone; lists hold what the activities were called with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.arrivals import find_arrivals
from tests.builders import DISPATCH, PEOPLE, SALES, SALES_DISPATCH, settlement
from workflows import ports
from workflows.domain.case.view import CaseView
from workflows.domain.event import Event
from workflows.domain.model import Json
from workflows.domain.review.view import ReviewSubject, ReviewView
from workflows.domain.terms import Consultation, Lookup, MainCase, Settlement


@dataclass
class FakeActivities:
    """`down`: how many writes fail before the database is back."""

    settlement: Settlement = field(default_factory=settlement)
    events: list[Event] = field(default_factory=list)
    view: CaseView | None = None
    lookups: list[Lookup] = field(default_factory=list)
    main: MainCase | None = None
    """What is known of a case that another one is to be linked to."""
    renewal: Consultation = field(default_factory=Consultation)
    """What has changed among the people when an object next wakes up."""
    down: int = 0
    records: int = 0
    kept: Json | None = None
    """What the last step left for a correction."""
    subject: ReviewSubject | None = None
    """What a closing that may call for a review does call for."""
    joined: str | None = None
    """The review that covers the case from its closing on."""
    reviewed: list[Event] = field(default_factory=list)
    review: ReviewView | None = None
    forgetful: bool = False
    """The server does not know who sent a signal; the time-skipping one never does."""
    sought: list[ports.SignalsSought] = field(default_factory=list)
    undelivered: tuple[str, ...] = ()
    deliveries: int = 0
    delivered: list[str] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @activity.defn
    async def settle(self, number: str) -> Settlement:
        return self.settlement

    @activity.defn
    async def consult(self, lookup: Lookup) -> Consultation:
        if lookup.involved is not None:
            return self.renewal
        self.lookups.append(lookup)
        unknown = tuple(f"{person} is not in the organisation" for person in lookup.people if person not in SALES)
        if lookup.dispatch is not None and lookup.dispatch.department == "sales":
            return Consultation(dispatch=SALES_DISPATCH)
        if lookup.departments == ("sales",):
            return Consultation(heads={"sales": "sales-head"}, people=SALES)
        return Consultation(
            people={key: SALES[key] for key in lookup.people if key in SALES},
            problems=unknown,
            dispatch=DISPATCH.model_copy(update={"owner": "tech-002", "people": PEOPLE}) if lookup.dispatch else None,
            terms=self.settlement.terms if lookup.terms else None,
            main=self.main if lookup.main else None,
        )

    @activity.defn
    async def find_arrivals(self, sought: ports.SignalsSought) -> ports.Arrivals:
        self.sought.append(sought)
        return ports.Arrivals() if self.forgetful else await find_arrivals(sought)

    @activity.defn
    async def record(self, step: ports.Record) -> ports.Recorded:
        self.records += 1
        if self.down:
            self.down -= 1
            raise ApplicationError("database is away")
        if (people := self._changed_since(step)) is not None:
            return ports.Recorded(marker=step.marker, people=people)
        known = {event.sequence for event in self.events}
        self.events += [event for event in step.events if event.sequence not in known]
        self.view, self.kept = step.view, step.kept
        async with self._changed:
            self._changed.notify_all()
        keys = self.undelivered if any(event.notices for event in step.events) else ()
        self.deliveries += len(keys)
        closes = step.review is not None
        return ports.Recorded(
            undelivered=keys,
            review=self.subject if closes else None,
            joined=self.joined if closes else None,
            marker=step.marker,
        )

    @activity.defn
    async def record_review(self, step: ports.ReviewRecord) -> ports.Recorded:
        self.records += 1
        if self.down:
            self.down -= 1
            raise ApplicationError("database is away")
        if (people := self._changed_since(step)) is not None:
            return ports.Recorded(marker=step.marker, people=people)
        known = {event.sequence for event in self.reviewed}
        self.reviewed += [event for event in step.events if event.sequence not in known]
        self.review = step.view
        async with self._changed:
            self._changed.notify_all()
        return ports.Recorded(marker=step.marker)

    def _changed_since(self, step: ports.Record | ports.ReviewRecord) -> Consultation | None:
        asked = step.marker.judged and step.lookup is not None
        return self.renewal if asked and self.renewal != Consultation() else None

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something is true after a record."""
        async with self._changed:
            await self._changed.wait_for(holds)

    @activity.defn
    async def deliver(self, delivery: ports.Delivery) -> None:
        self.delivered += delivery.keys
        async with self._changed:
            self._changed.notify_all()

    @property
    def activities(self) -> list:  # type: ignore[type-arg]
        return [self.settle, self.consult, self.find_arrivals, self.record, self.record_review, self.deliver]
