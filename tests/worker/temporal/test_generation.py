"""A record that was set back alone is known as such before anything is served by it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.database.installation import InstallationValues
from starter.services.intake.submissions import Intake
from tests.starter.command_line import intake_form
from tests.timeouts import until
from tests.worker.sweep.cluster import RunningInstallation, running_installation
from worker.temporal.generation import ACCEPT_LOSS, advance, advance_hourly, hold_against, older_than_temporal
from worker.temporal.standalone_delivery import StandaloneDelivery
from worker.temporal.starting import intake_of
from workflows.domain.problem import Problem


@asynccontextmanager
async def opened(local: WorkflowEnvironment, folder: Path, day: int) -> AsyncIterator[RunningInstallation]:
    async with running_installation(local.client, folder, day, working=False) as running:
        yield running


async def why(running: RunningInstallation) -> str | None:
    return await older_than_temporal(running.client, running.installation)


async def test_a_record_of_before_the_last_start_is_refused_with_the_way_out_and_served_only_by_consent(
    local: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with opened(local, tmp_path / "now", 25) as present:
        await advance(present.client, present.installation)
    shutil.copytree(tmp_path / "now", tmp_path / "old")
    async with opened(local, tmp_path / "now", 25) as present:
        await advance(present.client, present.installation)
        assert await why(present) is None
        accepted = await Intake(present.installation, present.client).accept(intake_form())
    async with opened(local, tmp_path / "old", 25) as old:
        with pytest.raises(
            Problem, match=r"is older than Temporal \(generation 1, Temporal has seen 2\).*backup"
        ) as said:
            await hold_against(old.client, old.installation, accept_loss=False)
        assert ACCEPT_LOSS in str(said.value)
        assert len(str(said.value).splitlines()) == 1
        await hold_against(old.client, old.installation, accept_loss=True)
        await advance(old.client, old.installation)
        await hold_against(old.client, old.installation, accept_loss=False)
        assert await old.registered("after") > accepted.number
    async with opened(local, tmp_path / "now", 25) as present:
        assert "is older than Temporal (generation 2, Temporal has seen 3)" in str(await why(present))


async def test_a_record_that_lacks_a_case_or_a_message_since_its_generation_grew_is_refused(
    local: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with opened(local, tmp_path / "now", 26) as present:
        await advance(present.client, present.installation)
    for copy in ("without the case", "with another case"):
        shutil.copytree(tmp_path / "now", tmp_path / copy)
    async with opened(local, tmp_path / "now", 26) as present:
        number = (await Intake(present.installation, present.client).accept(intake_form())).number
        assert await why(present) is None
    async with opened(local, tmp_path / "without the case", 26) as old:
        await until(lambda: why(old))
        assert f"Temporal has a case {number} since" in str(await why(old))
        assert "the record has nothing" in str(await why(old))
    async with opened(local, tmp_path / "with another case", 26) as old:
        assert await old.registered("another") == number
        assert "the record has another submission" in str(await why(old))
    async with opened(local, tmp_path / "now", 26) as present:
        await StandaloneDelivery(local.client, "q26")(number, [f"{number}:replied:1:customer"])
        await until(lambda: why(present))
        assert f"Temporal has a delivery of {number}:replied:1:customer, the record has no" in str(await why(present))
        await hold_against(present.client, present.installation, accept_loss=True)
        assert await why(present) is None


async def test_a_new_record_does_not_take_over_what_another_one_began(
    local: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with opened(local, tmp_path / "first", 27) as first:
        await advance(first.client, first.installation)
        number = (await Intake(first.installation, first.client).accept(intake_form())).number
    async with opened(local, tmp_path / "second", 27) as second:
        assert "is new, and Temporal (namespace default, task queue q27) was worked on with another one" in str(
            await why(second)
        )
    async with opened(local, tmp_path / "beside", 27) as beside:
        apart = beside.installation.settings.model_copy(update={"task_queue": "q27b"})
        beside.installation = type(beside.installation)(apart, beside.installation.database, beside.installation.time)
        assert await why(beside) is None
        accepted = await Intake(beside.installation, beside.client).accept(intake_form())
        assert (accepted.started, accepted.number > number) == (True, True)
        described = await local.client.get_workflow_handle(accepted.number).describe()
        assert await intake_of(described) == await beside.installation.register.fingerprint(accepted.number)


async def test_the_generation_grows_by_the_hour_and_not_with_every_sweep(
    local: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with opened(local, tmp_path, 28) as running:
        values = InstallationValues(running.installation.database)
        for _ in range(3):
            await advance_hourly(running.client, running.installation)
        kept = await values.get("generation")
        assert isinstance(kept, dict)
        assert kept["number"] == 1
        await values.put("generation", kept | {"at": (datetime.now(UTC) - timedelta(hours=1)).isoformat()})
        await advance_hourly(running.client, running.installation)
        kept = await values.get("generation")
        assert isinstance(kept, dict)
        assert kept["number"] == 2
