"""The form, timeline and review of a case as its page shows them, in words (R14, R49)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from activities.rendering.event_text import event_text, whose
from activities.rendering.form_text import form_lines
from activities.rendering.labels import label
from starter.web.staff.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST: Final = 40
"""Entries of the timeline on a page."""
_MOST_BYTES: Final = 30_000
"""Of their texts: a page is for telephones, too."""
_IN_HEAD: Final = frozenset({"intake_key", "received_at"})


@dataclass(frozen=True)
class Entry:
    """A step of the case as it is shown."""

    sequence: int
    at: str
    what: str
    who: str
    by: str
    text: str


@dataclass(frozen=True)
class Shown(Wording):
    """One case in words, as `describe_record` has it."""

    case: dict[str, Any]

    def form(self) -> list[tuple[str, str]]:
        """What the customer gave."""
        form, moment = self.case["form"], self.company.text
        return list(form_lines(form, self.locale, moment=moment, without=_IN_HEAD, called=self.called))

    def entry(self, entry: Mapping[str, Any]) -> Entry:
        """A step, in words."""
        return Entry(
            sequence=int(entry["sequence"]),
            at=str(entry["at"] or ""),
            what=label("event", str(entry["kind"]), self.locale),
            who=whose(entry, self.locale, self.name),
            by=str(entry["by"]),
            text=event_text(entry, self.company.local, self.locale, self.called),
        )

    def timeline(self, before: int | None = None) -> tuple[list[Entry], int | None]:
        """The latest steps, before that one where one is named, the newest first; and before which to go on."""
        steps: Sequence[Mapping[str, Any]] = self.case["timeline"]
        left = [one for one in steps if before is None or int(one["sequence"]) < before]
        found: list[Entry] = []
        size = 0
        for one in reversed(left):
            entry = self.entry(one)
            size += len(entry.text.encode())
            if len(found) == _MOST or (found and size > _MOST_BYTES):
                return found, found[-1].sequence
            found.append(entry)
        return found, None

    def review(self, person: str | None) -> dict[str, Any] | None:
        """The review that covers the case; `approves`: it waits for this person's word."""
        found = self.case.get("review")
        if not isinstance(found, dict) or found.get("fault"):
            return None
        waits = found.get("status") == "awaiting_approval" and person in (found.get("waits_for") or ())
        return {**found, "approves": waits}
