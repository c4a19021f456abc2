"""The read side for people: one case, lists of cases, the outbox, and what needs attention (R30)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    nulls_last,
    or_,
    select,
    text,
    union_all,
)

from activities.database.database import Database
from activities.database.tables import case_record, outbox, registration
from activities.intake.submission import search_text
from activities.queries.case_filter import Filter, Order
from activities.queries.case_record import CaseRecord, read_case_record
from activities.queries.unopened import unopened
from activities.rows import read_in_part
from workflows.domain.vocabulary import WEBHOOK, Status

if TYPE_CHECKING:
    from activities.queries.monitoring.attention import Attention

_CONCERNED = {
    "sqlite": """
        (EXISTS (
            SELECT 1 FROM json_each(CASE WHEN json_valid(case_record.view) THEN case_record.view END, '$.assisting')
            WHERE value = :department
        ) OR EXISTS (
            SELECT 1
            FROM json_each(CASE WHEN json_valid(case_record.view) THEN case_record.view END, '$.collaborations')
            WHERE json_extract(value, '$.department') = :department
        ))
    """,
    "postgresql": """
        (EXISTS (
            SELECT 1 FROM json_array_elements_text(case_record.view -> 'assisting') AS id(id) WHERE id = :department
        ) OR EXISTS (
            SELECT 1 FROM json_array_elements(case_record.view -> 'collaborations') AS part(body)
            WHERE part.body ->> 'department' = :department
        ))
    """,
}
"""Whether a department other than the leading one assists or has a task, in either database's JSON functions."""


_NEVER = datetime(9999, 12, 31, tzinfo=UTC)
_ORDERS: Mapping[Order, Sequence[ColumnElement[Any]]] = {
    "received": (registration.c.received_at.desc(),),
    "due": (nulls_last(case_record.c.next_due),),
    "opened": (nulls_last(case_record.c.opened_at.desc()),),
    "priority": (nulls_last(case_record.c.priority), nulls_last(case_record.c.next_due)),
    "updated": (nulls_last(case_record.c.updated_at.desc()),),
}
"""What comes first: the next deadline, or what was received, opened or changed last; cases that no worker has opened
come last. Of equal ones the higher number does, which was given later.
"""


@dataclass(frozen=True)
class OutboxEntry:
    """A notification as it stands in the outbox; the fields are those of the table."""

    key: str
    number: str
    sequence: int
    event: str
    message: str
    audience: str
    recipient: str
    channel: str
    address: str
    name: str
    locale: str
    subject: str
    text: str
    html: str
    short: str
    status: str
    attempts: int
    error: str | None
    created_at: datetime
    sent_at: datetime | None
    tried: tuple[dict[str, str], ...] | None = None
    """The channels that failed before this one: `channel` and `error`."""
    fault: str | None = None
    """What of it could not be read; that is None here."""

    def as_json(self) -> dict[str, Any]:
        """What `bihuan outbox --json` shows: `event` is the message's name, or what a system is told of; times are
        ISO 8601 with offset.
        """
        return {
            "key": self.key,
            "number": self.number,
            "event": self.event if self.channel == WEBHOOK else self.message,
            "sequence": self.sequence,
            "audience": self.audience,
            "recipient": self.recipient,
            "channel": self.channel,
            "status": self.status,
            "attempts": self.attempts,
            "subject": self.subject,
            "error": self.error,
            **({"tried": list(self.tried)} if self.tried else {}),
            "created_at": self.created_at.isoformat() if not self.fault else None,
            "sent_at": self.sent_at.isoformat() if self.sent_at else None,
            **({"fault": self.fault} if self.fault else {}),
        }


class Cases:
    """Reads the record; changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, number: str, *, timeline: bool = True) -> CaseRecord | None:
        """One case with its timeline, also one that no worker has opened yet; None for an unknown number. Without its
        `timeline` it takes no longer as the case gets older.

        Raises:
            Problem: the database cannot be read.
        """
        return await read_case_record(self._database.address, number, timeline=timeline)

    async def list(self, wanted: Filter | None = None) -> list[CaseRecord]:
        """Cases without their timelines, in the order that is wanted."""
        wanted = wanted or Filter()
        conditions = _conditions(wanted, self._database.address.kind)
        if wanted.sort != "received" or wanted.search or wanted.customer:
            # Only the numbers are looked through and sorted: whole rows are read of those that are shown.
            if wanted == Filter(open_only=True, sort="due", limit=wanted.limit, offset=wanted.offset):
                narrow = _open_by_due()
            else:
                if wanted.open_only and not _of_records(wanted):
                    conditions.append(registration.c.number.in_(_open_numbers()))
                narrow = _numbers(wanted).where(*conditions)
            narrow = narrow.limit(wanted.limit).offset(wanted.offset)
            conditions = [registration.c.number.in_(narrow.correlate(None))]
        statement = (
            select(
                registration.c.number,
                registration.c.channel,
                registration.c.received_at,
                registration.c.started_at,
                registration.c.form,
                case_record.c.view,
            )
            .outerjoin(case_record, case_record.c.number == registration.c.number)
            .where(*conditions)
            .order_by(*_order(wanted, registration.c.number))
            .limit(wanted.limit)
        )
        async with self._database.read() as connection:
            return [CaseRecord.of(row._asdict()) for row in await connection.execute(statement)]

    async def outbox(
        self,
        number: str | None = None,
        *,
        status: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> Sequence[OutboxEntry]:
        """Notifications of one case or of all, in the order they were written (`since` ≤ then < `until`, in the cases'
        time); with `limit` the latest so many.
        """
        columns = [outbox.c[name] for name in OutboxEntry.__dataclass_fields__ if name != "fault"]
        statement: Select[Any] = select(*columns).order_by(
            outbox.c.created_at.desc(), outbox.c.number.desc(), outbox.c.sequence.desc(), outbox.c.key.desc()
        )
        if number is not None:
            statement = statement.where(outbox.c.number == number)
        if status is not None:
            statement = statement.where(outbox.c.status == status)
        if since is not None:
            statement = statement.where(outbox.c.created_at >= since)
        if until is not None:
            statement = statement.where(outbox.c.created_at < until)
        async with self._database.read() as connection:
            rows = (await connection.execute(statement.limit(limit))).mappings().all()
        return [read_in_part(row, OutboxEntry) for row in reversed(rows)]

    async def attention(
        self,
        now: datetime,
        *,
        grace: timedelta = timedelta(minutes=2),
        pending_for: timedelta = timedelta(minutes=15),
    ) -> Sequence[Attention]:
        """What does not go on by itself, or not as promised, the oldest first; see `find_attention`."""
        # What it looks into takes longer to load than a list takes.
        from activities.queries.monitoring.attention_query import find_attention

        async with self._database.read() as connection:
            return await find_attention(connection, now, grace=grace, pending_for=pending_for)


def _open_numbers() -> CompoundSelect[Any]:
    """Numbers of cases that have not closed, and of those that no worker has opened; no other case is looked at."""
    waiting = unopened().subquery()
    opened = select(case_record.c.number).where(case_record.c.closed_at.is_(None)).correlate(None)
    return union_all(opened, select(waiting.c.number).correlate(None))


def _open_by_due() -> Select[Any]:
    """All of `_open_numbers` in their order. Nothing else is asked of them: the register need not be looked at."""
    waiting, due = unopened().subquery(), case_record.c.next_due
    opened = select(case_record.c.number, func.coalesce(due, _NEVER).label("due"))
    found = union_all(
        opened.where(case_record.c.closed_at.is_(None)).correlate(None),
        select(waiting.c.number, literal(_NEVER, due.type)).correlate(None),
    ).subquery()
    return select(found.c.number).order_by(found.c.due, found.c.number.desc())


def _numbers(wanted: Filter) -> Select[Any]:
    """Numbers of cases in their order; without a look at the register where the record has all that is asked: to find
    its row of each open case takes as long as to sort them.
    """
    if _of_records(wanted) and not _of_register(wanted):
        number = case_record.c.number
        return select(number).order_by(*_order(wanted, number))
    number = registration.c.number
    joined = registration.join(case_record, case_record.c.number == number, isouter=not _of_records(wanted))
    return select(number).select_from(joined).order_by(*_order(wanted, number))


def _order(wanted: Filter, number: ColumnElement[Any]) -> Sequence[ColumnElement[Any]]:
    """What comes first. Of open cases alone, all that fit are sorted: where few do, the index of all due times would
    lead through every case that has closed.
    """
    if wanted.sort == "due" and wanted.open_only:
        return (func.coalesce(case_record.c.next_due, _NEVER), number.desc())
    return (*_ORDERS[wanted.sort], number.desc())


def _of_register(wanted: Filter) -> bool:
    """Whether something is asked that only the register has."""
    asked = (wanted.text, wanted.customer, wanted.search, wanted.since, wanted.until, wanted.after, wanted.numbers)
    return any(one is not None for one in asked)


def _of_records(wanted: Filter) -> bool:
    """Whether only cases fit that a worker has opened: then the open ones are found without a look at all others."""
    equal = (
        wanted.status, wanted.priority, wanted.type, wanted.subtype, wanted.group, wanted.owner, wanted.breached,
    )  # fmt: skip
    others = (
        wanted.department,
        wanted.naming,
        wanted.escalated,
        wanted.due_before,
        wanted.late_at,
        wanted.unacknowledged,
    )
    return wanted.unclaimed or any(one is not None for one in (*equal, *others))


def _conditions(wanted: Filter, kind: str) -> list[ColumnElement[bool]]:
    equal = {
        case_record.c.status: wanted.status,
        case_record.c.priority: wanted.priority,
        case_record.c.type: wanted.type,
        case_record.c.subtype: wanted.subtype,
        case_record.c.case_group: wanted.group,
        case_record.c.owner: wanted.owner,
        case_record.c.breached: wanted.breached,
    }
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    conditions += _concerning(wanted, kind)
    if wanted.open_only:
        conditions.append(case_record.c.closed_at.is_(None))
    conditions += _escalated(wanted)
    if wanted.late_at is not None:
        conditions.append(or_(case_record.c.breached, case_record.c.next_due < wanted.late_at))
    if wanted.unclaimed:
        nobodys = and_(case_record.c.owner.is_(None), case_record.c.number.is_not(None))
        conditions.append(or_(nobodys, case_record.c.status == Status.DISPATCHED))
    if wanted.due_before is not None:
        conditions.append(case_record.c.next_due < wanted.due_before)
    if wanted.numbers is not None:
        conditions.append(registration.c.number.in_(wanted.numbers))
    return [*conditions, *_found(wanted), *_received(wanted)]


def _escalated(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """Whether it has gone up, and whether somebody has said that they see to it."""
    level = case_record.c.escalation_level
    if wanted.escalated is not None:
        yield level > 0 if wanted.escalated else level == 0
    if wanted.unacknowledged is not None:
        waits = and_(level > 0, case_record.c.acknowledged.is_(False))
        yield waits if wanted.unacknowledged else ~waits


def _concerning(wanted: Filter, kind: str) -> Iterator[ColumnElement[bool]]:
    """Whose it is. Open cases are few beside all: the text of their views is looked through for what has no column."""
    if wanted.department is not None:
        # Most views do not name it at all, which costs less to see than to look where.
        elsewhere = text(_CONCERNED[kind]).bindparams(department=wanted.department)
        yield or_(case_record.c.department == wanted.department, and_(_names(wanted.department), elsewhere))
    if wanted.naming is not None:
        waits = cast(case_record.c.view, Text).contains(f'"who":"{wanted.naming}"', autoescape=True)
        yield or_(case_record.c.owner == wanted.naming, waits)


def _names(id_: str) -> ColumnElement[bool]:
    return cast(case_record.c.view, Text).contains(f'"{id_}"', autoescape=True)


def _found(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """What was searched for."""
    number, customer = registration.c.number, registration.c.customer_text
    if wanted.text:
        yield number.contains(wanted.text.upper(), autoescape=True)
    if wanted.customer and (said := search_text(wanted.customer)):
        yield customer.contains(said, autoescape=True)
    if wanted.search and (said := search_text(wanted.search)):
        of_customer, typed = customer.contains(said, autoescape=True), wanted.search.strip().upper()
        # A name is part of no number, and to look for one in the register's hundred thousands takes as long again.
        is_part = typed.isascii() and typed.isalnum()
        yield or_(number.contains(typed, autoescape=True), of_customer) if is_part else of_customer


def _received(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """When it was received."""
    if wanted.since is not None:
        yield registration.c.received_at >= wanted.since
    if wanted.until is not None:
        yield registration.c.received_at < wanted.until
    if wanted.after is not None:
        received, number = wanted.after
        at_once = and_(registration.c.received_at == received, registration.c.number < number)
        yield or_(registration.c.received_at < received, at_once)
