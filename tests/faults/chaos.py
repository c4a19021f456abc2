"""Runs whole cases while workers, server, intake, pages and the mailbox are killed, and the gateway for short messages
lies and is cut off: `python -m tests.faults.chaos --seed 7`.

Customers hand in and answer through the pages, which two processes serve, or write mails to a real IMAP server; some
have a telephone alone, and are told by SMS. Staff send signals.

The seed decides when each case comes in, what happens in it, and what is killed when; how far each process is at that
moment no seed can decide.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from sqlalchemy import select
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RPCError

from activities.database.tables import registration
from activities.delivery.mail import Smtp
from activities.key_ring import Key
from tests.activities.delivery.mail_server import mail_server
from tests.faults import processes
from tests.faults.answers import Answers, compare_answers
from tests.faults.audit import Audit, run_audit
from tests.faults.cluster import MONDAY, SENDER, Cluster, driver_for, running_cluster
from tests.faults.customers import Customers
from tests.faults.driver import Driver, form_of
from tests.faults.intake_process import open_and_die
from tests.faults.outside.books import Books, balance
from tests.faults.outside.doors import Doors
from tests.faults.outside.imap_server import ImapServer
from tests.faults.outside.letters import Letters
from tests.faults.outside.sms_gateway import SmsGateway
from tests.faults.pages import PageProcesses
from tests.faults.plan import Plan, PlannedCase
from tests.faults.processes import stoppable
from tests.faults.scenarios import SCENARIOS
from tests.postgresql import new_database, running_server
from worker.installation.settings import Settings
from worker.process import build_transports
from workflows.domain.vocabulary import Contact

_SPEED = 120
"""A P1 is to be claimed within 10 s and answered within 30, so some deadlines pass while no worker runs."""
_PORTAL = "http://127.0.0.1"
"""What stands before the path of a link; customers take the pages by turns."""
_LATE = 90.0
"""Seconds a deadline may be late: several kills in a row, each of which holds its tasks up for ten seconds or more."""


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


@dataclass(frozen=True)
class ChaosResult:
    """How a run ended; `discrepancies` is empty when the audit found none and everything came to rest in time."""

    seed: int
    seconds: float
    killed: dict[str, int]
    audit: Audit
    answers: Answers
    books: Books
    discrepancies: tuple[str, ...]


async def run_chaos(
    folder: Path,
    plan: Plan,
    *,
    deaths_show_after: timedelta | None = None,
    late: float = _LATE,
    say: Callable[[str], None] = lambda _: None,
    database_url: str | None = None,
) -> ChaosResult:
    """Carry out a plan in this folder, with the record there where no other database is given, and audit the
    installation afterwards; a deadline that is more than `late` seconds late is a discrepancy.
    """
    imap, gateway = ImapServer(folder / "mailbox", SENDER), SmsGateway(plan.seed)
    async with running_cluster(folder) as cluster, mail_server() as mail:
        settings: dict[str, Any] = {
            "data": folder / "company", "smtp_url": mail.url(), "mail_from": SENDER, "sweep": "10s",
            "server": {"synchronous": "normal"}, "speed": _SPEED, "virtual_start": MONDAY, "database_url": database_url,
            "web": {"url": _PORTAL, "proxies": "127.0.0.1"}, "link_keys": Key.new("chaos").line(),
            "mailboxes": {"service": imap.settings()}, "channels": {"sms": gateway.settings()},
        }  # fmt: skip
        pages = PageProcesses(settings, cluster.server.address, folder)
        async with driver_for(cluster, settings) as driver:
            driver.timeout = plan.minutes * 60
            customers = Customers(pages, mail, timeout=driver.timeout)
            letters = Letters(imap, customers.mails, timeout=driver.timeout)
            driver.customers = doors = Doors(customers, letters, driver)
            chaos = ChaosRun(plan, cluster, driver, settings, doors, gateway, deaths_show_after, say)
            try:
                await chaos.run()
            finally:
                await asyncio.gather(pages.kill(), imap.kill(), gateway.cut())
            if chaos.faults:
                # An audit needs everything at rest.
                cluster.kill_workers()
            seconds = time.monotonic() - chaos.began
            say(f"{seconds:4.0f} s  {'stopped' if chaos.faults else 'at rest'}; auditing")
            audit = await run_audit(
                driver.installation.database,
                driver.client,
                mails=mail.mails,
                acknowledged=driver.acknowledged,
                answers_lost=cluster.answers_lost(),
                message_id=_mail_of(settings).message_id,
                unsure={"sms"},
            )
            answers = await compare_answers(driver.installation.database, customers)
            books = await balance(driver.installation.database, letters, gateway)
    wrong = [*chaos.faults, *audit.discrepancies, *answers.discrepancies, *books.discrepancies]
    if audit.accepted != len(plan.cases):
        wrong.append(f"{len(plan.cases)} submissions came in, {audit.accepted} cases were accepted")
    if audit.greatest_lateness > late:
        wrong.append(f"{audit.latest} was {audit.greatest_lateness:.0f} s late, which no outage explains")
    return ChaosResult(plan.seed, round(seconds, 1), dict(chaos.killed), audit, answers, books, tuple(wrong))


def _mail_of(settings: dict[str, Any]) -> Smtp:
    mail = build_transports(Settings(**settings))[Contact.EMAIL]
    assert isinstance(mail, Smtp)
    return mail


def table(result: ChaosResult) -> str:
    """The figures as lines for people."""
    audit, answers, books = result.audit, result.answers, result.books
    due = audit.notifications_due - audit.notifications_kept - audit.notifications_by_person
    rows = [
        ("cases accepted = ended", audit.accepted, audit.ended),
        ("events in histories = recorded", audit.events_in_histories, audit.events_recorded),
        ("handed in on a page = registered", answers.handed_in, answers.registered),
        ("answers on a page = recorded", answers.said, answers.recorded),
        ("mails written = taken in", books.written, books.taken_in),
        ("notifications due = sent", due, audit.notifications_sent),
        ("deadlines passed = noticed", audit.deadlines_due, audit.deadlines_seen),
        ("escalations due = came", audit.escalations_due, audit.escalations_came),
    ]
    lines = [f"{what:<34}{due:>7}{came:>7}  {'' if due == came else 'DIFFERENT'}".rstrip() for what, due, came in rows]
    lines += [
        f"{'mails that came again (same id)':<34}{audit.mails_doubled:>14}  only where the answer was lost",
        f"{'mails delivered to us again':<34}{books.delivered_again:>14}  the mailbox had died",
        f"{'SMS taken, noted as sent':<34}{books.texts_taken:>7}{books.texts_sent:>7}",
        f"{'SMS of unknown end, said to be':<34}{books.texts_unknown:>7}{books.texts_said_unknown:>7}",
        f"{'told by a person instead':<34}{audit.notifications_by_person:>14}",
        f"{'the gateway':<34}{'':>14}  {_counted(books.gateway)}",
        f"{'messages of steps judged again':<34}{audit.notifications_superseded:>14}",
        f"{'greatest lateness':<34}{audit.greatest_lateness:>12.1f} s  {audit.latest}",
        f"{'done again by customers':<34}{sum(answers.repeated.values()):>14}  {_counted(answers.repeated)}".rstrip(),
        f"{'runs continued as new':<34}{audit.continued:>14}",
        f"killed in {result.seconds:.0f} s: {_counted(result.killed)}",
    ]
    lines += [f"DISCREPANCY {line}" for line in result.discrepancies]
    return "\n".join(lines)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{what} {count}" for what, count in sorted(counts.items()))


def _form(planned: PlannedCase) -> dict[str, Any]:
    # A product of its own each: else reviews of repeated problems would link all cases.
    changes: dict[str, Any] = {"priority": planned.priority, "product": f"产品 {planned.key}"}
    if planned.telephone:
        mobile = f"138{int(planned.key.rpartition('-')[2]):08d}"
        changes["customer"] = {"name": "王芳", "kind": "individual", "phone": mobile, "preferred_contact": "sms"}
    return form_of(planned.key, **changes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit 1 where the audit finds a discrepancy."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults.chaos",
        description="Cases of customers while what serves them, the mailbox and the SMS gateway die at random.",
        epilog="Example: python -m tests.faults.chaos --seed 7 --cases 200 --minutes 5",
    )
    parser.add_argument("--seed", type=int, help="decides which case comes when and what is killed when; default: any")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=5.0, help="after so long what has not ended is named")
    parser.add_argument("--kills", type=int, help="of workers and server; default: 2 a minute")
    parser.add_argument("--postgresql", action="store_true", help="the record on PostgreSQL, which is started here")
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args(arguments)
    if given.cases < 1 or not 0.25 <= given.minutes <= 60 or (given.kills or 0) < 0:
        parser.error("allowed: at least 1 case, 0.25 to 60 minutes, no fewer than 0 kills")
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**6)
    kills = given.kills if given.kills is not None else round(2 * given.minutes)
    plan = Plan.of(seed, cases=given.cases, minutes=given.minutes, kills=kills)
    # The engine's own words about a server that is away go to standard output otherwise.
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=None)))
    _say(f"seed {seed}: {given.cases} cases and {kills} kills within {given.minutes:g} minutes")
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bihuan-chaos-"))
        url = asyncio.run(new_database(stack.enter_context(running_server()))) if given.postgresql else None
        try:
            result = asyncio.run(stoppable(run_chaos(Path(folder), plan, say=_say, database_url=url)))
        except asyncio.CancelledError:
            _say("stopped")
            return 130
    print(json.dumps(asdict(result), ensure_ascii=False, indent=2) if given.as_json else table(result))
    return 1 if result.discrepancies else 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
