"""What the words of the vocabulary are called in each language: `templates/<locale>/labels.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import templates
from workflows.domain.vocabulary import Locale

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


@cache
def labels(locale: Locale) -> dict[str, dict[str, str]]:
    """Every label of a language: kind -> value -> label."""
    with (TEMPLATES / locale.value / "labels.toml").open("rb") as file:
        return tomllib.load(file)
