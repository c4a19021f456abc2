"""Whoever sends a command is told what became of it by the record, and by the case where the record says nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from temporalio.client import WorkflowHandle

from activities.database.database import Database
from activities.database.tables import registration, timeline
from activities.database.timeline import write_entries
from activities.database.url import DatabaseUrl
from starter.services.cases import outcomes
from starter.services.cases.outcomes import await_outcome
from starter.services.results import CommandResult
from workflows.domain.event import Event, EventKind

NUMBER = "FB202611280001"
QUEUED = CommandResult(NUMBER, "reply", "reply-1", "queued", "nobody has answered")
AT = datetime(2026, 11, 28, 9, tzinfo=UTC)


class Case:
    """A workflow that answers queries; how often it was asked costs its history and its worker."""

    def __init__(self, **answer: Any) -> None:
        self.asked, self._answer = 0, answer

    async def query(self, *_: Any, **__: Any) -> dict[str, Any]:
        self.asked += 1
        return self._answer

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        return cast("WorkflowHandle[Any, Any]", self)


@pytest.fixture
async def address(database: Database) -> DatabaseUrl:
    async with database.begin() as connection:
        row = {"number": NUMBER, "channel": "phone", "form": {}, "received_at": AT, "digest": "0"}
        await connection.execute(registration.insert().values(row))
    return database.address


async def judged(database: Database, kind: EventKind, **detail: Any) -> None:
    event = Event(sequence=1, at=AT, kind=kind, by="tech-001", detail=detail, command_id="reply-1")
    async with database.begin() as connection:
        await write_entries(connection, timeline, ("number", NUMBER), [event], AT)


async def test_an_answer_that_is_recorded_costs_the_case_no_query(database: Database, address: DatabaseUrl) -> None:
    await judged(database, EventKind.REPLIED)
    case = Case()
    found = await await_outcome(address, case.handle, QUEUED, of=NUMBER)
    assert (found.outcome, found.reason, case.asked) == ("accepted", None, 0)


async def test_a_recorded_refusal_is_told_with_its_reason(database: Database, address: DatabaseUrl) -> None:
    await judged(database, EventKind.REJECTED, reason="the case is not yours")
    found = await await_outcome(address, Case().handle, QUEUED, of=NUMBER)
    assert (found.outcome, found.reason) == ("rejected", "the case is not yours")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [({"outcome": "accepted"}, "accepted"), ({"outcome": "rejected", "reason": "closed"}, "rejected")],
)
async def test_what_is_not_recorded_is_told_by_the_case(
    address: DatabaseUrl, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], outcome: str
) -> None:
    monkeypatch.setattr(outcomes, "_RECORDED_WITHIN", 0.0)
    found = await await_outcome(address, Case(**answer).handle, QUEUED, of=NUMBER)
    assert (found.outcome, found.reason) == (outcome, answer.get("reason"))


async def test_the_case_is_asked_where_the_record_is_away(address: DatabaseUrl) -> None:
    address.path.unlink()
    found = await await_outcome(address, Case(outcome="accepted").handle, QUEUED, of=NUMBER)
    assert found.outcome == "accepted"


async def test_a_command_that_nobody_judges_in_time_stays_queued(
    address: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "_RECORDED_WITHIN", 0.0)
    monkeypatch.setattr(outcomes, "_ANSWER_WITHIN", 0.1)
    case = Case(outcome="pending")
    assert await await_outcome(address, case.handle, QUEUED, of=NUMBER) == QUEUED
    assert case.asked
