"""What an address asks of a list: the filters behind its question mark, which can be kept as a bookmark and shared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from activities.queries.case_filter import Filter, Order
from starter.web.cursor import Place, read_place, written_place
from workflows.domain.case.recorded.overdue import is_late
from workflows.domain.vocabulary import Priority, Status

if TYPE_CHECKING:
    from activities.queries.case_record import CaseRecord

ANY_OPEN: Final = "open"
"""Beside the states of a case, as one."""
DUE: Final = ("late", "1h", "4h", "24h")
"""Deadlines that a list can be asked for: those that passed, and those of the next so many hours, with these."""
KEYS: Final = ("q", "priority", "status", "type", "department", "owner", "due", "late", "escalated", "unacknowledged",
        "breached")  # fmt: skip
BY_DEADLINE: Final = frozenset({"due", "late", "unacknowledged"})
"""What is found among open cases, by their next deadline."""
PAGE: Final = 50
"""Cases on a page."""
_HOURS: Final = re.compile(r"([1-9][0-9]{0,2})h")
_LONGEST: Final = 200


@dataclass(frozen=True)
class Asked:
    """The filters that the address of a list asks for.

    Attributes:
        values: what was asked, by key; nothing that was left empty.
        place: where the page begins.
        fault: the key that cannot be used, and `allowed`: what can; empty where there is none.
    """

    values: Mapping[str, str]
    place: Place | None = None
    fault: str = ""
    allowed: str = ""

    def filter(self, now: datetime, *, sort: Order = "due", **fixed: Any) -> Filter:
        """The filter for the list; `fixed` goes before what was asked."""
        values = self.values
        begins = {"offset": self.place} if isinstance(self.place, int) else {"after": self.place}
        status = values.get("status")
        wanted: dict[str, Any] = {
            "status": None if status == ANY_OPEN else status,
            "open_only": status == ANY_OPEN,
            "search": values.get("q"),
            "due_before": _due_before(values.get("due"), now),
            **{key: values.get(key) for key in ("priority", "type", "department", "owner")},
            "late_at": now if values.get("late") == "yes" else None,
            **{key: values[key] == "yes" for key in ("escalated", "unacknowledged", "breached") if key in values},
        }
        return Filter(**{**wanted, **begins, **fixed}, sort=sort, limit=PAGE)

    def fits(self, record: CaseRecord, now: datetime) -> bool:
        """Whether a case fits that was found by the filter, where that finds a few more."""
        wanted, view = self.values.get("late"), record.view
        return wanted is None or (view is not None and is_late(view, now)) is (wanted == "yes")

    def first_page(self, path: str) -> str:
        """The address of the beginning."""
        return _address(path, self.values)

    def without(self, path: str, key: str) -> str:
        """The same list without that filter."""
        return _address(path, {name: text for name, text in self.values.items() if name != key})

    def next_page(self, path: str, after: Place | None) -> str | None:
        """The address of the next page, with the same filters."""
        place = written_place(after)
        return f"{path}?{urlencode({**self.values, 'cursor': place})}" if place is not None else None


def read_asked(query: Mapping[str, str], known: Mapping[str, list[str]], sort: Order = "due") -> Asked:
    """What is asked; `known`: ids of types, departments and owners."""
    values = {key: text for key in KEYS if (text := query.get(key, "").strip()[:_LONGEST])}
    # People are chosen from a list as `id name`.
    if "owner" in values:
        values["owner"] = values["owner"].split(maxsplit=1)[0]
    yes_no = ("yes", "no")
    allowed: dict[str, list[str]] = {
        "priority": list(Priority), "status": [ANY_OPEN, *Status],
        **{key: list(yes_no) for key in ("late", "escalated", "unacknowledged", "breached")}, **known,
    }  # fmt: skip
    for key, words in allowed.items():
        if key in values and words and values[key] not in words:
            return Asked(values, None, key, ", ".join(words[:20]))
    if "due" in values and values["due"] != DUE[0] and not _HOURS.fullmatch(values["due"]):
        return Asked(values, None, "due", ", ".join(DUE))
    try:
        place = read_place(query.get("cursor"))
    except ValueError:
        return Asked(values, None, "cursor", "")
    if place is not None and isinstance(place, int) is (sort == "received"):
        return Asked(values, None, "cursor", "")
    return Asked(values, place)


def plain_address(path: str, query: Mapping[str, str]) -> str | None:
    """The same address without what a form sends empty; None where there is nothing to leave out."""
    kept = {key: text for key, text in query.items() if text.strip()}
    if len(kept) == len(query):
        return None
    return _address(path, kept)


def _address(path: str, values: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(values)}" if values else path


def _due_before(due: str | None, now: datetime) -> datetime | None:
    if due is None:
        return None
    return now if due == DUE[0] else now + timedelta(hours=int(due.removesuffix("h")))
