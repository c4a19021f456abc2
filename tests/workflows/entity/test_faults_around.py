"""What fails beside any command or clock costs nothing but itself: the case goes on, and an operator is told (R14)."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.builders import PEOPLE, settlement
from tests.workflows.case import test_workflow as lives
from tests.workflows.case.test_workflow import send, tell
from tests.workflows.conftest import Starter
from tests.workflows.fake_activities import FakeActivities
from tests.workflows.replays import play
from workflows.case import workflow as case_workflow
from workflows.domain.case.aggregate import Case
from workflows.domain.event import EventKind
from workflows.domain.terms import Consultation
from workflows.domain.vocabulary import Priority
from workflows.entity import judge

SECRET = "王芳 13800138000"
AROUND = [
    (Case, "view", "view"),
    (Case, "earliest", "next deadline"),
    (Case, "involved", "people"),
    (Case, "renew", "renewal"),
    (Case, "take_events", "note"),
    (Case, "expire", "deadlines"),
    (Case, "needs", "note"),
    (case_workflow, "search_attributes", "display"),
    (case_workflow, "markdown", "display"),
    (case_workflow, "end_tasks", "others"),
    (case_workflow, "send_forwards", "others"),
    (case_workflow, "calls_for_review", "review"),
    (judge, "forged", "note"),
]
"""Where, what, and by which name the operator reads of it."""


def failing(*_: Any, **__: Any) -> None:
    raise KeyError(SECRET)


def rejected(world: FakeActivities) -> int:
    return sum(event.kind is EventKind.REJECTED for event in world.events)


@pytest.mark.parametrize(("where", "what", "name"), AROUND, ids=[what for _, what, _ in AROUND])
async def test_a_case_goes_on_when_anything_around_its_rules_fails(
    start: Starter, monkeypatch: pytest.MonkeyPatch, where: Any, what: str, name: str
) -> None:
    world = FakeActivities()
    handle = await start(world)
    # Judged with the opening, the claim would be answered before the case has set its first timer.
    await world.until(lambda: world.records > 0)
    await send(handle, "claim", "tech-001")
    with monkeypatch.context() as patch:
        if what == "renew":
            world.renewal = Consultation(people={"tech-lead": PEOPLE["tech-lead"].model_copy(update={"away": True})})
        patch.setattr(where, what, failing)
        answer = await send(handle, "note", "tech-001", text="看到了")
        assert answer["outcome"] in {"accepted", "rejected"}
        assert SECRET not in str(answer)
        if what == "calls_for_review":
            for command, by, fields in lives.STANDARD_LIFE[1:]:
                await send(handle, command, by, **fields)
        else:
            await send(handle, "note", "tech-001", text="还在")
            await world.until(lambda: world.view is not None and name in [one.what for one in world.view.faults])
    assert world.view is not None
    assert SECRET not in world.view.model_dump_json()
    refused = rejected(world)
    if what != "calls_for_review":
        for command, by, fields in lives.STANDARD_LIFE[1:]:
            await handle.signal(command, {"by": by, **fields})
    assert await handle.result() == "satisfied"
    assert rejected(world) == refused
    await play(await handle.fetch_history())


async def test_deadlines_that_fail_as_a_whole_are_tried_again_and_nobody_waits_for_ever(
    start_skipping: Starter, skipping: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = FakeActivities()
    handle = await start_skipping(world)
    await tell(world, handle, "note", "tech-001", text="看到了")
    with monkeypatch.context() as patch:
        patch.setattr(Case, "expire", failing)
        await skipping.sleep(timedelta(hours=1))
        assert world.view is not None
        assert [one.what for one in world.view.faults][:1] == ["deadlines"]
    await skipping.sleep(timedelta(minutes=3))
    assert EventKind.ESCALATED in [event.kind for event in world.events]
    assert len((await handle.fetch_history()).events) < 400


@pytest.mark.parametrize("seed", range(3))
async def test_a_case_comes_to_its_end_whatever_fails_now_and_then(
    start: Starter, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Each command is sent until it is accepted; everything around it fails one time in five."""
    chance = random.Random(seed)
    world = FakeActivities(settlement=settlement(Priority.P2))
    handle = await start(world)
    await send(handle, "note", "tech-001", text="看到了")

    def now_and_then(real: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **kwargs: Any) -> Any:
            if chance.random() < 0.2:
                raise KeyError(SECRET)
            return real(*args, **kwargs)

        return called

    with monkeypatch.context() as patch:
        for where, what, _ in AROUND:
            if what not in {"renew", "calls_for_review"}:
                patch.setattr(where, what, now_and_then(getattr(where, what)))
        for command, by, fields in lives.STANDARD_LIFE[:4]:
            for _ in range(40):
                if (await send(handle, command, by, **fields))["outcome"] == "accepted":
                    break
            else:
                pytest.fail(f"{command} was never accepted")
    # Not asked what became of it: a question to a case that is over replays it, with the program mended.
    for command, by, fields in lives.STANDARD_LIFE[4:]:
        await handle.signal(command, {"by": by, **fields})
    assert await handle.result() == "satisfied"
