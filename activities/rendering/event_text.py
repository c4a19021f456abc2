"""An entry of the timeline in a few words, and whose it is: the same in `show`, archive and demonstration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from activities.rendering.called import Called
from activities.rendering.labels import label
from activities.rendering.reason_text import reason_text
from activities.rendering.sizes import filesize
from workflows.domain.form_fields import FIELDS
from workflows.domain.provenance import is_own_hand
from workflows.domain.time.time_keys import TIME_KEYS
from workflows.domain.vocabulary import CUSTOMER, SYSTEM, ClockName, EventKind, Locale, Via

_KINDS = {
    "clock": "clock",
    "score": "satisfaction",
    "resolution": "resolution",
    "channel": "channel",
    "verified": "verification",
    "satisfaction": "satisfaction",
    "message": "message",
    "messages": "message",
    "also": "clock",
    "missing": "field",
    "corrects": "event",
}
"""Details whose value has a label."""
_OF_REVIEWS = {"reason": "review_reason", "step": "review_status", "why": "review_end"}
"""Details whose value has a label in the timeline of a review."""
_PLAIN = frozenset(
    {
        "text",
        "why",
        "solution",
        "reason",
        "reasons",
        "comment",
        "error",
        "verified_note",
        "result",
        "department",
        "main",
        "follower",
        "followers",
        "messages",
        "files",
        *_KINDS,
    }
    - {"verified", "corrects", "also", "missing"}
)
"""Details that are shown without their key."""
_PEOPLE = frozenset({
    "approver", "author", "escalated_to", "from", "head", "owner", "person", "previous", "previous_owner",
    "received_by", "recipient", "superior", "to", "who",
})  # fmt: skip
"""Details that are people's ids."""
_UNITS = frozenset({"assisting", "department", "kept"})
"""Details that are ids of departments."""
_OF_RULES = frozenset({"reason", "reasons"})
"""Details in which a rule says why."""
_BY_RULES = frozenset({EventKind.HANDED_OVER, EventKind.COLLABORATION_ENDED, EventKind.ESCALATED})
"""Events in which a rule may say why although a person caused them: who claims a colleague's case hands it over."""
_AS_THEY_ARE = Called()
_FIELDS = frozenset({field.key for field in FIELDS if "." in field.key} | {"occurred_at"})
_TIMES = TIME_KEYS | {"occurred_at"}
_LEFT_OUT = frozenset({
    "cycle", "top", "handling_seconds", "by_phone", "flagged", "command_id", "share", "received_at", "policy", "count",
    "internal", "department", "group", "previous_priority", "moved", "round", "cause", "answered", "unanswered",
    "relayed_by", "heard",
})  # fmt: skip
"""Details for programs, which only `--json` shows, and those that `whose` shows."""
_OF_A_DEPARTMENT = frozenset(
    {kind for kind in EventKind if kind.startswith("collaboration")}
    | {EventKind.CONTRIBUTED, EventKind.DEPARTMENT_INVOLVED}
)
"""Events that are shown with their department."""


_WORDS_OF_CUSTOMERS = frozenset(
    {
        EventKind.SUPPLIED,
        EventKind.CUSTOMER_WROTE,
        EventKind.CONFIRMED,
        EventKind.REFUSED,
        EventKind.RATED,
        EventKind.CLOSED,
    }
)
"""What a customer says, or somebody takes down for them; closed by the customer is what they withdrew."""


def whose(entry: Mapping[str, Any], locale: Locale, name: Callable[[str], str] = str) -> str:
    """Who spoke and how it came (R39): `customer (link)`, `customer, taken down by agent-001 (telephone)`, `tech-001`.

    `name`: what a person's id is shown as.
    """
    by, via, relayed_by = str(entry["by"]), entry.get("via"), entry["detail"].get("relayed_by")
    shown = {"by": name(by), "via": label("via", str(via), locale)}
    if relayed_by is not None:
        how = entry["detail"].get("heard")
        heard = label("heard", str(how), locale) if how else shown["via"]
        return label("whose", "taken_down", locale).format(**shown, person=name(str(relayed_by)), heard=heard)
    if by == CUSTOMER and entry["kind"] in _WORDS_OF_CUSTOMERS and via and not is_own_hand(by, via):
        return label("whose", "taken_down_by_nobody", locale).format(**shown)
    if via in {None, Via.CONSOLE, Via.SYSTEM}:
        return shown["by"]
    return label("whose", "own", locale).format(**shown)


def event_text(
    entry: Mapping[str, Any], local: Callable[[str], datetime], locale: Locale, called: Called = _AS_THEY_ARE
) -> str:
    """The details of an event that tell something; times on the company's wall clock (`local`), and ids as they are
    `called`.
    """
    is_of_a_review = str(entry["kind"]).startswith(("review_", "measure_", "warned"))
    is_by_rule = entry.get("by") == SYSTEM or entry["kind"] in _BY_RULES

    def said(key: str, value: Any) -> str:
        text = worded(key, value)
        if key in _PLAIN:
            return text
        # What the customer supplied is called as the form calls it.
        return f"{label('field' if key in _FIELDS else 'detail', key, locale)} {text}"

    def worded(key: str, value: Any) -> str:
        if isinstance(value, dict):
            if key in _UNITS:
                return " ".join(f"{called.unit(unit)} {called.person(str(who))}" for unit, who in value.items())
            return " ".join(said(name, item) for name, item in value.items() if item)
        if key == "files" and isinstance(value, list):
            return ", ".join(f"{one.get('name')} ({filesize(one.get('size'))})" for one in value)
        if isinstance(value, list):
            return ", ".join(worded(key, item) for item in value)
        return word(key, str(value))

    def word(key: str, value: str) -> str:
        if key == "why" and value in set(ClockName):
            return label("clock", value, locale)
        if is_of_a_review and key in _OF_REVIEWS:
            return label(_OF_REVIEWS[key], value, locale)
        if key in _KINDS:
            return label(_KINDS[key], value, locale)
        if key in _PEOPLE:
            return called.person(value)
        if key in _UNITS:
            return called.unit(value)
        if key in _OF_RULES or (key == "why" and is_by_rule):
            return reason_text(value, locale, called)
        if key in {"type", "subtype"}:
            return called.kind(*((value, None) if key == "type" else ("", value)))
        if key == "command":
            return called.command(value) or value
        return _moment(value, local) if key in _TIMES else value

    details: dict[str, Any] = entry["detail"]
    return "  ".join(
        said(key, value)
        for key, value in details.items()
        if (key not in _LEFT_OUT or (key == "department" and entry["kind"] in _OF_A_DEPARTMENT))
        and value not in (None, "", [], {}, False)
    )


def _moment(value: str, local: Callable[[str], datetime]) -> str:
    """Day and time of a detail; what cannot be read as a time, or is no time in that zone, as it is stored."""
    try:
        return f"{local(value):%m-%d %H:%M}"
    except (ValueError, OverflowError):
        return value
