"""An entry of a history in the reader's language, whatever it says."""

from __future__ import annotations

import ast
import re
from datetime import datetime
from pathlib import Path

import pytest

from activities.rendering.event_text import event_text, whose
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


@pytest.mark.parametrize(
    ("by", "via", "detail", "said"),
    [
        ("customer", "link", {}, ("customer (link)", "customer（链接）")),
        ("customer", "console", {"relayed_by": "agent-001", "heard": "telephone"},
         ("customer, taken down by agent-001 (telephone)", "customer，由 agent-001 代录（电话）")),
        ("customer", "console", {"relayed_by": "agent-001"},
         ("customer, taken down by agent-001 (console)", "customer，由 agent-001 代录（控制台）")),
        ("customer", "console", {},
         ("customer, taken down by nobody named (console)", "customer，由未具名人员代录（控制台）")),
        ("followup-001", "console", {}, ("followup-001", "followup-001")),
        ("followup-001", "desk", {}, ("followup-001 (desk)", "followup-001（工作台）")),
        ("system", "system", {}, ("system", "system")),
    ],
)  # fmt: skip
def test_nobody_takes_what_was_taken_down_for_the_customers_own_hand(
    by: str, via: str, detail: dict[str, str], said: tuple[str, str]
) -> None:
    entry = {"kind": "rated", "by": by, "via": via, "detail": {"score": "satisfied", **detail}}
    assert (whose(entry, Locale.EN), whose(entry, Locale.ZH_CN)) == said
    assert "agent-001" not in event_text(entry, datetime.fromisoformat, Locale.EN)


def test_a_case_that_a_customer_opened_is_shown_as_theirs() -> None:
    entry = {"kind": "created", "by": "customer", "via": "console", "detail": {"channel": "portal"}}
    assert whose(entry, Locale.EN) == "customer"


@pytest.mark.parametrize("kind", ["event", "detail", "field", "via", "heard", "whose"])
def test_both_languages_have_a_word_for_the_same_things(kind: str) -> None:
    assert set(labels(Locale.ZH_CN)[kind]) == set(labels(Locale.EN)[kind])
