"""What happened to a case, in words for those who review it: the key steps, without personal data (R27, R28)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from activities.privacy.masking import Mask
from activities.queries.case_record import CaseRecord
from activities.rendering.filters import clean, one_line
from activities.review.wording import ReviewWording
from workflows.domain.vocabulary import SYSTEM, ClockName, EventKind


class ReviewStep(NamedTuple):
    """One entry of a timeline as people read it; `text` may have several lines, or none."""

    when: str
    step: str
    who: str
    text: str


def steps_of(case: CaseRecord, wording: ReviewWording) -> list[ReviewStep]:
    """The key steps of a case in their order: warnings, refused requests and internal moves are left out."""
    mask = Mask(case.form)
    told: Mapping[str, list[str]] = wording.words["steps"]
    entries: Sequence[dict[str, Any]] = case.timeline
    description = case.form.get("description")
    symptom = mask(clean(str(description.get("symptom") or ""))) if isinstance(description, dict) else ""
    return [
        ReviewStep(
            when=wording.time(entry["at"]),
            step=wording.label("event", entry["kind"]),
            who=wording.person(entry["by"]),
            text=wording.joined(told[entry["kind"]], {"symptom": symptom, **_facts(entry, wording, mask)}),
        )
        for entry in entries
        if entry["kind"] in told
    ]


def outline_of(case: CaseRecord, wording: ReviewWording) -> str:
    """A case in one line: when it was answered and solved, and the cause and solution given last."""
    mask = Mask(case.form)
    entries: Sequence[dict[str, Any]] = case.timeline
    resolved: dict[str, Any] = next(
        (one["detail"] for one in reversed(entries) if one["kind"] == EventKind.RESOLVED), {}
    )
    view: Mapping[str, Any] = case.view or {}
    facts = {
        "responded": wording.time(view["responded_at"]) if view.get("responded_at") else "",
        "resolved": wording.time(view["resolved_at"]) if view.get("resolved_at") else "",
        "cause": mask(one_line(str(resolved.get("cause") or ""))),
        "solution": mask(one_line(str(resolved.get("solution") or ""))),
    }
    return wording.joined(wording.words["others"]["line"], facts)


def _facts(entry: Mapping[str, Any], wording: ReviewWording, mask: Mask) -> dict[str, str]:
    """The details of an entry in words; what is not known is left out."""
    facts: dict[str, str] = {}
    for key, value in entry["detail"].items():
        by_itself = entry["kind"] == EventKind.CLOSED and entry["by"] == SYSTEM
        if value in (None, "", [], {}, False) or (key == "why" and by_itself):
            continue
        say = _SAID.get(key)
        facts[key] = (say(value, wording) if say else _cause(value, wording)) or mask(clean(str(value)))
    if isinstance(after := entry["detail"].get("after"), dict):
        facts["kind"] = f"{after['priority']} {wording.kind(after['type'], after.get('subtype'))}"
    return facts


def _cause(value: Any, wording: ReviewWording) -> str | None:
    """The reason of an entry, where it is a word of the vocabulary; None where a person wrote it."""
    if not isinstance(value, str):
        return None
    own: str | None = wording.words["causes"].get(value)
    return wording.label("clock", value) if value in set(ClockName) else own


def _fields(value: Any, wording: ReviewWording) -> str:
    """Names of the form's fields: what was supplied is the customer's."""
    separator = str(wording.words["list_separator"])
    return separator.join(wording.label("field", name) for name in value)


def _messages(value: Any, wording: ReviewWording) -> str:
    return str(wording.words["list_separator"]).join(wording.label("message", name) for name in value)


def _time(value: Any, wording: ReviewWording) -> str:
    return wording.time(value)


def _person(value: Any, wording: ReviewWording) -> str:
    return wording.person(value)


_SAID: dict[str, Callable[[Any, ReviewWording], str]] = {
    "channel": lambda value, wording: wording.label("channel", value),
    "clock": lambda value, wording: wording.label("clock", value),
    "message": lambda value, wording: wording.label("message", value),
    "messages": _messages,
    "score": lambda value, wording: wording.label("satisfaction", value),
    "resolution": lambda value, wording: wording.label("resolution", value),
    "priority": lambda value, wording: wording.priority(value),
    "department": lambda value, wording: wording.named(value),
    "missing": _fields,
    "fields": _fields,
    "due": _time,
    "expected_resolution": _time,
    "owner": _person,
    "from": _person,
    "to": _person,
}
"""Details whose values are words of the vocabulary; the others are texts that people wrote."""
