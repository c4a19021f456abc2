"""Whole lives while workers, server and intake are killed at random: `python -m tests.faults.chaos --seed 7`.

The seed settles who calls when, what they do, and what is killed at which moment; how far each process had come then,
no seed can settle.
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
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from sqlalchemy import select
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RPCError

from activities.database.tables import registration
from tests.activities.delivery.mail_server import mail_server
from tests.faults import processes
from tests.faults.accounting import Account, account
from tests.faults.cluster import MONDAY, SENDER, Ground, ground, office_on
from tests.faults.driver import Office, form_of
from tests.faults.intake_process import open_and_die
from tests.faults.plan import Call, Plan
from tests.faults.scenarios import LIVES

_SPEED = 120
"""A P1 is to be claimed within 10 s and answered within 30: some fall due while nobody is there."""
_EXPLAINED = 90.0
"""Seconds that something may be late: deaths in a row, each of which holds up what it had in hand for ten or more."""


@dataclass
class Chaos:
    """One run."""

    plan: Plan
    here: Ground
    office: Office
    settings: dict[str, Any]
    deaths_show_after: timedelta | None = None
    say: Callable[[str], None] = lambda _: None
    began: float = field(default_factory=time.monotonic)
    killed: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    _workers: list[ForkServerProcess] = field(default_factory=list)

    async def run(self) -> None:
        """All calls and all blows; what does not come to an end in time is left for the books to name."""
        self._workers = [await self._hired(), await self._hired()]
        self.began = time.monotonic()
        beating = asyncio.create_task(self._beat())
        telling = asyncio.create_task(self._tell())
        try:
            async with asyncio.timeout(self.plan.minutes * 60):
                lives = await asyncio.gather(*map(self._live, self.plan.calls), return_exceptions=True)
                await beating
                self.faults += [f"a story came to no end: {one}" for one in lives if isinstance(one, Exception)]
                await self.office.until_at_rest()
        except (TimeoutError, AssertionError) as error:
            self.faults.append(f"not at rest after {self.plan.minutes:g} minutes: {error}")
        finally:
            for task in (beating, telling):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _live(self, call: Call) -> None:
        await self._until(call.at)
        number = await (self._taken_in(call) if call.by == "here" else self._opened(call))
        await LIVES[call.life](self.office, number)

    async def _taken_in(self, call: Call) -> str:
        """Registered here; a case that Temporal does not take is the sweep's to start."""
        number = await self.office.accept(_form(call))
        with suppress(RPCError):
            await self.office.start(number)
        return number

    async def _opened(self, call: Call) -> str:
        """By the command `bihuan open`, which is killed, and not repeated."""
        path = self.here.folder / f"{call.key}.json"
        path.write_text(json.dumps(_form(call), ensure_ascii=False), "utf-8")
        moment: Any = None if call.by == "command" else call.by
        environment = {
            "BIHUAN_DATA": str(self.settings["data"]),
            "BIHUAN_SERVER__SYNCHRONOUS": "normal",
            "TEMPORAL_ADDRESS": self.here.server.address,
        }
        process = processes.start(open_and_die, environment, path, moment, self.here.folder / f"{call.key}.log")
        code = await processes.ended(process)
        # Where the server was down it never came to the moment, and where it was not it did.
        if code == -signal.SIGKILL:
            self.killed["intake"] += 1
        elif code != 0:
            said = (self.here.folder / f"{call.key}.log").read_text("utf-8")
            raise AssertionError(f"bihuan open ended with {code}: {said[-500:]}")
        async with self.office.installation.database.read() as connection:
            number: str | None = await connection.scalar(
                select(registration.c.number).where(registration.c.intake_key == call.key)
            )
        assert number is not None, call
        return number

    async def _beat(self) -> None:
        for blow in self.plan.blows:
            await self._until(blow.at)
            self.killed[blow.target] += 1
            both = blow.target in {"both workers", "server and workers"}
            which = [0, 1] if both else [blow.worker] if blow.target == "worker" else []
            for index in which:
                self._workers[index].kill()
            if "server" in blow.target:
                await self.here.kill_server()
            await asyncio.sleep(blow.pause)
            for index in which:
                self._workers[index] = await self._hired()

    async def _hired(self) -> ForkServerProcess:
        return await self.here.hire(self.settings, deaths_show_after=self.deaths_show_after)

    async def _until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, self.began + at - time.monotonic()))

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(5)
            views = await self.office.views()
            closed = sum(bool(view["closed_at"]) for view in views.values())
            blows = ", ".join(f"{what} {count}" for what, count in sorted(self.killed.items())) or "nothing yet"
            self.say(
                f"{time.monotonic() - self.began:4.0f} s  {len(views)} of {len(self.plan.calls)} cases opened, "
                f"{closed} closed; killed: {blows}"
            )


@dataclass(frozen=True)
class Outcome:
    """What a run came to; `discrepancies` are empty where the books agree and everything came to rest in time."""

    seed: int
    seconds: float
    killed: dict[str, int]
    books: Account
    discrepancies: tuple[str, ...]


async def unleash(
    folder: Path,
    plan: Plan,
    *,
    deaths_show_after: timedelta | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Carry out a plan in a folder of its own, and draw up the books."""
    async with ground(folder) as here, mail_server() as mail:
        settings: dict[str, Any] = {
            "data": folder / "company", "smtp_url": mail.url(), "mail_from": SENDER, "sweep": "10s",
            "server": {"synchronous": "normal"}, "speed": _SPEED, "virtual_start": MONDAY,
        }  # fmt: skip
        async with office_on(here, settings) as office:
            office.patience = plan.minutes * 60
            chaos = Chaos(plan, here, office, settings, deaths_show_after, say)
            await chaos.run()
            if chaos.faults:
                # What has not come to rest is brought to a halt, so that the books can be drawn up at all.
                here.dismiss()
            seconds = time.monotonic() - chaos.began
            say(f"{seconds:4.0f} s  {'stopped' if chaos.faults else 'at rest'}; the books are drawn up")
            books = await account(
                office.installation.database,
                office.client,
                mails=mail.mails,
                acknowledged=office.acknowledged,
                answers_lost=here.answers_lost(),
            )
    wrong = [*chaos.faults, *books.discrepancies]
    if books.accepted != len(plan.calls):
        wrong.append(f"{len(plan.calls)} submissions came in, {books.accepted} cases were accepted")
    if books.greatest_lateness > _EXPLAINED:
        wrong.append(f"{books.latest} was {books.greatest_lateness:.0f} s late, which no outage explains")
    return Outcome(plan.seed, round(seconds, 1), dict(chaos.killed), books, tuple(wrong))


def table(outcome: Outcome) -> str:
    """For people."""
    books = outcome.books
    rows = [
        ("cases accepted = ended", books.accepted, books.ended),
        ("events in histories = recorded", books.events_in_histories, books.events_recorded),
        ("notifications due = sent", books.notifications_due - books.notifications_kept, books.notifications_sent),
        ("deadlines passed = noticed", books.deadlines_due, books.deadlines_seen),
        ("escalations due = came", books.escalations_due, books.escalations_came),
    ]
    lines = [f"{what:<34}{due:>7}{came:>7}  {'' if due == came else 'DIFFERENT'}".rstrip() for what, due, came in rows]
    killed = ", ".join(f"{what} {count}" for what, count in sorted(outcome.killed.items()))
    lines += [
        f"{'mails that came again (same id)':<34}{books.mails_doubled:>14}  only where the answer was lost",
        f"{'messages of steps told anew':<34}{books.notifications_superseded:>14}",
        f"{'greatest lateness':<34}{books.greatest_lateness:>12.1f} s  {books.latest}",
        f"{'runs continued as new':<34}{books.continued:>14}",
        f"killed in {outcome.seconds:.0f} s: {killed}",
    ]
    lines += [f"DISCREPANCY {line}" for line in outcome.discrepancies]
    return "\n".join(lines)


def _form(call: Call) -> dict[str, Any]:
    # Each its own product: reviews of repeated problems would make one story of all.
    return form_of(call.key, priority=call.priority, product=f"产品 {call.key}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit 1 where the books do not agree."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults.chaos",
        description="Lives of customers while workers, server and intake are killed at random.",
        epilog="Example: python -m tests.faults.chaos --seed 7 --cases 200 --minutes 5",
    )
    parser.add_argument("--seed", type=int, help="settles who calls when and what is killed when; default: any")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=5.0, help="after so long what has not ended is named")
    parser.add_argument("--kills", type=int, help="of workers and server; default: 2 a minute")
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
    with tempfile.TemporaryDirectory(prefix="bihuan-chaos-") as folder:
        try:
            outcome = asyncio.run(_unleashed(Path(folder), plan))
        except asyncio.CancelledError:
            _say("stopped")
            return 130
    print(json.dumps(asdict(outcome), ensure_ascii=False, indent=2) if given.as_json else table(outcome))
    return 1 if outcome.discrepancies else 0


async def _unleashed(folder: Path, plan: Plan) -> Outcome:
    """Whoever stops it finds no process left."""
    task = asyncio.ensure_future(unleash(folder, plan, say=_say))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
