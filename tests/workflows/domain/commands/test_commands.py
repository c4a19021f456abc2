"""Commands sent by hand: whatever is wrong is said in one line."""

from __future__ import annotations

from typing import Any

import pytest

from workflows.domain.case.aggregate import _INFORMED_RULES, _RULES
from workflows.domain.case.permissions import MAY
from workflows.domain.commands.case import COMMANDS
from workflows.domain.commands.command import parse_command
from workflows.domain.problem import Problem


@pytest.mark.parametrize(
    ("name", "payload", "said"),
    [
        ("reply", "hello", "takes one JSON object"),
        ("reply", {"by": "a"}, "text: is missing"),
        ("reply", {"by": "a", "text": ""}, "text: String should have at least 1 character"),
        ("reply", {"by": "a", "text": "x" * 100_000}, "at most 4000 characters"),
        ("reply", {"by": "a", "text": "x\x1b[2J"}, "control character U+001B"),
        ("reply", {"by": 7, "text": "x"}, "by: Input should be a valid string"),
        ("reply", {"by": "a", "text": "x", "at": "2024-05-01T10:00"}, "at: Input should have timezone info"),
        ("reply", {"by": "a", "text": "x", "tekst": "y"}, "tekst: unknown key; allowed: command_id, by, at, via, text"),
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


def test_every_command_has_somebody_who_may_send_it_and_a_rule() -> None:
    assert set(MAY) == set(COMMANDS)
    assert {*_RULES, *_INFORMED_RULES} == set(COMMANDS)
