"""An entry of a history in the reader's language, whatever it says."""

from __future__ import annotations

import ast
import re
from datetime import datetime
from pathlib import Path

import pytest

from activities.rendering.event_text import event_text
from activities.rendering.labels import labels
from workflows.domain.event import EventKind
from workflows.domain.vocabulary import Locale

_DOMAIN = Path(__file__).parents[3] / "workflows" / "domain"
_NOT_WORDS = {"id", "command_id"}


def _said_by_rules() -> set[str]:
    """The key of everything that a rule puts into an event."""
    calls = (
        node
        for path in _DOMAIN.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"emit", "_emit"}
    )
    return {keyword.arg for call in calls for keyword in call.keywords if keyword.arg}


def test_a_chinese_history_has_no_english_key_beside_its_chinese_labels() -> None:
    keys = _said_by_rules()
    assert len(keys) > 40
    for key in sorted(keys - _NOT_WORDS):
        entry = {"kind": EventKind.NOTED.value, "detail": {key: "甲"}}
        said = event_text(entry, datetime.fromisoformat, Locale.ZH_CN)
        assert not re.search("[a-z_]{2,}", said), (key, said)


@pytest.mark.parametrize("locale", list(Locale))
def test_what_is_missing_and_what_was_supplied_is_called_as_on_the_form(locale: Locale) -> None:
    known = labels(locale)["field"]
    asked = {"kind": "information_requested", "detail": {"missing": ["description.symptom"]}}
    given = {"kind": "supplied", "detail": {"fields": {"description.symptom": "打不开"}}}
    assert known["description.symptom"] in event_text(asked, datetime.fromisoformat, locale)
    said = event_text(given, datetime.fromisoformat, locale)
    assert f"{known['description.symptom']} 打不开" in said and "description" not in said


@pytest.mark.parametrize("kind", ["event", "detail", "field"])
def test_both_languages_have_a_word_for_the_same_things(kind: str) -> None:
    assert set(labels(Locale.ZH_CN)[kind]) == set(labels(Locale.EN)[kind])
