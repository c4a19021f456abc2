"""Finds what needs attention, according to the record: one source of `bihuan stuck`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import String, and_, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.analysis.ledger import report_failures
from activities.database.tables import archive, case_record, outbox, review, review_timeline
from activities.delivery.outbox import OPEN
from activities.delivery.status import OutboxStatus
from activities.mailbox.inbox import mails_aside
from activities.queries.monitoring.attention import CHANNEL, MAILBOX, REPORT, SYSTEM, Attention, AttentionReason
from activities.queries.monitoring.channel_health import find_failing_channels
from activities.queries.monitoring.mailbox_health import find_failing_mailboxes
from activities.queries.monitoring.orphans import (
    CASE_COLUMNS,
    UNACKNOWLEDGED,
    may_be_orphaned,
    orphans_of_cases,
    orphans_of_reviews,
    people_in_force,
)
from activities.queries.monitoring.webhook_health import find_untold_systems
from activities.queries.unopened import unopened
from activities.rows import FaultyRow, read_rows, sound
from workflows.domain.case.recorded.duties import teller
from workflows.domain.case.recorded.overdue import (
    escalated_since,
    first_deadline,
    late_tasks,
    standing_breaches,
    who_owes,
)
from workflows.domain.case.recorded.view_json import CaseViewJson
from workflows.domain.review.overdue import find_overdue
from workflows.domain.review.view import ReviewStatus
from workflows.domain.vocabulary import ONE_TIME_CODE, WEBHOOK, EventKind

_REMEMBERED = timedelta(days=7)
"""How long a failed notification of a closed case, or a report that did not arrive, is still shown."""


async def find_attention(
    connection: AsyncConnection, now: datetime, *, grace: timedelta, pending_for: timedelta
) -> list[Attention]:
    """Everything that needs attention at `now` (the cases' time), the oldest first.

    Args:
        connection: a transaction of the record.
        now: the cases' time.
        grace: how late a start or an act may be before it counts.
        pending_for: how long a notification may wait before it counts.
    """
    people = await people_in_force(connection)
    cases = await _suspicious(connection, now - grace, people)
    reviews = (await connection.execute(select(review).where(review.c.status != ReviewStatus.DONE.value))).all()
    found: list[Attention] = []
    unreadable: dict[str, Attention] = {}
    for rows in (
        await _unopened(connection, now - grace),
        _from_cases(cases, now - grace),
        _from_tasks(cases),
        await _untold(connection, now - _REMEMBERED),
        [_from_people(cases, reviews, people)],
        _from_faults([*cases, *reviews], now - _REMEMBERED),
        await _from_outbox(connection, now, now - pending_for),
        await _from_archive(connection),
        await _from_reviews(connection, reviews, now, grace),
        [await _from_reports(connection, now - _REMEMBERED)],
        [await _from_channels(connection, now)],
        [await _from_webhooks(connection, now - _REMEMBERED, now - pending_for)],
        [await _from_mailboxes(connection)],
    ):
        for items in rows:
            if isinstance(items, FaultyRow):
                unreadable[items.name] = Attention(items.name, AttentionReason.UNREADABLE, now, error=items.fault)
            else:
                found += items
    found += unreadable.values()
    return sorted(found, key=lambda item: (item.since, item.number, item.reason))


_Found = Iterable[list[Attention] | FaultyRow]


def _each(rows: Iterable[Any], read: Callable[[Any], list[Attention]]) -> _Found:
    return read_rows(rows, read, name=lambda row: row.number)


async def _unopened(connection: AsyncConnection, before: datetime) -> _Found:
    rows = [row for row in await connection.execute(unopened()) if row.received_at < before]

    def read(row: Any) -> list[Attention]:
        reason = AttentionReason.NOT_OPENED if row.started_at else AttentionReason.NOT_STARTED
        return [Attention(number=row.number, reason=reason, since=row.received_at)]

    return _each(rows, read)


async def _suspicious(connection: AsyncConnection, before: datetime, people: Collection[str] | None) -> Sequence[Any]:
    """Open cases in which something may be the matter, in one look: what is late, faults, and who has left."""
    # A case can have a late task and be in time itself; so few have one, or a fault, that the text is looked through.
    text = cast(case_record.c.view, String)
    suspicious = or_(
        case_record.c.next_due < before, case_record.c.breached, UNACKNOWLEDGED,
        *([may_be_orphaned(people)] if people is not None else []),
        text.like('%"late_at":"%'), text.like('%"faults":[{%'),
    )  # fmt: skip
    rows = await connection.execute(select(*CASE_COLUMNS).where(case_record.c.closed_at.is_(None), suspicious))
    return rows.all()


def _from_cases(cases: Sequence[Any], before: datetime) -> _Found:
    def read(row: Any) -> list[Attention]:
        found: list[Attention] = []
        view: CaseViewJson = row.view
        if row.next_due is not None and row.next_due < before:
            deadline = first_deadline(view)
            what = deadline["clock"] if deadline else None
            who = who_owes(view, what)
            found.append(Attention(row.number, AttentionReason.NOT_ACTING, row.next_due, what=what, who=who))
        if row.escalation_level > 0 and not row.acknowledged:
            since = escalated_since(view) or row.updated_at
            found.append(Attention(row.number, AttentionReason.UNACKNOWLEDGED, since, who=view["escalated_to"]))
        for breach in standing_breaches(view)[:1]:
            since, who = datetime.fromisoformat(breach["due"]), who_owes(view, breach["clock"])
            found.append(Attention(row.number, AttentionReason.OVERDUE, since, what=breach["clock"], who=who))
        return found

    return _each(cases, read)


def _from_tasks(cases: Sequence[Any]) -> _Found:
    def read(row: Any) -> list[Attention]:
        return [
            Attention(
                row.number,
                AttentionReason.TASK_LATE,
                datetime.fromisoformat(task["due"]),
                what=task["department"],
                who=task["escalated_to"] or task["person"],
            )
            for task in late_tasks(row.view)
        ]

    return _each(cases, read)


async def _untold(connection: AsyncConnection, closed_after: datetime) -> _Found:
    """The oldest message of each case that no channel brings. A call that the customer wished is no reason to look
    before it is late.
    """
    unsent = outbox.c.status.in_((OutboxStatus.UNTOLD.value, OutboxStatus.FAILED.value))
    rows = await connection.execute(
        select(case_record.c.number, case_record.c.view).where(
            or_(case_record.c.closed_at.is_(None), case_record.c.closed_at >= closed_after),
            case_record.c.number.in_(select(outbox.c.number).where(unsent)),
        )
    )
    failed = select(outbox.c.key, outbox.c.error).where(outbox.c.status == OutboxStatus.FAILED.value)
    errors = {row.key: row.error for row in await connection.execute(failed)}

    def read(row: Any) -> list[Attention]:
        view: CaseViewJson = row.view
        first = next((one for one in view.get("untold", ()) if one["why"] != "phone"), None)
        if first is None:
            return []
        since, error = datetime.fromisoformat(first["at"]), errors.get(first["key"])
        who = teller(view)
        return [Attention(row.number, AttentionReason.UNTOLD, since, what=first["message"], who=who, error=error)]

    return _each(rows, read)


def _from_people(cases: Sequence[Any], reviews: Sequence[Any], people: Collection[str] | None) -> list[Attention]:
    if people is None:
        return []
    return [
        Attention(
            orphan.number,
            AttentionReason.REVIEW_PERSON_LEFT if orphan.of_review else AttentionReason.PERSON_LEFT,
            orphan.since,
            what=orphan.what,
            who=orphan.who,
        )
        for orphan in (*orphans_of_cases(cases, people), *orphans_of_reviews(reviews, people))
    ]


def _from_faults(rows: Sequence[Any], after: datetime) -> _Found:
    def read(row: Any) -> list[Attention]:
        if not (row.view or {}).get("faults"):
            return []
        fault, who = row.view["faults"][-1], row.view.get("owner", row.view.get("author"))
        since = datetime.fromisoformat(fault["at"])
        if since < after:
            return []
        return [Attention(row.number, AttentionReason.FAULT, since, what=fault["what"], who=who, error=fault["error"])]

    return _each(rows, read)


async def _from_outbox(connection: AsyncConnection, now: datetime, waiting_since: datetime) -> _Found:
    failed = and_(
        outbox.c.status == OutboxStatus.FAILED.value,
        # Whoever waits for a code in vain asks for another.
        outbox.c.message != ONE_TIME_CODE,
        or_(case_record.c.closed_at.is_(None), outbox.c.created_at >= now - _REMEMBERED),
    )
    waiting = and_(outbox.c.status.in_(OPEN), outbox.c.created_at < waiting_since)
    rows = await connection.execute(
        select(
            outbox.c.key,
            outbox.c.number,
            outbox.c.status,
            outbox.c.created_at,
            outbox.c.message,
            outbox.c.recipient,
            outbox.c.error,
            case_record.c.view,
        )
        .outerjoin(case_record, case_record.c.number == outbox.c.number)
        .where(or_(failed, waiting), outbox.c.channel != WEBHOOK)
    )

    def read(row: Any) -> list[Attention]:
        if row.key in _untold_keys(row.view):
            return []
        has_failed = row.status == OutboxStatus.FAILED.value
        reason = AttentionReason.UNDELIVERABLE if has_failed else AttentionReason.UNDELIVERED
        return [Attention(row.number, reason, row.created_at, what=row.message, who=row.recipient, error=row.error)]

    return _each(rows, read)


def _untold_keys(view: CaseViewJson | None) -> set[str]:
    """Outbox keys of what a person has been asked to tell, which is looked at there."""
    return {one["key"] for one in (view.get("untold", ()) if view else ())}


async def _from_channels(connection: AsyncConnection, now: datetime) -> list[Attention]:
    found = await find_failing_channels(connection, now)
    reason = AttentionReason.CHANNEL_FAILING
    return [Attention(one.channel, reason, one.since, what=CHANNEL, error=one.error) for one in found]


async def _from_webhooks(connection: AsyncConnection, after: datetime, waiting_since: datetime) -> list[Attention]:
    """One entry for each system, however many events it has not heard of."""
    return [
        Attention(one.system, AttentionReason.WEBHOOK_FAILING, one.since, what=SYSTEM, error=one.summary)
        for one in await find_untold_systems(connection, failed_after=after, waiting_since=waiting_since)
    ]


async def _from_mailboxes(connection: AsyncConnection) -> list[Attention]:
    """Mailboxes that are not read, and mails that wait; by the wall clock, since no case's time decides there."""
    failing = [
        Attention(one.name, AttentionReason.MAILBOX_FAILING, one.since, what=MAILBOX, error=one.error)
        for one in await find_failing_mailboxes(connection, datetime.now(UTC))
    ]
    aside = [
        Attention(
            mail.number or mail.mailbox, AttentionReason.MAIL_ASIDE, mail.taken_at, what=MAILBOX, who=mail.sender,
            error=f"{mail.id[:12]}: {mail.note}",
        )
        for mail in await mails_aside(connection)
    ]  # fmt: skip
    return failing + aside


async def _from_archive(connection: AsyncConnection) -> _Found:
    rows = await connection.execute(
        select(archive.c.number, archive.c.archived_at, archive.c.failed_at, archive.c.error).where(
            archive.c.failed_at.is_not(None), archive.c.masked_at.is_(None)
        )
    )

    def read(row: Any) -> list[Attention]:
        what = "mask" if row.archived_at else "archive"
        return [Attention(row.number, AttentionReason.NOT_ARCHIVED, row.failed_at, what=what, error=row.error)]

    return _each(rows, read)


async def _from_reviews(connection: AsyncConnection, reviews: Sequence[Any], now: datetime, grace: timedelta) -> _Found:
    late_since = await _missed_reports(connection) if reviews else {}

    def read(row: Any) -> list[Attention]:
        if row.view is None:
            if row.opened_at >= now - grace:
                return []
            head = row.subject["head"]
            return [Attention(row.number, AttentionReason.REVIEW_NOT_OPENED, row.opened_at, who=head)]
        found: list[Attention] = []
        if row.next_due is not None and row.next_due < now - grace:
            found.append(Attention(row.number, AttentionReason.REVIEW_NOT_ACTING, row.next_due))
        for one in find_overdue(row.view, now):
            since = one.since or late_since.get(row.id) or row.updated_at
            found.append(Attention(row.number, AttentionReason.REVIEW_LATE, since, what=one.what, who=one.who))
        return found

    return _each(reviews, read)


async def _missed_reports(connection: AsyncConnection) -> dict[str, datetime]:
    """Review -> when its report, or the approval of it, was due that was missed last."""
    rows = await connection.execute(
        select(review_timeline.c.review, review_timeline.c.detail)
        .join(review, review.c.id == review_timeline.c.review)
        .where(
            review.c.status.in_((ReviewStatus.WRITING.value, ReviewStatus.AWAITING_APPROVAL.value)),
            review_timeline.c.kind == EventKind.REVIEW_LATE.value,
        )
        .order_by(review_timeline.c.review, review_timeline.c.sequence)
    )
    due = read_rows(rows, lambda row: (row.review, row.detail.get("due")), name=lambda row: row.review)
    return {key: datetime.fromisoformat(at) for key, at in sound(due) if at}


async def _from_reports(connection: AsyncConnection, after: datetime) -> list[Attention]:
    return [
        Attention(
            number=failure.report,
            reason=AttentionReason.UNDELIVERABLE if failure.final else AttentionReason.UNDELIVERED,
            since=failure.at,
            what=REPORT,
            who=failure.recipient,
            error=failure.reason,
        )
        for failure in await report_failures(connection)
        if failure.at >= after
    ]
