"""Nobody outside is the system, nothing that nobody can see is a name or a text, and a yes is `true` (R14)."""

from __future__ import annotations

from typing import Any

import pytest

from starter.services.cases.commands import send, send_to_review
from tests.builders import MONDAY
from tests.workflows.domain.collaboration import test_aggregate as tasks
from tests.workflows.domain.review import test_aggregate as reviews
from worker.installation.settings import Settings
from workflows.domain.commands.case import COMMANDS
from workflows.domain.commands.command import parse_command
from workflows.domain.problem import Problem


@pytest.mark.parametrize("by", ["system", " system "])
async def test_no_command_is_given_in_the_name_of_the_system(by: str) -> None:
    with pytest.raises(Problem, match="nobody is the system"):
        await send(Settings(), "undeliverable", "FB1", {
            "message": "x", "recipient": "x", "channel": "x", "error": "x",
        }, by=by)  # fmt: skip
    with pytest.raises(Problem, match="nobody is the system"):
        await send_to_review(Settings(), "end", "FB1", {"reason": "x"}, by=by)


def test_a_signal_that_says_it_is_the_system_ends_no_review_and_no_departments_task() -> None:
    review, _ = reviews.opened()
    for name, fields in (("end", {"reason": "x"}), ("name_author", {"author": "tech-001"})):
        (refusal,) = review.handle(reviews.sent(name, "system", **fields), MONDAY)
        assert "nobody outside is the system" in str(refusal.detail["reason"])
    _, task, _ = tasks.asked()
    task.handle(tasks.sent("end", "system", reason="x"), MONDAY)
    assert task.is_open


@pytest.mark.parametrize(
    ("name", "fields", "fault"),
    [
        ("note", {"by": "a", "text": "\u200b\u2060"}, "nobody can see"),
        ("note", {"by": "sys\u200btem", "text": "x"}, "U\\+200B"),
        ("note", {"by": "\u202eabc", "text": "x"}, "U\\+202E"),
        ("progress", {"by": "a", "text": "x", "internal": "on"}, "internal"),
        ("progress", {"by": "a", "text": "x", "internal": 1.0}, "internal"),
        ("progress", {"by": "a", "text": "x", "step": True}, "step"),
    ],
)
def test_what_nobody_can_see_and_what_only_looks_like_a_yes_is_refused(
    name: str, fields: dict[str, Any], fault: str
) -> None:
    with pytest.raises(Problem, match=fault):
        parse_command(name, fields, "c1", COMMANDS)
