"""Files come to a case by a command: who may, what is told to whom, and that it may be what was missing (R41)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import DISPATCH, MINUTE, MONDAY, command, consulted, kinds, open_case, resolved_case, told
from workflows.domain.commands.case import COMMANDS
from workflows.domain.commands.command import parse_command
from workflows.domain.event import EventKind, Message
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import CUSTOMER, Priority, Status

FILE: dict[str, Any] = {"id": "0" * 32, "name": "照片.jpg", "size": 9, "type": "jpeg"}


def test_the_owner_hears_of_what_the_customer_attached() -> None:
    case, _ = open_case()
    events = case.handle(command("attach", CUSTOMER, files=[FILE]), MONDAY + MINUTE)
    assert kinds(events) == [EventKind.ATTACHED]
    assert events[0].detail["files"] == [FILE]
    assert told(events) == [(Message.ATTACHED, "tech-001")]


def test_nobody_is_told_of_what_they_attached_themselves() -> None:
    case, _ = open_case()
    assert told(case.handle(command("attach", "tech-001", files=[FILE]), MONDAY + MINUTE)) == []


@pytest.mark.parametrize("by", ["tech-002", "agent-999", "operator"])
def test_a_stranger_to_the_case_attaches_nothing(by: str) -> None:
    case, _ = open_case()
    assert kinds(case.handle(command("attach", by, files=[FILE]), MONDAY + MINUTE)) == [EventKind.REJECTED]


def test_files_may_come_while_the_customer_looks_at_the_solution_and_not_after_the_end() -> None:
    case, now = resolved_case()
    assert kinds(case.handle(command("attach", CUSTOMER, files=[FILE]), now + MINUTE)) == [EventKind.ATTACHED]
    case.handle(command("withdraw", CUSTOMER, why="不需要了"), now + 2 * MINUTE)
    assert kinds(case.handle(command("attach", CUSTOMER, files=[FILE]), now + 3 * MINUTE)) == [EventKind.REJECTED]


def test_a_case_that_waits_for_files_goes_on_by_itself_once_they_are_there() -> None:
    case, _ = open_case(Priority.P2, missing=("attachments",))
    assert case.status is Status.AWAITING_INFORMATION
    sent = command("attach", CUSTOMER, files=[FILE])
    needed = case.needs(sent)
    assert needed is not None and needed.dispatch is not None
    events = case.handle(sent, MONDAY + MINUTE, consulted(dispatch=DISPATCH))
    assert EventKind.DISPATCHED in kinds(events)
    assert (case.missing, case.status) == ([], Status.DISPATCHED)


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ([], "files: has 0; allowed: at least 1"),
        ([FILE] * 21, "files: has 21; allowed: at most 20"),
        ([FILE | {"id": "../../etc/passwd"}], "files.0.id"),
        ([FILE | {"name": "a\x1b[31m.jpg"}], "files.0.name"),
        ([FILE | {"size": 0}], "files.0.size"),
        ([FILE | {"type": "html"}], "files.0.type"),
        ([FILE | {"path": "/etc/passwd"}], "files.0.path"),
    ],
)
def test_what_no_file_can_be_is_refused_in_one_line(files: list[dict[str, Any]], fault: str) -> None:
    with pytest.raises(Problem, match=fault) as problem:
        parse_command("attach", {"by": CUSTOMER, "files": files}, "c1", COMMANDS)
    assert "\n" not in str(problem.value)
