"""A case whose history is gone for good gets an end, with who gave it and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from activities.database.database import Database
from activities.database.tables import case_record
from activities.queries.case_filter import Filter
from activities.queries.cases import Cases
from activities.recording.lost import close_lost
from tests.activities.recording.test_activity import recording_of
from tests.activities.samples import NUMBER, register_case
from tests.builders import HOUR, MONDAY, case_step, command, open_case
from workflows.domain.case.view import CaseView
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Resolution, Status

LATER = MONDAY + timedelta(days=3)


async def _recorded(database: Database, **changes: object) -> CaseView:
    """A case that is taken up, and asked another department for its part."""
    assert await register_case(database) == NUMBER
    case, events = open_case()
    events += case.handle(command("claim", "tech-001"), MONDAY + HOUR)
    view = case.view().model_copy(update=changes)
    await recording_of(database).record(case_step(view, events))
    return view


async def test_a_lost_case_is_over_in_every_list_and_says_who_closed_it_and_why(database: Database) -> None:
    before = await _recorded(database)
    assert before.deadlines
    await close_lost(database, NUMBER, by="operator", why="存储丢失", at=LATER)
    assert await Cases(database).list(Filter(open_only=True)) == []
    file = await Cases(database).get(NUMBER)
    assert file is not None and file.view is not None
    after = CaseView.model_validate(file.view)
    assert (after.status, after.resolution, after.closed_at) == ("closed", "withdrawn", LATER)
    assert (after.deadlines, after.waiting, after.owner) == ((), None, before.owner)
    last: dict[str, Any] = dict(file.timeline[-1])
    assert [entry["sequence"] for entry in file.timeline] == list(range(1, before.sequence + 2))
    assert (last["kind"], last["by"], last["detail"]["why"]) == ("closed", "operator", "存储丢失")
    assert await Cases(database).attention(LATER + timedelta(days=1)) == []
    assert await close_lost(database, NUMBER, by="tech-head", why="again", at=LATER + HOUR) == after
    again = await Cases(database).get(NUMBER)
    assert again is not None and again.timeline == file.timeline


async def test_a_case_that_came_to_its_own_end_is_not_closed_as_lost(database: Database) -> None:
    await _recorded(database, status=Status.CLOSED, resolution=Resolution.SATISFIED, closed_at=LATER)
    with pytest.raises(Problem, match=r"is closed \(satisfied\) already$"):
        await close_lost(database, NUMBER, by="operator", why="存储丢失", at=LATER)


async def test_a_lost_main_case_does_not_leave_its_followers_waiting(database: Database) -> None:
    await _recorded(database, linked=("FB202405060002",))
    with pytest.raises(Problem, match="FB202405060002 wait for its solution; first: bihuan unlink FB202405060002"):
        await close_lost(database, NUMBER, by="operator", why="存储丢失", at=LATER)


async def test_a_case_that_was_never_opened_is_started_not_closed(database: Database) -> None:
    assert await register_case(database) == NUMBER
    with pytest.raises(Problem, match="nothing of it is recorded yet; bihuan doctor --mend starts it"):
        await close_lost(database, NUMBER, by="operator", why="存储丢失", at=LATER)
    async with database.read() as connection:
        assert (await connection.execute(case_record.select())).all() == []
