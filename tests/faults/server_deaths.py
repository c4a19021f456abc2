"""The server dies, then server and workers together, with intake in between; the next release takes over."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from activities.database.tables import registration
from tests.activities.delivery.mail_server import mail_server
from tests.faults import processes
from tests.faults.accounting import Account, account
from tests.faults.cluster import MONDAY, SENDER, Ground, ground, office_on
from tests.faults.driver import Office, form_of
from tests.faults.intake_process import Moment, open_and_die
from tests.faults.next_release import PATCH, NextCaseWorkflow
from tests.faults.scenarios import LIVES

_CASES = 12
_LONG = 4
"""Cases that are open until the next release has taken over."""
_SPEED = 120


@dataclass
class Fallen:
    """`workers`: who worked on each case, by the identities in its history; `patched`: who has the next release's step;
    `codes`: how each process that took a submission in ended; `outage`: seconds between the second fall and its end.
    """

    books: Account
    workers: dict[str, set[str]] = field(default_factory=dict)
    patched: dict[str, bool] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    long: list[str] = field(default_factory=list)
    late: str = ""
    outage: float = 0.0


async def kill_server(folder: Path) -> Fallen:
    """One story of a company, from its first case to the books."""
    async with ground(folder) as here, mail_server() as mail:
        settings: dict[str, Any] = {
            "data": folder / "company", "smtp_url": mail.url(), "mail_from": SENDER, "sweep": "10s",
            "server": {"synchronous": "normal"}, "speed": _SPEED, "virtual_start": MONDAY,
        }  # fmt: skip
        async with office_on(here, settings) as office:
            workers = [await here.hire(settings), await here.hire(settings)]
            long = [await _opened(office, f"long-{index}") for index in range(_LONG)]
            numbers = [await _opened(office, f"short-{index}") for index in range(_CASES)]
            kinds = list(LIVES.values())
            lives = [asyncio.create_task(kinds[index % len(kinds)](office, one)) for index, one in enumerate(numbers)]
            for number in long:
                await office.until(number, lambda view: view["owner"])
            await here.kill_server()
            codes = {moment: await _intake(here, office, settings, moment) for moment in ("started", "registered")}
            for worker in workers:
                await processes.killed(worker)
            fell = time.monotonic()
            await here.kill_server()
            for number in long:
                await office.send(number, "note", "operator", text="没有人在")
            await here.hire(settings, next_release=True)
            outage = time.monotonic() - fell
            late = await _opened(office, "late")
            killed = [await _number(office, key) for key in codes]
            lives += [asyncio.create_task(office.live(number)) for number in (*long, *killed, late)]
            await asyncio.gather(*lives)
            await office.until_at_rest()
            books = await account(
                office.installation.database,
                office.client,
                mails=mail.mails,
                acknowledged=office.acknowledged,
                answers_lost=here.answers_lost(),
                case=NextCaseWorkflow,
            )
            fallen = Fallen(books, codes=codes, long=long, late=late, outage=outage)
            for number in (*long, *numbers, late):
                fallen.workers[number], fallen.patched[number] = await _marks(office.client, number)
            return fallen


async def _opened(office: Office, key: str) -> str:
    return await office.open(form_of(key, product=f"产品 {key}"))


async def _intake(here: Ground, office: Office, settings: dict[str, Any], moment: Moment) -> int:
    """`bihuan open`, killed at that moment."""
    path = here.folder / f"{moment}.json"
    path.write_text(json.dumps(form_of(moment, product=f"产品 {moment}"), ensure_ascii=False), "utf-8")
    environment = {
        "BIHUAN_DATA": str(settings["data"]),
        "BIHUAN_SERVER__SYNCHRONOUS": "normal",
        "TEMPORAL_ADDRESS": here.server.address,
    }
    return await processes.ended(
        processes.start(open_and_die, environment, path, moment, here.folder / f"{moment}.log")
    )


async def _number(office: Office, key: str) -> str:
    async with office.installation.database.read() as connection:
        number: str | None = await connection.scalar(
            select(registration.c.number).where(registration.c.intake_key == key)
        )
    assert number is not None, key
    return number


async def _marks(client: Client, number: str) -> tuple[set[str], bool]:
    """Who worked on it, and whether the next release's patch is in its history."""
    identities: set[str] = set()
    patched = False
    async for event in client.get_workflow_handle(number).fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
            identities.add(event.workflow_task_started_event_attributes.identity)
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
            marker = event.marker_recorded_event_attributes
            patched = patched or any(PATCH.encode() in one.data for d in marker.details.values() for one in d.payloads)
    return identities, patched
