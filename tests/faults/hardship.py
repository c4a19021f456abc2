"""What an installation with two workers has to come through, and its books afterwards.

    make hardship        (or: python -m tests.faults.hardship [--postgresql] [HARDSHIP ...])

Each hardship has an installation and a server of its own. Three cases are open when it begins: one waits for its
customer, who confirms meanwhile, one is claimed meanwhile, one is touched by nobody and escalates. Afterwards all three
are worked on to their end, and histories, record and mail server are held against each other.

A wrong clock under the workers needs a C compiler, a small disk to be filled the right to mount one. Without these the
one is left out, and said so; the other becomes a limit on the size of files.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pwd
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import select
from temporalio.runtime import Runtime, TelemetryConfig

from activities.database.tables import timeline
from tests.activities.delivery.mail_server import mail_server
from tests.faults.audit import Audit, audit_at_rest
from tests.faults.cluster import MONDAY, SENDER, driver_for, running_cluster
from tests.faults.disk import small_disk
from tests.faults.driver import Driver, form_of
from tests.faults.hardships import CLOCKS, HARDSHIPS, Ground
from tests.faults.processes import stoppable
from tests.faults.wrong_clock import WrongClock
from tests.postgresql import Postgresql, new_database, own_server
from workflows.domain.event import EventKind

_SPEED = 120
"""A P1 is to be claimed within 10 s and answered within 30, so the longer hardships have deadlines in them."""


@dataclass(frozen=True)
class Lived:
    """The books after one hardship; `seen`: in it, seconds: from the first case to the last end."""

    seen: str
    seconds: float
    audit: Audit


async def live_through(
    name: str, folder: Path, *, postgresql: Postgresql | None = None, wrong_clock: WrongClock | None = None
) -> Lived:
    """Carry that hardship out on an installation in `folder`, and audit it at rest."""
    async with AsyncExitStack() as stack:
        disk, url = None, None
        if name == "disk":
            disk = await stack.enter_async_context(_small_disk_at(folder, postgresql))
        if postgresql is not None:
            url = await (_database_on(disk, postgresql) if disk is not None else new_database(postgresql.url))
        cluster = await stack.enter_async_context(running_cluster(folder))
        # What workers say, and the tests' journals, are on no full disk.
        cluster.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bihuan-logs-")))
        mail = await stack.enter_async_context(mail_server())
        settings: dict[str, Any] = {
            "data": folder / "company", "database_url": url, "smtp_url": mail.url(), "mail_from": SENDER,
            "sweep": "10s", "server": {"synchronous": "normal"}, "speed": _SPEED, "virtual_start": MONDAY,
        }  # fmt: skip
        driver = await stack.enter_async_context(driver_for(cluster, settings))
        for _ in range(2):
            await cluster.start_worker(settings)
        begun = time.monotonic()
        resting, moving, untouched = [await driver.open(form_of(one)) for one in ("resting", "moving", "untouched")]
        await driver.handle(resting)
        await driver.until(resting, lambda view: view["status"] == "awaiting_confirmation")
        owner = (await driver.until(moving, lambda view: view["owner"]))["owner"]
        await driver.until(untouched, lambda view: view["owner"])
        ground = Ground(cluster, driver, moving, owner, folder / "company" / "bihuan.db", url, wrong_clock, disk)
        seen, *_ = await asyncio.gather(
            HARDSHIPS[name][1](ground),
            driver.send(resting, "confirm", "customer"),
            driver.send(moving, "claim", owner),
        )
        await driver.until(untouched, lambda view: view["escalation_level"] > 0)
        await driver.send(resting, "rate", "customer", score="satisfied")
        await asyncio.gather(
            driver.complete(moving), driver.complete(untouched), driver.until(resting, lambda view: view["closed_at"])
        )
        await driver.until_at_rest()
        seconds = time.monotonic() - begun
        audit = await audit_at_rest(
            driver.installation.database, driver.client, mails=mail.mails, acknowledged=driver.acknowledged,
            answers_lost=cluster.answers_lost(),
        )  # fmt: skip
        if name in CLOCKS:
            # When it was recorded is by the wrong clock; when it was judged is by the server's.
            audit = replace(audit, greatest_lateness=await _judged_late(driver))
        return Lived(seen, seconds, audit)


@asynccontextmanager
async def _small_disk_at(folder: Path, postgresql: Postgresql | None) -> AsyncIterator[Path | None]:
    """One that everything is on, with PostgreSQL the tables only: its log of writes is elsewhere."""
    place = folder if postgresql is None else Path(tempfile.mkdtemp(dir=postgresql.folder))
    async with small_disk(place) as mounted:
        if mounted and postgresql is not None and postgresql.user is not None:
            os.chown(place, pwd.getpwnam(postgresql.user).pw_uid, -1)
        yield place if mounted else None


async def _database_on(disk: Path, server: Postgresql) -> str:
    connection = await asyncpg.connect(f"{server.url}/postgres")
    await connection.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
    await connection.execute("CREATE DATABASE on_small_disk TABLESPACE small")
    await connection.close()
    return f"{server.url}/on_small_disk"


async def _judged_late(driver: Driver) -> float:
    """Seconds between a deadline and the moment at which its case took it for lapsed, at most."""
    async with driver.installation.database.read() as connection:
        statement = select(timeline.c.at, timeline.c.detail).where(timeline.c.kind == EventKind.LAPSED.value)
        rows = (await connection.execute(statement)).all()
    late: list[float] = [(row.at - datetime.fromisoformat(row.detail["due"])).total_seconds() / _SPEED for row in rows]
    return max(late)


def line(name: str, lived: Lived) -> str:
    """The figures of one hardship, and below them what does not agree."""
    audit = lived.audit
    books = (
        ("cases", audit.accepted, audit.ended),
        ("events", audit.events_in_histories, audit.events_recorded),
        ("messages", audit.notifications_due - audit.notifications_kept, audit.notifications_sent),
        ("escalations", audit.escalations_due, audit.escalations_came),
    )
    figures = "  ".join(f"{what} {due} {'=' if due == came else '≠'} {came}" for what, due, came in books)
    said = f"{HARDSHIPS[name][0]:<27}{figures}  doubled {audit.mails_doubled}  latest {audit.greatest_lateness:.1f} s"
    seen = f"  ({lived.seen})" if lived.seen else ""
    return "\n".join(
        [f"{said}  took {lived.seconds:.0f} s{seen}", *(f"  DISCREPANCY {one}" for one in audit.discrepancies)]
    )


async def _all(names: Iterable[str], postgresql: Postgresql | None, wrong_clock: WrongClock | None) -> int:
    wrong = 0
    for name in names:
        if name in CLOCKS and wrong_clock is None:
            print(f"{HARDSHIPS[name][0]:<27}not tried: there is no C compiler (cc)", flush=True)
            continue
        with tempfile.TemporaryDirectory(prefix="bihuan-hardship-") as folder:
            try:
                lived = await live_through(name, Path(folder), postgresql=postgresql, wrong_clock=wrong_clock)
            except (AssertionError, TimeoutError) as error:
                print(f"{HARDSHIPS[name][0]:<27}NOT AT REST {error}", flush=True)
                wrong += 1
                continue
        print(line(name, lived), flush=True)
        wrong += bool(lived.audit.discrepancies)
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit 1 where the books of a hardship differ."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults.hardship",
        description="Floods, stopped workers, wrong clocks, a full disk, a locked database; and the books afterwards.",
        epilog=", ".join(f"{name}: {what}" for name, (what, _) in HARDSHIPS.items()),
    )
    parser.add_argument("hardships", nargs="*", metavar="HARDSHIP", help=f"{', '.join(HARDSHIPS)}; default: all")
    parser.add_argument("--postgresql", action="store_true", help="the record on PostgreSQL, which is started here")
    given = parser.parse_args(arguments)
    if unknown := [one for one in given.hardships if one not in HARDSHIPS]:
        parser.error(f"{unknown[0]}; allowed: {', '.join(HARDSHIPS)}")
    # The engine's own words about a server that is away go to standard output otherwise.
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=None)))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bihuan-clock-")))
        wrong_clock = WrongClock.put_under_workers(folder)
        postgresql = stack.enter_context(own_server()) if given.postgresql else None
        try:
            return min(asyncio.run(stoppable(_all(given.hardships or HARDSHIPS, postgresql, wrong_clock))), 1)
        except asyncio.CancelledError:
            print("stopped", flush=True)
            return 130


if __name__ == "__main__":
    sys.exit(main())
