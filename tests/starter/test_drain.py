"""A worker that is stopped or killed in the middle of its work loses and doubles nothing."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from temporalio.api.enums.v1 import EventType, TimeoutType
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflowservice.v1 import DescribeActivityExecutionRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from activities.database.database import Database
from activities.database.tables import outbox
from activities.delivery.outbox import OPEN
from starter.services.intake.submissions import open_intake
from tests.activities.delivery.mail_server import MailServer, mail_server
from tests.starter.command_line import intake_form
from tests.starter.long_time_outs import lengthen
from tests.starter.worker_process import TIMEOUT, worker_process
from worker.embedded.server import find_binary
from worker.installation.settings import Settings
from workflows.case.workflow import CaseWorkflow

pytestmark = pytest.mark.xdist_group("operations")

_NAMESPACES = ("told-to-stop", "standalone", "workflow")
"""Words of the tests' names."""
_CASES = 6
_ROUNDS = 12
_BROKEN = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
}
_CUSTOMER = {"name": "王芳", "email": "wangfang@example.com", "preferred_contact": "email", "locale": "zh_CN"}


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[str]:
    """The address of a Temporal with a namespace for each test of this file."""
    namespaces = [argument for name in _NAMESPACES for argument in ("--namespace", name)]
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(find_binary()), dev_server_log_level="error", dev_server_extra_args=namespaces
    ) as environment:
        yield environment.client.service_client.config.target_host


@pytest.fixture
async def client(server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Client:
    """At the namespace of the test, which this process has in its settings as well."""
    (name,) = [one for one in _NAMESPACES if one in request.node.name.replace("_", "-")]
    monkeypatch.setenv("TEMPORAL_ADDRESS", server)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", name)
    return await Client.connect(server, namespace=name, data_converter=pydantic_data_converter)


def _at(client: Client) -> dict[str, str]:
    return {"TEMPORAL_ADDRESS": client.service_client.config.target_host, "TEMPORAL_NAMESPACE": client.namespace}


async def _undelivered(database: Database) -> int:
    async with database.read() as connection:
        return len((await connection.execute(select(outbox.c.key).where(outbox.c.status.in_(OPEN)))).all())


async def _outcomes(client: Client, number: str, command_ids: list[str]) -> Counter[str]:
    handle = client.get_workflow_handle_for(CaseWorkflow.run, number)
    return Counter([(await handle.query(CaseWorkflow.outcome, one)).outcome for one in command_ids])


async def _broken(client: Client, number: str) -> list[str]:
    history = await client.get_workflow_handle(number).fetch_history()
    return [EventType.Name(event.event_type) for event in history.events if event.event_type in _BROKEN]


@contextmanager
def _supervisor(path: Path) -> Iterator[list[str]]:
    """A notification socket as of systemd; the messages it receives."""
    heard: list[str] = []
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(path))
        ear.setblocking(False)
        loop.add_reader(ear, lambda: heard.append(ear.recv(100).decode()))
        try:
            yield heard
        finally:
            loop.remove_reader(ear)


async def test_a_worker_that_is_told_to_stop_finishes_what_it_has_in_hand_and_another_goes_on(
    client: Client, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path / "bihuan-data")
    async with mail_server(waits=True) as mail, AsyncExitStack() as stack:
        heard = stack.enter_context(_supervisor(tmp_path / "notify"))
        environment = {
            **_at(client), "BIHUAN_DATA": str(settings.data), "BIHUAN_SMTP_URL": mail.url(),
            "BIHUAN_MAIL_FROM": "support@example.com",
        }  # fmt: skip
        supervised = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
        async with (
            worker_process(tmp_path, environment | supervised, lengthen) as first,
            open_intake(settings) as intake,
        ):
            numbers = [
                (await intake.accept(intake_form(intake_key=f"k{index}", customer=_CUSTOMER))).number
                for index in range(_CASES)
            ]
            await asyncio.wait_for(mail.busy.wait(), TIMEOUT)
            async with worker_process(tmp_path, environment, lengthen) as second:
                await _stop_under_load(client, numbers, first, mail)
                assert second.process.returncode is None
                await _check_nothing_missing(client, intake.installation.database, numbers, mail)
                assert (await second.ask("/ready")).status == 200
                figures = (await second.ask("/metrics")).body.decode()
    assert [one for one in heard if one != "WATCHDOG=1"] == ["READY=1", "STOPPING=1"]
    assert heard.count("WATCHDOG=1") > 2
    assert 'bihuan_cases_open{priority="P1",status="dispatched"}' in figures
    assert f'bihuan_notifications_total{{channel="email",status="sent"}} {len(mail.mails)}.0' in figures
    assert "temporal_workflow_task_execution_latency_seconds_count" in figures
    assert "王芳" not in figures
    assert "wangfang" not in figures


async def _stop_under_load(client: Client, numbers: list[str], worker: Any, mail: MailServer) -> None:
    """Send SIGTERM while the mail server holds a mail and signals come in without a pause."""
    loaded = asyncio.Event()

    async def load() -> None:
        for turn in range(_ROUNDS):
            for number in numbers:
                note = {"command_id": f"n{turn}", "by": "operator", "text": "备注"}
                await client.get_workflow_handle(number).signal("note", note)
            if turn == _ROUNDS // 3:
                loaded.set()
            await asyncio.sleep(0.02)

    loading = asyncio.create_task(load())
    await loaded.wait()
    worker.process.send_signal(signal.SIGTERM)
    draining = await worker.until("/ready", 503)
    assert draining.value["problems"] == ["the worker is draining"]
    assert (await worker.ask("/live")).status == 200
    mail.go_on.set()
    await loading
    assert await worker.end() == 0, worker.said
    assert worker.said[-1] == "bihuan: stopped"


async def _check_nothing_missing(client: Client, database: Database, numbers: list[str], mail: MailServer) -> None:
    sent = [f"n{turn}" for turn in range(_ROUNDS)]
    for number in numbers:
        # Answered after every signal before it: one of the last to be judged means that all are.
        outcomes = await _outcomes(client, number, sent)
        assert outcomes["accepted"] + outcomes["rejected"] == _ROUNDS, outcomes
    async with asyncio.timeout(TIMEOUT):
        while await _undelivered(database):  # noqa: ASYNC110 - another process delivers
            await asyncio.sleep(0.1)
    assert [await _broken(client, number) for number in numbers] == [[]] * _CASES
    assert [one async for one in client.list_activities("ExecutionStatus != 'Completed'")] == []
    attempts = [
        (await client.get_activity_handle(one.activity_id).describe()).attempt
        async for one in client.list_activities("")
    ]
    assert set(attempts) == {1}
    ids = [one["Message-ID"] for one in mail.mails]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 2 * _CASES


async def _failures(client: Client) -> list[Failure]:
    """Why earlier attempts of deliveries that are still running failed."""
    found = []
    async for one in client.list_activities(""):
        request = DescribeActivityExecutionRequest(
            namespace=client.namespace, activity_id=one.activity_id, include_last_failure=True
        )
        found.append((await client.workflow_service.describe_activity_execution(request)).info.last_failure)
    async for case in client.list_workflows("WorkflowType = 'Case'"):
        described = await client.get_workflow_handle(case.id).describe()
        found += [one.last_failure for one in described.raw_description.pending_activities]
    return [one for one in found if one.message]


@pytest.mark.parametrize("delivery", ["standalone", "workflow"])
async def test_a_mail_in_the_hand_of_a_killed_worker_goes_out_soon(
    client: Client, tmp_path: Path, delivery: str
) -> None:
    settings = Settings(data=tmp_path / "bihuan-data")
    form = intake_form(customer=_CUSTOMER)
    async with mail_server(held={_CUSTOMER["email"]}) as mail:
        environment = {
            **_at(client), "BIHUAN_DATA": str(settings.data), "BIHUAN_SMTP_URL": mail.url(),
            "BIHUAN_MAIL_FROM": "support@example.com", "BIHUAN_DELIVERY": delivery, "BIHUAN_SWEEP": "1d",
        }  # fmt: skip
        async with worker_process(tmp_path, environment) as first, open_intake(settings) as intake:
            await intake.accept(form)
            await asyncio.wait_for(mail.busy.wait(), TIMEOUT)
            mail.busy.clear()
            # Killed before the other worker starts, which can take longer than the mail server is waited for.
            await first.end(signal.SIGKILL)
            async with worker_process(tmp_path, environment):
                await asyncio.wait_for(mail.busy.wait(), TIMEOUT)
                # A missed heartbeat shows it, long before the time-out of the attempt.
                found = {failure.timeout_failure_info.timeout_type for failure in await _failures(client)}
                assert found == {TimeoutType.TIMEOUT_TYPE_HEARTBEAT}
                mail.go_on.set()
                async with asyncio.timeout(TIMEOUT):
                    while await _undelivered(intake.installation.database):  # noqa: ASYNC110 - another process works
                        await asyncio.sleep(0.05)
                async with intake.installation.database.read() as connection:
                    attempts = await connection.scalar(select(func.max(outbox.c.attempts)))
    assert attempts >= 2
