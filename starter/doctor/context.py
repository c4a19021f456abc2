"""The connections and settings that checks share: each is opened once, by the first check that needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from temporalio.client import Client

from activities.database.database import Database
from activities.policy.loading import load_policy
from activities.queries.monitoring.sweeps import Sweep, latest_sweep
from starter.doctor.check import CheckResult, CheckSkippedError
from worker.installation.company_time import CompanyTime
from worker.installation.settings import Settings
from worker.temporal.connection import connect
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem

_T = TypeVar("_T")


@dataclass
class DoctorContext:
    """The connections and settings of one installation.

    `connected` and `opened` raise the Problem itself, for the checks that report it. All other methods raise
    CheckSkippedError then: it is another check that reports why there is no server, database or policy.
    """

    settings: Settings
    _client: asyncio.Task[Client] | None = field(default=None, init=False)
    _database: asyncio.Task[Database] | None = field(default=None, init=False)

    async def connected(self) -> Client:
        """A client.

        Raises:
            Problem: nobody answers.
        """
        if self._client is None:
            self._client = asyncio.create_task(connect(self.settings))
        return await asyncio.shield(self._client)

    async def client(self) -> Client:
        """A client, for checks of what is on the server."""
        return await _or_skip(self.connected(), "Temporal does not answer")

    async def opened(self) -> Database:
        """The database, with the schema of this release.

        Raises:
            Problem: it cannot be used.
        """
        if self._database is None:
            self._database = asyncio.create_task(_ready(self.settings))
        return await asyncio.shield(self._database)

    async def database(self) -> Database:
        """The database, for checks of what is in it."""
        return await _or_skip(self.opened(), "the database cannot be used")

    async def company(self) -> CompanyTime:
        """The cases' time."""
        await self.database()
        return await _or_skip(CompanyTime.read(self.settings), "the database cannot be used")

    async def policy(self) -> Policy:
        """The policy as its file is now."""
        try:
            return load_policy(self.settings.policy)
        except Problem:
            raise CheckSkippedError("the policy is not well-formed") from None

    async def sweep(self) -> Sweep | None:
        """The sweep that was kept last."""
        return await latest_sweep(await self.database())

    async def close(self) -> None:
        """Close what was opened."""
        for task in (self._client, self._database):
            if task is not None and not task.done():
                task.cancel()
        if self._database is not None and self._database.done() and not self._database.exception():
            await self._database.result().close()


CheckFunction = Callable[[DoctorContext], Awaitable[Iterable[CheckResult]]]
"""A check: it looks at one thing, and answers one or more results."""


async def _or_skip(wanted: Awaitable[_T], why: str) -> _T:
    try:
        return await wanted
    except Problem:
        raise CheckSkippedError(why) from None


async def _ready(settings: Settings) -> Database:
    database = Database.open(settings.database)
    try:
        await database.ready()
    except BaseException:
        await database.close()
        raise
    return database
