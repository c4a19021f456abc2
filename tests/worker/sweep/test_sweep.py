"""What crashes, operators and old backups leave behind is taken up, or named with the way out."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import null, select, update
from temporalio.client import (
    Client,
)
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from activities.database.installation import InstallationValues
from activities.database.tables import case_record, outbox, registration, review, review_timeline, settlement, timeline
from activities.queries.monitoring.sweeps import KEY, DriftReason, latest_sweep
from starter.services.system.remedies import remedy
from tests.activities.delivery.mail_server import mail_server
from tests.timeouts import TIMEOUT, until
from tests.worker.sweep.cluster import (
    ORDER,
    Asking,
    deleted,
    idle,
    key_of_mail,
    mailed,
    recorded,
    running_installation,
    swept,
)
from worker.embedded.server import find_binary
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from worker.process import run_worker
from worker.sweep.activity import SCHEDULE
from worker.sweep.comparison import Comparison
from worker.temporal.endpoint import Endpoint
from worker.temporal.search_attributes import ensure_search_attributes
from worker.temporal.standalone_delivery import stable_id
from workflows.domain.ids import review_id


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(find_binary()), data_converter=pydantic_data_converter
    ) as environment:
        await ensure_search_attributes(environment.client)
        yield environment


async def test_the_schedule_starts_what_was_accepted_and_delivers_what_a_killed_worker_had_in_hand(
    server: WorkflowEnvironment, installed: Path
) -> None:
    client = server.client
    stop = asyncio.Event()
    async with (
        mail_server() as mail,
        running_installation(client, installed, 1, working=False, mail=mail) as running,
    ):
        settings, ready = running.installation.settings, asyncio.Event()
        endpoint = Endpoint(client.service_client.config.target_host, "", os.getpid(), os.getpid())
        working = asyncio.create_task(run_worker(settings, ready=lambda _: ready.set(), stop=stop, endpoint=endpoint))
        await asyncio.wait_for(ready.wait(), TIMEOUT)
        handle = client.get_schedule_handle(SCHEDULE)

        async def scheduled() -> bool:
            try:
                await handle.describe()
            except RPCError:
                return False
            return True

        await until(scheduled)
        number = await running.registered("nobody started it", customer=mailed())
        await handle.trigger()
        await until(lambda: running.row(number))
        await until(lambda: running.sent(number))
        async with running.installation.database.begin() as connection:
            past = datetime.now(UTC) - timedelta(seconds=1)
            left = {"status": "sending", "claimed_by": "a worker that is gone", "claimed_until": past}
            await connection.execute(update(outbox).where(outbox.c.message == "created").values(left))
        mail.mails.clear()
        before = (await handle.describe()).info.num_actions
        await handle.trigger()
        await until(lambda: running.sent(number))
        assert [str(one["To"]) for one in mail.mails] == ["王芳 <wangfang@example.com>"]
        await swept(handle, before + 1)
        latest = await latest_sweep(running.installation.database)
        assert latest is not None
        assert (latest.run.redelivered, latest.run.every, latest.run.faults) == (1, 120, ())
        runs = [one async for one in client.list_workflows("WorkflowType = 'Sweep'")]
        history = await client.get_workflow_handle(runs[0].id).fetch_history()
        assert len(history.events) < 15
        stop.set()
        await working


async def test_a_terminated_case_is_named_and_its_way_out_brings_it_back(
    server: WorkflowEnvironment, installed: Path
) -> None:
    async with running_installation(server.client, installed, 2) as running:
        ended, fine = await running.opened("ended"), await running.opened("fine")
        await running.client.get_workflow_handle(ended).terminate("by mistake")
        found = await running.until_compared(lambda found: ended in found)
        assert fine not in found
        assert (found[ended].reason, found[ended].what) == (DriftReason.WORKFLOW_ENDED, "terminated")
        _, _, command = remedy(found[ended]).partition(": ")
        address = running.client.service_client.config.target_host
        process = await asyncio.create_subprocess_exec(
            find_binary(), *shlex.split(command)[1:], "--address", address, stdout=asyncio.subprocess.DEVNULL
        )
        assert await process.wait() == 0
        await running.until_compared(lambda found: ended not in found)
        row = await running.row(ended)
        assert row is not None
        await running.signal(ended, "claim", row["owner"])


async def test_what_an_old_backup_or_a_lost_store_leaves_is_named_once_and_by_its_kind(
    server: WorkflowEnvironment, installed: Path
) -> None:
    async with running_installation(server.client, installed, 3) as running:
        keys = ("behind", "ahead", "closed", "part", "stranger", "lost", "done")
        behind, ahead, closed, parted, stranger, lost, done = await asyncio.gather(*map(running.opened, keys))
        older, present = await running.row(behind), await running.row(ahead)
        assert older is not None
        assert present is not None
        await running.signal(behind, "claim", older["owner"])
        newer = {"sequence": 9, "owner": "tech-head", "updated_at": present["updated_at"]}
        await running.put_back(present | newer)
        await running.put_back(older)
        await running.put_back((await running.row(closed) or {}) | {"status": "closed"})
        owner = (await running.row(parted) or {})["owner"]
        await running.signal(parted, "claim", owner)
        await running.signal(parted, "collaborate", owner, department="product", duty="看一下")
        await running.client.get_workflow_handle(f"{parted}/product").terminate("by mistake")
        async with running.installation.database.begin() as connection:
            for table in (outbox, timeline, settlement, case_record, registration):
                await connection.execute(table.delete().where(table.c.number == stranger))
            facts = {"reason": "priority", "department": "x", "type": "technical", "sequence": 0, "subject": {}}
            moments = {"opened_at": older["opened_at"], "updated_at": older["updated_at"]}
            unreviewed = {"id": f"{closed}/review", "number": closed, "status": "writing", **facts, **moments}
            await connection.execute(review.insert().values(**unreviewed))
        await deleted(running.client, lost)
        unfinished = await running.row(done)
        assert unfinished is not None
        await running.signal(done, "withdraw", "customer", why="不需要了")
        await asyncio.wait_for(running.client.get_workflow_handle(done).result(), TIMEOUT)
        await running.put_back(unfinished)
        expected = {
            behind: DriftReason.RECORD_BEHIND,
            ahead: DriftReason.RECORD_AHEAD,
            closed: DriftReason.STILL_RUNNING,
            f"{parted}/product": DriftReason.WORKFLOW_ENDED,
            f"{closed}/review": DriftReason.WORKFLOW_MISSING,
            stranger: DriftReason.NOT_IN_RECORD,
            lost: DriftReason.WORKFLOW_MISSING,
            done: DriftReason.WORKFLOW_ENDED,
        }
        found = await running.until_compared(lambda found: found.keys() >= expected.keys())
        assert {name: one.reason for name, one in found.items()} == expected
        assert "step" in str(found[behind].what)
        await running.signal(behind, "note", "operator", text="写回现状")
        await running.until_compared(lambda found: behind not in found)


async def test_a_case_of_which_the_server_lost_everything_before_it_was_opened_is_started_again(
    server: WorkflowEnvironment, installed: Path
) -> None:
    async with running_installation(server.client, installed, 4) as running:
        number = await running.registered("started, the server says")
        async with running.installation.database.begin() as connection:
            long_ago = datetime.now(UTC) - timedelta(hours=1)
            await connection.execute(update(registration).values(started_at=long_ago))
        looked = await running.sweeping.run_sweep(ORDER, mend=False)
        assert (looked.run.started, await running.row(number)) == (1, None)
        assert await latest_sweep(running.installation.database) is None
        assert (await running.sweeping.sweep(ORDER)).started == 1
        await until(lambda: running.row(number))


async def test_a_review_that_was_called_for_and_never_begun_is_begun(
    server: WorkflowEnvironment, installed: Path
) -> None:
    async with running_installation(server.client, installed, 17) as running:
        number = await running.opened("closed", priority="P0")
        owner = (await running.row(number) or {})["owner"]
        await running.signal(number, "claim", owner)
        await running.signal(number, "reply", owner, text="正在处理")
        await running.signal(number, "withdraw", "customer", why="不需要了")
        name = review_id(number)

        async def begun() -> dict[str, Any] | None:
            async with running.installation.database.read() as connection:
                row = await connection.execute(select(review).where(review.c.id == name))
                return next((dict(one) for one in row.mappings() if one["view"]), None)

        first = await until(begun)
        await deleted(running.client, name)
        async with running.installation.database.begin() as connection:
            await connection.execute(review_timeline.delete().where(review_timeline.c.review == name))
            await connection.execute(update(review).values(view=null(), sequence=0, next_due=None))
            await connection.execute(outbox.delete())
            long_ago = {"updated_at": first["opened_at"] - timedelta(hours=1)}
            await connection.execute(update(review).values(long_ago))

        async def missed() -> bool:
            run = (await running.sweeping.run_sweep(ORDER, mend=False)).run
            return (run.started, run.disagreements) == (1, 0)

        await until(missed)
        assert await begun() is None
        assert (await running.sweeping.sweep(ORDER)).started == 1
        again = await until(begun)
        assert {**again["view"], "updated_at": ""} == {**first["view"], "updated_at": ""}
        assert (await running.sweeping.run_sweep(ORDER, mend=False)).run.started == 0


async def test_messages_of_a_closed_case_arrive_where_each_case_delivers_its_own(
    server: WorkflowEnvironment, installed: Path
) -> None:
    async with (
        mail_server() as mail,
        running_installation(server.client, installed, 5, mail=mail, delivery="workflow") as running,
    ):
        number = await running.opened("ended", customer=mailed())
        await until(lambda: running.sent(number))
        await running.client.get_workflow_handle(number).terminate("by mistake")
        mail.mails.clear()
        async with running.installation.database.begin() as connection:
            long_ago = running.installation.now() - timedelta(hours=1)
            left = {"status": "pending", "created_at": long_ago}
            await connection.execute(update(outbox).where(outbox.c.message == "created").values(left))
        assert (await running.sweeping.sweep(ORDER)).redelivered == 1
        assert [str(one["To"]) for one in mail.mails] == ["王芳 <wangfang@example.com>"]
        assert (await running.sweeping.sweep(ORDER)).redelivered == 0


async def test_what_a_delivery_holds_is_left_to_it(server: WorkflowEnvironment, installed: Path) -> None:
    async with (
        mail_server(held={"wangfang@example.com"}) as mail,
        running_installation(server.client, installed, 6, mail=mail) as running,
    ):
        number = await running.opened("held", customer=mailed())
        await mail.busy.wait()
        key = await key_of_mail(running, number)
        async with running.installation.database.begin() as connection:
            past = datetime.now(UTC) - timedelta(seconds=1)
            await connection.execute(update(outbox).where(outbox.c.key == key).values(claimed_until=past))

        async def listed() -> bool:
            query = f"ActivityId = '{stable_id('deliver', key)}' AND ExecutionStatus = 'Running'"
            return bool([one async for one in running.client.list_activities(query)])

        await until(listed)
        assert (await running.sweeping.sweep(ORDER)).redelivered == 0
        comparison = Comparison(running.client, running.installation, delivers_within=timedelta(0))
        unending = [one for one in await comparison.find_drift() if not one.is_of_a_workflow]
        assert [(one.number, one.reason, one.workflow) for one in unending] == [
            (number, DriftReason.DELIVERY_UNENDING, stable_id("deliver", key)),
        ]  # fmt: skip
        mail.go_on.set()


async def test_idle_cases_are_neither_woken_nor_asked_one_by_one(server: WorkflowEnvironment, installed: Path) -> None:
    counts: Counter[str] = Counter()
    config = server.client.config()
    config["interceptors"] = [Asking(counts)]
    client = Client(**config)
    async with running_installation(client, installed, 7, working=False) as running:
        numbers = [await running.registered(f"k{index}") for index in range(30)]
        await asyncio.gather(*(idle(running, number) for number in numbers))
        await running.until_compared(lambda found: not found)
        counts.clear()
        assert await running.compared() == {}
        assert counts == {}
        lengths = [(await client.get_workflow_handle(number).describe()).history_length for number in numbers[:5]]
        assert lengths == [2] * 5


async def test_a_disagreement_keeps_the_time_when_it_was_first_seen_and_what_is_mended_goes(
    server: WorkflowEnvironment, installed: Path
) -> None:
    async with running_installation(server.client, installed, 8, working=False) as running:
        database = running.installation.database
        number = await running.registered("lost")
        await recorded(running, number)
        async with database.begin() as connection:
            await connection.execute(update(case_record).values(updated_at=datetime(2026, 5, 7, tzinfo=UTC)))
            await connection.execute(update(registration).values(started_at=datetime(2026, 5, 7, tzinfo=UTC)))
        assert (await running.sweeping.sweep(ORDER)).disagreements == 1
        first = await latest_sweep(database)
        await running.sweeping.sweep(ORDER)
        again = await latest_sweep(database)
        assert first is not None
        assert again is not None
        assert again.found == first.found
        assert again.run.ended > first.run.ended
        async with database.begin() as connection:
            await connection.execute(update(case_record).values(status="closed"))
        await running.sweeping.sweep(ORDER)
        gone = await latest_sweep(database)
        assert gone is not None
        assert (gone.run.disagreements, gone.found) == (0, ())


async def test_where_the_server_allows_no_schedules_the_worker_sweeps_by_itself(
    server: WorkflowEnvironment, installed: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refused(*_: Any) -> None:
        raise RPCError("unknown method CreateSchedule", RPCStatusCode.UNIMPLEMENTED, b"")

    monkeypatch.setattr("worker.sweep.activity.Schedules.apply", refused)
    async with running_installation(server.client, installed, 9) as running:
        often = running.installation.settings.model_copy(update={"sweep": timedelta(milliseconds=20)})
        sweeping = replace(running.sweeping, installation=replace(running.installation, settings=often))
        watching = asyncio.create_task(sweeping.watch())
        first, second = await running.registered("k1"), await running.registered("k2")
        await until(lambda: running.row(first))
        third = await running.registered("k3")
        await until(lambda: running.row(third))
        assert await running.row(second)
        watching.cancel()
    assert "this worker sweeps by itself" in caplog.text


async def test_what_another_release_kept_of_its_sweep_stops_nothing(installed: Path) -> None:
    async with open_installation(Settings(data=installed / "data"), prepare=True) as installation:
        await InstallationValues(installation.database).put(KEY, {"of": "another release"})
        assert await latest_sweep(installation.database) is None
