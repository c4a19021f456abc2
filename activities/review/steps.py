"""What happened to a case, in words for those who review it: the key steps, without personal data (R27, R28)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from activities.privacy.masking import Mask
from activities.queries.case_record import CaseRecord
from activities.rendering.filters import clean, one_line
from activities.review.wording import Voice
from workflows.domain.vocabulary import SYSTEM, ClockName, EventKind


class ReviewStep(NamedTuple):
    """One entry of a timeline as people read it; `text` may have several lines, or none."""

    when: str
    step: str
    who: str
    text: str


def steps_of(case: CaseRecord, voice: Voice) -> list[ReviewStep]:
    """The key steps of a case in their order: warnings, refused requests and internal moves are left out."""
    mask = Mask(case.form)
    told: Mapping[str, list[str]] = voice.words["steps"]
    entries: Sequence[dict[str, Any]] = case.timeline
    description = case.form.get("description")
    symptom = mask(clean(str(description.get("symptom") or ""))) if isinstance(description, dict) else ""
    return [
        ReviewStep(
            when=voice.time(entry["at"]),
            step=voice.label("event", entry["kind"]),
            who=voice.person(entry["by"]),
            text=voice.joined(told[entry["kind"]], {"symptom": symptom, **_facts(entry, voice, mask)}),
        )
        for entry in entries
        if entry["kind"] in told
    ]


def outline_of(case: CaseRecord, voice: Voice) -> str:
    """A case in one line: when it was answered and solved, and the cause and solution given last."""
    mask = Mask(case.form)
    entries: Sequence[dict[str, Any]] = case.timeline
    resolved: dict[str, Any] = next(
        (one["detail"] for one in reversed(entries) if one["kind"] == EventKind.RESOLVED), {}
    )
    view: Mapping[str, Any] = case.view or {}
    facts = {
        "responded": voice.time(view["responded_at"]) if view.get("responded_at") else "",
        "resolved": voice.time(view["resolved_at"]) if view.get("resolved_at") else "",
        "cause": mask(one_line(str(resolved.get("cause") or ""))),
        "solution": mask(one_line(str(resolved.get("solution") or ""))),
    }
    return voice.joined(voice.words["others"]["line"], facts)


def _facts(entry: Mapping[str, Any], voice: Voice, mask: Mask) -> dict[str, str]:
    """The details of an entry in words; what is not known is left out."""
    facts: dict[str, str] = {}
    for key, value in entry["detail"].items():
        by_itself = entry["kind"] == EventKind.CLOSED and entry["by"] == SYSTEM
        if value in (None, "", [], {}, False) or (key == "why" and by_itself):
            continue
        say = _SAID.get(key)
        facts[key] = (say(value, voice) if say else _cause(value, voice)) or mask(clean(str(value)))
    if isinstance(after := entry["detail"].get("after"), dict):
        facts["kind"] = f"{after['priority']} {voice.kind(after['type'], after.get('subtype'))}"
    return facts


def _cause(value: Any, voice: Voice) -> str | None:
    """Why something happened, where that is a word of ours; None for what a person wrote."""
    if not isinstance(value, str):
        return None
    own: str | None = voice.words["causes"].get(value)
    return voice.label("clock", value) if value in set(ClockName) else own


def _fields(value: Any, voice: Voice) -> str:
    """Names of the form's fields: what was supplied is the customer's."""
    separator = str(voice.words["list_separator"])
    return separator.join(voice.label("field", name) for name in value)


def _time(value: Any, voice: Voice) -> str:
    return voice.time(value)


def _person(value: Any, voice: Voice) -> str:
    return voice.person(value)


_SAID: dict[str, Callable[[Any, Voice], str]] = {
    "channel": lambda value, voice: voice.label("channel", value),
    "clock": lambda value, voice: voice.label("clock", value),
    "message": lambda value, voice: voice.label("message", value),
    "score": lambda value, voice: voice.label("satisfaction", value),
    "resolution": lambda value, voice: voice.label("resolution", value),
    "priority": lambda value, voice: voice.priority(value),
    "department": lambda value, voice: voice.named(value),
    "missing": _fields,
    "fields": _fields,
    "due": _time,
    "expected_resolution": _time,
    "owner": _person,
    "from": _person,
    "to": _person,
}
"""Details with words of their own; the rest is text that people wrote."""
