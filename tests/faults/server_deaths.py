"""Kills the server, then server and workers together, with intake in between; a worker of the next release goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from activities.database.tables import registration
from tests.activities.delivery.mail_server import mail_server
from tests.faults import processes
from tests.faults.audit import Audit, run_audit
from tests.faults.cluster import MONDAY, SENDER, Cluster, driver_for, running_cluster
from tests.faults.driver import Driver, form_of
from tests.faults.intake_process import Moment, open_and_die
from tests.faults.next_release import PATCH, NextCaseWorkflow
from tests.faults.scenarios import SCENARIOS

_CASES = len(SCENARIOS)
_LONG = 2
"""Cases that are open until the next release has taken over."""
_SPEED = 120


@dataclass
class ServerKills:
    """`workers`: who worked on each case, by the identities in its history; `patched`: who has the next release's step;
    `codes`: how each process that took a submission in ended.
    """

    audit: Audit
    workers: dict[str, set[str]] = field(default_factory=dict)
    patched: dict[str, bool] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    long: list[str] = field(default_factory=list)
    late: str = ""


async def run_server_kills(folder: Path) -> ServerKills:
    """Run the whole experiment in this folder, from the first case to the audit."""
    async with running_cluster(folder) as cluster, mail_server() as mail:
        settings: dict[str, Any] = {
            "data": folder / "company", "smtp_url": mail.url(), "mail_from": SENDER, "sweep": "10s",
            "server": {"synchronous": "normal"}, "speed": _SPEED, "virtual_start": MONDAY,
        }  # fmt: skip
        async with driver_for(cluster, settings) as driver:
            workers = [await cluster.start_worker(settings), await cluster.start_worker(settings)]
            long = [await _opened(driver, f"long-{index}") for index in range(_LONG)]
            numbers = [await _opened(driver, f"short-{index}") for index in range(_CASES)]
            kinds = list(SCENARIOS.values())
            cases = [asyncio.create_task(kinds[index % len(kinds)](driver, one)) for index, one in enumerate(numbers)]
            for number in long:
                await driver.until(number, lambda view: view["owner"])
            while len(await _identities(driver.client, (*long, *numbers))) < len(workers):
                # One was slow so far: the server gives what is new to whoever asks first.
                numbers.append(await _opened(driver, f"more-{len(numbers)}"))
                cases.append(asyncio.create_task(driver.complete(numbers[-1])))
                await driver.until(numbers[-1], lambda view: view["owner"])
            await cluster.kill_server()
            codes = {moment: await _intake(cluster, driver, settings, moment) for moment in ("started", "registered")}
            for worker in workers:
                await processes.killed(worker)
            await cluster.kill_server()
            for number in long:
                await driver.send(number, "note", "operator", text="没有人在")
            await cluster.start_worker(settings, next_release=True)
            late = await _opened(driver, "late")
            killed = [await _number(driver, key) for key in codes]
            cases += [asyncio.create_task(driver.complete(number)) for number in (*long, *killed, late)]
            await asyncio.gather(*cases)
            await driver.until_at_rest()
            audit = await run_audit(
                driver.installation.database,
                driver.client,
                mails=mail.mails,
                acknowledged=driver.acknowledged,
                answers_lost=cluster.answers_lost(),
                case=NextCaseWorkflow,
            )
            result = ServerKills(audit, codes=codes, long=long, late=late)
            for number in (*long, *numbers, late):
                result.workers[number], result.patched[number] = await _marks(driver.client, number)
            return result


async def _opened(driver: Driver, key: str) -> str:
    return await driver.open(form_of(key, product=f"产品 {key}"))


async def _intake(cluster: Cluster, driver: Driver, settings: dict[str, Any], moment: Moment) -> int:
    """`bihuan open`, killed at that moment."""
    path = cluster.folder / f"{moment}.json"
    path.write_text(json.dumps(form_of(moment, product=f"产品 {moment}"), ensure_ascii=False), "utf-8")
    environment = {
        "BIHUAN_DATA": str(settings["data"]),
        "BIHUAN_SERVER__SYNCHRONOUS": "normal",
        "TEMPORAL_ADDRESS": cluster.server.address,
    }
    return await processes.ended(
        processes.start(open_and_die, environment, path, moment, cluster.folder / f"{moment}.log")
    )


async def _number(driver: Driver, key: str) -> str:
    async with driver.installation.database.read() as connection:
        number: str | None = await connection.scalar(
            select(registration.c.number).where(registration.c.intake_key == key)
        )
    assert number is not None, key
    return number


async def _identities(client: Client, numbers: Sequence[str]) -> set[str]:
    return set[str]().union(*[(await _marks(client, number))[0] for number in numbers])


async def _marks(client: Client, number: str) -> tuple[set[str], bool]:
    """The identities of the workers that worked on it, and whether the next release's patch is in its history."""
    identities: set[str] = set()
    patched = False
    async for event in client.get_workflow_handle(number).fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
            identities.add(event.workflow_task_started_event_attributes.identity)
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
            marker = event.marker_recorded_event_attributes
            patched = patched or any(PATCH.encode() in one.data for d in marker.details.values() for one in d.payloads)
    return identities, patched
