"""The board: how soon it shows what has happened, and what fifty of them cost.

    python -m benchmarks.board [--cases 100000] [--open 5000] [--viewers 50] [--seconds 30] [--database URL] [--json]

So many made-up cases of sixty days are written into an empty database (a SQLite file of its own unless one is named),
of which so many are open. A `bihuan web` serves them. Then, once a second, one case is closed in the record, and every
viewer, each with a session of their own, loads what is on the board until it shows that: one in five is the head of a
department, who may read a part of the cases, the others may read all. Told is by the benchmark itself, at once; what
the stream of events takes comes to it. At last the same without any news, where each loads the board every ten seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import update

from activities.database.tables import case_record
from activities.portal.sessions import new_cookie
from benchmarks.child import BIHUAN, Child, ended, processor_seconds, resident, run
from benchmarks.standing_cases import fill
from starter.console.screen import print_json
from starter.services.identity.sessions import begin_session
from worker.embedded.ports import free_port
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import IsolatedSettings, ServerSettings, Settings, Web
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import SignInWay, Status

_HEADS = ("tech-head", "after-head", "sales-head", "product-head", "service-head")
_EVERY = 10.0
_OPEN = re.compile(r"of (\d+) open")


@dataclass(frozen=True)
class Wanted:
    """How much of everything."""

    cases: int
    open: int
    viewers: int
    seconds: int


async def measure(folder: Path, url: str | None, wanted: Wanted) -> dict[str, Any]:
    """All of it; see the head of this file."""
    cases, open_, viewers, seconds = wanted.cases, wanted.open, wanted.viewers, wanted.seconds
    settings = IsolatedSettings(
        data=folder, server=ServerSettings(synchronous="normal"), web=Web(port=free_port()),
        database_url=url,
    )  # fmt: skip
    async with open_installation(settings, prepare=True) as installation:
        await installation.settle_organisation()
        numbers = await fill(installation, cases, open_)
        people = [_HEADS[place % len(_HEADS)] if place % 5 == 0 else "director" for place in range(viewers)]
        now = datetime.now(UTC)
        cookies = [new_cookie() for _ in people]
        for cookie, person in zip(cookies, people, strict=True):
            await begin_session(installation, cookie, person, SignInWay.OPERATOR, "", "", now)
        async with served(settings) as web, _Viewers.of(settings, cookies, people) as watching:
            first, size = await watching.first()
            news = await _news(installation, watching, web, numbers, seconds)
            quiet = await _quiet(watching, web, seconds)
            memory = resident(web)
    return {
        "database": installation.database.address.kind, "cases": cases, "open": open_, "viewers": viewers,
        "first_seconds": first, "bytes": size, "news": news, "quiet": quiet, "memory_mb": round(memory / 1e6),
    }  # fmt: skip


@asynccontextmanager
async def served(settings: Settings, more: Mapping[str, str] | None = None) -> AsyncIterator[int]:
    """The process that serves its pages; `more` of its environment."""
    arguments = (*BIHUAN, "web", "--data", str(settings.data), "--port", str(settings.web.port))
    environment = {"BIHUAN_DATABASE_URL": settings.database, **(more or {})}
    child = await Child.start(arguments, settings.data / "web.log", ready="pages ready", environment=environment)
    async with ended(child):
        yield child.process.pid


@dataclass(frozen=True)
class _Viewers:
    """Browsers with the board before them; who may read all, and who a part."""

    all_: list[httpx2.AsyncClient]
    some: list[httpx2.AsyncClient]

    @classmethod
    @asynccontextmanager
    async def of(cls, settings: Settings, cookies: Sequence[str], people: Sequence[str]) -> AsyncIterator[_Viewers]:
        """With these sessions."""
        clients = [
            httpx2.AsyncClient(
                base_url=f"http://127.0.0.1:{settings.web.port}", trust_env=False, timeout=30,
                headers={"Cookie": f"bihuan-desk={cookie}; bihuan-language=en"},
            )
            for cookie in cookies
        ]  # fmt: skip
        heads = [person in _HEADS for person in people]
        try:
            yield cls(
                [one for one, head in zip(clients, heads, strict=True) if not head],
                [one for one, head in zip(clients, heads, strict=True) if head],
            )
        finally:
            for client in clients:
                await client.aclose()

    async def first(self) -> tuple[float, int]:
        """Seconds until the first page of the process is there, and its bytes; then everybody has one."""
        begun = time.perf_counter()
        answer = (await self.all_[0].get("/board")).raise_for_status()
        took = round(time.perf_counter() - begun, 2)
        if not _OPEN.search(answer.text):
            raise Problem(f"the page is no board: {answer.text[:500]}")
        await asyncio.gather(*(one.get("/board") for one in (*self.all_, *self.some)))
        return took, len(answer.content)

    async def see(self, count: int) -> list[float]:
        """Load until that many cases are open; answers the seconds that each took."""
        return [
            seconds
            for seconds in await asyncio.gather(
                *(_see(one, count) for one in self.all_), *(_see(one, None) for one in self.some)
            )
            if seconds is not None
        ]


async def _see(client: httpx2.AsyncClient, count: int | None) -> float | None:
    begun = time.perf_counter()
    # Browsers hear of it one after the other.
    await asyncio.sleep(random.random() * 0.1)  # noqa: S311 - no secret
    while True:
        text = (await client.get("/board/now?heard=1")).raise_for_status().text
        found = _OPEN.search(text)
        if count is None:
            return None
        if found and int(found[1]) <= count:
            return time.perf_counter() - begun
        await asyncio.sleep(1)


async def _news(
    installation: Installation, watching: _Viewers, web: int, numbers: Sequence[str], seconds: int
) -> dict[str, Any]:
    seen: list[float] = []
    used, begun = processor_seconds(web), time.perf_counter()
    for place in range(seconds):
        await _close(installation, numbers[place])
        seen += await watching.see(len(numbers) - place - 1)
        await asyncio.sleep(max(0.0, begun + place + 1 - time.perf_counter()))
    took = time.perf_counter() - begun
    cuts = statistics.quantiles(seen, n=100)
    return {
        "seen": len(seen), "median_ms": round(cuts[49] * 1000), "p99_ms": round(cuts[98] * 1000),
        "most_ms": round(max(seen) * 1000), "processor_share": round((processor_seconds(web) - used) / took, 3),
    }  # fmt: skip


async def _close(installation: Installation, number: str) -> None:
    now = installation.now()
    async with installation.database.begin() as connection:
        row = case_record.c.number == number
        values = {"closed_at": now, "updated_at": now, "sequence": 10, "status": Status.CLOSED.value}
        await connection.execute(update(case_record).where(row).values(values))


async def _quiet(watching: _Viewers, web: int, seconds: int) -> dict[str, Any]:
    """Each loads it once in ten seconds, at moments of their own."""
    clients = [*watching.all_, *watching.some]
    used, begun = processor_seconds(web), time.perf_counter()

    async def one(place: int, client: httpx2.AsyncClient) -> None:
        await asyncio.sleep(_EVERY * place / len(clients))
        while time.perf_counter() - begun < seconds:
            (await client.get("/board/now")).raise_for_status()
            await asyncio.sleep(_EVERY)

    await asyncio.gather(*(one(place, client) for place, client in enumerate(clients)))
    return {"processor_share": round((processor_seconds(web) - used) / (time.perf_counter() - begun), 3)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--open", type=int, default=5_000)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--database", help="URL of an empty one")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not 2 <= options.seconds < options.open <= options.cases or options.viewers < 2:
        parser.error("allowed: 2 seconds and viewers at least, more open cases than seconds, and no more than cases")
    with tempfile.TemporaryDirectory(prefix="bihuan-board-") as folder:
        found = run(
            measure(
                Path(folder), options.database, Wanted(options.cases, options.open, options.viewers, options.seconds)
            )
        )
    if options.json:
        print_json(found)
        return
    news = found["news"]
    print(
        f"{found['database']}: {found['open']} of {found['cases']} cases open, {found['viewers']} boards, "
        f"{found['bytes']} bytes, the first after {found['first_seconds']} s, {found['memory_mb']} MB\n"
        f"  an event a second: shown after {news['median_ms']} ms, p99 {news['p99_ms']} ms, "
        f"at most {news['most_ms']} ms ({news['seen']} of them); {news['processor_share']:.0%} of a core\n"
        f"  no event: {found['quiet']['processor_share']:.0%} of a core"
    )


if __name__ == "__main__":
    main()
