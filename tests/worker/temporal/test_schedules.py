"""Schedules are created, updated and deleted as the policy says, and operators' pauses are kept."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import (
    Client,
    ScheduleActionStartWorkflow,
    ScheduleDescription,
    ScheduleOverlapPolicy,
)
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from activities.policy.loading import load_policy
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from worker.temporal.schedules import ScheduledWork, Schedules, daily, keep_schedules, scheduled_work
from workflows.domain.policy.policy import Policy
from workflows.domain.time.virtual_time import VirtualTime
from workflows.ports import ArchiveRun

SHANGHAI = "Asia/Shanghai"


@pytest.fixture
def client(local: WorkflowEnvironment) -> Client:
    return local.client


@pytest.fixture
async def name(client: Client) -> AsyncIterator[str]:
    """Of a Schedule that no other test has."""
    name = f"bihuan-{uuid.uuid4().hex[:8]}"
    yield name
    with suppress(RPCError):
        await client.get_schedule_handle(name).delete()


def work(name: str, **changed: Any) -> ScheduledWork:
    daily_work = ScheduledWork(name, daily(time(2, 30)), "Archive", ArchiveRun(), "每天 daily", "归档 archive")
    return replace(daily_work, **changed)


async def described(client: Client, name: str) -> ScheduleDescription:
    return await client.get_schedule_handle(name).describe()


async def written(client: Client, name: str) -> datetime | None:
    """When the server last took an update of it."""
    return (await described(client, name)).info.last_updated_at


async def test_what_is_due_every_night_comes_at_the_companys_time_of_day(client: Client, name: str) -> None:
    await Schedules(client, "bihuan", SHANGHAI).apply([work(name)])
    found = await described(client, name)
    first = found.info.next_action_times[0]
    assert first.astimezone(UTC).time() == time(18, 30)
    assert isinstance(found.schedule.action, ScheduleActionStartWorkflow)
    assert (found.schedule.action.workflow, found.schedule.action.task_queue) == ("Archive", "bihuan")
    assert found.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
    assert found.schedule.policy.catchup_window == timedelta(days=7)
    assert found.schedule.state.note == "每天 daily"


async def test_a_second_worker_leaves_what_is_right_alone_so_that_a_missed_night_is_made_up_for(
    client: Client, name: str
) -> None:
    schedules = Schedules(client, "bihuan", SHANGHAI)
    await schedules.apply([work(name)])
    await schedules.apply([work(name)])
    assert await written(client, name) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"when": daily(time(3, 0))},
        {"input": ArchiveRun(last="FB1")},
        {"workflow": "Other"},
        {"note": "另一个说明"},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_a_changed_policy_is_taken_up_at_the_next_start(
    client: Client, name: str, changed: dict[str, Any]
) -> None:
    schedules = Schedules(client, "bihuan", SHANGHAI)
    await schedules.apply([work(name)])
    await schedules.apply([work(name, **changed)])
    assert await written(client, name) is not None
    found = (await described(client, name)).schedule
    action = found.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    assert found.spec.calendars == [work(name, **changed).when]
    assert found.state.note == work(name, **changed).note
    assert action.workflow == work(name, **changed).workflow
    assert await client.data_converter.decode(action.args, [ArchiveRun]) == [work(name, **changed).input]


async def test_what_comes_every_so_often_is_made_again_only_where_it_differs(client: Client, name: str) -> None:
    schedules = Schedules(client, "bihuan", SHANGHAI)
    often = work(name, when=timedelta(minutes=2), catch_up=timedelta(seconds=10))
    await schedules.apply([often])
    await schedules.apply([often])
    found = await described(client, name)
    assert (found.info.last_updated_at, found.schedule.policy.catchup_window) == (None, timedelta(seconds=10))
    first, second, *_ = found.info.next_action_times
    assert second - first == timedelta(minutes=2)
    await schedules.apply([replace(often, when=timedelta(minutes=5))])
    assert [one.every for one in (await described(client, name)).schedule.spec.intervals] == [timedelta(minutes=5)]


async def test_a_company_that_moves_is_served_by_its_new_clock(client: Client, name: str) -> None:
    await Schedules(client, "bihuan", SHANGHAI).apply([work(name)])
    await Schedules(client, "bihuan", "Asia/Kathmandu").apply([work(name)])
    first = (await described(client, name)).info.next_action_times[0]
    assert first.astimezone(UTC).time() == time(20, 45)


async def test_what_an_operator_paused_stays_paused_with_the_reason(client: Client, name: str) -> None:
    schedules = Schedules(client, "bihuan", SHANGHAI)
    await schedules.apply([work(name)])
    await client.get_schedule_handle(name).pause(note="磁盘满了")
    await schedules.apply([work(name)])
    await schedules.apply([work(name, when=daily(time(4, 0)))])
    found = (await described(client, name)).schedule
    assert (found.state.paused, found.state.note) == (True, "磁盘满了")
    assert found.spec.calendars == [daily(time(4, 0))]


async def test_what_the_policy_no_longer_wants_is_gone_and_gone_twice_is_no_error(client: Client, name: str) -> None:
    schedules = Schedules(client, "bihuan", SHANGHAI)
    await schedules.apply([work(name)])
    await schedules.apply([work(name, when=None)])
    await schedules.apply([work(name, when=None)])
    with pytest.raises(RPCError) as caught:
        await described(client, name)
    assert caught.value.status is RPCStatusCode.NOT_FOUND


def test_a_policy_without_archiving_has_no_schedule_for_it() -> None:
    shipped = load_policy("standard")
    assert {one.id: one.when for one in scheduled_work(shipped)}["bihuan-archive"] == daily(time(2, 30))
    without = Policy.model_validate({**shipped.model_dump(mode="json"), "archive": {}})
    assert {one.id: one.when for one in scheduled_work(without)}["bihuan-archive"] is None


async def test_an_installation_at_virtual_time_is_not_woken_by_the_wall_clock(client: Client, installed: Path) -> None:
    start = datetime(2026, 5, 11, tzinfo=UTC)
    fast = VirtualTime(speed=1000, real_start=start, virtual_start=start)
    async with open_installation(Settings(data=installed / "data"), prepare=True, time=fast) as installation:
        await keep_schedules(client, installation)
    with pytest.raises(RPCError) as caught:
        await described(client, "bihuan-archive")
    assert caught.value.status is RPCStatusCode.NOT_FOUND


class _Refusing:
    """A client of a server without Schedules, which first does not answer at all."""

    def __init__(self, silent: int = 0) -> None:
        self.silent = silent

    async def create_schedule(self, *arguments: Any, **more: Any) -> None:
        self.silent -= 1
        if self.silent >= 0:
            raise RPCError("connection refused", RPCStatusCode.UNAVAILABLE, b"")
        raise RPCError("unknown method CreateSchedule", RPCStatusCode.UNIMPLEMENTED, b"")


async def test_a_server_that_is_slow_to_come_up_is_asked_again(
    installed: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.temporal.schedules._RETRY_AFTER", timedelta(0))
    silent: Any = _Refusing(silent=2)
    async with open_installation(Settings(data=installed / "data"), prepare=True) as installation:
        await keep_schedules(silent, installation)
    assert caplog.text.count("schedules are tried again") == 2
    assert silent.silent == -1


async def test_a_server_that_knows_no_schedules_is_a_line_in_the_log_and_no_more(
    installed: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refusing: Any = _Refusing()
    async with open_installation(Settings(data=installed / "data"), prepare=True) as installation:
        await keep_schedules(refusing, installation)
    assert "nothing is scheduled" in caplog.text
    assert "unknown method CreateSchedule" in caplog.text
