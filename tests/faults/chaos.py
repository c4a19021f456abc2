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
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.runtime import Runtime, TelemetryConfig

from activities.delivery.mail import Smtp
from activities.key_ring import Key
from tests.activities.delivery.mail_server import mail_server
from tests.faults.answers import Answers, compare_answers
from tests.faults.audit import Audit, run_audit
from tests.faults.chaos_run import ChaosRun
from tests.faults.cluster import MONDAY, SENDER, driver_for, running_cluster
from tests.faults.customers import Customers
from tests.faults.outside.books import Books, balance
from tests.faults.outside.doors import Doors
from tests.faults.outside.imap_server import ImapServer
from tests.faults.outside.letters import Letters
from tests.faults.outside.sms_gateway import SmsGateway
from tests.faults.pages import PageProcesses
from tests.faults.plan import Plan
from tests.faults.processes import stoppable
from tests.postgresql import new_database, running_server
from worker.composition_root import build_transports
from worker.installation.settings import Settings
from workflows.domain.vocabulary import Contact

_SPEED = 120
"""A P1 is to be claimed within 10 s and answered within 30, so some deadlines pass while no worker runs."""
_PORTAL = "http://127.0.0.1"
"""What stands before the path of a link; customers take the pages by turns."""
_LATE = 90.0
"""Seconds a deadline may be late: several kills in a row, each of which holds its tasks up for ten seconds or more."""


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
