"""Carries a plan out: its customers, and what is killed meanwhile."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from typing import Any

from sqlalchemy import select
from temporalio.service import RPCError

from activities.database.tables import registration
from tests.faults import processes
from tests.faults.cluster import Cluster
from tests.faults.customers import Customers
from tests.faults.driver import Driver, form_of
from tests.faults.intake_process import open_and_die
from tests.faults.outside.doors import Doors
from tests.faults.outside.letters import Letters
from tests.faults.outside.sms_gateway import SmsGateway
from tests.faults.plan import Plan, PlannedCase
from tests.faults.scenarios import SCENARIOS


@dataclass
class ChaosRun:
    """One run of a plan; `faults` are what went wrong in the run itself."""

    plan: Plan
    cluster: Cluster
    driver: Driver
    settings: dict[str, Any]
    doors: Doors
    gateway: SmsGateway
    deaths_show_after: timedelta | None = None
    say: Callable[[str], None] = lambda _: None
    began: float = field(default_factory=time.monotonic)
    killed: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    _workers: list[ForkServerProcess] = field(default_factory=list)

    async def run(self) -> None:
        """Run all cases and all kills; what has not ended in time is left for the audit to name."""
        self._workers = [await self._started_worker(), await self._started_worker()]
        await asyncio.gather(self.customers.pages.start(), self.letters.server.start(), self.gateway.start())
        self.began = time.monotonic()
        killing = asyncio.create_task(self._kill_as_planned())
        killing_pages = asyncio.create_task(self._kill_pages_as_planned())
        cutting = asyncio.create_task(self._cut_as_planned())
        reporting = asyncio.create_task(self._report_progress())
        try:
            async with asyncio.timeout(self.plan.minutes * 60):
                await asyncio.gather(*map(self._named, self.plan.cases))
                await asyncio.gather(killing, killing_pages, cutting)
                await self.letters.until_settled(self.driver.installation.database)
                await self.driver.until_at_rest()
        except (TimeoutError, AssertionError) as error:
            self.faults.append(f"not at rest after {self.plan.minutes:g} minutes: {error}")
        finally:
            for task in (killing, killing_pages, cutting, reporting):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self.customers.leave()

    @property
    def customers(self) -> Customers:
        """Those on the pages."""
        return self.doors.pages

    @property
    def letters(self) -> Letters:
        """Of those who write mails."""
        return self.doors.letters

    async def _named(self, planned: PlannedCase) -> None:
        try:
            await self._run_case(planned)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run names it and goes on
            self.faults.append(f"{planned.key} ({planned.scenario}) came to no end: {error}"[:500])

    async def _run_case(self, planned: PlannedCase) -> None:
        await self._until(planned.at)
        email = f"{planned.key}@example.com"
        if planned.pages:
            number = await self._handed_in(planned)
        elif planned.mail:
            number = await self.letters.write(planned.key, email)
            self.doors.writers[number] = email
        else:
            number = await (self._taken_in(planned) if planned.by == "here" else self._opened(planned))
        if planned.telephone:
            self.doors.callers.add(number)
        elif not planned.pages:
            self.customers.knows(number, email)
        await SCENARIOS[planned.scenario](self.driver, number)

    async def _handed_in(self, planned: PlannedCase) -> str:
        """By the customer on a page, which may have to be sent again."""
        form = _form(planned)
        return await self.customers.hand_in(
            f"{planned.key}@example.com",
            name=form["customer"]["name"],
            product=form["product"],
            symptom=form["description"]["symptom"],
            steps=form["description"]["steps"],
            occurred="2026-05-08T14:30",
            blocks="yes",
        )

    async def _taken_in(self, planned: PlannedCase) -> str:
        """Register it in this process; a case that Temporal does not take is started by the sweep."""
        number = await self.driver.accept(_form(planned))
        with suppress(RPCError):
            await self.driver.start(number)
        return number

    async def _opened(self, planned: PlannedCase) -> str:
        """By the command `bihuan open`, which may be killed and is not repeated."""
        path = self.cluster.folder / f"{planned.key}.json"
        path.write_text(json.dumps(_form(planned), ensure_ascii=False), "utf-8")
        moment: Any = None if planned.by == "command" else planned.by
        environment = {
            "BIHUAN_DATA": str(self.settings["data"]),
            "BIHUAN_SERVER__SYNCHRONOUS": "normal",
            "TEMPORAL_ADDRESS": self.cluster.server.address,
        }
        if url := self.settings["database_url"]:
            environment["BIHUAN_DATABASE_URL"] = url
        process = processes.start(open_and_die, environment, path, moment, self.cluster.folder / f"{planned.key}.log")
        code = await processes.ended(process)
        # Where the server was down it never came to the moment, and where it was not it did.
        if code == -signal.SIGKILL:
            self.killed["intake"] += 1
        elif code != 0:
            said = (self.cluster.folder / f"{planned.key}.log").read_text("utf-8")
            raise AssertionError(f"bihuan open ended with {code}: {said[-500:]}")
        async with self.driver.installation.database.read() as connection:
            number: str | None = await connection.scalar(
                select(registration.c.number).where(registration.c.intake_key == planned.key)
            )
        assert number is not None, planned
        return number

    async def _kill_as_planned(self) -> None:
        for kill in self.plan.kills:
            await self._until(kill.at)
            self.killed[kill.target] += 1
            both = kill.target in {"both workers", "server and workers"}
            which = [0, 1] if both else [kill.worker] if kill.target == "worker" else []
            for index in which:
                self._workers[index].kill()
            if "server" in kill.target:
                await self.cluster.kill_server()
            await asyncio.sleep(kill.pause)
            for index in which:
                self._workers[index] = await self._started_worker()

    async def _kill_pages_as_planned(self) -> None:
        pages = self.customers.pages
        for kill in self.plan.page_kills:
            await self._until(kill.at)
            self.killed[kill.target] += 1
            ports = pages.ports if kill.target == "all pages" else [pages.ports[kill.worker]]
            await pages.kill(*ports)
            await asyncio.sleep(kill.pause)
            await pages.start(*ports)

    async def _cut_as_planned(self) -> None:
        for cut in self.plan.cuts:
            await self._until(cut.at)
            self.killed[cut.target] += 1
            mailbox = cut.target == "mailbox"
            await (self.letters.server.kill() if mailbox else self.gateway.cut())
            await asyncio.sleep(cut.pause)
            await (self.letters.server.start() if mailbox else self.gateway.start())

    async def _started_worker(self) -> ForkServerProcess:
        """As a service manager does, start it again where it ends by itself, such as while the server is away."""
        while True:
            try:
                return await self.cluster.start_worker(self.settings, deaths_show_after=self.deaths_show_after)
            except AssertionError:
                self.killed["worker that gave up"] += 1
                await asyncio.sleep(1)

    async def _until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, self.began + at - time.monotonic()))

    async def _report_progress(self) -> None:
        while True:
            await asyncio.sleep(5)
            views = await self.driver.views()
            closed = sum(bool(view["closed_at"]) for view in views.values())
            kills = ", ".join(f"{what} {count}" for what, count in sorted(self.killed.items())) or "nothing yet"
            self.say(
                f"{time.monotonic() - self.began:4.0f} s  {len(views)} of {len(self.plan.cases)} cases opened, "
                f"{closed} closed; killed: {kills}"
            )


def _form(planned: PlannedCase) -> dict[str, Any]:
    # A product of its own each: else reviews of repeated problems would link all cases.
    changes: dict[str, Any] = {"priority": planned.priority, "product": f"产品 {planned.key}"}
    if planned.telephone:
        mobile = f"138{int(planned.key.rpartition('-')[2]):08d}"
        changes["customer"] = {"name": "王芳", "kind": "individual", "phone": mobile, "preferred_contact": "sms"}
    return form_of(planned.key, **changes)
