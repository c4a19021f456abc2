"""One recorded case with its timeline, read with the database's driver alone: `bihuan show` has to be quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from activities.database.reader import Reader, document, instant, open_reader
from activities.database.url import DatabaseUrl
from activities.rows import FaultyRow, UnreadableError, fault_of, read_rows
from workflows.domain.provenance import of_event

if TYPE_CHECKING:
    from workflows.domain.case.recorded.view_json import CaseViewJson
    from workflows.domain.model import Json

_CASES = """
SELECT r.number, r.channel, r.received_at, r.started_at, r.form, c.view
FROM registration AS r LEFT JOIN case_record AS c ON c.number = r.number
WHERE r.number IN ({places})
"""
_CASE = _CASES.format(places="$1")
_UNSTARTED = "SELECT number FROM registration WHERE number = $1 AND started_at IS NULL"
_TIMELINE = "SELECT sequence, at, kind, by, detail, recorded_at FROM timeline WHERE number = $1 ORDER BY sequence"
CASE: Final = (_CASE, _TIMELINE)
"""What is asked of a number, the first parameter; see `case_of`."""


_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class CaseRecord:
    """A registered case. `view` is the JSON of its CaseView, None until a worker opened the case.

    `form` is the intake form as it stands now. An entry of `timeline` has sequence, at, kind, by, via
    (R39), detail and recorded_at, its times in ISO 8601 with offset.
    """

    number: str
    channel: str
    received_at: datetime
    started_at: datetime | None
    form: Json
    view: CaseViewJson | None
    timeline: tuple[Json, ...] = field(default=())
    fault: str | None = None
    """What of it could not be read; that is empty here."""

    @classmethod
    def of(cls, row: Mapping[str, Any], entries: Sequence[Mapping[str, Any]] = ()) -> CaseRecord:
        """The case from a row of either reader. What cannot be read is named in `fault`, the rest is there."""
        faults: list[str] = []

        def value(name: str, read: Callable[[Any], Any], absent: Any) -> Any:
            try:
                return absent if row[name] is None else read(row[name])
            except Exception as error:  # noqa: BLE001 - whatever is the matter with one value, the others are shown
                faults.append(f"{name}: {fault_of(error)}")
                return absent

        case = cls(
            number=str(row["number"]),
            channel=str(row["channel"]),
            received_at=value("received_at", instant, _UNKNOWN),
            started_at=value("started_at", instant, None),
            form=value("form", _document, {}),
            view=value("view", _document, None),
            timeline=tuple(timeline_entry(entry) for entry in entries),
        )
        return replace(case, fault="; ".join(faults)) if faults else case

    @classmethod
    def archived(cls, dossier: Mapping[str, Any]) -> CaseRecord:
        """The case as its archived file has it (see `activities.archive.document`)."""
        started = dossier["started_at"]
        return cls(
            number=dossier["number"],
            channel=dossier["channel"],
            received_at=instant(dossier["received_at"]),
            started_at=instant(started) if started else None,
            form=dossier["form"],
            view=dossier["case"],
            timeline=tuple(dossier["timeline"]),
        )


async def is_unstarted(address: DatabaseUrl, number: str) -> bool:
    """Whether it is registered, and its workflow is not known to exist.

    Raises:
        Problem: the database cannot be opened or reached, or has no tables yet.
    """
    async with open_reader(address) as reader:
        return bool(await reader.rows(_UNSTARTED, number))


async def read_case_record(address: DatabaseUrl, number: str, *, timeline: bool = True) -> CaseRecord | None:
    """The case of that number with its timeline, unless that is not asked for, or None.

    Raises:
        Problem: the database cannot be opened or reached, or has no tables yet.
    """
    async with open_reader(address) as reader:
        return await case_record_of(reader, number) if timeline else case_of(await reader.rows(CASE[0], number), ())


async def case_records_of(reader: Reader, numbers: Sequence[str]) -> list[CaseRecord]:
    """The cases of these numbers, as far as there are any, without their timelines, in no order."""
    places = ", ".join(f"${place}" for place in range(1, len(numbers) + 1))
    return [CaseRecord.of(row) for row in await reader.rows(_CASES.format(places=places), *numbers)]


async def case_record_of(reader: Reader, number: str) -> CaseRecord | None:
    """As `read_case_record`, where the database is being read already."""
    return case_of(*await reader.answers(CASE, number))


def case_of(cases: Sequence[Mapping[str, Any]], timeline: Sequence[Mapping[str, Any]]) -> CaseRecord | None:
    """The case, out of the answers to `CASE`."""
    return CaseRecord.of(cases[0], timeline) if cases else None


def timeline_entry(row: Mapping[str, Any]) -> Json:
    """A step as it is shown; one that cannot be read has the keys all the same, and `fault` says why."""
    (entry,) = read_rows([row], _read_entry, name=lambda row: row["sequence"])
    if not isinstance(entry, FaultyRow):
        return entry
    kept = {"sequence": row["sequence"], "kind": str(row["kind"]), "by": str(row["by"]), "via": None}
    return {**kept, "at": None, "detail": {}, "recorded_at": None, "fault": entry.fault}


def _document(stored: Any) -> Json:
    """An object, decoded by the database's driver or not."""
    value = document(stored)
    if not isinstance(value, dict):
        raise UnreadableError("is no JSON object")
    return value


def _read_entry(row: Mapping[str, Any]) -> Json:
    via, detail = of_event(row["by"], _document(row["detail"]))
    return {
        "sequence": row["sequence"],
        "at": instant(row["at"]).isoformat(),
        "kind": row["kind"],
        "by": row["by"],
        "via": via.value,
        "detail": detail,
        "recorded_at": instant(row["recorded_at"]).isoformat(),
    }
