"""Commands sent by hand: whatever is wrong is said in one line."""

from __future__ import annotations

from typing import Any

import pytest

from workflows.domain.case.handlers import HANDLERS
from workflows.domain.commands.case import COMMANDS
from workflows.domain.commands.command import parse_command
from workflows.domain.commands.review import REVIEW_COMMANDS
from workflows.domain.problem import Problem
from workflows.domain.review.aggregate import RULES


@pytest.mark.parametrize(
    ("name", "payload", "said"),
    [
        ("reply", "hello", "takes one JSON object"),
        ("reply", {"by": "a"}, "text: is missing"),
        ("reply", {"by": "a", "text": ""}, "text: String should have at least 1 character"),
        ("reply", {"by": "a", "text": "x" * 100_000}, "at most 4000 characters"),
        ("reply", {"by": "a", "text": "x\x1b[2J"}, "control character U+001B"),
        ("reply", {"by": 7, "text": "x"}, "by: Input should be a valid string"),
        (
            "reply",
            {"by": "a", "text": "x", "at": "2024-05-01T10:00"},
            "at: has no offset; allowed: such as 2026",
        ),
        ("reply", {"by": "a", "text": "x", "at": "9999-12-31T23:59:59-05:00"}, "at: not a time that exists in UTC"),
        (
            "reply",
            {"by": "a", "text": "x", "at": "1999-12-31T23:59:59Z"},
            "at: is in the year 1999; allowed: 2000 to 2099",
        ),
        (
            "collaborate",
            {"by": "a", "department": "sales", "duty": "x", "due": "9999-12-31T23:59:59Z"},
            "due: is in the year 9999; allowed: 2000 to 2099",
        ),
        (
            "review",
            {"by": "a", "root_cause": "x", "measures": [{"what": "x", "owner": "a", "due": "9999-12-31T23:59:59Z"}]},
            "measures.0.due: is in the year 9999; allowed: 2000 to 2099",
        ),
        (
            "reply",
            {"by": "a", "text": "x", "tekst": "y"},
            "tekst: unknown key; allowed: command_id, by, at, via, main_case, text",
        ),
        ("reply", {"by": "a", "text": "x", "t\x1b[2J\u202e\n": "y"}, "t\ufffd[2J\ufffd: unknown key"),
        ("rate", {"by": "customer", "score": "so-so"}, "'very_satisfied', 'satisfied'"),
        ("classify", {"by": "a", "why": "x"}, "at least one of type, subtype, priority"),
        ("supply", {"by": "customer"}, "give text or at least one field"),
        ("supply", {"by": "customer", "fields": {"salary": "1"}}, "unknown form field 'salary'; allowed: product"),
        ("request_info", {"by": "a", "text": "x", "fields": ["salary"]}, "unknown form field 'salary'"),
        ("contribute", {"by": "a", "department": "sales"}, "give either result or cannot"),
        ("dance", {"by": "a"}, "unknown signal 'dance'; allowed: claim, reply"),
    ],
)
def test_what_is_wrong_with_a_command_is_said_in_one_line(name: str, payload: Any, said: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_command(name, payload, "id", COMMANDS)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_case_has_a_handler_for_every_command_and_for_nothing_else() -> None:
    assert set(HANDLERS) == set(COMMANDS.values())
    assert all(handler.permitted for handler in HANDLERS.values()), "somebody may give every command"


def test_a_review_has_a_rule_for_every_command_and_for_nothing_else() -> None:
    assert set(RULES) == set(REVIEW_COMMANDS.values())
