"""The tables of a review's report: its cases, what they meant, promises kept or missed, steps, measures (R27)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from activities.analysis.history import KINDS, History, MilestoneKind, TimelineEntry
from activities.privacy.masking import Mask
from activities.queries.case_record import CaseRecord
from activities.rendering.filters import clean
from activities.review.reading import StoredReview
from activities.review.steps import outline_of, steps_of
from activities.review.wording import ReviewWording
from workflows.domain.event import EventKind
from workflows.domain.model import Json
from workflows.domain.review.view import ReviewStatus
from workflows.domain.vocabulary import ClockName

_FOREVER = datetime.max.replace(tzinfo=UTC)


class Cell(NamedTuple):
    """A cell of a table; `alert` where something is late or was missed."""

    text: str
    alert: bool = False


@dataclass(frozen=True)
class Table:
    """Names of columns, and rows of plain text."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def as_json(self) -> list[Json]:
        """A row each, by column."""
        return [dict(zip(self.columns, (cell.text for cell in row), strict=True)) for row in self.rows]


@dataclass
class _Promise:
    kept: bool | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class ReviewTables:
    """Every table of one review, its times as of `now`."""

    file: StoredReview
    wording: ReviewWording
    now: datetime
    _masks: dict[str, Mask] = field(default_factory=dict)

    @cached_property
    def newest(self) -> CaseRecord:
        """The case received last, whose steps are told in full."""
        return self.file.covered[-1]

    def masked(self, text: object, case: CaseRecord | None = None) -> str:
        """A text without control characters and the personal data of this case's customer, or of all of them."""
        said = clean(str(text or "")).strip()
        for one in (case,) if case else self.file.covered:
            if one.number not in self._masks:
                self._masks[one.number] = Mask(one.form)
            said = self._masks[one.number](said)
        return said or self._unknown

    def cases(self) -> Table:
        """Every case that is covered, the first received first."""
        names = ("number", "product", "type", "priority", "received", "closed", "resolution")
        return self._table(names, map(self._case, self.file.covered))

    def impact(self) -> Table:
        """What each case meant to its customer, how long it lasted and how far up it went."""
        names = ("number", "stops", "effect", "lasted", "reopened", "escalated", "rated")
        return self._table(names, map(self._impact, self.file.covered))

    def promises(self) -> Table:
        """First response and resolution of each handling of each case, counted as the analysis report does."""
        rows = (row for case in self.file.covered for row in self._promises(case))
        return self._table(("number", "promise", "took", "kept"), rows)

    def steps(self) -> Table:
        """The key steps of the newest case."""
        rows = ((step.when, step.step, step.who, step.text) for step in steps_of(self.newest, self.wording))
        return self._table(("when", "step", "who", "what"), rows)

    def others(self) -> Table:
        """One line for each of the other cases."""
        rows = (
            (case.number, self.wording.time(case.received_at), outline_of(case, self.wording))
            for case in self.file.covered[:-1]
        )
        return self._table(("number", "received", "course"), rows)

    def measures(self) -> Table:
        """The corrective actions: what is to be done, by whom, until when, and what came of it."""
        view = self.file.as_json()
        rows = (
            (
                str(index),
                self.masked(one["what"]),
                self.wording.person(one["owner"]),
                self.wording.time(one["due"]),
                self._state(one, view["status"]),
                self.masked(one["result"]),
            )
            for index, one in enumerate(view["measures"], start=1)
        )
        columns = self.wording.words["columns"]
        return Table(
            ["#", *(columns[name] for name in ("measure", "owner", "due", "state", "result"))], [*map(_row, rows)]
        )

    def _table(self, names: Iterable[str], rows: Iterable[Sequence[str | Cell]]) -> Table:
        columns = self.wording.words["columns"]
        return Table([columns[name] for name in names], [_row(row) for row in rows])

    @property
    def _unknown(self) -> str:
        return str(self.wording.words["unknown"])

    def _case(self, case: CaseRecord) -> Sequence[str]:
        wording, view = self.wording, _view(case)
        is_open = view.get("closed_at") is None
        return (
            case.number,
            self.masked(case.form.get("product"), case),
            wording.kind(view["type"], view.get("subtype")) if view else self._unknown,
            wording.priority(view.get("priority")),
            wording.time(case.received_at),
            wording.words["columns"]["open"] if is_open else wording.time(view["closed_at"]),
            wording.label("resolution", view.get("resolution")),
        )

    def _impact(self, case: CaseRecord) -> Sequence[str]:
        wording, view = self.wording, _view(case)
        given = case.form.get("impact")
        impact: dict[str, Any] = given if isinstance(given, dict) else {}
        blocks = impact.get("blocks_normal_use")
        stops = wording.words["yes" if blocks else "no"] if isinstance(blocks, bool) else self._unknown
        closed = view.get("closed_at")
        levels = [entry["detail"]["level"] for entry in _entries(case) if entry["kind"] == EventKind.ESCALATED]
        return (
            case.number,
            stops,
            self.masked(impact.get("effect"), case),
            wording.duration(case.received_at, datetime.fromisoformat(closed) if closed else None),
            str(view.get("reopened") or 0),
            wording.words["promises"]["level"].format(level=max(levels)) if levels else "0",
            wording.label("satisfaction", view.get("satisfaction")),
        )

    def _promises(self, case: CaseRecord) -> Iterator[Sequence[str | Cell]]:
        words = self.wording.words["promises"]
        dues = {
            (entry["detail"].get("cycle", 0), entry["detail"]["clock"]): entry["detail"].get("due")
            for entry in _entries(case)
            if entry["kind"] == EventKind.LAPSED
        }
        for (cycle, clock), promise in _promised(case).items():
            name = words[clock] if cycle == 0 else words["again"].format(promise=words[clock], cycle=cycle + 1)
            due = dues.get((cycle, clock))
            missed = words["missed_due"].format(due=self.wording.time(due)) if due else words["missed"]
            yield (
                case.number,
                name,
                self.wording.lasted(promise.seconds),
                Cell(words["kept"] if promise.kept else missed, alert=not promise.kept),
            )

    def _state(self, action: dict[str, Any], status: str) -> Cell:
        states, due = self.wording.words["states"], datetime.fromisoformat(action["due"])
        if done := action["done_at"]:
            late = bool(action["late_at"]) or datetime.fromisoformat(done) > due
            return Cell(states["done_late" if late else "done"].format(at=self.wording.time(done)), alert=late)
        if status == ReviewStatus.FOLLOWING:
            late = due < self.now
            return Cell(states["late" if late else "open"], alert=late)
        return Cell(states["dropped" if status == ReviewStatus.DONE else "proposed"])


def _view(case: CaseRecord) -> Mapping[str, Any]:
    return case.view or {}


def _entries(case: CaseRecord) -> Sequence[dict[str, Any]]:
    return case.timeline


def _row(row: Sequence[str | Cell]) -> Sequence[Cell]:
    return [cell if isinstance(cell, Cell) else Cell(cell) for cell in row]


def _promised(case: CaseRecord) -> dict[tuple[int, str], _Promise]:
    """What was promised in each handling (0: the first) and whether it was kept; what is undecided is left out."""
    entries = (
        TimelineEntry(datetime.fromisoformat(entry["at"]), entry["kind"], entry["detail"], entry["by"])
        for entry in _entries(case)
        if entry["kind"] in KINDS
    )
    history = History.read(case.number, case.channel, None, entries, _FOREVER)
    found: dict[tuple[int, str], _Promise] = {}
    cycle = 0
    for one in history.milestones if history else ():
        if one.what is MilestoneKind.REOPENING:
            cycle += 1
        elif one.what is MilestoneKind.PROMISE:
            found.setdefault((cycle, str(one.value)), _Promise()).kept = one.kept
        elif one.what in _ANSWERS:
            found.setdefault((cycle, _ANSWERS[one.what]), _Promise()).seconds = one.seconds
    return {key: promise for key, promise in found.items() if promise.kept is not None}


_ANSWERS = {MilestoneKind.ANSWER: ClockName.RESPONSE.value, MilestoneKind.SOLUTION: ClockName.RESOLUTION.value}
