"""The activity that writes down what happened: case row, timeline and outbox, in one transaction (R14)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.database.database import Database, insert_of
from activities.database.tables import case_record, registration, timeline
from activities.database.timeline import is_superseded, write_entries
from activities.delivery.outbox import Outbox
from activities.delivery.transport import Transports
from activities.files.ledger import bind_files
from activities.intake.register import fingerprint_of
from activities.intake.submission import lookup_columns, supply
from activities.knowledge.editing import draft_on_closing
from activities.knowledge.suggestion import Suggestions, suggest
from activities.links.mark import LinkMark, Portal
from activities.links.store import remember_links
from activities.messages.composition import Composition
from activities.messages.renderer import Renderer
from activities.messages.ways import CARRYING
from activities.organisation.directory import Directory
from activities.recording.corrections import keep_for_correction
from activities.recording.review_trigger import trigger_review
from activities.webhooks.events import Webhooks
from workflows.domain.case.view import CaseView
from workflows.domain.event import Event, EventKind, Message, Notice, key_of
from workflows.domain.model import Json
from workflows.domain.policy.delivery import DeliveryRule
from workflows.domain.problem import Problem
from workflows.domain.review.view import ReviewSubject
from workflows.domain.terms import Consultation, Lookup
from workflows.domain.time.calendar import Calendar
from workflows.domain.time.virtual_time import VirtualTime
from workflows.ports import Record, Recorded, ReviewRecord

logger = logging.getLogger(__name__)

_FORM = select(registration.c.form).where(registration.c.number == bindparam("of"))

StartDeliveries = Callable[[str, Sequence[str]], Awaitable[Sequence[str]]]
"""(number, outbox keys) -> the keys whose delivery could not be started."""


Consult = Callable[[Lookup], Awaitable[Consultation]]
"""A question about people -> what has changed among them."""


async def nobody_changes(_: Lookup) -> Consultation:
    """For a company whose people stay as they are."""
    return Consultation()


async def leave_deliveries_to_case(number: str, keys: Sequence[str]) -> Sequence[str]:  # noqa: ARG001
    """Leave the delivery of every row to the case."""
    return keys


@dataclass
class RecordingActivities:
    """Writes the steps of cases.

    Attributes:
        database: where to.
        directory: names, languages and mail addresses of staff.
        renderer: turns notices into what people read.
        labels: what the policy calls its types and subtypes now; the organisation's own labels go before them.
        calendar: the company's calendar now, for showing times in its zone.
        transports: the ways messages can go; without one they are stored for reading.
        delivery_rules: which messages go by which of them, by the policy.
        time: relation of the case's time to the wall clock.
        start_deliveries: starts the delivery of rows that wait for it.
        portal: what the links in messages to customers are made with.
        links_valid: for how long a link is good, in the case's time.
        webhooks: which of the company's systems are told what.
        consult: what has changed among the people by whom a step was judged.
        now: the wall clock.
    """

    database: Database
    directory: Directory
    renderer: Renderer
    labels: Callable[[], dict[str, dict[str, str]]]
    calendar: Callable[[], Calendar]
    transports: Transports = field(default_factory=dict)
    delivery_rules: Callable[[], tuple[DeliveryRule, ...]] = tuple
    time: VirtualTime = field(default_factory=VirtualTime)
    start_deliveries: StartDeliveries = leave_deliveries_to_case
    portal: Portal = field(default_factory=Portal)
    links_valid: Callable[[], timedelta] = lambda: timedelta(days=30)
    webhooks: Webhooks = field(default_factory=Webhooks)
    consult: Consult = nobody_changes
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @activity.defn
    async def record(self, step: Record) -> Recorded:
        """Write a step. The same step again changes nothing, and starts again the delivery of what is still waiting.

        One that comes late, after a newer one was written, completes the timeline but leaves the case row. One that was
        judged again meanwhile, or is without events, writes nothing; a fault in the program is shown all the same.
        Where the people by whom it was judged have changed, nothing is written, and the answer says how (R35).

        Raises:
            sqlalchemy.exc.IntegrityError: the number is not registered.
            Problem: it is another submission's in this record, which is older than Temporal then; or nobody can say who
                works here.
        """
        if (people := await self.changed(step)) is not None:
            return Recorded(marker=step.marker, people=people)
        if not step.events:
            if step.view.faults and step.marker.judged:
                async with self.database.begin() as connection:
                    await _check_intake(connection, step)
                    await _write_case(connection, step.view)
            return Recorded(marker=step.marker)
        number = step.view.number
        rows = [*await self.composed(step.view, step.events), *await self._told_to_systems(step.view, step.events)]
        organisation = await self.directory.current() if step.review else None
        called: ReviewSubject | str | None = None
        async with self.database.begin() as connection:
            await _check_intake(connection, step)
            newest = await _write_case(connection, step.view)
            if not newest and await is_superseded(connection, timeline, ("number", number), step.events):
                logger.warning("%s: a step is not written: another worker has judged it again", number)
                return Recorded(marker=step.marker)
            # The clock is read again inside the transaction: waiting for the database is part of being late.
            await _write_timeline(connection, number, step.events, self.at())
            await _bind_files(connection, number, step.events)
            await draft_on_closing(connection, step.view, step.events)
            if newest:
                await keep_for_correction(connection, step, self.at())
            waiting = await Outbox(self.database).add(connection, rows) if rows else []
            await self._remember_links(connection, rows)
            await self._mark_told(connection, number, step.events)
            if step.review is not None and organisation is not None:
                called = await trigger_review(connection, step.view, step.review, organisation)
        undelivered = await self.handed_over(number, waiting)
        return Recorded(
            undelivered=tuple(undelivered),
            review=called if isinstance(called, ReviewSubject) else None,
            joined=called if isinstance(called, str) else None,
            marker=step.marker,
        )

    async def changed(self, step: Record | ReviewRecord) -> Consultation | None:
        """What has changed among the people by whom a step was judged; None where nothing has, or none was judged."""
        if step.lookup is None or not step.marker.judged:
            return None
        found = await self.consult(step.lookup)
        return found if found.people or found.heads or found.roster is not None else None

    def at(self) -> datetime:
        """The case's time now."""
        return self.time.virtual(self.now())

    async def handed_over(self, number: str, waiting: list[str]) -> Sequence[str]:
        """The outbox rows among these that nobody else delivers."""
        if not waiting:
            return []
        try:
            return await self.start_deliveries(number, waiting)
        except Exception as error:  # noqa: BLE001 - the step is written; the case can deliver it as well
            logger.warning("the delivery of %s was not taken over: %s", number, type(error).__name__)
            return waiting

    async def composed(
        self, view: CaseView, events: Sequence[Event], *, seen: Callable[[Json], Json] = lambda form: form
    ) -> list[dict[str, Any]]:
        """Outbox rows of what these events tell. Rendering takes time, so it is done before the transaction.

        `seen`: what the readers may see of the form.
        """
        number, at = view.number, self.at()
        wanted = {key_of(number, notice): (event, notice) for event in events for notice in event.notices}
        if not wanted:
            return []
        async with self.database.read_brief() as connection:
            organisation = await self.directory.current(connection)
            form = await connection.scalar(_FORM, {"of": number})
            untold = _untold_keys(wanted.values()) - wanted.keys()
            texts = (
                await Outbox(self.database).texts(connection, sorted(untold), portal=self.portal.url) if untold else {}
            )
        composition = Composition(
            view=view,
            form=seen(_supplied(form or {}, events)),
            organisation=organisation,
            labels=self.labels(),
            calendar=self.calendar(),
            renderer=self.renderer,
            transports=self.transports,
            at=at,
            rules=self.delivery_rules(),
            suggestions=await self._suggestions(view, events, form or {}) if _dispatches(wanted.values()) else None,
            portal=self.portal,
        )
        return composition.rows(wanted, texts)

    async def _told_to_systems(self, view: CaseView, events: Sequence[Event]) -> list[dict[str, Any]]:
        if not self.webhooks.wants(view, events):
            return []
        async with self.database.read_brief() as connection:
            form = await connection.scalar(_FORM, {"of": view.number})
        return self.webhooks.rows(view, events, form or {}, self.at())

    async def _remember_links(self, connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
        carrying = [row for row in rows if row["link"] is not None]
        # The message may go on by another channel, to another address, and has the link of that one then.
        marked = (
            (LinkMark.model_validate(row["link"]), row, address)
            for row in carrying
            for channel, address in ((row["channel"], row["address"]), *(row["others"] or ()))
            if channel in CARRYING
        )
        issued = [self.portal.issued(mark, row["number"], address, row["created_at"]) for mark, row, address in marked]
        await remember_links(connection, filter(None, issued), self.links_valid())

    async def _mark_told(self, connection: AsyncConnection, number: str, events: Sequence[Event]) -> None:
        for event in events:
            messages = event.detail.get("messages")
            if event.kind is EventKind.FEEDBACK_GIVEN and isinstance(messages, list):
                names = [str(one) for one in messages]
                await Outbox(self.database).told(connection, number, names, before=event.sequence, at=event.at)

    async def _suggestions(self, view: CaseView, events: Sequence[Event], form: Json) -> Suggestions | None:
        try:
            async with self.database.reader() as reader:
                supplied = _supplied(form, events)
                return await suggest(reader, view.number, supplied, type=view.type, subtype=view.subtype)
        except Exception as error:  # noqa: BLE001 - an owner without suggestions is better than none
            logger.warning("no suggestions for %s: %s", view.number, error)
            return None


def _untold_keys(told: Iterable[tuple[Event, Notice]]) -> set[str]:
    """Outbox keys of the messages that these ask a person to tell."""
    asked = (notice.facts.get("untold") for _, notice in told)
    return {str(one["key"]) for untold in asked if isinstance(untold, list) for one in untold if isinstance(one, dict)}


def _dispatches(told: Iterable[tuple[Event, Notice]]) -> bool:
    return any(notice.message is Message.DISPATCHED for _, notice in told)


async def _check_intake(connection: AsyncConnection, step: Record) -> None:
    """What is said to one customer is never written under another one's name."""
    number = step.view.number
    if step.intake is not None and await fingerprint_of(connection, number) != step.intake:
        raise Problem(
            f"{number}: the record has another submission under this number, so it is older than Temporal: "
            "bring the newest backup of the record back"
        )


@cache
def _upsert_case(dialect: str, columns: tuple[str, ...]) -> Insert:
    statement = insert_of(dialect, case_record)
    given = statement.excluded
    # The case's own time decides, not the sequence: after a workflow was reset the sequence starts lower again.
    newer = or_(
        given.updated_at > case_record.c.updated_at,
        and_(given.updated_at == case_record.c.updated_at, given.sequence >= case_record.c.sequence),
    )
    return statement.on_conflict_do_update(
        index_elements=["number"], set_={name: given[name] for name in columns}, where=newer
    )


async def _write_case(connection: AsyncConnection, view: CaseView) -> bool:
    """Write the row; False where a newer one stands there, which is held until the transaction ends."""
    dues = [deadline.due for deadline in view.deadlines if deadline.due]
    columns = {
        "sequence": view.sequence,
        "status": view.status.value,
        "priority": view.priority.value,
        "type": view.type,
        "subtype": view.subtype,
        "department": view.department,
        "case_group": view.group,
        "owner": view.owner,
        "escalation_level": view.escalation_level,
        "acknowledged": view.acknowledged,
        "breached": bool(view.breaches),
        "next_due": min(dues, default=None),
        "opened_at": view.opened_at,
        "updated_at": view.updated_at,
        "closed_at": view.closed_at,
        "view": view.model_dump(mode="json"),
    }
    upsert = _upsert_case(connection.dialect.name, tuple(columns))
    written = await connection.execute(upsert, {"number": view.number, **columns})
    return bool(written.rowcount)


async def _write_timeline(connection: AsyncConnection, number: str, events: Sequence[Event], at: datetime) -> None:
    supplied = [event for event in events if event.kind is EventKind.SUPPLIED and event.detail.get("fields")]
    written = await _written(connection, number, supplied) if supplied else set()
    await write_entries(connection, timeline, ("number", number), events, at)
    # Only what was not in the timeline yet: a late repetition must not undo a newer answer.
    fresh = [event for event in supplied if (event.sequence, event.at, event.kind.value) not in written]
    if fresh:
        await _write_supplied(connection, number, fresh)


async def _written(connection: AsyncConnection, number: str, events: Sequence[Event]) -> set[tuple[int, datetime, str]]:
    found = await connection.execute(
        select(timeline.c.sequence, timeline.c.at, timeline.c.kind).where(
            timeline.c.number == number, timeline.c.sequence.in_([event.sequence for event in events])
        )
    )
    return {(sequence, then, kind) for sequence, then, kind in found}


async def _write_supplied(connection: AsyncConnection, number: str, events: Sequence[Event]) -> None:
    row = registration.c.number == number
    form = await connection.scalar(select(registration.c.form).where(row).with_for_update())
    filled = _supplied(form or {}, events)
    await connection.execute(update(registration).where(row).values(form=filled, **lookup_columns(filled)))


async def _bind_files(connection: AsyncConnection, number: str, events: Sequence[Event]) -> None:
    """What was staged belongs to the case from now on; a file that another case has stays with that."""
    for event in events:
        files = event.detail.get("files")
        if event.kind is EventKind.ATTACHED and isinstance(files, list):
            await bind_files(connection, number, [str(file["id"]) for file in files if isinstance(file, dict)])


def _supplied(form: Json, events: Iterable[Event]) -> Json:
    for event in events:
        fields = event.detail.get("fields")
        if event.kind is EventKind.SUPPLIED and isinstance(fields, dict):
            form = supply(form, fields)
    return form
