"""An installation with many open cases: an embedded server and a worker, each a process of its own as in production.

They come in through the real intake, under the standard policy with a claim time of one minute for a P1. P3 cases
are the idle ones: nothing of theirs falls due for hours. P1 cases are the ones that fall due: nobody claims them, so
each escalates a minute after it was accepted.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError

import activities.organisation
import activities.policy
from activities.database.tables import case_record, outbox, timeline
from benchmarks.child import BIHUAN, Child
from benchmarks.forms import form
from starter.console.screen import progress_bar
from starter.services.intake.submissions import Intake, open_intake
from worker.embedded.lock import DataLock
from worker.embedded.ports import free_port
from worker.embedded.server import EmbeddedServer
from worker.installation.installation import open_installation
from worker.installation.settings import IsolatedSettings, ServerSettings, Settings
from worker.temporal.endpoint import Endpoint
from workflows.case.workflow import CaseWorkflow
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import EventKind, Message, Priority

IDLE, DUE = Priority.P3, Priority.P1
CLAIM = timedelta(minutes=1)
"""The claim time of a P1 here: so long after it was accepted it escalates."""
_AT_ONCE = 4
_AHEAD = 60
"""Cases registered that no worker has opened yet: more would only queue."""
_STALLED = 120.0
"""Seconds without a single case more, after which something is wrong."""
_RPC_TIMEOUT = timedelta(seconds=2)


@dataclass
class ManyCases:
    """Open with `open_many_cases`. Its server runs; a worker runs once `start_worker` was called."""

    settings: Settings
    server: EmbeddedServer
    client: Client
    intake: Intake
    environment: Mapping[str, str] = field(default_factory=dict)
    worker: Child | None = None

    async def start_worker(self, *, cached: int | None = None) -> float:
        """Start the worker; seconds from there to its line of readiness.

        Raises:
            Problem: it does not get ready.
        """
        environment = {"BIHUAN_POLICY": self.settings.policy, **self.environment}
        if cached is not None:
            environment["BIHUAN_SIZES__CACHED_WORKFLOWS"] = str(cached)
        arguments = (*BIHUAN, "worker", "--data", str(self.settings.data))
        begun = time.monotonic()
        log = self.settings.data / "worker.log"
        self.worker = await Child.start(arguments, log, ready="worker ready", environment=environment)
        return time.monotonic() - begun

    async def stop_worker(self) -> None:
        """Stop the worker."""
        if self.worker is not None:
            await self.worker.stop()

    async def opened(self) -> int:
        """Cases that are recorded."""
        async with self.intake.installation.database.read() as connection:
            return await connection.scalar(select(func.count()).select_from(case_record)) or 0

    async def open_idle(self, total: int) -> float:
        """Open idle cases until `total` are recorded; seconds it took.

        Raises:
            Problem: no case more is opened for two minutes.
        """
        begun = time.monotonic()
        accepted = await self.opened()
        turn = asyncio.Semaphore(_AT_ONCE)
        with progress_bar("open cases", max(total - accepted, 0)) as advance:

            async def one() -> None:
                async with turn:
                    await self.accept(IDLE)
                advance()

            while accepted < total:
                batch = min(_AHEAD, total - accepted)
                await asyncio.gather(*(one() for _ in range(batch)))
                accepted += batch
                await self._recorded(accepted - (_AHEAD // 2 if accepted < total else 0))
        return time.monotonic() - begun

    async def accept(self, priority: Priority) -> str:
        """One case more; its number.

        Raises:
            Problem: the intake, or Temporal, does not take it.
        """
        submission, end = form(priority, intake_key=uuid.uuid4().hex), time.monotonic() + _STALLED
        while True:
            try:
                accepted = await self.intake.accept(submission)
            except OperationalError:
                # The worker writes without a pause, and SQLite has one writer: the same key again is the same case.
                if time.monotonic() > end:
                    raise
                continue
            if not accepted.started:
                raise Problem(f"{accepted.number} was not started: {self.intake.outage}")
            return accepted.number

    async def answered(self, number: str, *, within: float = 60.0) -> float:
        """Send a case a command; seconds until its worker has judged it.

        Raises:
            Problem: nobody did.
        """
        begun = time.monotonic()
        handle = self.client.get_workflow_handle_for(CaseWorkflow.run, number)
        command_id = uuid.uuid4().hex
        command = {"command_id": command_id, "by": "agent-001", "text": "在吗"}
        sent = False
        while (waited := time.monotonic() - begun) < within:
            with suppress(RPCError):
                if not sent:
                    await handle.signal("note", command, rpc_timeout=_RPC_TIMEOUT)
                    sent = True
                outcome = await handle.query(CaseWorkflow.outcome, command_id, rpc_timeout=_RPC_TIMEOUT)
                if outcome.outcome in {"accepted", "rejected"}:
                    return time.monotonic() - begun
            await asyncio.sleep(0.02)
        raise Problem(f"{number} did not answer within {waited:.0f} s")

    async def withdraw(self, number: str) -> None:
        """Close a case; nobody waits for it."""
        handle = self.client.get_workflow_handle(number)
        await handle.signal("withdraw", {"command_id": uuid.uuid4().hex, "by": "customer", "why": "测量结束"})

    async def escalated(self, numbers: Sequence[str], *, within: float = 300.0) -> dict[str, tuple[datetime, datetime]]:
        """Wait for the first escalation of each case; when it was due, and when its notification was written.

        Raises:
            Problem: one has not.
        """
        end = time.monotonic() + within
        while len(found := await self._escalations(numbers)) < len(numbers):
            if time.monotonic() > end:
                raise Problem(f"{len(numbers) - len(found)} of {len(numbers)} cases did not escalate; see the logs")
            await asyncio.sleep(0.2)
        return found

    async def _escalations(self, numbers: Sequence[str]) -> dict[str, tuple[datetime, datetime]]:
        """The timeline and the outbox are written in one transaction, which read the clock as it began."""
        columns = select(timeline.c.number, timeline.c.kind, timeline.c.detail, timeline.c.recorded_at).where(
            timeline.c.kind.in_((EventKind.LAPSED.value, EventKind.ESCALATED.value))
        )
        notified_cases = select(outbox.c.number).where(outbox.c.message == Message.ESCALATED.value)
        async with self.intake.installation.database.read() as connection:
            rows = (await connection.execute(columns.order_by(timeline.c.number, timeline.c.sequence))).all()
            notified = set(await connection.scalars(notified_cases))
        wanted = set(numbers) & notified
        due: dict[str, datetime] = {}
        found: dict[str, tuple[datetime, datetime]] = {}
        for row in rows:
            if row.number not in wanted:
                continue
            if row.kind == EventKind.LAPSED.value:
                due.setdefault(row.number, datetime.fromisoformat(row.detail["due"]))
            elif row.number in due:
                found.setdefault(row.number, (due[row.number], row.recorded_at.astimezone(UTC)))
        return found

    async def _recorded(self, wanted: int) -> None:
        known, moved = await self.opened(), time.monotonic()
        while known < wanted:
            await asyncio.sleep(0.1)
            if (now := await self.opened()) > known:
                known, moved = now, time.monotonic()
            elif time.monotonic() - moved > _STALLED:
                raise Problem(f"no case was opened for {_STALLED:g} s, {wanted - known} are missing; see the logs")


@asynccontextmanager
async def open_many_cases(folder: Path, *, chat: Mapping[str, Any] | None = None) -> AsyncIterator[ManyCases]:
    """A server on that data folder, with whatever cases are there already; everything is ended with the block.

    `chat`: the settings of a channel by which escalations go to staff; without one everything stays in the outbox.

    Raises:
        Problem: the folder is in use, or the server does not start.
    """
    ports = ServerSettings(port=free_port(), ui_port=free_port())
    more: dict[str, Any] = {"channels": {"chat": chat}, "organisation": _organisation(folder)} if chat else {}
    settings = IsolatedSettings(data=folder, policy=str(_policy(folder, chat=bool(chat))), server=ports, **more)
    with DataLock(folder):
        server = EmbeddedServer(folder, ports)
        system: ManyCases | None = None
        try:
            await server.start()
            client = await Client.connect(server.address, data_converter=pydantic_data_converter)
            async with (
                open_installation(settings, prepare=True),
                open_intake(settings, endpoint=Endpoint.read(folder)) as intake,
            ):
                environment = {"BIHUAN_CHANNELS": json.dumps({"chat": chat})} if chat else {}
                system = ManyCases(settings, server, client, intake, environment)
                try:
                    yield system
                finally:
                    await system.stop_worker()
        finally:
            await server.stop()


def _organisation(folder: Path) -> Path:
    """The sample, whose people have ids at the chat platform."""
    text = (Path(activities.organisation.__path__[0]) / "sample.toml").read_text("utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder.resolve() / "organisation.toml"
    path.write_text(re.sub(r'(\[\[people\]\]\nid = "([\w-]+)")', r'\1\nfeishu = "ou_\2"', text), "utf-8")
    return path


def _policy(folder: Path, *, chat: bool) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = (Path(activities.policy.__path__[0]) / "standard.toml").read_text("utf-8")
    before, marker, after = text.partition(f"[priorities.{DUE}.clocks]")
    path = folder.resolve() / "policy.toml"
    claim = f'claim = {{ within = "{CLAIM.seconds // 60}m"'
    rule = '\n[[delivery]]\naudience = "staff"\nmessages = ["escalated"]\nchannels = ["chat"]\n' if chat else ""
    path.write_text(before + marker + re.sub(r'claim = \{ within = "\w+"', claim, after, count=1) + rule, "utf-8")
    return path
