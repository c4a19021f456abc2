"""Why a rule did something, in the reader's words: rules record their reasons in English (R8, R11)."""

from __future__ import annotations

import re

from activities.rendering.called import Called
from activities.rendering.labels import label, labels
from workflows.domain.vocabulary import Locale, Priority

_LEAST_LOADED = re.compile(r"(?P<skilled>skilled and )?least loaded of (?P<group>\S+): (?P<count>\d+) open")
_NOBODY_THERE = re.compile(r"nobody of (?P<group>\S+) is at work: next above")
_CLOSED = re.compile(r"closed: (?P<resolution>\w+)")
_JUDGED = re.compile(r"(?P<why>.*) → (?P<what>[^→]+)", re.DOTALL)
_OWN = re.compile(r"(?P<own>form|default|second opinion)(?P<rest>$|(?:, | )「.*)", re.DOTALL)
"""What triage says by itself; everything else is the words of the policy."""


def reason_text(reason: str, locale: Locale, called: Called) -> str:
    """The reason of a rule; one that is not known is shown as it is."""
    if reason in labels(locale)["reason"]:
        return label("reason", reason, locale)
    if found := _LEAST_LOADED.fullmatch(reason):
        key = "skilled" if found["skilled"] else "least_loaded"
        return label("reason_form", key, locale).format(group=called.unit(found["group"]), count=found["count"])
    if found := _NOBODY_THERE.fullmatch(reason):
        return label("reason_form", "nobody_there", locale).format(group=called.unit(found["group"]))
    if found := _CLOSED.fullmatch(reason):
        said = label("resolution", found["resolution"], locale)
        return label("reason_form", "closed", locale).format(resolution=said)
    if found := _JUDGED.fullmatch(reason):
        return f"{_OWN.sub(lambda own: _own(own, locale), found['why'], 1)} → {_judged(found['what'], called)}"
    return reason


def _own(found: re.Match[str], locale: Locale) -> str:
    return label("reason", found["own"], locale) + found["rest"]


def _judged(what: str, called: Called) -> str:
    """A priority, or a type with its subtype."""
    if what in set(Priority):
        return what
    type_, _, subtype = what.partition("/")
    return called.kind(type_, subtype or None)
