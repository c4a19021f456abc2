"""Several installations on one server, each with its own record, people, day and mails; workers run in this process."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from activities.database.tables import registration
from starter.services.system.stuck import StuckItem, find_stuck
from tests.activities.delivery.mail_server import MailServer
from tests.faults.audit import Audit, audit_at_rest
from tests.faults.driver import TIMEOUT, Driver
from tests.starter.command_line import bihuan_beside
from tests.starter.installation import Answer
from tests.worker.ports import free_ports
from worker.embedded.server import EmbeddedServer
from worker.installation.company_time import CompanyTime
from worker.installation.installation import open_installation
from worker.installation.settings import ServerSettings, Settings
from worker.process import run_worker
from worker.temporal.connection import connect
from worker.temporal.endpoint import Endpoint

SENDER = "support@example.com"
_POLL = 0.1
_MONDAYS = ("01-12", "02-09", "03-09", "04-13", "05-11", "06-08")
"""Far apart, because numbers of cases begin with the day and have to differ on one server."""


@dataclass
class Tenant:
    """One installation; `start` and `stop` its worker."""

    driver: Driver
    settings: Settings
    endpoint: Endpoint
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _working: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start its worker, and wait until it takes tasks.

        Raises:
            Problem: it cannot work.
        """
        self._stop, ready = asyncio.Event(), asyncio.Event()
        self._working = asyncio.create_task(
            run_worker(self.settings, ready=lambda _: ready.set(), stop=self._stop, endpoint=self.endpoint)
        )
        waiting = asyncio.create_task(ready.wait())
        # However busy this machine is; a worker gives up after ten seconds.
        with patch("worker.process.connect", partial(connect, within=timedelta(seconds=TIMEOUT))):
            await asyncio.wait((self._working, waiting), return_when=asyncio.FIRST_COMPLETED)
        if not ready.is_set():
            waiting.cancel()
            await self._working

    async def stop(self) -> None:
        """Stop its worker, which finishes what it has in hand."""
        self._stop.set()
        if self._working is not None:
            await self._working

    async def run(self, *arguments: str, given: str = "") -> Answer:
        """Run one command to its end, as a process; that it imports all it needs is shown elsewhere."""
        settings = self.settings
        environment = {"BIHUAN_DATA": str(settings.data), "BIHUAN_TASK_QUEUE": settings.task_queue}
        if settings.database_url is not None:
            environment["BIHUAN_DATABASE_URL"] = settings.database_url
        return Answer(
            *await bihuan_beside(
                *arguments, folder=settings.data, environment=environment, given=given.encode(), imported=True
            )
        )

    async def registered(self) -> int:
        """How many submissions were accepted."""
        async with self.driver.installation.database.read() as connection:
            return await connection.scalar(select(func.count()).select_from(registration)) or 0

    async def until_blocked(self, *numbers: str) -> None:
        """Wait until Temporal's lists show these cases as blocked."""

        async def blocked() -> set[str]:
            query = "ExecutionStatus = 'Running' AND CaseStatus = 'blocked'"
            return {execution.id async for execution in self.driver.client.list_workflows(query)}

        await _until(blocked, lambda found: found >= set(numbers))

    async def until_stuck(self, number: str, reason: str, error: str = "") -> StuckItem:
        """Wait until `bihuan stuck` would name the case for that reason, with that in its last error."""

        async def found() -> list[StuckItem]:
            findings, _ = await find_stuck(self.settings, await CompanyTime.read(self.settings))
            said = [one for one in findings if (one.number, one.reason) == (number, reason)]
            return [one for one in said if error in (one.error or "")]

        first: StuckItem = (await _until(found, bool))[0]
        return first

    async def audit(self, mail: MailServer | None = None, **changes: Any) -> Audit:
        """Audit it once everything has come to rest; `changes` are arguments of `run_audit`."""
        driver = self.driver
        given = {"acknowledged": driver.acknowledged, "mails": mail.mails if mail else None, "sender": SENDER}
        return await audit_at_rest(driver.installation.database, driver.client, **{**given, **changes})


@dataclass
class Tenants:
    """The installations of one server, each with a name; `migrated` is a file with all tables, to be copied."""

    folder: Path
    migrated: Path
    server: EmbeddedServer
    _stack: AsyncExitStack
    _opened: int = 0

    async def open(
        self,
        name: str,
        *,
        speed: float,
        database_url: str | None = None,
        driver_url: str | None = None,
        smtp: str | None = None,
    ) -> Tenant:
        """A tenant whose worker runs until the server is stopped; its driver uses `driver_url` where one is given."""
        data = self.folder / name
        data.mkdir()
        if database_url is None:
            shutil.copy(self.migrated, data / "bihuan.db")
        endpoint = Endpoint(self.server.address, self.server.ui, os.getpid(), self.server.pid or 0, "default")
        endpoint.write(data)
        settings = Settings(
            data=data,
            task_queue=name,
            speed=speed,
            virtual_start=f"2026-{_MONDAYS[self._opened]}T09:00+08:00",
            database_url=database_url,
            smtp_url=SecretStr(smtp) if smtp else None,
            mail_from=SENDER,
            server=ServerSettings(synchronous="normal"),
        )
        self._opened += 1
        own = settings.model_copy(update={"database_url": driver_url or database_url})
        installation = await self._stack.enter_async_context(open_installation(own, prepare=True))
        tenant = Tenant(Driver(installation, await connect(settings, endpoint=endpoint)), settings, endpoint)
        self._stack.push_async_callback(tenant.stop)
        await tenant.start()
        return tenant


@asynccontextmanager
async def tenants(folder: Path, migrated: Path) -> AsyncIterator[Tenants]:
    """A server for several tenants."""
    port, ui_port = free_ports(2)
    server = EmbeddedServer(folder, ServerSettings(port=port, ui_port=ui_port, synchronous="normal"))
    await server.start()
    try:
        async with AsyncExitStack() as stack:
            yield Tenants(folder, migrated, server, stack)
    finally:
        await server.stop()


@asynccontextmanager
async def concurrently(**scenarios: Coroutine[Any, Any, Any]) -> AsyncIterator[dict[str, asyncio.Task[Any]]]:
    """Run all of them from now on, each as a task."""
    tasks = {name: asyncio.create_task(scenario) for name, scenario in scenarios.items()}
    try:
        yield tasks
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


async def _until(ask: Callable[[], Coroutine[Any, Any, Any]], holds: Callable[[Any], bool]) -> Any:
    answer = await ask()
    try:
        async with asyncio.timeout(TIMEOUT):
            while not holds(answer):
                await asyncio.sleep(_POLL)
                answer = await ask()
    except TimeoutError:
        pytest.fail(f"did not come to pass; last seen: {answer}")
    return answer
