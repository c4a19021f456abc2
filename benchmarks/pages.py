"""The customers' pages: the page of a case among 10,000 open ones, wrong tries beside it, and what a life costs.

    python -m benchmarks.pages [--cases 10000] [--processes 2] [--tries 20000]
        [--addresses 1 1000 0] [--json]

On a real `bihuan up` the same life is lived by the console and by the pages, and the events of both histories are
counted. A third case, which waits for its customer, is then copied in the record as often as asked. So many `bihuan
web` serve them all, and customers, each with a session and a case of their own, load their page: as fast as it comes,
beside a bare page of Starlette of the same size, served and asked in the same way. At last one customer loads their
page ten times a second and adds a sentence to their case every second, alone, and while another process tries wrong
numbers and wrong links as fast as it can: from one address, from a thousand, from another /64 each time.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import secrets
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2

from activities.portal.sessions import Sessions, new_cookie
from benchmarks.child import BIHUAN, Child, ended, processor_seconds, resident, run
from benchmarks.page_flood import flooding
from benchmarks.page_life import Lives
from benchmarks.page_load import Request, load
from starter.console.screen import print_json
from starter.demo.outside.mail_server import MailServer, open_mail_server
from starter.services.intake.submissions import open_intake
from worker.embedded.ports import free_port
from worker.installation.installation import open_installation
from worker.installation.settings import IsolatedSettings, ServerSettings, Settings, Web
from worker.temporal.connection import connect
from worker.temporal.endpoint import Endpoint
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import LinkPurpose, Via

_COPIED = ("registration", "case_record", "timeline", "outbox")
_VISITORS = 500
_AT_ONCE = 8
_PAGES = 3000
_CONNECTIONS = 64
"""Of the flood, to all processes together."""
_OWN_PACE = 10.0
_ACTS_PACE = 1.0
_ALONE = 200
"""Pages of the customer before anybody tries anything."""
_TELL_EVERY = 30.0
"""Seconds between two words of how far a flood is."""
_PROXY = "127.0.0.1"


async def measure(folder: Path, cases: int, processes: int, tries: int, sources: Sequence[int]) -> dict[str, Any]:
    """All of it; see the head of this file."""
    port = free_port()
    settings = IsolatedSettings(
        data=folder,
        server=ServerSettings(port=free_port(), ui_port=free_port(), synchronous="normal"),
        web=Web(port=port, url=f"http://127.0.0.1:{port}", proxies=_PROXY),
    )
    async with open_mail_server() as mailbox:
        environment = _environment(settings, mailbox)
        life, number = await _lives(settings, mailbox, environment)
    await asyncio.to_thread(copy_case, folder / "bihuan.db", number, cases)
    cookies = await _visitors(settings, number, cases)
    measured: dict[str, Any] = {"cases": cases, "processes": processes, "life": life, "tries": []}
    async with _served(folder, processes, environment) as served:
        await _check(served, cookies[0])
        measured["page"], size = await _pages(served, cookies)
        measured["bytes"] = size
        async with _bare(folder, processes, size) as bare:
            measured["bare"], _ = await _pages(bare, cookies)
            measured["page_again"], _ = await _pages(served, cookies)
    if tries:
        environment["TEMPORAL_ADDRESS"] = f"127.0.0.1:{settings.server.port}"
        acting = await _session(settings, number)
        up = await _up(settings, environment)
        async with ended(up), _served(folder, processes, environment) as served:
            customer = _Customer(served.ports, cookies[0], acting)
            measured["tries"] = [await _flooded(settings, served, customer, tries, addresses) for addresses in sources]
    return measured


def _environment(settings: Settings, mailbox: MailServer) -> dict[str, str]:
    return {
        "BIHUAN_SMTP_URL": mailbox.url,
        "BIHUAN_MAIL_FROM": "service@example.com",
        "BIHUAN_SERVER__SYNCHRONOUS": "normal",
        "BIHUAN_WEB__URL": str(settings.web.url),
        "BIHUAN_WEB__PROXIES": _PROXY,
    }


async def _lives(settings: Settings, mailbox: MailServer, environment: Mapping[str, str]) -> tuple[dict[str, int], str]:
    folder, web = settings.data, settings.web
    up = await _up(settings, environment)
    async with ended(up), open_intake(settings, endpoint=Endpoint.read(folder)) as intake:
        client = await connect(settings, endpoint=Endpoint.read(folder))
        lives = Lives(settings, client, intake, mailbox, f"http://127.0.0.1:{web.port}")
        console, pages, open_ = await asyncio.gather(lives.by_console(), lives.by_pages(), lives.open_one())
        return {"console_events": await lives.events(console), "pages_events": await lives.events(pages)}, open_


async def _up(settings: Settings, environment: Mapping[str, str]) -> Child:
    folder, server, web = settings.data, settings.server, settings.web
    arguments = (
        *BIHUAN, "up", "--data", str(folder), "--port", str(server.port), "--ui-port", str(server.ui_port),
        "--web-port", str(web.port),
    )  # fmt: skip
    own = {name: value for name, value in environment.items() if not name.startswith("TEMPORAL_")}
    return await Child.start(arguments, folder / "up.log", ready="ready: Temporal", environment=own)


def copied_number(number: str, index: int) -> str:
    """The number of a copy."""
    return f"{number[:10]}9{index:06d}"


def copy_case(file: Path, number: str, cases: int) -> None:
    """Every row of a case again, so many times, each time under another number."""
    with closing(sqlite3.connect(file)) as connection, connection:
        for table in _COPIED:
            found = connection.execute(f"SELECT * FROM {table} WHERE number = ?", (number,))  # noqa: S608 - our names
            columns = [column[0] for column in found.description]
            rows = found.fetchall()
            places = ", ".join("?" * len(columns))
            key = columns.index("intake_key") if "intake_key" in columns else None
            for index in range(cases - 1):
                copies = [_copy(row, number, copied_number(number, index), key) for row in rows]
                connection.executemany(
                    f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",  # noqa: S608
                    copies,
                )


def _copy(row: tuple[Any, ...], number: str, copy: str, key: int | None) -> list[Any]:
    values = [value.replace(number, copy) if isinstance(value, str) else value for value in row]
    if key is not None:
        values[key] = f"copy-{copy}"
    return values


async def _visitors(settings: Settings, number: str, cases: int) -> list[str]:
    """Cookies of customers, each let in to a case of their own."""
    chance, cookies = random.Random(7), []  # noqa: S311 - which cases, no secrets
    async with open_installation(settings) as installation:
        sessions = Sessions(installation.database)
        for index in chance.sample(range(cases - 1), min(_VISITORS, cases - 1)):
            cookies.append(cookie := new_cookie())
            await sessions.begin(
                cookie, copied_number(number, index), via=Via.LINK, purpose=LinkPurpose.CONFIRM, cycle=0,
                now=datetime.now(UTC),
            )  # fmt: skip
    return cookies


async def _session(settings: Settings, number: str) -> str:
    """The cookie of a customer of this case who may do everything."""
    cookie = new_cookie()
    async with open_installation(settings) as installation:
        await Sessions(installation.database).begin(
            cookie, number, via=Via.CODE, purpose=None, cycle=0, now=datetime.now(UTC)
        )
    return cookie


@dataclass(frozen=True)
class Served:
    """Processes that serve, and where."""

    ports: list[int]
    pids: list[int]

    def processor_seconds(self) -> float:
        """Used so far, all together."""
        return sum(map(processor_seconds, self.pids))

    def memory(self) -> int:
        """Bytes that the largest holds."""
        return max(map(resident, self.pids))


@asynccontextmanager
async def _served(folder: Path, processes: int, environment: Mapping[str, str]) -> AsyncIterator[Served]:
    arguments = (*BIHUAN, "web", "--data", str(folder))
    async with _children(folder, processes, arguments, "pages ready", environment) as served:
        yield served


@asynccontextmanager
async def _bare(folder: Path, processes: int, size: int) -> AsyncIterator[Served]:
    arguments = ("-m", "benchmarks.bare_page", "--bytes", str(size))
    async with _children(folder, processes, arguments, "ready", {}) as served:
        yield served


@asynccontextmanager
async def _children(
    folder: Path, processes: int, arguments: tuple[str, ...], ready: str, environment: Mapping[str, str]
) -> AsyncIterator[Served]:
    ports = [free_port() for _ in range(processes)]
    async with AsyncExitStack() as stack:
        pids = []
        for port in ports:
            log = folder / f"{port}.log"
            child = await Child.start((*arguments, "--port", str(port)), log, ready=ready, environment=environment)
            await stack.enter_async_context(ended(child))
            pids.append(child.process.pid)
        yield Served(ports, pids)


async def _check(served: Served, cookie: str) -> None:
    """That a visitor gets the page of their case.

    Raises:
        Problem: it is another one.
    """
    async with httpx2.AsyncClient(trust_env=False, cookies={"bihuan": cookie}) as client:
        page = (await client.get(f"http://127.0.0.1:{served.ports[0]}/case")).text
    if 'name="choice" value="confirm"' not in page:
        raise Problem(f"the page asks for nothing: {page}")


async def _pages(served: Served, cookies: list[str]) -> tuple[dict[str, Any], int]:
    def page(index: int) -> Request:
        return "GET", "/case", {"Cookie": f"bihuan={cookies[index % len(cookies)]}"}, b""

    await load(served.ports, page, at_once=_AT_ONCE, total=_PAGES // 10)
    used = served.processor_seconds()
    observed = await load(served.ports, page, at_once=_AT_ONCE, total=_PAGES)
    used = served.processor_seconds() - used
    return observed.figures() | {"processor_ms": round(used / _PAGES * 1000, 2)}, observed.size


@dataclass(frozen=True)
class _Customer:
    """One who reads their page and acts, and never tries anything wrong; `cookie` is of a case that goes on."""

    ports: list[int]
    reading: str
    acting: str

    async def seen(self, *, total: int | None = None, until: asyncio.Event | None = None) -> dict[str, Any]:
        """What they saw, for so many pages or until the event."""
        acts = round(total / _OWN_PACE * _ACTS_PACE) if total else None
        pages, said = await asyncio.gather(
            load(self.ports, self._page, at_once=4, total=total, until=until, pace=_OWN_PACE),
            load(self.ports, self._sentence, at_once=2, total=acts, until=until, pace=_ACTS_PACE),
        )
        return {"pages": pages.figures(), "acts": said.figures()}

    def _page(self, index: int) -> Request:  # noqa: ARG002
        return "GET", "/case", {"Cookie": f"bihuan={self.reading}", "X-Forwarded-For": "192.0.2.1"}, b""

    def _sentence(self, index: int) -> Request:
        csrf = hashlib.sha256(f"form:{self.acting}".encode()).hexdigest()
        fields = {"csrf": csrf, "once": secrets.token_hex(16), "text": f"补充说明 {index}"}
        # Many customers act in an hour, from an address each.
        address = f"198.51.{index // 200}.{index % 200}"
        headers = {"Cookie": f"bihuan={self.acting}", "X-Forwarded-For": address}
        return "POST", "/case/supply", headers, urlencode(fields).encode()


async def _flooded(
    settings: Settings, served: Served, customer: _Customer, tries: int, addresses: int
) -> dict[str, Any]:
    """What a customer sees alone, and while so many wrong tries come from so many addresses."""
    alone = await customer.seen(total=_ALONE)
    over, used, memory = asyncio.Event(), served.processor_seconds(), served.memory()
    sessions = _rows(settings, "web_session")
    seen = asyncio.create_task(customer.seen(until=over))
    try:
        flood = await flooding(served.ports, tries, addresses, _CONNECTIONS, _progress(tries, addresses))
    finally:
        over.set()
    return {
        "addresses": addresses,
        "alone": alone,
        "beside": await seen,
        "tries": flood,
        "processor_share": round((served.processor_seconds() - used) / flood["took"], 2),
        "memory_mb": [round(one / 1e6, 1) for one in (memory, served.memory())],
        "rows": _rows(settings, "web_tries"),
        "let_in": _rows(settings, "web_session") - sessions,
    }


def _progress(tries: int, addresses: int) -> Callable[[Mapping[str, Any], float], None]:
    told = 0.0

    def say(so_far: Mapping[str, Any], seconds: float) -> None:
        nonlocal told
        if seconds - told >= _TELL_EVERY:
            told = seconds
            where = f"{addresses} addresses" if addresses else "a /64 each"
            print(f"{so_far['answers']} of {tries} tries from {where}, {seconds:.0f} s", file=sys.stderr, flush=True)

    return say


def _rows(settings: Settings, table: str) -> int:
    with closing(sqlite3.connect(settings.data / "bihuan.db")) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our names


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=2, help="that serve pages")
    parser.add_argument(
        "--addresses", type=int, nargs="+", default=[1, 1000, 0], help="from which they come; 0: another /64 each"
    )
    parser.add_argument("--tries", type=int, default=20_000, help="wrong ones, so many from each of --addresses")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.cases < 2 or options.processes < 1 or options.tries < 0:
        parser.error("allowed: at least 2 cases, 1 process, 0 tries")
    with tempfile.TemporaryDirectory(prefix="bihuan-pages-") as folder:
        measured = run(measure(Path(folder), options.cases, options.processes, options.tries, options.addresses))
    if options.json:
        print_json(measured)
        return
    print("\n".join(lines(measured)))


def lines(measured: dict[str, Any]) -> list[str]:
    """For people."""
    page, bare, life = measured["page_again"], measured["bare"], measured["life"]
    more = life["pages_events"] - life["console_events"]
    shown = [
        f"history events of a life: {life['console_events']} by the console, "
        f"{life['pages_events']} by the pages ({more:+})",
        f"page of a case among {measured['cases']}, {measured['bytes']} bytes, {measured['processes']} processes",
        *(
            f"  {name:<18}{one['per_second']:>8g} a second, median {one['median_ms']:g} ms, p99 {one['p99_ms']:g} ms, "
            f"processor time {one['processor_ms']:g} ms"
            for name, one in (("bihuan", measured["page"]), ("bare Starlette", bare), ("bihuan again", page))
        ),
        f"  ratio: {page['per_second'] / bare['per_second']:.2f} of the pages, "
        f"{page['p99_ms'] / bare['p99_ms']:.1f} times the p99, "
        f"{page['processor_ms'] / bare['processor_ms']:.1f} times the processor time",
    ]
    for one in measured["tries"]:
        tries, took = one["tries"], one["tries"]["took"]
        where = f"{one['addresses']} addresses" if one["addresses"] else "another /64 each"
        shown += [
            f"{tries['answers']} wrong tries from {where} in {took:.0f} s, {tries['answers'] / took:.0f} a second: "
            f"answers {tries['statuses']}, {one['let_in']} let in; the pages took {one['processor_share']:.2f} cores, "
            f"{one['memory_mb'][0]:g} MB before and {one['memory_mb'][1]:g} MB after; {one['rows']} rows of limits",
            *(
                f"  a customer's {name:<5} {when:<7} median {which['median_ms']:g} ms, p99 {which['p99_ms']:g} ms, "
                f"{which['answers']} of them, {which['statuses']}"
                for name in ("pages", "acts")
                for when, which in (("alone", one["alone"][name]), ("beside", one["beside"][name]))
            ),
        ]
    return shown


if __name__ == "__main__":
    main()
