"""Why a rule did something, in the reader's words: rules record their reasons in English (R8, R11)."""

from __future__ import annotations

import re

from activities.rendering.called import Called
from activities.rendering.labels import label, labels
from workflows.domain.vocabulary import Locale, Priority

_FORMS = {
    "skilled": re.compile(r"skilled and least loaded of (?P<group>\S+): (?P<count>\d+) open"),
    "least_loaded": re.compile(r"least loaded of (?P<group>\S+): (?P<count>\d+) open"),
    "nobody_there": re.compile(r"nobody of (?P<group>\S+) is at work: next above"),
    "closed": re.compile(r"closed: (?P<resolution>\w+)"),
    "main_closed": re.compile(r"(?P<number>FB\d+) is closed"),
    "left": re.compile(r"(?P<person>\S+) is no longer in the organisation"),
}
"""Reasons that name something."""
_JUDGED = re.compile(r"(?P<why>.*) → (?P<what>[^→]+)", re.DOTALL)
_OWN = re.compile(r"(?P<own>form|default|second opinion)(?P<rest>$|(?:, | )「.*)", re.DOTALL)
"""What triage says by itself; everything else is the words of the policy."""


def reason_text(reason: str, locale: Locale, called: Called) -> str:
    """The reason of a rule; one that is not known is shown as it is."""
    if reason in labels(locale)["reason"]:
        return label("reason", reason, locale)
    for key, form in _FORMS.items():
        if found := form.fullmatch(reason):
            said = {name: _named(name, text, locale, called) for name, text in found.groupdict().items()}
            return label("reason_form", key, locale).format(**said)
    if found := _JUDGED.fullmatch(reason):
        return f"{_OWN.sub(lambda own: _own(own, locale), found['why'], 1)} → {_judged(found['what'], called)}"
    return reason


def _named(name: str, text: str, locale: Locale, called: Called) -> str:
    if name == "resolution":
        return label("resolution", text, locale)
    return called.unit(text) if name == "group" else called.person(text) if name == "person" else text


def _own(found: re.Match[str], locale: Locale) -> str:
    return label("reason", found["own"], locale) + found["rest"]


def _judged(what: str, called: Called) -> str:
    """A priority, or a type with its subtype."""
    if what in set(Priority):
        return what
    type_, _, subtype = what.partition("/")
    return called.kind(type_, subtype or None)
