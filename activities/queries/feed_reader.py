"""Steps of all cases in the order of their positions, none left out: what listeners are told (R47)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from activities.database.reader import Reader, document, instant
from activities.queries.case_record import timeline_entry
from workflows.domain.vocabulary import EventKind

if TYPE_CHECKING:
    from activities.database.database import Database

PORTION: Final = 100
"""Steps that are read at once."""
_RECEIVER: Final = {
    "sqlite": "CASE WHEN json_valid(r.form) THEN json_extract(r.form, '$.received_by') END",
    "postgresql": "r.form ->> 'received_by'",
}
_STEPS: Final = """
SELECT t.position, t.number, t.sequence, t.at, t.kind, t.by, t.detail, t.recorded_at,
    c.status, c.priority, c.type, c.department, c.owner, c.escalation_level, c.acknowledged, c.breached, c.next_due,
    c.view, {receiver} AS received_by
FROM timeline AS t JOIN registration AS r ON r.number = t.number LEFT JOIN case_record AS c ON c.number = t.number
WHERE t.position > $1 AND t.position <= $2 ORDER BY t.position LIMIT $3
"""
_NEWEST: Final = "SELECT coalesce(max(position), 0) AS position FROM timeline"
_WRITERS: Final = """
SELECT virtualtransaction AS name FROM pg_locks
WHERE locktype = 'relation' AND relation = 'timeline'::regclass AND mode = 'RowExclusiveLock'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""Transactions that may have drawn a position: each holds this lock from before that until it has ended."""
_END: Final = 2**63 - 1
_FACTS: Final = ("status", "priority", "type", "department", "owner", "escalation_level")
_FLAGS: Final = ("acknowledged", "breached")


@dataclass(frozen=True)
class Step:
    """A step of a case. `view` is the JSON of its case as it stands now, `received_by` its first receiver.

    `shown` is a timeline's entry (see `CaseRecord`) with the case's `number`, and of the case as it stands now
    `status`, `priority`, `type`, `department`, `owner`, `escalation_level`, `acknowledged`, `breached`, `next_due`.
    """

    position: int
    number: str
    view: Mapping[str, Any] | None
    received_by: str | None
    shown: dict[str, Any]

    @property
    def taken_from(self) -> str | None:
        """Whose case it was until this step."""
        detail = self.shown["detail"]
        return detail.get("from") if self.shown["kind"] == EventKind.HANDED_OVER and isinstance(detail, dict) else None

    def alone(self) -> Step:
        """The step without how its case stands now."""
        return replace(self, shown=self.shown | dict.fromkeys((*_FACTS, *_FLAGS, "next_due")))


@dataclass
class _Doubt:
    """`writers` may still write something up to `until`."""

    until: int
    writers: frozenset[str]


class FeedReader:
    """Reads on from `position`, which its caller moves on to the last step that was passed on.

    SQLite has one writer, so positions come in order. On PostgreSQL they are drawn before a step is committed: whoever
    sees 7 after 5 cannot know whether 6 is on its way, or was rolled back. So nothing beyond such a gap is passed on
    before all those have ended who held the table when the gap was seen; what is there then is all that will be. That
    asks no more of a writer than what it does anyway, waits for nobody who does not write the timeline, and holds for
    a database that was restored on another server, where numbers of transactions begin anew.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._doubt: _Doubt | None = None
        self.position = 0

    async def begin(self) -> bool:
        """Begin behind the newest step; False, to be asked again, while something before it may be on its way.

        Raises:
            Problem: the database cannot be read.
        """
        async with self._database.reader() as reader:
            if self._doubt is None:
                newest = await _newest(reader)
                self._doubt = _Doubt(newest, await _writers(reader))
            elif not await _is_settled(reader, self._doubt):
                return False
            if self._doubt.writers and not await _is_settled(reader, self._doubt):
                return False
        self.position, self._doubt = self._doubt.until, None
        return True

    async def newest(self) -> int:
        """Position of the newest step that anybody sees; 0 where there is none.

        Raises:
            Problem: the database cannot be read.
        """
        async with self._database.reader() as reader:
            return await _newest(reader)

    async def read(self) -> list[Step]:
        """Some steps behind `position`, the next ones; none of another position will come before the last of them.

        Raises:
            Problem: the database cannot be read.
        """
        async with self._database.reader() as reader:
            rows = await _rows(reader, self.position, _END, PORTION)
            whole = _unbroken(rows, self.position)
            if reader.kind == "sqlite" or len(whole) == len(rows):
                self._doubt = None
                return list(map(_step, rows))
            if self._doubt is None or self._doubt.until <= self.position:
                self._doubt = _Doubt(rows[-1]["position"], await _writers(reader))
            settled = await _is_settled(reader, self._doubt)
        if not settled:
            return list(map(_step, whole))
        until, self._doubt = self._doubt.until, None
        return await self.between(self.position, until)

    async def between(self, after: int, until: int, most: int | None = None) -> list[Step]:
        """Steps behind `after` up to `until`, which lies behind everything that was passed on; `most` of them.

        Raises:
            Problem: the database cannot be read.
        """
        # A moment of its own: whoever has ended by now is seen.
        async with self._database.reader() as reader:
            return list(map(_step, await _rows(reader, after, until, until - after if most is None else most)))


async def _rows(reader: Reader, after: int, until: int, most: int) -> Sequence[Mapping[str, Any]]:
    return await reader.rows(_STEPS.format(receiver=_RECEIVER[reader.kind]), after, until, most)


async def _newest(reader: Reader) -> int:
    return int((await reader.rows(_NEWEST))[0]["position"])


async def _writers(reader: Reader) -> frozenset[str]:
    if reader.kind == "sqlite":
        return frozenset()
    return frozenset(row["name"] for row in await reader.rows(_WRITERS))


async def _is_settled(reader: Reader, doubt: _Doubt) -> bool:
    return not doubt.writers or doubt.writers.isdisjoint(await _writers(reader))


def _unbroken(rows: Sequence[Mapping[str, Any]], after: int) -> Sequence[Mapping[str, Any]]:
    """The rows before the first gap."""
    for index, row in enumerate(rows):
        if row["position"] > after + 1:
            return rows[:index]
        after = row["position"]
    return rows


def _step(row: Mapping[str, Any]) -> Step:
    shown: dict[str, Any] = {
        "number": row["number"],
        **timeline_entry(row),
        **{name: row[name] for name in _FACTS},
        **{name: None if row[name] is None else bool(row[name]) for name in _FLAGS},
        "next_due": _time(row["next_due"]),
    }
    received_by = row["received_by"]
    receiver = received_by if isinstance(received_by, str) else None
    return Step(row["position"], row["number"], _view(row["view"]), receiver, shown)


def _view(stored: Any) -> Mapping[str, Any] | None:
    """What cannot be read leaves the case to those who may read all."""
    try:
        view = document(stored)
    except (ValueError, RecursionError):
        return None
    return view if isinstance(view, dict) else None


def _time(stored: Any) -> datetime | None:
    try:
        return None if stored is None else instant(stored)
    except (ValueError, OverflowError):
        return None
