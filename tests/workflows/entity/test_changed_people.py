"""Who has left may do nothing, and nobody is told what is taken back: a step that was judged by people who have changed
since is judged again, once, whatever comes meanwhile (R35).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.testing import WorkflowEnvironment

from tests.builders import PEOPLE
from tests.worker.sweep.cluster import running_installation
from tests.workflows.conftest import Starter
from tests.workflows.entity.test_new_runs import LIVES, gapless, judged
from tests.workflows.entity.test_races import OF_A_CASE, SENDERS, Handle
from tests.workflows.fake_activities import FakeActivities
from tests.workflows.replays import play, play_all
from workflows import ports
from workflows.case.workflow import CaseWorkflow
from workflows.domain.event import EventKind
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.terms import Consultation

LEFT = Consultation(people={"tech-001": PEOPLE["tech-001"].model_copy(update={"left": True})})


@dataclass
class Watched(FakeActivities):
    """Tech-001 leaves while the case sleeps; the record that finds it out waits until it may answer."""

    found: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    @activity.defn(name="record")
    async def watched_record(self, step: ports.Record) -> ports.Recorded:
        answer = await self.record(step)
        if answer.people is not None:
            self.found.set()
            await self.may_answer.wait()
            self.renewal = Consultation()
        return answer

    @property
    def activities(self) -> list:  # type: ignore[type-arg]
        return [self.consult, self.find_arrivals, self.settle, self.watched_record, self.record_review, self.deliver]


async def found_out_at(start: Starter, name: str, **command: str) -> tuple[Watched, Handle]:
    """A case that slept while tech-001 left; the record of this command has just found it out, and waits."""
    world = Watched()
    case = await start(world)
    await world.until(lambda: world.records > 0)
    world.renewal = LEFT
    await case.signal(name, command)
    await world.found.wait()
    return world, case


async def test_who_has_left_is_refused_and_was_never_told_otherwise(start: Starter) -> None:
    world, case = await found_out_at(start, "reply", command_id="of-one-who-left", by="tech-001", text="在查")
    told = [(await case.query(CaseWorkflow.outcome, "of-one-who-left")).outcome for _ in range(3)]
    world.may_answer.set()
    assert set(told) == {"pending"}
    assert await judged(case, "of-one-who-left") == "rejected"
    assert world.events[-1].detail["reason"] == "tech-001 is no longer in the organisation"
    assert await play(await case.fetch_history()) == world.view


async def test_what_comes_while_people_are_looked_up_is_judged_in_its_order_and_once(start: Starter) -> None:
    world, case = await found_out_at(start, "note", command_id="1", by="tech-002", text="1")
    for which in "23":
        await case.signal("note", {"command_id": which, "by": "tech-002", "text": which})
    # A question in the middle of the step brings along what came before it.
    assert (await case.query(CaseWorkflow.outcome, "3")).outcome == "pending"
    world.may_answer.set()
    for which in "123":
        assert await judged(case, which) == "accepted"
    noted = [event.detail["text"] for event in world.events if event.kind is EventKind.NOTED]
    assert noted == ["1", "2", "3"]
    assert gapless(world.events)
    assert await play(await case.fetch_history()) == world.view


async def test_a_deadline_that_wakes_a_case_is_escalated_to_who_has_the_place_by_then(
    start_skipping: Starter, skipping: WorkflowEnvironment
) -> None:
    """Tech-lead, above the owner, is away when the case wakes up: the head is asked in their place, and once."""
    world = FakeActivities()
    case = await start_skipping(world)
    await world.until(lambda: world.records > 0)
    world.renewal = Consultation(people={"tech-lead": PEOPLE["tech-lead"].model_copy(update={"away": True})})
    await skipping.sleep(timedelta(hours=2))
    asked = [str(event.detail["to"]) for event in world.events if event.kind is EventKind.ESCALATED]
    assert asked
    assert "tech-lead" not in asked
    assert gapless(world.events)
    await case.signal("withdraw", {"by": "customer", "why": "换了系统"})
    assert await case.result() == "withdrawn"
    assert await play(await case.fetch_history()) == world.view


async def test_the_organisation_that_is_loaded_counts_for_who_writes_to_temporal_themselves(
    real: WorkflowEnvironment, tmp_path: Path
) -> None:
    """A whole worker with its record: the owner is replaced while their case sleeps."""
    async with running_installation(real.client, tmp_path, 25) as running:
        number = await running.opened("left")
        owner = (await running.row(number) or {})["owner"]
        directory = running.installation.directory
        organisation = await directory.current()
        assert organisation is not None
        text = organisation.model_dump_json().replace(f'"{owner}"', '"somebody-new"')
        await directory.load(Organisation.model_validate_json(text))
        await running.signal(number, "claim", owner)
        assert not (await running.row(number) or {})["view"]["claimed"]


@dataclass
class Restless(FakeActivities):
    """People come and go: each third time that anybody looks, somebody is away or back."""

    looks: count[int] = field(default_factory=lambda: count(1))

    def _changed_since(self, step: ports.Record | ports.ReviewRecord) -> Consultation | None:
        if not step.marker.judged or step.lookup is None:
            return None
        turn = next(self.looks)
        if turn % 3:
            return None
        who = ("tech-lead", "tech-002")[turn % 2]
        return Consultation(people={who: PEOPLE[who].model_copy(update={"away": turn % 4 > 1})})


@LIVES
@pytest.mark.parametrize(
    "continue_after", [pytest.param(None, id="one run"), pytest.param(60, id="many runs", marks=pytest.mark.drill)]
)
async def test_commands_and_questions_race_while_people_come_and_go_and_a_restart_loses_nothing(
    start: Starter, real: WorkflowEnvironment, lives: int, continue_after: int | None
) -> None:
    async def sender(case: Handle, number: int, told: dict[str, str]) -> None:
        for turn in range(len(OF_A_CASE)):
            name, by, fields = OF_A_CASE[(turn + 2 * number) % len(OF_A_CASE)]
            command_id = uuid4().hex
            await case.signal(name, {"command_id": command_id, "by": by, **fields})
            told[command_id] = await judged(case, command_id)

    async def one() -> tuple[str, FakeActivities, dict[str, str]]:
        world, told = Restless(), dict[str, str]()
        given: dict[str, Any] = {} if continue_after is None else {"continue_after": continue_after}
        case = await start(world, **given)
        await asyncio.gather(*(sender(case, number, told) for number in range(SENDERS)))
        await case.signal("withdraw", {"command_id": "end", "by": "customer", "why": "换了系统"})
        assert await case.result() == "withdrawn"
        return case.id, world, told

    for number, world, told in await asyncio.gather(*(one() for _ in range(lives))):
        assert gapless(world.events)
        refused = {str(event.command_id) for event in world.events if event.kind is EventKind.REJECTED}
        assert {id_ for id_, outcome in told.items() if outcome == "rejected"} == refused & told.keys()
        assert await play_all(real.client, number) == world.view
