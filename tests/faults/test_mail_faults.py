"""The mail server fails in every way there is while cases go on; once it works again, every message arrives."""

from __future__ import annotations

import asyncio
from asyncio import Task
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from activities.database.tables import outbox
from activities.delivery.status import OutboxStatus
from starter.services.system.stuck import StuckItem
from tests.activities.delivery.mail_server import MailServer, mail_server
from tests.faults.audit import Audit
from tests.faults.driver import form_of
from tests.faults.tenant import Tenant, Tenants, concurrently, tenants
from tests.worker.ports import free_ports

pytestmark = [
    pytest.mark.xdist_group("mail_faults"),
    pytest.mark.timeout(900),
    # The engine says so where a local activity ends at the moment it is given up.
    pytest.mark.filterwarnings("ignore:Cannot find activity to cancel"),
]

_SPEED = 900
"""A claim is due after 1 s, an answer after 4 s, and an escalation every 2 s from then on."""
_REFUSED = "untouched@example.com"


@dataclass(frozen=True)
class Served:
    """How a tenant came through; what `bihuan stuck` said meanwhile, and the mails that arrived."""

    stuck: StuckItem
    level: int
    """The escalation level of the untouched case before the first mail went out."""
    audit: Audit
    mail: MailServer


@pytest.fixture(scope="module")
async def faults(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path
) -> AsyncIterator[dict[str, Task[Served]]]:
    """Run all faults at the same time, each on a tenant with a mail server of its own."""
    async with (
        tenants(tmp_path_factory.mktemp("mail"), migrated_file) as opened,
        concurrently(
            refused=_away(opened, "refused", "Connect call failed"),
            # What is said of one who says nothing is said after ten seconds; the row waits all the same.
            silent=_away(opened, "silent", ""),
            put_off=_moody(opened, "put-off", "451 4.3.0 try again later", "put it off: 451 4.3.0 try again later"),
            unanswered=_moody(opened, "unanswered", None, "closed the connection before its answer"),
            unknown=_unknown(opened),
        ) as scenarios,
    ):
        yield scenarios


@pytest.mark.parametrize("fault", ["refused", "silent", "put_off"])
async def test_a_mail_server_that_fails_for_a_while_stops_no_clock_and_everything_arrives_once(
    faults: dict[str, Task[Served]], fault: str
) -> None:
    served = await faults[fault]
    assert served.level > 1
    assert served.audit.discrepancies == (), served.audit.discrepancies
    assert served.audit.ended == served.audit.accepted
    assert served.audit.notifications_sent == len(served.mail.mails) > 0
    assert (served.audit.mails_doubled, served.audit.notifications_failed) == (0, 0)


async def test_only_a_mail_whose_answer_was_lost_comes_again_and_it_is_known_as_the_same(
    faults: dict[str, Task[Served]],
) -> None:
    served = await faults["unanswered"]
    assert served.audit.discrepancies == (), served.audit.discrepancies
    assert served.audit.mails_doubled > 0
    ids = [mail["Message-ID"] for mail in served.mail.mails]
    assert len(set(ids)) == served.audit.notifications_sent


async def test_an_address_that_does_not_exist_costs_nobody_else_a_mail(faults: dict[str, Task[Served]]) -> None:
    served = await faults["unknown"]
    assert served.stuck.who not in {None, "customer"}, "somebody of the staff has to call"
    assert _REFUSED not in (served.stuck.error or "")
    assert served.audit.discrepancies == (), served.audit.discrepancies
    assert served.audit.ended == served.audit.accepted
    assert _REFUSED not in served.mail.recipients


async def _away(opened: Tenants, name: str, said: str) -> Served:
    """Nothing listens on the port, or something that never answers; later the real server does."""
    (port,) = free_ports(1)
    absence = _nobody() if name == "refused" else _mute(port)
    async with absence:
        tenant = await opened.open(name, speed=_SPEED, smtp=f"smtp://127.0.0.1:{port}")
        numbers, stuck, level = await _begin(tenant, "undelivered", said)
    async with mail_server(port=port) as mail:
        return await _end(tenant, numbers, stuck, level, mail)


async def _moody(opened: Tenants, name: str, answer: str | None, said: str) -> Served:
    async with mail_server(answers=[answer] * 10_000) as mail:
        tenant = await opened.open(name, speed=_SPEED, smtp=mail.url())
        numbers, stuck, level = await _begin(tenant, "undelivered", said)
        mail.answers.clear()
        return await _end(tenant, numbers, stuck, level, mail, answers_lost=answer is None)


async def _unknown(opened: Tenants) -> Served:
    async with mail_server(refused={_REFUSED}) as mail:
        tenant = await opened.open("unknown", speed=_SPEED, smtp=mail.url())
        numbers, stuck, level = await _begin(tenant, "untold", "550")
        return await _end(tenant, numbers, stuck, level, mail, refused={_REFUSED})


async def _begin(tenant: Tenant, reason: str, said: str) -> tuple[list[str], StuckItem, int]:
    """Open a case that is solved, and one that escalates because nobody touches it, while no mail is delivered."""
    driver = tenant.driver
    solved, untouched = [await driver.open(form_of(name)) for name in ("solved", "untouched")]
    await driver.handle(solved)
    await driver.until(solved, lambda view: view["status"] == "awaiting_confirmation")
    climbed = await driver.until(untouched, lambda view: view["escalation_level"] > 1)
    return [solved, untouched], await tenant.until_stuck(untouched, reason, said), climbed["escalation_level"]


async def _end(
    tenant: Tenant,
    numbers: list[str],
    stuck: StuckItem,
    level: int,
    mail: MailServer,
    *,
    answers_lost: bool = False,
    **known: Any,
) -> Served:
    driver = tenant.driver
    solved, untouched = numbers
    await driver.handle(untouched)
    await asyncio.gather(driver.close(solved), driver.close(untouched))
    await driver.until_delivered()
    if answers_lost:
        async with driver.installation.database.read() as connection:
            known["answers_lost"] = set(
                await connection.scalars(
                    select(outbox.c.key).where(outbox.c.status == OutboxStatus.SENT.value, outbox.c.attempts > 1)
                )
            )
    return Served(stuck, level, await tenant.audit(mail, **known), mail)


@asynccontextmanager
async def _nobody() -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def _mute(port: int) -> AsyncIterator[None]:
    """A server that accepts every connection and never answers."""
    callers: list[asyncio.StreamWriter] = []
    gone = False

    def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append(writer)
        if gone:
            # Who called while it went away hears of it as well.
            writer.transport.abort()

    server = await asyncio.start_server(take, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        gone = True
        for writer in callers:
            writer.transport.abort()
