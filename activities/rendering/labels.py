"""What the words of the vocabulary are called in each language: `templates/<locale>/labels.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import templates
from workflows.domain.vocabulary import Locale, Satisfaction

TEMPLATES = Path(templates.__path__[0])
"""The folder of the shipped templates."""


def label(kind: str, value: str, locale: Locale) -> str:
    """What `value` is called; a value without a label is shown as it is.

    Raises:
        ValueError: there is no such kind of label; the message names those there are.
    """
    kinds = labels(locale)
    if kind not in kinds:
        raise ValueError(f"unknown kind of label {kind!r}; allowed: {', '.join(kinds)}")
    return kinds[kind].get(value, value)


def satisfaction_scale(locale: Locale) -> dict[str, str]:
    """The answers of the follow-up as they are stored -> their words, the best first (R23)."""
    return {score.value: label("satisfaction", score.value, locale) for score in Satisfaction}


def customer_action_text(action: str, locale: Locale) -> str:
    """What the customer is asked to do, in words."""
    return label("customer_action", action, locale).format(scale=listed(satisfaction_scale(locale).values(), locale))


def listed(words: Iterable[str], locale: Locale) -> str:
    """Words one after the other."""
    return ("、" if locale is Locale.ZH_CN else ", ").join(words)


def labels(locale: Locale) -> dict[str, dict[str, str]]:
    """Every label of a language: kind -> value -> label."""
    return words_in("labels.toml", locale)


@cache
def words_in(file: str, locale: Locale) -> dict[str, Any]:
    """The words of a language in one file of the shipped templates."""
    with (TEMPLATES / locale.value / file).open("rb") as opened:
        return tomllib.load(opened)
