"""A whole installation on a Temporal that requires a client certificate and an API key; a worker that hangs."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from tests.starter.command_line import bihuan, intake_form
from tests.starter.worker_process import worker_process
from tests.worker.temporal.certificates import Authority
from tests.worker.temporal.headers import Headers
from tests.worker.temporal.wire import wire
from worker.embedded.server import find_binary

pytestmark = pytest.mark.xdist_group("operations")


async def test_worker_and_commands_get_through_tls_with_their_certificate_and_key(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    own, heard = authority.issue("worker.test"), Headers()
    async with (
        await WorkflowEnvironment.start_local(
            dev_server_existing_path=str(find_binary()), data_converter=pydantic_data_converter,
            dev_server_log_level="error",
        ) as environment,
        wire(
            environment.client.service_client.config.target_host,
            tls=authority.server_side(authority.issue("temporal.test")), listener=heard.listen,
        ) as way,
    ):  # fmt: skip
        variables = {
            "TEMPORAL_ADDRESS": way.address,
            "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(authority.file),
            "TEMPORAL_TLS_SERVER_NAME": "temporal.test",
            "TEMPORAL_TLS_CLIENT_CERT_PATH": str(own.certificate),
            "TEMPORAL_TLS_CLIENT_KEY_PATH": str(own.key),
            "TEMPORAL_API_KEY": "key-of-the-company",
        }

        async def command(*arguments: str, given: str = "") -> Any:
            answer = await asyncio.to_thread(
                bihuan, *arguments, "--json", folder=tmp_path, environment=variables, given=given
            )
            assert answer.returncode == 0, answer
            return json.loads(answer.stdout)

        async with worker_process(tmp_path, variables) as worker:
            number = (await command("open", "-", given=json.dumps(intake_form())))["number"]
            noted = await command("note", number, "--as", "operator", "--text", "已联系")
            assert noted["outcome"] == "accepted"
            worker.process.send_signal(signal.SIGSTOP)
            assert (await worker.ask("/live", within=0.5)).status == 0
            worker.process.send_signal(signal.SIGCONT)
            assert (await worker.until("/live", 200)).value["live"] is True
            await worker.until("/ready", 200)
            assert await worker.end() == 0
    assert {request["authorization"] for request in heard.requests} == {"Bearer key-of-the-company"}
    asked = {request[":path"].rpartition("/")[2] for request in heard.requests}
    assert asked >= {"PollWorkflowTaskQueue", "StartWorkflowExecution", "SignalWorkflowExecution", "CreateSchedule"}
