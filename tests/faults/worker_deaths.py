"""Kills workers before, during and after every kind of activity; other workers then finish what they had in hand.

All activities of cases are killed in one company: kills of the same activity share a task queue and follow one after
the other. All replacements start at the end, because the server gives up what a killed worker had in hand only after
its time-out, and so all time-outs run at the same time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage
from itertools import product
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle

from activities.archive.ledger import Ledger
from activities.archive.store import ArchiveStore, FileState
from tests.activities.delivery.mail_server import MailServer, mail_server
from tests.activities.knowledge.test_knowledge import closed
from tests.builders import DAY
from tests.builders import MONDAY as LONG_AGO
from tests.faults import processes
from tests.faults.audit import Audit, run_audit
from tests.faults.cluster import MONDAY, SENDER, Cluster, driver_for, running_cluster
from tests.faults.driver import TIMEOUT, Driver, form_of
from tests.faults.scenarios import Scenario, answered, withdrawn
from tests.faults.worker_process import Kill, Moment
from workflows.domain.policy.reports import ReportKind
from workflows.ports import ArchiveRun, ReportOrder, ReportRun

_CASE_ACTIVITIES = ("settle", "consult", "record", "record_review")
MOMENTS: tuple[Moment, ...] = ("before", "during", "after")
_SCHEDULED_ACTIVITIES = ("archive", "write_report", "mail_report")
_SPEED = 120
"""A claim is due after 10 s, before the server gives up what the killed worker had in hand."""
_AT_ONCE = 6
"""How many workers start at the same time."""
BOARD = "board@example.com"
_STANDARD = Path(__file__).parents[2] / "activities" / "policy" / "standard.toml"


@dataclass(frozen=True)
class KillPoint:
    """Where one worker is killed. `ordinary`: see `Kill`; `by_case`: the case itself delivers its messages."""

    activity: str
    moment: Moment
    ordinary: bool = False
    by_case: bool = False

    @property
    def queue(self) -> str:
        """The task queue, shared by kills of the same activity."""
        return self.activity + ("-ordinary" if self.ordinary else "-by-case" if self.by_case else "")

    @property
    def name(self) -> str:
        return f"{self.queue}-{self.moment}"


CASE_KILLS = [
    *(KillPoint(*one) for one in product(_CASE_ACTIVITIES, MOMENTS, (False, True))),
    *(KillPoint("deliver", moment, by_case=by_case) for moment, by_case in product(MOMENTS, (False, True))),
]
SCHEDULED_KILLS = [KillPoint(*one) for one in product(_SCHEDULED_ACTIVITIES, MOMENTS)]
EVERYWHERE = [*CASE_KILLS, *SCHEDULED_KILLS]
IN_EACH = [
    point for point in EVERYWHERE if point.moment == "during" and not (point.ordinary and point.activity != "record")
]
"""In each activity once, in the middle of it; where a step is recorded, in the ordinary activity as well."""


@dataclass
class WorkerKills:
    """What happened. `codes`: exit codes of the workers; `notes`: what they had in hand."""

    points: list[KillPoint] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    notes: dict[str, dict[str, str]] = field(default_factory=dict)
    audit: Audit | None = None
    lost: set[str] = field(default_factory=set)
    """Outbox keys of mails that were sent and not noted down as sent."""
    mails: list[EmailMessage] = field(default_factory=list)
    runs: dict[str, Any] = field(default_factory=dict)
    archived: dict[Moment, list[FileState]] = field(default_factory=dict)

    @property
    def in_cases(self) -> list[KillPoint]:
        """Those in activities of cases."""
        return [point for point in self.points if point.activity not in _SCHEDULED_ACTIVITIES]

    @property
    def in_scheduled(self) -> list[KillPoint]:
        """Those in archiving and reports."""
        return [point for point in self.points if point.activity in _SCHEDULED_ACTIVITIES]

    @property
    def moments(self) -> list[Moment]:
        """At which moments archiving and reports were cut short."""
        return [moment for moment in MOMENTS if any(point.moment == moment for point in self.in_scheduled)]


async def run_worker_kills(folder: Path, points: list[KillPoint]) -> WorkerKills:
    """Kill workers at these points, and let others finish their work."""
    result = WorkerKills(points)
    async with running_cluster(folder) as cluster, mail_server() as mail:
        await asyncio.gather(_kill_in_cases(cluster, mail, result), _kill_in_scheduled(cluster, result))
    return result


async def _kill_in_cases(cluster: Cluster, mail: MailServer, result: WorkerKills) -> None:
    settings = _settings(cluster.folder / "company", mail, speed=_SPEED, virtual_start=MONDAY)
    async with driver_for(cluster, settings) as driver:
        turn = asyncio.Semaphore(_AT_ONCE)
        cases: list[asyncio.Task[None]] = []

        async def kill_at(points: list[KillPoint]) -> None:
            for point in points:
                async with turn:
                    form = form_of(point.name, product=point.name)
                    number = await driver.open(form, task_queue=point.queue)
                    if point.activity == "consult":
                        # A sender the case does not know has to be looked up.
                        await driver.send(number, "note", "sales-001", text="客户是我们的老客户")
                    cases.append(asyncio.create_task(_ending(point)(driver, number)))
                    process = await cluster.start_worker(_of(settings, point), kill=_kill(cluster, point), ready=False)
                    try:
                        result.codes[point.name] = await processes.ended(process)
                    except TimeoutError as error:
                        error.add_note(
                            f"the worker of {point.name} ({number}) did not die; see its log in {cluster.folder}"
                        )
                        raise
                if point.activity != "record_review":
                    await driver.send(number, "note", "operator", text="没有人在")

        queues = _by_queue(result.in_cases)
        await asyncio.gather(*map(kill_at, queues.values()))
        await _start_replacements(cluster, [_of(settings, points[0]) for points in queues.values()])
        await asyncio.gather(*cases)
        await driver.until_at_rest()
        result.notes |= _notes(cluster, result.in_cases)
        result.lost = cluster.answers_lost()
        result.audit = await run_audit(
            driver.installation.database,
            driver.client,
            mails=mail.mails,
            acknowledged=driver.acknowledged,
            answers_lost=result.lost,
        )


async def _kill_in_scheduled(cluster: Cluster, result: WorkerKills) -> None:
    """Kill workers while they archive or report, each moment in an installation of its own."""
    async with AsyncExitStack() as stack:
        mail = await stack.enter_async_context(mail_server())
        policy = cluster.folder / "policy.toml"
        text = _STANDARD.read_text("utf-8").replace("recipients = []", f'recipients = ["{BOARD}"]')
        policy.write_text(text, "utf-8")
        drivers: dict[Moment, tuple[Driver, Mapping[str, Any]]] = {}
        for moment in result.moments:
            start = (LONG_AGO + 40 * DAY).isoformat()
            more = {"virtual_start": start, "policy": str(policy), "task_queue": f"scheduled-{moment}"}
            settings = _settings(cluster.folder / f"scheduled-{moment}", mail, **more)
            driver = await stack.enter_async_context(driver_for(cluster, settings))
            drivers[moment] = driver, settings
            for index in range(3):
                number = await closed(driver.installation.database, f"第{index}台收银机打不出小票")
                # Else the sweep would take it for a case whose workflow is missing.
                await driver.installation.register.mark_started(number)

        async def kill_in(moment: Moment) -> dict[str, WorkflowHandle[Any, Any]]:
            return {
                point.name: await _killed_run(cluster, *drivers[moment], point, result)
                for point in result.in_scheduled
                if point.moment == moment
            }

        started = await asyncio.gather(*map(kill_in, result.moments))
        await _start_replacements(cluster, [settings for _, settings in drivers.values()])
        for handles in started:
            for name, handle in handles.items():
                result.runs[name] = await asyncio.wait_for(handle.result(), TIMEOUT)
        for moment, (driver, _) in drivers.items():
            store = ArchiveStore(driver.installation.settings.archive_folder)
            entries = await Ledger(driver.installation.database).entries()
            result.archived[moment] = [store.state(entry.stored) for entry in entries if entry.stored]
        result.notes |= _notes(cluster, result.in_scheduled)
        result.mails = mail.mails


async def _killed_run(
    cluster: Cluster, driver: Driver, settings: Mapping[str, Any], point: KillPoint, result: WorkerKills
) -> WorkflowHandle[Any, Any]:
    client, queue = driver.client, driver.installation.settings.task_queue
    handle: WorkflowHandle[Any, Any]
    if point.activity == "archive":
        handle = await client.start_workflow(
            "Archive", ArchiveRun(), id=point.name, task_queue=queue, result_type=ArchiveRun
        )
    else:
        kind = ReportKind.WEEKLY if point.activity == "write_report" else ReportKind.MONTHLY
        order = ReportOrder(kind=kind, zone="Asia/Shanghai")
        handle = await client.start_workflow("Report", order, id=point.name, task_queue=queue, result_type=ReportRun)
    process = await cluster.start_worker(settings, kill=_kill(cluster, point), ready=False)
    result.codes[point.name] = await processes.ended(process)
    return handle


async def _start_replacements(cluster: Cluster, all_settings: list[Any]) -> None:
    """Workers that are not killed, in one process: what they take over was in the hands of processes that died."""
    first, *more = all_settings
    await cluster.start_worker(first, more=more)


def _ending(point: KillPoint) -> Scenario:
    """How the case goes on after the kill: as short as it may be, but for what happens to a closed case."""
    return answered if point.activity in {"record_review", "deliver"} else withdrawn


def _by_queue(points: list[KillPoint]) -> dict[str, list[KillPoint]]:
    found: dict[str, list[KillPoint]] = {}
    for point in points:
        found.setdefault(point.queue, []).append(point)
    return found


def _settings(folder: Path, mail: MailServer, **more: Any) -> dict[str, Any]:
    plain = {"smtp_url": mail.url(), "mail_from": SENDER, "sweep": "1d", "server": {"synchronous": "normal"}}
    return {"data": folder, **plain, **more}


def _of(settings: Mapping[str, Any], point: KillPoint) -> dict[str, Any]:
    return {**settings, "task_queue": point.queue, "delivery": "workflow" if point.by_case else "standalone"}


def _kill(cluster: Cluster, point: KillPoint) -> Kill:
    return Kill(point.activity, point.moment, cluster.folder / f"{point.name}.json", point.ordinary)


def _notes(cluster: Cluster, points: list[KillPoint]) -> dict[str, dict[str, str]]:
    paths = {point.name: cluster.folder / f"{point.name}.json" for point in points}
    return {name: json.loads(path.read_text("utf-8")) for name, path in paths.items() if path.exists()}
