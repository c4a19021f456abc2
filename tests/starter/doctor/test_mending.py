"""What was left lying in a live installation is named and mended, and a lost case is named with the way out."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client

from activities.queries.monitoring.sweeps import Drift, DriftReason
from starter.services.system.lost_cases import close_lost_case
from starter.services.system.remedies import remedy
from tests.starter.command_line import intake_form
from tests.starter.installation import Answer, gap_free, running
from tests.starter.installation import Installation as Up
from tests.timeouts import TIMEOUT
from worker.temporal.connection import connect
from worker.temporal.rpc import found_or_none
from workflows.domain.problem import Problem


@pytest.mark.xdist_group("doctor")
async def test_what_was_left_lying_is_named_and_mended_and_a_lost_case_is_named_with_the_way_out(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, BIHUAN_SWEEP="1h") as up:
        form = json.dumps(intake_form(intake_key="lost"), ensure_ascii=False)
        lost = (await up.run("open", "-", "--json", given=form)).value["number"]
        await up.until_case(lost, lambda case: bool(case["owner"]))
        copied = (
            "INSERT INTO registration (number, channel, intake_key, form, received_at) "
            "SELECT number || '9', channel, 'copy', form, received_at FROM registration"
        )
        long_ago = "UPDATE case_record SET updated_at = '2026-01-01 00:00:00.000000'"
        with closing(sqlite3.connect(up.data / "bihuan.db")) as connection, connection:
            connection.execute(copied)
            connection.execute(long_ago)
        client = await connect(up.settings)
        await client.get_workflow_handle(lost).terminate("by mistake")
        looked = await up.run("doctor", "--json")
        assert looked.code == 1
        said = {one["what"]: one for one in json.loads(looked.out) if one["status"] == "fault"}
        assert said["1 registered cases or reviews had no workflow"]["todo"].startswith("bihuan doctor --mend")
        ended = said[f"{lost}: workflow_ended, terminated"]
        assert f"temporal workflow reset --workflow-id {lost}" in ended["todo"]
        assert len(said) == 2
        mended = json.loads((await up.run("doctor", "--mend", "--json")).out)
        assert "1 registered cases or reviews had no workflow: mended" in {one["what"] for one in mended}
        await up.until_case(f"{lost}9", lambda case: bool(case["owner"]))
        stuck = await up.until_stuck(lost, DriftReason.WORKFLOW_ENDED)
        assert (stuck["todo"], stuck["what"]) == (ended["todo"], "terminated")
        assert f"workflows/{lost}" in stuck["link"]
        shown = await up.run("stuck")
        assert f"{lost} workflow_ended: let it go on from its last step" in shown.out
        await _close_lost(up, client, lost)


async def _close_lost(up: Up, client: Client, lost: str) -> None:
    """Nothing else is closed over the head of its workflow, nor what only this command misses."""

    async def close(by: str = "operator") -> Answer:
        return await up.run("close-lost", lost, "--as", by, "--why", "存储丢失", "--json")

    async def refused() -> str:
        """Why, without a process."""
        with pytest.raises(Problem) as problem:
            await close_lost_case(up.settings, lost, by="operator", why="存储丢失")
        return str(problem.value)

    handle = client.get_workflow_handle(lost)
    assert await refused() == f"{lost}: Temporal has its workflow (terminated); bihuan stuck says what helps"
    gone = DeleteWorkflowExecutionRequest(
        namespace=client.namespace, workflow_execution=WorkflowExecution(workflow_id=lost)
    )
    await client.workflow_service.delete_workflow_execution(gone)
    async with asyncio.timeout(TIMEOUT):
        while await found_or_none(handle.describe()) is not None:  # noqa: ASYNC110 - the server deletes it by and by
            await asyncio.sleep(0.1)
    assert (await refused()).startswith(f"{lost}: the latest sweep did not miss it")
    await up.run("doctor", "--mend")
    assert "--as nobody: is not in the organisation" in (await close("nobody")).err
    assert (await close()).value == {"number": lost, "status": "closed", "resolution": "withdrawn"}
    case = await up.case(lost)
    assert gap_free(case)
    assert (case["timeline"][-1]["by"], case["timeline"][-1]["detail"]["why"]) == ("operator", "存储丢失")
    assert (await close()).value == {"number": lost, "status": "closed", "resolution": "withdrawn"}
    assert (await up.case(lost))["timeline"] == case["timeline"]
    await up.run("doctor", "--mend")
    assert lost not in (await up.run("stuck")).out


def test_every_kind_of_disagreement_has_a_way_out() -> None:
    now = datetime.now(UTC)
    for reason in DriftReason:
        for name in ("FB1", "FB1/product", "FB1/review"):
            one = Drift(number="FB1", reason=reason, workflow=name, since=now - timedelta(1), what="completed")
            assert len(remedy(one)) > 20
