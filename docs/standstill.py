"""Cases that do not go on, one of each kind, for screenshots of Temporal's Web UI as an operator sees them."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from browser import Browser
from commands import BIHUAN, URGENT, ask
from temporalio import workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from worker.embedded.ports import free_port
from worker.embedded.server import EmbeddedServer
from worker.installation.settings import ServerSettings
from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow
from workflows.domain.problem import Problem

_HEIGHT = 900
_ABOVE_THE_TRACE = 680
_TIMEOUT = 120
_BLOCKED = 'CaseStatus = "blocked"'
_NOBODY_LISTENS = "smtp://127.0.0.1:9"


@workflow.defn(name="Case")
class _ChangedCase(CaseWorkflow):
    """A release that changed what a case does without `workflow.patched`."""

    @workflow.init
    def __init__(self, start: CaseInput) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseInput) -> str:
        """Waits where the release before did not."""
        await asyncio.sleep(1)
        return await super().run(start)


def stuck(target: Path) -> None:
    """Write stuck-*.png to that folder.

    Raises:
        Problem: there is no driver, or a case did not come so far.
    """
    with tempfile.TemporaryDirectory(prefix="bihuan-picture-") as folder:
        data = Path(folder, "data")
        data.mkdir()
        asyncio.run(_play(data, target))


async def _play(data: Path, target: Path) -> None:
    server = EmbeddedServer(data, ServerSettings(port=free_port(), ui_port=free_port()))
    await server.start()
    try:
        with Browser(height=_HEIGHT) as browser:
            pictures = _StandstillPictures(server, data, target, browser)
            async with pictures.worker():
                number, other = await pictures.opened(), await pictures.opened()
                await pictures.mail_refused()
                await pictures.record_locked(number)
            await pictures.terminated(other)
            await pictures.worker_gone(number)
            await pictures.release_changed(number)
    finally:
        await server.stop()


class _StandstillPictures:
    def __init__(self, server: EmbeddedServer, data: Path, target: Path, browser: Browser) -> None:
        self._server, self._data, self._target, self._browser = server, data, target, browser
        self._pages = f"{server.ui}/namespaces/default"

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """Sends mail where nobody takes it."""
        environment = {**os.environ, "BIHUAN_SMTP_URL": _NOBODY_LISTENS, "BIHUAN_MAIL_FROM": "support@example.com"}
        process = subprocess.Popen([BIHUAN, "worker", "--data", self._data], env=environment)  # noqa: ASYNC220, S603
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(process.wait)

    async def opened(self) -> str:
        await self._until("the worker", lambda: ask(self._data, "stuck") is not None)
        number: str = ask(self._data, "open", "-", form=URGENT)["number"]
        await self._until("the owner", lambda: ask(self._data, "show", number)["owner"])
        return number

    async def mail_refused(self) -> None:
        """Deliveries are activities of their own; the server tries them again and again."""
        self._browser.open(f"{self._pages}/activities")
        await self._shoot("document.body.innerText.includes('deliver')", "stuck-delivery")

    async def record_locked(self, number: str) -> None:
        """The database takes nothing: the case is marked, its pending activity says why."""
        with closing(sqlite3.connect(self._data / "bihuan.db", isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            owner = ask(self._data, "show", number)["owner"]
            await asyncio.to_thread(ask, self._data, "claim", number, "--as", owner)
            await self._until("a failing record", lambda: "activity_failing" in self._reasons(number))
            self._browser.open(f"{self._pages}/workflows?query={quote(_BLOCKED)}")
            await self._shoot(f"document.body.innerText.includes('{number}')", "stuck-blocked")
            self._browser.open(f"{self._pages}/workflows/{number}")
            self._browser.click("User Metadata")
            await self._shoot("document.querySelector('iframe')", "stuck-details")
            self._browser.click("Pending Activities")
            self._browser.resize(_ABOVE_THE_TRACE)
            await self._shoot("document.body.innerText.includes('Last Failure')", "stuck-record")
            self._browser.resize(_HEIGHT)
            holder.execute("ROLLBACK")
        await self._until("the claim", lambda: ask(self._data, "show", number)["status"] == "in_progress")

    async def worker_gone(self, number: str) -> None:
        """Nobody asks for work: what is sent waits at the server."""
        await asyncio.to_thread(ask, self._data, "note", number, "--as", "operator", "--text", "…")
        self._browser.open(f"{self._pages}/workflows/{number}")
        self._browser.click("Workers")
        await self._shoot("document.body.innerText.includes('Instance')", "stuck-worker")

    async def release_changed(self, number: str) -> None:
        """A worker whose code goes another way than the history did."""
        client = await Client.connect(self._server.address, data_converter=pydantic_data_converter)
        changed = Worker(
            client, task_queue="bihuan", workflows=[_ChangedCase], workflow_runner=UnsandboxedWorkflowRunner()
        )
        async with changed:
            await self._until("a failing task", lambda: "task_failing" in self._reasons(number))
            self._browser.open(f"{self._pages}/workflows/{number}")
            self._browser.click("Event History")
            await self._shoot("document.body.innerText.includes('Task Failed')", "stuck-task")

    async def terminated(self, number: str) -> None:
        """Ended by hand in the Web UI: the record still says open."""
        client = await Client.connect(self._server.address)
        await client.get_workflow_handle(number).terminate("ended by hand")
        self._browser.open(f"{self._pages}/workflows/{number}")
        await self._shoot("document.body.innerText.toLowerCase().includes('terminated')", "stuck-terminated")

    def _reasons(self, number: str) -> set[str]:
        return {one["reason"] for one in ask(self._data, "stuck") or () if one["number"] == number}

    async def _shoot(self, shown: str, name: str) -> None:
        await asyncio.to_thread(self._browser.shoot, shown, self._target / f"{name}.png")

    async def _until(self, what: str, holds: Any) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_TIMEOUT):
                while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - a command is asked
                    await asyncio.sleep(1)
                return
        raise Problem(f"{what} did not come within {_TIMEOUT} s")
