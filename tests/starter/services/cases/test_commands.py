"""A command reaches its case, whoever starts that at the same moment; and nobody is told of a loss that is none."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from starter.services.cases import commands
from starter.services.cases.commands import send
from tests.worker.sweep.cluster import RunningInstallation, deleted, running_installation
from tests.workflows.servers import start_real
from worker.temporal import starting
from workflows.domain.problem import Problem


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[Client]:
    async with await start_real() as environment:
        yield environment.client


@pytest.fixture
def folder(tmp_path: Path, migrated_file: Path) -> Path:
    (tmp_path / "data").mkdir()
    shutil.copy(migrated_file, tmp_path / "data")
    return tmp_path


async def test_a_command_to_a_case_that_a_worker_starts_meanwhile_reaches_it(
    server: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_installation(server, folder, 21) as running:
        number = await running.registered("k")
        _start_after(running, "is_unstarted", number, monkeypatch)
        assert await _noted(running, number) == "accepted"


async def test_a_command_that_comes_before_its_case_which_a_worker_starts_meanwhile_is_given_once_more(
    server: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_installation(server, folder, 22) as running:
        number = await running.registered("k")

        async def started(*_: object) -> bool:
            return False

        monkeypatch.setattr(commands, "is_unstarted", started)
        _start_after(running, "correct", number, monkeypatch)
        assert await _noted(running, number) == "accepted"


async def test_a_case_that_temporal_has_lost_is_said_to_be_lost(server: Client, folder: Path) -> None:
    async with running_installation(server, folder, 23) as running:
        number = await running.opened("k")
        await deleted(server, number)
        with pytest.raises(Problem, match=f"^{number}: Temporal no longer has this case although it is not closed; "):
            await _noted(running, number)


async def test_a_start_that_temporal_does_not_take_is_told_in_a_line(
    server: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise RPCError("namespace is full", RPCStatusCode.RESOURCE_EXHAUSTED, b"")

    async with running_installation(server, folder, 24, working=False) as running:
        number = await running.registered("k")
        monkeypatch.setattr(starting, "start_case", refuse)
        with pytest.raises(Problem, match=f"^{number}: Temporal did not take note: namespace is full$"):
            await _noted(running, number)


def _start_after(running: RunningInstallation, look: str, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker's sweep starts the case between that look of the command's and what follows from it."""
    asked = getattr(commands, look)

    async def looked(*arguments: object, **named: object) -> object:
        found = await asked(*arguments, **named)
        await starting.start_case(running.client, running.installation, number)
        await running.installation.register.mark_started(number)
        return found

    monkeypatch.setattr(commands, look, looked)


async def _noted(running: RunningInstallation, number: str) -> str:
    settings = running.installation.settings
    sent = await send(settings, "note", number, {"text": "已知悉"}, by="operator", client=running.client)
    return sent.outcome
