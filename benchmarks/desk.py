"""The staff's pages of a busy company: how soon each is there, what it costs, and how large it is.

    python -m benchmarks.desk [--cases 100000] [--open 5000] [--requests 300] [--at-once 4] [--postgresql] [--json]

So many made-up cases of sixty days are written into an empty record (a SQLite file of its own, or a PostgreSQL of its
own), of which so many are open. A `bihuan web` serves them; a Temporal server runs, and no worker. An agent, the head
of a department and the director, each with a session, ask for each address in turn, so many at once. Processor time is
that of `bihuan web` for a page, and says more than the times do where other work runs beside.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from activities.portal.sessions import new_cookie
from benchmarks.board import served
from benchmarks.child import processor_seconds, resident, run
from benchmarks.page_load import Observed, Request, load
from benchmarks.standing_cases import RARE, fill
from starter.console.screen import print_json
from starter.services.identity.readable import readable_numbers
from starter.services.identity.sessions import begin_session, find_signed_in
from tests.postgresql import new_database, running_server
from worker.embedded.ports import free_port
from worker.embedded.server import EmbeddedServer
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import IsolatedSettings, ServerSettings, Web
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import SignInWay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

_PEOPLE: Final = ("agent-001", "tech-head", "director")
_LISTS: Final = (
    "/desk", "/desk/department", "/desk/unclaimed", "/desk/stuck", "/desk/cases?status=open&due=4h",
    f"/desk/cases?q={quote(RARE)}", "/desk/calls", "/desk/now",
)  # fmt: skip
_CASE: Final = "/desk/cases/N"
_WARM: Final = 12
"""Requests for each address before it is measured."""


@dataclass(frozen=True)
class Wanted:
    """How much of everything; `only`: addresses that have this in them."""

    cases: int
    open: int
    requests: int
    at_once: int
    only: str = ""


async def measure(folder: Path, url: str | None, wanted: Wanted) -> dict[str, Any]:
    """All of it; see the head of this file."""
    ports = ServerSettings(port=free_port(), ui_port=free_port(), synchronous="normal")
    settings = IsolatedSettings(
        data=folder, server=ports, web=Web(port=free_port()), database_url=url,
    )  # fmt: skip
    async with open_installation(settings, prepare=True) as installation, _temporal(folder, ports):
        await installation.settle_organisation()
        numbers = await fill(installation, wanted.cases, wanted.open)
        cookies = await _signed_in(installation)
        people = {
            name: _Person(cookie, await _readable(installation, cookie, numbers)) for name, cookie in cookies.items()
        }
        pages: dict[str, Any] = {}
        async with served(settings, {"TEMPORAL_ADDRESS": f"127.0.0.1:{ports.port}"}) as web:
            for path in (one for one in (*_LISTS, _CASE) if wanted.only in one):
                pages[path] = await _asked(settings.web.port, web, path, people, wanted)
            memory = resident(web)
    return {
        "database": installation.database.address.kind, "cases": wanted.cases, "open": wanted.open,
        "at_once": wanted.at_once, "pages": pages, "memory_mb": round(memory / 1e6),
    }  # fmt: skip


@asynccontextmanager
async def _temporal(folder: Path, ports: ServerSettings) -> AsyncIterator[None]:
    server = EmbeddedServer(folder, ports)
    try:
        await server.start()
        yield
    finally:
        await server.stop()


async def _signed_in(installation: Installation) -> dict[str, str]:
    """The cookie of each."""
    cookies = {person: new_cookie() for person in _PEOPLE}
    for person, cookie in cookies.items():
        await begin_session(installation, cookie, person, SignInWay.OPERATOR, "", "", datetime.now(UTC))
    return cookies


async def _readable(installation: Installation, cookie: str, numbers: Sequence[str]) -> list[str]:
    """Some of the open cases that the holder may read.

    Raises:
        Problem: there are none.
    """
    who = await find_signed_in(installation, cookie, datetime.now(UTC))
    found = await readable_numbers(installation, who, numbers[:1000]) if who is not None else []
    if not found:
        raise Problem("somebody signed in may read no open case")
    return found


@dataclass(frozen=True)
class _Person:
    """Somebody signed in, and numbers of open cases that they may read."""

    cookie: str
    numbers: Sequence[str]

    def request(self, path: str, index: int) -> Request:
        """For that address, with their cookie."""
        address = path if path != _CASE else f"/desk/cases/{self.numbers[index * 37 % len(self.numbers)]}"
        return "GET", address, {"Cookie": f"bihuan-desk={self.cookie}; bihuan-language=en"}, b""


async def _asked(port: int, web: int, path: str, people: Mapping[str, _Person], wanted: Wanted) -> dict[str, Any]:
    """Milliseconds, processor time and bytes of one address, and the median of each person alone."""

    async def ask(asking: Sequence[_Person], total: int) -> Observed:
        def request(index: int) -> Request:
            return asking[index % len(asking)].request(path, index)

        return await load([port], request, at_once=wanted.at_once, total=total)

    everybody = list(people.values())
    await ask(everybody, _WARM)
    used = processor_seconds(web)
    observed = await ask(everybody, wanted.requests)
    cost = (processor_seconds(web) - used) / wanted.requests
    if set(observed.statuses) != {200}:
        raise Problem(f"{path} was answered {observed.figures()['statuses']}")
    figures = observed.figures()
    each = {name: await ask([person], _WARM) for name, person in people.items()}
    return {
        "median_ms": figures["median_ms"], "p99_ms": figures["p99_ms"], "processor_ms": round(cost * 1000, 1),
        "bytes": max(one.size for one in each.values()),
        "of": {name: one.figures()["median_ms"] for name, one in each.items()},
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--open", type=int, default=5_000)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--only", default="", help="addresses that have this in them")
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not 1 <= options.open <= options.cases or options.requests < 2 or options.at_once < 1:
        parser.error("allowed: no more open cases than cases, two requests at least, and one at once at least")
    wanted = Wanted(options.cases, options.open, options.requests, options.at_once, options.only)

    async def all_of_it(folder: str, server: str | None) -> dict[str, Any]:
        return await measure(Path(folder), await new_database(server) if server else None, wanted)

    with (
        tempfile.TemporaryDirectory(prefix="bihuan-desk-") as folder,
        running_server() if options.postgresql else nullcontext() as server,
    ):
        found = run(all_of_it(folder, server))
    if options.json:
        print_json(found)
        return
    print(f"{found['database']}: {found['open']} of {found['cases']} cases open, {found['memory_mb']} MB")
    print(f"{'':40}{'median':>8}{'p99':>8}{'CPU':>8} ms{'bytes':>9}   median of each")
    for path, one in found["pages"].items():
        each = "  ".join(f"{person} {median:.0f}" for person, median in one["of"].items())
        print(
            f"{path:40}{one['median_ms']:8.0f}{one['p99_ms']:8.0f}{one['processor_ms']:8.1f}{one['bytes']:12}   {each}"
        )


if __name__ == "__main__":
    main()
