"""An audit names what was lost, doubled or changed, and nothing where all is well."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, insert, select, update

from activities.database.database import Database
from activities.database.tables import case_record, outbox, timeline
from activities.delivery.mail import Smtp
from tests.activities.delivery.mail_server import MailServer, mail_server
from tests.faults.audit import Audit, run_audit
from tests.faults.driver import Driver, form_of
from tests.worker.ports import free_ports
from worker.embedded.server import EmbeddedServer
from worker.installation.installation import open_installation
from worker.installation.settings import ServerSettings, Settings
from worker.process import run_worker
from worker.temporal.connection import connect
from worker.temporal.endpoint import Endpoint

pytestmark = pytest.mark.xdist_group("faults_audit")

_SENDER = "support@example.com"


@dataclass
class Run:
    """A run in which nothing went wrong: one case that escalated, and ended."""

    driver: Driver
    mail: MailServer
    number: str

    async def audit(self, database: Database | None = None, **changes: Any) -> Audit:
        given = {"mails": self.mail.mails, "acknowledged": self.driver.acknowledged, **changes}
        return await run_audit(database or self.driver.installation.database, self.driver.client, **given)

    async def keys(self) -> list[str]:
        async with self.driver.installation.database.read() as connection:
            return list(await connection.scalars(select(outbox.c.key)))


@pytest.fixture(scope="module")
async def run(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Run]:
    folder = tmp_path_factory.mktemp("audit")
    port, ui_port = free_ports(2)
    server = EmbeddedServer(folder, ServerSettings(port=port, ui_port=ui_port, synchronous="normal"))
    await server.start()
    stop, ready = asyncio.Event(), asyncio.Event()
    try:
        async with mail_server() as mail:
            settings = Settings(
                data=folder,
                speed=1200,
                virtual_start="2026-05-11T09:00+08:00",
                smtp_url=SecretStr(mail.url()),
                mail_from=_SENDER,
            )
            endpoint = Endpoint.read(folder)
            working = asyncio.create_task(
                run_worker(settings, ready=lambda _: ready.set(), stop=stop, endpoint=endpoint)
            )
            await ready.wait()
            async with open_installation(settings) as installation:
                driver = Driver(installation, await connect(settings, endpoint=endpoint))
                number = await driver.open(form_of("late"))
                await driver.until(number, lambda view: view["escalation_level"] >= 2)
                await driver.handle(number)
                await driver.close(number)
                # What was handed over is sent on its own.
                await driver.until_at_rest()
                yield Run(driver, mail, number)
            stop.set()
            await working
    finally:
        await server.stop()


async def test_an_audit_of_a_run_without_faults_agrees_to_the_last_figure(run: Run) -> None:
    audit = await run.audit()
    assert audit.discrepancies == ()
    assert (audit.accepted, audit.ended) == (1, 1)
    assert audit.events_recorded == audit.events_in_histories > 8
    assert audit.notifications_due == audit.notifications_sent == len(run.mail.mails) > 8
    assert audit.escalations_due == audit.escalations_came >= 2
    assert audit.deadlines_due == audit.deadlines_seen >= 2
    assert audit.greatest_lateness > 0


_FALSIFIED: dict[str, tuple[list[Any], set[str]]] = {
    "a case that vanished": (
        [delete(timeline), delete(case_record)],
        {"the record says nothing", "#1: the timeline has nothing, the history created by"},
    ),
    "a case that the record says is open": (
        [update(case_record).values(closed_at=None, status="in_progress")],
        {"its workflow is COMPLETED, the record says in_progress"},
    ),
    "an entry that was lost": (
        [delete(timeline).where(timeline.c.sequence == 3)],
        {"the timeline does not count 1, 2, 3, …: 2 is followed by 4", "#3: the timeline has nothing"},
    ),
    "an entry of another kind": (
        [update(timeline).where(timeline.c.sequence == 3).values(kind="noted")],
        {"#3: the timeline has noted by system", "the history dispatched by system"},
    ),
    "an entry that was doubled": (
        [
            insert(timeline).from_select(
                [column.name for column in timeline.c],
                select(*[c + 90 if c.name == "sequence" else c for c in timeline.c]).where(timeline.c.sequence == 3),
            )
        ],
        {"is followed by 93", "#93: the timeline has dispatched", "the history nothing"},
    ),
    "a notification that was never written": (
        [delete(outbox).where(outbox.c.message == "result")],
        {":result:", "not in the outbox", "of which nothing says that they were sent"},
    ),
    "a notification that was not sent": (
        [update(outbox).where(outbox.c.message == "result").values(status="sending")],
        {":result:", "is sending after 1 attempts"},
    ),
    "a notification of nothing": (
        [update(outbox).where(outbox.c.message == "result").values(key="FB1:result:x:customer")],
        {"FB1:result:x:customer: in the outbox, but by no event", "FB1:result:x:customer: said to be sent, the mail"},
    ),
}


@pytest.mark.parametrize("what", _FALSIFIED)
async def test_an_audit_names(what: str, run: Run, tmp_path: Path) -> None:
    changes, named = _FALSIFIED[what]
    copy = tmp_path / "bihuan.db"
    record = run.driver.installation.database.address.path
    with closing(sqlite3.connect(record)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    database = Database.open(f"sqlite:///{copy}", synchronous="NORMAL")
    try:
        async with database.begin() as connection:
            for change in changes:
                await connection.execute(change)
        audit = await run.audit(database=database)
    finally:
        await database.close()
    said = "\n".join(audit.discrepancies)
    assert [words for words in named if words not in said] == [], said


async def test_an_audit_names_a_mail_that_came_twice_or_never_and_a_command_that_was_lost(run: Run) -> None:
    first, *others = run.mail.mails
    (key,) = [
        key for key in await run.keys() if Smtp.from_url(run.mail.url(), _SENDER).message_id(key) == first["Message-ID"]
    ]
    doubled = await run.audit(mails=[first, first, *others])
    assert doubled.discrepancies == (f"{key}: came 2 times, although no answer was lost",)
    known = await run.audit(mails=[first, first, *others], answers_lost={key})
    assert (known.discrepancies, known.mails_doubled) == ((), 1)
    gone = await run.audit(mails=others)
    assert gone.discrepancies == (f"{key}: said to be sent, the mail server never saw it",)
    lost = await run.audit(acknowledged={run.number: ["claim-0", "note-77"]})
    assert lost.discrepancies == (f"{run.number}: the server acknowledged note-77, its history does not have it",)
