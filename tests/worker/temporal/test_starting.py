"""A case is started once, and never takes another customer's for itself, however old the record is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.queries.monitoring.sweeps import DriftReason
from starter.services.intake.submissions import Intake
from tests.starter.command_line import intake_form
from tests.worker.sweep.cluster import ORDER, RunningInstallation, running_installation
from worker.temporal.starting import NumberTakenError, intake_of, start_case
from workflows.domain.ids import INTAKE_MEMO


async def _took(running: RunningInstallation, number: str) -> bool:
    """Whether Temporal's case of that number began with this installation's submission."""
    described = await running.client.get_workflow_handle(number).describe()
    return await intake_of(described) == await running.installation.register.fingerprint(number)


@asynccontextmanager
async def _set_back(
    client: Client, folder: Path, day: int
) -> AsyncIterator[tuple[RunningInstallation, RunningInstallation]]:
    """An installation whose record is lost, and the older one that was put in its place; both give out numbers of that
    day.
    """
    async with (
        running_installation(client, folder / "lost", day, working=False) as lost,
        running_installation(client, folder / "old", day, working=False) as old,
    ):
        yield lost, old


async def test_a_new_customer_is_never_given_an_old_customers_case_by_a_record_that_was_set_back(
    local: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with _set_back(local.client, tmp_path, 21) as (lost, old):
        customers = [await Intake(lost.installation, lost.client).accept(intake_form()) for _ in range(3)]
        intake = Intake(old.installation, old.client)
        new = await intake.accept(intake_form(intake_key="new"))
        assert (new.created, new.started, new.number > customers[-1].number) == (True, True, True)
        assert await intake.accept(intake_form(intake_key="new")) == type(new)(new.number, created=False, started=True)
        assert await _took(old, new.number)
        assert [await _took(lost, one.number) for one in customers] == [True] * 3


async def test_a_case_whose_number_was_told_already_is_named_with_the_way_out_and_not_joined_to_anothers(
    local: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with _set_back(local.client, tmp_path, 22) as (lost, old):
        taken = (await Intake(lost.installation, lost.client).accept(intake_form())).number
        assert await old.registered("while Temporal was away") == taken
        with pytest.raises(NumberTakenError, match=f"{taken}: Temporal has another submission's case"):
            await start_case(old.client, old.installation, taken)
        swept = await old.sweeping.run_sweep(ORDER, mend=True)
        assert [(one.number, one.reason) for one in swept.found] == [(taken, DriftReason.NUMBER_TAKEN)]
        mended = await old.sweeping.run_sweep(ORDER, mend=True, renumber=True)
        assert mended.run.started
        assert DriftReason.NUMBER_TAKEN not in {one.reason for one in mended.found}
        assert await old.installation.register.unstarted() == []
        assert await _took(lost, taken)


async def test_a_start_that_is_repeated_is_known_by_its_submission(local: WorkflowEnvironment, installed: Path) -> None:
    async with running_installation(local.client, installed, 23, working=False) as running:
        number = await running.registered("twice")
        await start_case(running.client, running.installation, number)
        await start_case(running.client, running.installation, number)
        handle = running.client.get_workflow_handle(number)
        first = (await handle.describe()).run_id
        await handle.terminate("over")
        await start_case(running.client, running.installation, number)
        assert (await handle.describe()).run_id == first


async def test_a_case_that_was_started_without_proof_counts_as_anothers(
    local: WorkflowEnvironment, installed: Path
) -> None:
    client: Client = local.client
    async with running_installation(client, installed, 24, working=False) as running:
        number = await running.registered("without")
        await client.start_workflow("Case", id=number, task_queue="nobody", memo={"other": INTAKE_MEMO})
        with pytest.raises(NumberTakenError):
            await start_case(client, running.installation, number)
