"""Export of recorded cases as a log of what people did: the lines that `bihuan trial` reads.

Only what people did is in it. What followed (warnings, escalations, dispatch, reopening) is left out, since another
policy would have had other consequences.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from activities.batches import batched
from activities.database.database import Database
from activities.database.tables import registration, settlement, timeline
from activities.intake.submission import supply
from activities.rows import FaultyRow, Unreadable, read_rows
from workflows.domain.event import EventKind
from workflows.domain.form_fields import SUPPLIED
from workflows.domain.model import Json
from workflows.domain.provenance import MAIN_CASE, of_event
from workflows.domain.vocabulary import CUSTOMER, SYSTEM, Via

_AT_ONCE = 200
"""Cases read together."""
_TAKEN_DOWN = ("relayed_by", "heard")
"""Keys of every signal that says a customer's word."""


@dataclass(frozen=True)
class ExportedStep:
    """One entry of a timeline; `via`: how it came (R39)."""

    at: datetime
    kind: EventKind
    by: str
    detail: Json
    via: Via = Via.CONSOLE


class HistoryExport:
    """Reads the record of cases received in a span of time (`since` ≤ received < `until`; None is no limit)."""

    def __init__(self, database: Database, since: datetime | None = None, until: datetime | None = None) -> None:
        self._database = database
        self._span: list[ColumnElement[bool]] = []
        if since is not None:
            self._span.append(registration.c.received_at >= since)
        if until is not None:
            self._span.append(registration.c.received_at < until)

    async def count(self) -> int:
        """How many cases there are."""
        async with self._database.read() as connection:
            return await connection.scalar(select(func.count()).select_from(registration).where(*self._span)) or 0

    async def logs(self) -> AsyncIterator[list[Json] | FaultyRow]:
        """The lines of one case after the other, the first received first; times are UTC in ISO 8601. Of a case that
        cannot be read, its number and why.
        """
        order = (registration.c.received_at, registration.c.number)
        wanted = select(registration.c.number).where(*self._span).order_by(*order)
        async with self._database.read() as connection:
            numbers = list(await connection.scalars(wanted))
        for batch in batched(numbers, _AT_ONCE):
            for lines in await self._read(batch, set(numbers)):
                yield lines

    async def _read(self, numbers: Sequence[str], exported: Container[str]) -> list[list[Json] | FaultyRow]:
        columns = (registration.c.number, registration.c.form, registration.c.received_at, settlement.c.body)
        cases = (
            select(*columns)
            .outerjoin(settlement, settlement.c.number == registration.c.number)
            .where(registration.c.number.in_(numbers))
            .order_by(registration.c.received_at, registration.c.number)
        )
        entries = (
            select(timeline.c.number, timeline.c.at, timeline.c.kind, timeline.c.by, timeline.c.detail)
            .where(timeline.c.number.in_(numbers))
            .order_by(timeline.c.number, timeline.c.sequence)
        )
        steps: dict[str, list[Any]] = {}
        async with self._database.read() as connection:
            rows = (await connection.execute(cases)).all()
            for entry in await connection.execute(entries):
                steps.setdefault(entry.number, []).append(entry)

        def read(row: Any) -> list[Json]:
            number, form, received_at, body = row
            happened = [_step(*entry) for entry in steps.get(number, ())]
            return [_opening(number, form, received_at, body), *signals(number, happened, exported)]

        return list(read_rows(rows, read, name=lambda row: row.number))


def _step(number: str, at: datetime, kind: str, by: str, detail: Json) -> ExportedStep:  # noqa: ARG001
    if isinstance(detail, Unreadable):
        detail.refuse()
    via, rest = of_event(by, detail)
    return ExportedStep(at, EventKind(kind), by, rest, via)


def signals(number: str, steps: Iterable[ExportedStep], exported: Container[str] = ()) -> list[Json]:
    """What people asked of a case, as lines of a log. Who owned the case or was escalated to is named by that role,
    so that another policy's owner acts in their place.

    What a main case passed on follows from its own lines; only where it is not `exported` with this case, its answers
    are this case's own.
    """
    lines: list[Json] = []
    owner: Any = None
    escalated: Any = None
    before: ExportedStep | None = None
    for step in steps:
        command = _command(step, before)
        if command is not None and not _told_elsewhere(step, exported):
            name, given = command
            took_over = _followed(step, before, EventKind.HANDED_OVER)
            by = "owner" if (step.by == owner or MAIN_CASE in step.detail) and not took_over else step.by
            if name == "acknowledge" and step.by == escalated:
                by = "escalated"
            line: Json = {"at": step.at.isoformat(), "key": number, "signal": name, "by": by}
            if step.via not in {Via.CONSOLE, Via.SYSTEM}:
                line["via"] = step.via.value
            if step.by == CUSTOMER:
                given |= {key: step.detail.get(key) for key in _TAKEN_DOWN}
            lines.append(line | {"with": {key: value for key, value in given.items() if value not in (None, [], {})}})
        owner = _owner_after(step, owner)
        escalated = step.detail.get("to") if step.kind is EventKind.ESCALATED else escalated
        before = step
    return lines


def _opening(number: str, form: Json, received_at: datetime, settled: Any) -> Json:
    """The form as it was when the case opened: what was missing then, and supplied later, is taken out again."""
    missing = settled["opening"]["missing"] if settled else ()
    then = supply(form, dict.fromkeys(missing))
    return {"at": received_at.isoformat(), "key": number, "open": then}


def _owner_after(step: ExportedStep, owner: Any) -> Any:
    match step.kind:
        case EventKind.DISPATCHED | EventKind.REOPENED:
            return step.detail.get("owner")
        case EventKind.HANDED_OVER:
            return step.detail.get("to")
    return owner


def _command(step: ExportedStep, before: ExportedStep | None) -> tuple[str, dict[str, Any]] | None:
    """The signal behind an entry; None for what followed by itself or from the entry before."""
    if step.by == SYSTEM and step.kind is not EventKind.UNDELIVERABLE:
        return None
    detail = step.detail
    if step.kind in _SAME_KEYS:
        name, *keys = _SAME_KEYS[step.kind]
        return name, {key: detail.get(key) for key in keys}
    make = _MADE.get(step.kind)
    return make(step, before) if make is not None else None


def _told_elsewhere(step: ExportedStep, exported: Container[str]) -> bool:
    if step.kind in {EventKind.LINKED, EventKind.UNLINKED}:
        return step.detail.get("main") not in exported
    return step.detail.get(MAIN_CASE) in exported


def _followed(step: ExportedStep, before: ExportedStep | None, kind: EventKind) -> bool:
    """Whether the same signal made this entry and the one before."""
    return before is not None and before.kind is kind and (before.at, before.by) == (step.at, step.by)


def _assigned(step: ExportedStep, before: ExportedStep | None) -> tuple[str, dict[str, Any]] | None:
    detail = step.detail
    if _followed(step, before, EventKind.CLASSIFIED):
        return None
    if step.kind is EventKind.DISPATCHED:
        return "assign", {"to": detail.get("owner"), "why": detail.get("reason") or "-"}
    if detail.get("to") == step.by and detail.get("why") == "claimed":
        return None
    return "assign", {"to": detail.get("to"), "why": detail.get("why")}


def _classified(step: ExportedStep, _: ExportedStep | None) -> tuple[str, dict[str, Any]] | None:
    before, after = step.detail.get("before"), step.detail.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return None  # what triage found when the case opened
    changed: dict[str, Any] = {key: value for key, value in after.items() if value != before.get(key)}
    if "subtype" in changed and changed["subtype"] is None:
        changed["type"] = after.get("type")
    return "classify", {**changed, "why": step.detail.get("why")}


def _unlinked(step: ExportedStep, _: ExportedStep | None) -> tuple[str, dict[str, Any]] | None:
    if step.detail.get("cause") != "asked":
        return None  # the customer was not satisfied, or the main case closed
    return "unlink", {"why": step.detail.get("why")}


def _linked(step: ExportedStep, _: ExportedStep | None) -> tuple[str, dict[str, Any]]:
    return "link", {"to": step.detail.get("main"), "why": step.detail.get("why")}


def _asked(step: ExportedStep, _: ExportedStep | None) -> tuple[str, dict[str, Any]]:
    missing = step.detail.get("missing")
    fields = [key for key in missing if key in SUPPLIED] if isinstance(missing, list) else []
    return "request_info", {"text": step.detail.get("text"), "fields": fields}


def _escalated(step: ExportedStep, _: ExportedStep | None) -> tuple[str, dict[str, Any]] | None:
    if step.detail.get("why") != "asked":
        return None
    return "escalate", {"why": step.detail.get("text")}


def _withdrawn(step: ExportedStep, _: ExportedStep | None) -> tuple[str, dict[str, Any]] | None:
    if step.detail.get("resolution") != "withdrawn":
        return None
    return "withdraw", {"why": step.detail.get("why") or "-"}


_SAME_KEYS: dict[EventKind, tuple[str, ...]] = {
    EventKind.CLAIMED: ("claim",),
    EventKind.REPLIED: ("reply", "text"),
    EventKind.PROGRESSED: ("progress", "text", "internal", "step", "why"),
    EventKind.SUPPLIED: ("supply", "text", "fields"),
    EventKind.DEPARTMENT_INVOLVED: ("escalate", "department", "why"),
    EventKind.ACKNOWLEDGED: ("acknowledge", "text"),
    EventKind.RESOLVED: (
        "resolve", "cause", "solution", "cautions", "prevention", "verified", "verified_note",
    ),
    EventKind.FEEDBACK_GIVEN: ("feedback", "text"),
    EventKind.CONFIRMED: ("confirm", "text"),
    EventKind.REFUSED: ("refuse", "why"),
    EventKind.RATED: ("rate", "score", "comment"),
    EventKind.CUSTOMER_WROTE: ("customer_wrote", "text"),
    EventKind.NOTED: ("note", "text"),
    EventKind.UNDELIVERABLE: ("undeliverable", "message", "recipient", "channel", "error"),
}  # fmt: skip
"""Entries that hold the very keys of their signal."""

_MADE: dict[EventKind, Callable[[ExportedStep, ExportedStep | None], tuple[str, dict[str, Any]] | None]] = {
    EventKind.DISPATCHED: _assigned,
    EventKind.HANDED_OVER: _assigned,
    EventKind.CLASSIFIED: _classified,
    EventKind.INFORMATION_REQUESTED: _asked,
    EventKind.ESCALATED: _escalated,
    EventKind.LINKED: _linked,
    EventKind.UNLINKED: _unlinked,
    EventKind.CLOSED: _withdrawn,
}
"""Entries whose signal said it in other words. `retime` is left out: a trial has one policy from its beginning."""
