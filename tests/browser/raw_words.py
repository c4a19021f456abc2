"""Words of the program that stand raw in a page, where somebody expects those of their language (R49)."""

from __future__ import annotations

import inspect
import re
from enum import StrEnum

from activities.organisation.loading import sample_organisation
from activities.policy.loading import load_policy
from workflows.domain import vocabulary
from workflows.domain.vocabulary import Channel, Locale, Priority

_ENUMS = [
    one
    for _, one in inspect.getmembers(vocabulary, inspect.isclass)
    if issubclass(one, StrEnum) and one not in {StrEnum, Priority}
]
_IDS = sample_organisation().labels().keys() | {one.id for one in load_policy("standard").types}
_VALUES = frozenset(value for one in _ENUMS for value in one) - {Channel.APP}
_WORDS = {Locale.ZH_CN: _VALUES | _IDS, Locale.EN: frozenset(value for value in _VALUES if "_" in value)}
"""Of which none is a word of that language."""
_WORD = re.compile(r"(?<![\w(-])[a-z][\w-]*")
"""None in parentheses, as ids of people stand behind their names."""
_PERSON = re.compile(r"(?:agent|tech|sales|after|product|service|followup)-(?:\d{3}|head|lead)")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def raw_words(text: str, locale: Locale) -> list[str]:
    """Those of a page's text: values of enumerations, ids, and times that are written for programs."""
    found = [word for word in _WORD.findall(text) if word in _WORDS[locale] or _PERSON.fullmatch(word)]
    return sorted({*found, *_TIME.findall(text)})
