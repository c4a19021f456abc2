"""A worker process that can kill itself at a chosen moment of a chosen activity.

The product knows nothing of this: an interceptor of this process's client watches the activities, and patches of the
database and the mail connection stop one in the middle.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal, NoReturn
from unittest.mock import patch

import temporalio.client
import temporalio.worker
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

import worker.process
from activities.analysis.activity import ReportActivities
from activities.analysis.ledger import ReportLedger, report_key
from activities.database.database import Database
from activities.delivery.mail import _SmtpConnection
from activities.delivery.outbox import Outbox
from activities.delivery.transport import Envelope
from tests.faults.next_release import NextCaseWorkflow
from worker.installation.settings import Settings
from worker.temporal.connection import connect
from worker.temporal.endpoint import Endpoint

Moment = Literal["before", "during", "after"]


@dataclass(frozen=True)
class Kill:
    """Where a worker dies.

    Attributes:
        activity: its name.
        moment: `before` it begins; `during`: its last transaction is written and not committed, its mail taken and not
            noted down, its file half written; `after` it is done and before the server hears of it.
        ordinary: in the ordinary activity that follows where the local one failed, not in the local one.
        note: a file that says, in JSON, what it had in hand.
    """

    activity: str
    moment: Moment
    note: Path
    ordinary: bool = False


@dataclass(frozen=True)
class WorkerOrder:
    """What a worker process is to do. `settings` are its installation's; its output goes to `log`.

    With `more`, it is a worker for each of these settings as well.
    """

    settings: Mapping[str, Any]
    endpoint: Endpoint
    log: Path
    kill: Kill | None = None
    next_release: bool = False
    ready: Path | None = None
    """A file that appears once tasks are taken."""
    more: Sequence[Mapping[str, Any]] = ()
    deaths_show_after: timedelta | None = timedelta(seconds=10)
    """Heartbeat time-out of archiving and reports, in place of half a minute, and half of how long a report's mail may
    take, in place of one; None leaves both as they are.
    """


def work(order: WorkerOrder) -> None:
    """Run a worker in this process until it is stopped or killed."""
    os.setsid()
    with order.log.open("ab", buffering=0) as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    _patch("worker.process.connect", _connect)
    _keep_journal(order.log.with_suffix(".mails"))
    if order.deaths_show_after is not None:
        _shorten_waits(order.deaths_show_after)
    if order.next_release:
        _patch("worker.process.CaseWorkflow", NextCaseWorkflow)
    if order.kill is not None:
        _SelfKill(order.kill).arm()
    asyncio.run(_work(order))


async def _work(order: WorkerOrder) -> None:
    stop = worker.process.stop_on_signals()

    all_settings = [Settings(**one) for one in (order.settings, *order.more)]
    awaited = len(all_settings)

    def ready(_: object) -> None:
        nonlocal awaited
        awaited -= 1
        if order.ready is not None and not awaited:
            order.ready.touch()

    await asyncio.gather(
        *(worker.process.run_worker(one, ready=ready, stop=stop, endpoint=order.endpoint) for one in all_settings)
    )


def _shorten_waits(after: timedelta) -> None:
    _patch("workflows.scheduled._HEARTBEAT", after)
    _patch("workflows.scheduled._REPORT_HEARTBEAT", after)
    # Who died with a report's mail in hand has a claim on it that runs out, too.
    _patch("worker.composition_root.ReportActivities", partial(ReportActivities, send_timeout=2 * after))


async def _connect(*arguments: Any, **more: Any) -> Client:
    """Connect, however busy this machine is."""
    return await connect(*arguments, within=timedelta(minutes=5), **more)


def _keep_journal(path: Path) -> None:
    """Write a line for each mail before it is sent and after it is noted down as sent; a kill loses no line."""
    journal = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    send, sent, reported = _SmtpConnection.send, Outbox.sent, ReportLedger.sent

    def write(what: str, key: str) -> None:
        os.write(journal, f"{what} {key}\n".encode())

    async def sending(connection: _SmtpConnection, envelope: Envelope) -> None:
        write("sending", envelope.key)
        await send(connection, envelope)

    async def noting(outbox: Outbox, key: str, **more: Any) -> None:
        await sent(outbox, key, **more)
        write("noted", key)

    async def reporting(ledger: ReportLedger, report: str, recipient: str, at: Any) -> None:
        await reported(ledger, report, recipient, at)
        write("noted", report_key(report, recipient))

    _patch("activities.delivery.mail._SmtpConnection.send", sending)
    _patch("activities.delivery.outbox.Outbox.sent", noting)
    _patch("activities.analysis.ledger.ReportLedger.sent", reporting)


def _patch(place: str, value: object) -> None:
    """Patch it for the rest of this process."""
    patch(place, value).start()


async def _nothing_left(_: object) -> bool:
    return True


@dataclass
class _SelfKill:
    """Kills this process at the chosen moment."""

    kill: Kill
    _within: ContextVar[bool] = field(default_factory=lambda: ContextVar("within", default=False))

    def arm(self) -> None:
        watch = _Watch(self)

        async def watched(*arguments: Any, **more: Any) -> Client:
            config: dict[str, Any] = {**(await _connect(*arguments, **more)).config(), "interceptors": [watch]}
            return Client(**config)

        _patch("worker.process.connect", watched)
        # It would take a case that is being opened for another task queue to its own.
        _patch("worker.sweep.activity.SweepActivities._begin", _nothing_left)
        if self.kill.moment == "during":
            self._arm_within()

    def _arm_within(self) -> None:
        if self.kill.activity in {"deliver", "mail_report"}:
            self._after_the_mail()
        elif self.kill.activity == "write_report":
            self._amid_the_files()
        else:
            self._before_the_commit("read_brief" if self.kill.activity == "consult" else "begin")

    def _before_the_commit(self, name: str) -> None:
        real = getattr(Database, name)

        @asynccontextmanager
        async def transaction(database: Database) -> AsyncIterator[Any]:
            async with real(database) as connection:
                yield connection
                if self._within.get():
                    self.die()

        _patch(f"activities.database.database.Database.{name}", transaction)

    def _after_the_mail(self) -> None:
        real = _SmtpConnection.send

        async def send(connection: _SmtpConnection, envelope: Envelope) -> None:
            await real(connection, envelope)
            if self._within.get():
                self.die(envelope.key)

        _patch("activities.delivery.mail._SmtpConnection.send", send)

    def _amid_the_files(self) -> None:
        real = Path.replace

        def replace(path: Path, target: Any) -> Path:
            answer = real(path, target)
            if self._within.get():
                self.die(str(target))
            return answer

        _patch("pathlib.Path.replace", replace)

    def die(self, hand: str = "") -> NoReturn:
        """SIGKILL, as the kernel sends it when memory is short: nothing is cleaned up."""
        said = {"activity": self.kill.activity, "moment": self.kill.moment, "hand": hand}
        self.kill.note.write_text(json.dumps(said), "utf-8")
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    async def around(self, call: Any, input: Any) -> Any:  # noqa: A002 - the SDK's name
        info = activity.info()
        if info.activity_type != self.kill.activity:
            return await call(input)
        if self.kill.ordinary and info.is_local:
            raise ApplicationError("the record is away")
        if self.kill.moment == "before":
            self.die()
        token = self._within.set(True)
        answer = await call(input)
        self._within.reset(token)
        if self.kill.moment == "after":
            self.die()
        return answer


@dataclass
class _Watch(temporalio.client.Interceptor, temporalio.worker.Interceptor):
    killing: _SelfKill

    def intercept_activity(
        self,
        next: temporalio.worker.ActivityInboundInterceptor,  # noqa: A002 - the SDK's name
    ) -> temporalio.worker.ActivityInboundInterceptor:
        killing = self.killing

        class Inbound(temporalio.worker.ActivityInboundInterceptor):
            async def execute_activity(self, input: temporalio.worker.ExecuteActivityInput) -> Any:  # noqa: A002
                return await killing.around(super().execute_activity, input)

        return Inbound(next)
