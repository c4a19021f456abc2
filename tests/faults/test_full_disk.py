"""The disk is full while cases are worked on: nothing accepted is lost, and with space everything goes on by itself."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from asyncio import Task
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.audit import Audit, audit_at_rest
from tests.faults.disk import filled, grow_nothing, growing_nothing, small_disk
from tests.faults.driver import Driver, form_of
from tests.faults.processes import reading
from tests.faults.tenant import concurrently
from tests.starter.command_line import bihuan_environment
from tests.starter.forked import fork
from tests.starter.installation import Answer, Installation, running
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from worker.temporal.connection import connect

pytestmark = [pytest.mark.xdist_group("full_disk"), pytest.mark.timeout(900)]

_TIME = {"BIHUAN_SPEED": "600", "BIHUAN_VIRTUAL_START": "2026-05-11T09:00+08:00"}
"""A claim is due after 1.5 s, an answer after 6 s, and an escalation every 3 s from then on."""

Full = Callable[[Installation], AbstractContextManager[None]]
Ask = Callable[[Installation, str], Any]


@dataclass(frozen=True)
class Lived:
    """How an installation came through; what `bihuan open` and `bihuan stuck` answered meanwhile."""

    opened: Answer
    seen: Any
    audit: Audit


@pytest.fixture(scope="module")
async def disks(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Task[Lived]]]:
    """Both at the same time."""
    record, everything = tmp_path_factory.mktemp("record"), tmp_path_factory.mktemp("everything")
    async with concurrently(record=_record(record), everything=_everything(everything)) as scenarios:
        yield scenarios


async def test_a_record_that_cannot_grow_blocks_its_cases_visibly_and_costs_none_of_them_a_step(
    disks: dict[str, Task[Lived]],
) -> None:
    lived = await disks["record"]
    _is_turned_away_in_a_line(lived.opened)
    assert lived.seen["what"].startswith("record, attempt ")
    assert "disk I/O error" in lived.seen["error"]
    _all_is_well(lived)


async def test_a_full_disk_under_everything_loses_no_case_and_answers_of_commands_stay_clean(
    disks: dict[str, Task[Lived]],
) -> None:
    lived = await disks["everything"]
    _is_turned_away_in_a_line(lived.opened)
    assert isinstance(lived.seen.value, list)
    assert lived.seen.err.startswith("bihuan: shown is the record only: ")
    assert lived.seen.err.count("\n") == 1
    _all_is_well(lived)


def _is_turned_away_in_a_line(opened: Answer) -> None:
    assert (opened.code, opened.out, opened.err.count("\n")) == (1, "", 1), opened
    assert opened.err.startswith("bihuan: the database "), opened


def _all_is_well(lived: Lived) -> None:
    assert lived.audit.discrepancies == (), lived.audit.discrepancies
    assert lived.audit.ended == lived.audit.accepted == 3
    assert 0 < lived.audit.escalations_due == lived.audit.escalations_came


async def _record(folder: Path) -> Lived:
    """Run on a disk where Temporal's file can grow and the record's cannot."""

    async def ask(up: Installation, number: str) -> Any:
        return await up.until_stuck(number, "activity_failing")

    return await _lived(folder, lambda up: growing_nothing([_pid(up)]), ask)


async def _everything(folder: Path) -> Lived:
    async def ask(up: Installation, _: str) -> Answer:
        # It answers what the record says once it has waited for Temporal in vain.
        while True:
            answer = await up.run("stuck", "--json")
            if answer.err:
                return answer

    async with small_disk(folder) as mounted:

        def full(up: Installation) -> AbstractContextManager[None]:
            return filled(folder) if mounted else growing_nothing([_pid(up), up.server_pid])

        return await _lived(folder, full, ask)


async def _lived(folder: Path, full: Full, ask: Ask) -> Lived:
    async with running(folder, **_TIME) as up:
        settings = Settings(data=up.data)
        async with open_installation(settings) as installation:
            driver = Driver(installation, await connect(settings))
            resting, moving, untouched = [
                await driver.open(form_of(name)) for name in ("resting", "moving", "untouched")
            ]
            await driver.handle(resting)
            await driver.until(resting, lambda view: view["status"] == "awaiting_confirmation")
            owner = (await driver.until(moving, lambda view: view["owner"]))["owner"]
            await driver.until(untouched, lambda view: view["owner"])
            before = up.numbers()
            with full(up):
                said = asyncio.gather(driver.send(resting, "confirm", "customer"), driver.send(moving, "claim", owner))
                opened = await _open_without_room(up)
                seen = await ask(up, untouched)
            assert up.numbers() == before
            await said
            await driver.send(resting, "rate", "customer", score="satisfied")
            await asyncio.gather(
                _to_the_end(driver, moving),
                _to_the_end(driver, untouched),
                driver.until(resting, lambda view: view["closed_at"]),
            )
            return Lived(opened, seen, await _audit(driver))


async def _open_without_room(up: Installation) -> Answer:
    """Run `bihuan open`, which cannot write to a file either, so it answers through pipes."""
    (out, to_out), (err, to_err) = os.pipe(), os.pipe()
    with tempfile.TemporaryFile() as given:
        given.write(json.dumps(form_of("meanwhile"), ensure_ascii=False).encode())
        given.seek(0)
        opening = fork(
            ("open", "-"), folder=up.folder, environment=bihuan_environment({}),
            stdin=given.fileno(), stdout=to_out, stderr=to_err, prepare=grow_nothing,
        )  # fmt: skip
    os.close(to_out)
    os.close(to_err)
    said = [(await (await reading(one)).read()).decode() for one in (out, err)]
    return Answer(await opening.wait(), *said)


async def _to_the_end(driver: Driver, number: str) -> None:
    await driver.handle(number)
    await driver.close(number)


async def _audit(driver: Driver) -> Audit:
    return await audit_at_rest(driver.installation.database, driver.client, acknowledged=driver.acknowledged)


def _pid(up: Installation) -> int:
    assert up.process is not None
    return up.process.pid
