"""The worked example of docs/releases.md does what the page says: its code blocks are run as they stand there."""

from __future__ import annotations

import asyncio
import importlib
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from temporalio import activity
from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from tests.timeouts import TIMEOUT
from tests.workflows.workers import worker_of
from worker.process import RUNNER

_PAGE = Path(__file__).parents[2] / "docs" / "releases.md"
_BLOCK = re.compile(r"^```python\n# (\w+)\.py\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass
class Company:
    """Who was told, in order; the number of the promise stands with each."""

    told: list[tuple[str, str]] = field(default_factory=list)

    @activity.defn
    async def tell_superior(self, number: str) -> None:
        self.told.append(("superior", number))

    @activity.defn
    async def tell_duty_manager(self, number: str) -> None:
        self.told.append(("duty_manager", number))

    def about(self, number: str) -> list[str]:
        return [who for who, about in self.told if about == number]


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """The page's code blocks as modules."""
    blocks = dict(_BLOCK.findall(_PAGE.read_text("utf-8")))
    assert list(blocks) == ["release_1", "release_2_careless", "release_2", "release_3"]
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, code in blocks.items():
        (tmp_path / f"{name}.py").write_text(code, "utf-8")
    return {name: importlib.import_module(name) for name in blocks}


async def replayed(release: ModuleType, history: WorkflowHistory) -> Exception | None:
    replayer = Replayer(workflows=[release.Promise], workflow_runner=RUNNER)
    return (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure


async def test_the_worked_example_does_what_the_page_says(
    skipping: WorkflowEnvironment, releases: dict[str, ModuleType]
) -> None:
    company, queue = Company(), uuid.uuid4().hex
    client = skipping.client

    @asynccontextmanager
    async def working(name: str) -> AsyncIterator[None]:
        told = [company.tell_superior, company.tell_duty_manager]
        # Without a cache the promise is played from its history at every step.
        async with worker_of(client, queue, told, [releases[name].Promise], max_cached_workflows=0):
            yield

    async def begin(number: str) -> WorkflowHandle[object, str]:
        return await client.start_workflow("Promise", number, id=f"{queue}-{number}", task_queue=queue, result_type=str)

    async def until_told(number: str, *people: str) -> None:
        await skipping.sleep(timedelta(hours=5))
        async with asyncio.timeout(TIMEOUT):
            while company.about(number) != list(people):  # noqa: ASYNC110 - a worker tells
                await asyncio.sleep(0.02)

    async with working("release_1"):
        old = await begin("old")
        await until_told("old", "superior")
    before = await old.fetch_history()
    careless = await replayed(releases["release_2_careless"], before)
    assert isinstance(careless, NondeterminismError)
    said = next(line for line in _PAGE.read_text("utf-8").splitlines() if line.startswith("Nondeterminism error: "))
    assert said.removeprefix("Nondeterminism error: ") in str(careless)
    assert await replayed(releases["release_2"], before) is None

    async with working("release_2"):
        await old.signal("keep")
        assert await old.result() == "kept late"
        assert company.about("old") == ["superior"]
        new = await begin("new")
        await until_told("new", "duty_manager", "superior")
    after = await new.fetch_history()
    assert await replayed(releases["release_2"], after) is None
    assert await replayed(releases["release_3"], after) is None
    assert isinstance(await replayed(releases["release_3"], before), NondeterminismError)

    async with working("release_3"):
        await new.signal("keep")
        assert await new.result() == "kept late"
        last = await begin("last")
        await until_told("last", "duty_manager", "superior")
    assert await replayed(releases["release_2_careless"], await last.fetch_history()) is None
    await last.terminate()
