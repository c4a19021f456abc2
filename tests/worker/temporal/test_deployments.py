"""A new release takes over cases that began under the old one, and gives them back when it is no good."""

from __future__ import annotations

import uuid
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from unittest.mock import Mock

import pytest
from temporalio.client import Client, Schedule, ScheduleActionStartWorkflow, ScheduleSpec, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.recording.activity import leave_deliveries_to_case
from starter.console.system.releases import current
from starter.doctor.checks.release import release
from starter.doctor.context import DoctorContext
from tests.timeouts import until
from tests.workflows.fake_activities import FakeActivities
from tests.workflows.workers import worker_of
from worker.composition_root import build_activities
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from worker.process import build_worker
from worker.temporal.deployments import WorkerDeployment, builds_at_work, deployment_config, warn_if_idle
from worker.temporal.search_attributes import ensure_search_attributes
from worker.temporal.standalone_delivery import StandaloneDelivery, stable_id
from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow
from workflows.domain.problem import Problem


def build(client: Client, settings: Settings, world: FakeActivities) -> Worker:
    return worker_of(client, settings.task_queue, world.activities, deployment_config=deployment_config(settings))


async def standing(deployment: WorkerDeployment) -> dict[str, str]:
    return {one.build_id: one.status for one in await deployment.list()}


async def worked(handle: WorkflowHandle[CaseWorkflow, str]) -> list[str]:
    """Who worked on the case, in order."""
    return [
        event.workflow_task_completed_event_attributes.deployment_version.build_id
        for event in (await handle.fetch_history()).events
        if event.HasField("workflow_task_completed_event_attributes")
    ]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    queue = uuid.uuid4().hex
    return Settings(data=tmp_path, task_queue=queue, deployment=queue)


def of_build(settings: Settings, build_id: str) -> Settings:
    return settings.model_copy(update={"build_id": build_id})


async def test_an_open_case_goes_on_under_the_release_that_is_current_and_back_again(
    local: WorkflowEnvironment, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    client, queue, world = local.client, settings.task_queue, FakeActivities()
    await ensure_search_attributes(client)
    deployment = WorkerDeployment(client, settings.deployment)
    assert await standing(deployment) == {}
    number = f"FB{queue[:12]}"

    async def note(index: int) -> None:
        await handle.signal("note", {"command_id": f"c{index}", "by": "operator", "text": "备注"})
        await until(lambda: judged(f"c{index}"))

    async def judged(command_id: str) -> bool:
        return (await handle.query(CaseWorkflow.outcome, command_id)).outcome == "accepted"

    async def seen(build_id: str, status: str) -> bool:
        return (await standing(deployment)).get(build_id) == status

    async with build(client, settings, world):
        start = CaseInput(number=number)
        handle = await client.start_workflow(CaseWorkflow.run, start, id=number, task_queue=queue)
        await note(1)
    async with build(client, of_build(settings, "A"), world):
        await until(lambda: seen("A", "inactive"))
        await warn_if_idle(client, of_build(settings, "A"))
        assert "build A is not current" in caplog.text
        with pytest.raises(
            Problem, match=r"^build Z of .*; start a worker with BIHUAN_BUILD_ID=Z first \(seen so far: A\)$"
        ):
            await deployment.make_current("Z")
        await deployment.make_current("A")
        await note(2)
        await _what_is_no_case_works_too(client, settings, world)
        async with build(client, of_build(settings, "B"), world):
            await until(lambda: seen("B", "inactive"))
            await deployment.ramp("B", 100)
            assert [(one.build_id, one.percent) for one in await deployment.list() if one.percent] == [("B", 100)]
            await note(3)
            await deployment.make_current("B")
            assert (await standing(deployment))["B"] == "current"
            await note(4)
            assert list(dict.fromkeys(await worked(handle))) == ["", "A", "B"]
            await deployment.make_current("A")
            assert (await standing(deployment))["A"] == "current"
            await note(5)
            assert (await worked(handle))[-1] == "A"
            await handle.terminate()


async def _what_is_no_case_works_too(client: Client, settings: Settings, world: FakeActivities) -> None:
    """Standalone activities and what a Schedule starts go to the current build."""
    key = f"{uuid.uuid4().hex}:created:open:customer"
    assert await StandaloneDelivery(client, settings.task_queue)("FB1", [key]) == []
    await client.get_activity_handle(stable_id("deliver", key)).result()
    assert world.delivered == [key]
    name = f"scheduled-{settings.task_queue}"
    action = ScheduleActionStartWorkflow("Case", CaseInput(number="FB2"), id=name, task_queue=settings.task_queue)
    schedule = await client.create_schedule(name, Schedule(action=action, spec=ScheduleSpec()))
    await schedule.trigger()
    await until(lambda: _runs(client, name))
    await schedule.delete()


async def _runs(client: Client, name: str) -> bool:
    async for one in client.list_workflows(f"WorkflowId STARTS_WITH '{name}'"):
        handle = client.get_workflow_handle_for(CaseWorkflow.run, one.id)
        if await handle.query(CaseWorkflow.state) is not None:
            await handle.terminate()
            return True
    return False


async def test_doctor_sees_that_the_cases_go_to_a_release_that_has_no_worker(
    local: WorkflowEnvironment, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", local.client.service_client.config.target_host)
    context = DoctorContext(settings)

    async def checked() -> list[tuple[str, str, str | None]]:
        return [(one.status.value, one.what, one.todo) for one in await release(context)]

    async def idle() -> bool:
        return await checked() == [
            (
                "fault",
                "the cases go to workers without a build id, and none is there",
                "start a worker without BIHUAN_BUILD_ID, or: bihuan release current A",
            )
        ]

    deployment = WorkerDeployment(local.client, settings.deployment)
    assert await checked() == [("ok", "no build ids: every worker takes any case", None)]
    async with build(local.client, of_build(settings, "A"), FakeActivities()):
        await until(idle)
        await deployment.make_current("A")
        assert await checked() == [("ok", f"build A of {settings.deployment} gets cases, and has workers", None)]
    await context.close()


async def test_cases_are_not_given_to_workers_that_are_not_there_without_a_word(
    local: WorkflowEnvironment, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = local.client
    monkeypatch.setenv("TEMPORAL_ADDRESS", client.service_client.config.target_host)
    monkeypatch.setenv("BIHUAN_TASK_QUEUE", settings.task_queue)
    monkeypatch.setenv("BIHUAN_DEPLOYMENT", settings.deployment)
    deployment = WorkerDeployment(client, settings.deployment)

    async def polls(build_id: str) -> bool:
        return build_id in await builds_at_work(client, settings.task_queue)

    with pytest.raises(Problem, match=f"no worker of deployment {settings.deployment} was seen: workers without a"):
        await deployment.make_current(None)
    async with build(client, of_build(settings, "A"), FakeActivities()):
        await until(lambda: polls("A"))
        await current("A")
        with pytest.raises(Problem, match="no worker without a build id is up, so no case would go on; start one"):
            await current(unversioned=True)
        assert (await standing(deployment))["A"] == "current"
        assert "no worker of build" not in capsys.readouterr().err
        with monkeypatch.context() as later:
            # As it looks some time after its last poll.
            later.setattr("worker.temporal.task_queue.POLLED_WITHIN", timedelta(0))
            await current("A")
        assert "no worker of build A is up: its cases wait" in capsys.readouterr().err
    async with build(client, settings, FakeActivities()):
        await until(lambda: polls(""))
        await current(unversioned=True)
        assert (await standing(deployment))["A"] != "current"


def test_without_a_build_id_every_worker_takes_any_case(settings: Settings) -> None:
    assert deployment_config(settings) is None


async def test_a_worker_begins_at_once_under_the_name_of_its_release(
    local: WorkflowEnvironment, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = Mock(side_effect=AssertionError("the code of every module is read for a name"))
    monkeypatch.setattr("temporalio.worker._worker.load_default_build_id", named)
    async with open_installation(settings, prepare=True) as installation:
        activities = build_activities(local.client, installation, leave_deliveries_to_case)
        assert build_worker(local.client, settings, activities).config()["build_id"] == f"bihuan-{version('bihuan')}"
        build_worker(local.client, of_build(settings, "A"), activities)
