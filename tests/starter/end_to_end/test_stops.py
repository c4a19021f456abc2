"""What is said while processes are killed, locked out or stopped is neither lost nor doubled."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
from contextlib import closing

import pytest

from tests.starter.command_line import intake_form
from tests.starter.end_to_end.desk import ClosedCase, Desk, refused
from tests.starter.installation import gap_free
from tests.timeouts import TIMEOUT

pytestmark = pytest.mark.xdist_group("end_to_end")


async def test_what_is_said_while_everything_is_killed_is_neither_lost_nor_doubled(desk: Desk) -> None:
    installation, number = desk.installation, desk.numbers["killed"]
    owner = (await installation.case(number))["owner"]
    notes = [json.dumps({"command_id": f"note-{index}", "by": owner, "text": f"备注 {index}"}) for index in range(8)]
    await asyncio.gather(*(installation.signal(number, "note", note) for note in notes[:4]))
    assert await installation.down(signal.SIGKILL) == -signal.SIGKILL
    try:
        await asyncio.gather(*(installation.signal(number, "note", note) for note in notes[2:6]))
        waiting = await installation.run("claim", number, "--as", owner, "--command-id", "claim-1", "--json")
        assert (waiting.code, waiting.value["outcome"]) == (0, "queued")
        assert "no worker has answered yet; the server keeps the command" in waiting.value["reason"]
    finally:
        await installation.up()
    await installation.until_case(number, lambda case: bool(case["status"] == "in_progress"))
    restarts = sum("the Temporal server ended" in line for line in installation.said)
    os.kill(installation.server_pid, signal.SIGKILL)
    await installation.until(lambda: sum("the Temporal server ended" in line for line in installation.said) > restarts)
    reply = ("reply", number, "--as", owner, "--text", "已恢复", "--command-id", "reply-1", "--json")
    async with asyncio.timeout(TIMEOUT):
        while (await installation.run(*reply)).code != 0:  # noqa: ASYNC110 - the server has to be back
            await asyncio.sleep(0.3)
    await asyncio.gather(*(installation.signal(number, "note", note) for note in notes[4:]))
    case = await installation.until_case(
        number, lambda case: len([entry for entry in case["timeline"] if entry["kind"] == "noted"]) >= len(notes)
    )
    assert sorted(entry["detail"]["text"] for entry in case["timeline"] if entry["kind"] == "noted") == [
        f"备注 {index}" for index in range(8)
    ]
    kinds = [entry["kind"] for entry in case["timeline"]]
    assert (kinds.count("claimed"), kinds.count("replied"), gap_free(case)) == (1, 1, True)
    rows = await installation.until_outbox(number, lambda rows: all(row["status"] == "sent" for row in rows))
    assert len({row["key"] for row in rows}) == len(rows)
    assert [row["event"] for row in rows].count("replied") == 1


async def test_a_record_that_was_locked_for_a_while_strands_no_case_also_after_a_crash(desk: Desk) -> None:
    installation, number = desk.installation, desk.numbers["locked"]
    owner = (await installation.case(number))["owner"]
    with closing(sqlite3.connect(installation.data / "bihuan.db", isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        await installation.signal(number, "claim", json.dumps({"by": owner}))
        stuck = await installation.until_stuck(number, "activity_failing", "database is locked")
        assert stuck["what"].split(",")[0] == "record"
        holder.execute("ROLLBACK")
    assert gap_free(await installation.until_case(number, lambda case: bool(case["status"] == "in_progress")))
    await installation.down(signal.SIGKILL)
    await installation.up()
    # The server waits for what the killed worker had in hand, so the answer may be that the command is queued.
    assert (await installation.run("reply", number, "--as", owner, "--text", "已恢复")).code == 0
    assert gap_free(
        await installation.until_case(number, lambda case: "replied" in {one["kind"] for one in case["timeline"]})
    )
    left = [item["reason"] for item in (await installation.run("stuck", "--json")).value if item["number"] == number]
    assert left == ["untold"]  # this customer has a telephone alone


async def test_a_planned_stop_loses_nothing_and_who_calls_meanwhile_is_served_afterwards(
    desk: Desk, closed_case: ClosedCase
) -> None:
    installation, number = desk.installation, desk.numbers["stopped"]
    before = await installation.case(number)
    assert await installation.down() == 0
    assert installation.said[-1] == "bihuan: stopped"
    try:
        registered = await installation.run(
            "open", "-", "--json", given=json.dumps(intake_form(intake_key="while-down"))
        )
        assert registered.value["created"] is True
        late = registered.value["number"]
        assert f"{late} is registered; a worker starts it as soon as Temporal answers" in registered.err
        unreachable = await installation.run("claim", number, "--as", before["owner"])
        assert refused(unreachable, "bihuan: cannot reach Temporal at ")
        assert (await installation.case(late))["status"] is None
        assert await installation.case(number) == before
    finally:
        await installation.up()
    opened = await installation.until_case(late, lambda case: bool(case["owner"]))
    assert gap_free(opened)
    await installation.send("claim", number, before["owner"])
    assert await installation.case(closed_case.number) == closed_case.closed
    assert "satisfied" in await installation.temporal("workflow", "result", "--workflow-id", closed_case.number)
