"""The customers' pages: the page of a case among 10,000 open ones, wrong tries beside it, and what a life costs.

    python -m benchmarks.pages [--cases 10000] [--processes 2] [--tries 20000] [--json]

On a real `bihuan up` the same life is lived by the console and by the pages, and the events of both histories are
counted. A third case, which waits for its customer, is then copied in the record as often as asked. So many `bihuan
web` serve them all, and customers, each with a session and a case of their own, load their page: as fast as it comes,
beside a bare page of Starlette of the same size, served and asked in the same way. At last one customer loads their
page ten times a second, alone, and while wrong numbers and wrong links are tried.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import secrets
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2

from activities.portal.sessions import Sessions, new_cookie
from benchmarks.child import BIHUAN, Child, ended, processor_seconds, run
from benchmarks.page_life import Lives
from benchmarks.page_load import Observed, Request, load
from starter.console.screen import print_json
from starter.demo.mailbox import Mailbox, open_mailbox
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
_TRYING = 16
_OWN_PACE = 10.0
_ALONE = 100
"""Pages of the customer before anybody tries anything."""
_PROXY = "127.0.0.1"


async def measure(folder: Path, cases: int, processes: int, tries: int, pace: float | None) -> dict[str, Any]:
    """All of it; see the head of this file."""
    port = free_port()
    settings = IsolatedSettings(
        data=folder,
        server=ServerSettings(port=free_port(), ui_port=free_port(), synchronous="normal"),
        web=Web(port=port, url=f"http://127.0.0.1:{port}", proxies=_PROXY),
    )
    async with open_mailbox() as mailbox:
        environment = _environment(settings, mailbox)
        life, number = await _lives(settings, mailbox, environment)
    await asyncio.to_thread(copy_case, folder / "bihuan.db", number, cases)
    cookies = await _visitors(settings, number, cases)
    measured: dict[str, Any] = {"cases": cases, "processes": processes, "life": life}
    async with _served(folder, processes, environment) as served:
        await _check(served, cookies[0])
        measured["page"], size = await _pages(served, cookies)
        measured["bytes"] = size
        async with _bare(folder, processes, size) as bare:
            measured["bare"], _ = await _pages(bare, cookies)
            measured["page_again"], _ = await _pages(served, cookies)
        measured["tries"] = [
            await _tried(served.ports, cookies[0], tries, addresses, pace) for addresses in ((1, 1000) if tries else ())
        ]
    return measured


def _environment(settings: Settings, mailbox: Mailbox) -> dict[str, str]:
    return {
        "BIHUAN_SMTP_URL": mailbox.url,
        "BIHUAN_MAIL_FROM": "service@example.com",
        "BIHUAN_SERVER__SYNCHRONOUS": "normal",
        "BIHUAN_WEB__URL": str(settings.web.url),
        "BIHUAN_WEB__PROXIES": _PROXY,
    }


async def _lives(settings: Settings, mailbox: Mailbox, environment: Mapping[str, str]) -> tuple[dict[str, int], str]:
    folder, server, web = settings.data, settings.server, settings.web
    arguments = (
        *BIHUAN, "up", "--data", str(folder), "--port", str(server.port), "--ui-port", str(server.ui_port),
        "--web-port", str(web.port),
    )  # fmt: skip
    up = await Child.start(arguments, folder / "up.log", ready="ready: Temporal", environment=environment)
    async with ended(up), open_intake(settings, endpoint=Endpoint.read(folder)) as intake:
        client = await connect(settings, endpoint=Endpoint.read(folder))
        lives = Lives(settings, client, intake, mailbox, f"http://127.0.0.1:{web.port}")
        console, pages, open_ = await asyncio.gather(lives.by_console(), lives.by_pages(), lives.open_one())
        return {"console_events": await lives.events(console), "pages_events": await lives.events(pages)}, open_


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


@dataclass(frozen=True)
class Served:
    """Processes that serve, and where."""

    ports: list[int]
    pids: list[int]

    def processor_seconds(self) -> float:
        """Used so far, all together."""
        return sum(map(processor_seconds, self.pids))


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


async def _tried(ports: list[int], cookie: str, tries: int, addresses: int, pace: float | None) -> dict[str, Any]:
    """A customer's page alone, and while so many wrong tries come from so many addresses."""

    def page(index: int) -> Request:  # noqa: ARG001
        return "GET", "/case", {"Cookie": f"bihuan={cookie}", "X-Forwarded-For": "192.0.2.1"}, b""

    wrong = [_wrong(f"10.{index // 256}.{index % 256}.9") for index in range(addresses)]

    def one_try(index: int) -> Request:
        return wrong[index % addresses](index)

    alone = await load(ports, page, at_once=4, total=_ALONE, pace=_OWN_PACE)
    over = asyncio.Event()
    customer = asyncio.create_task(load(ports, page, at_once=4, until=over, pace=_OWN_PACE))
    tried: Observed = await load(ports, one_try, at_once=_TRYING, total=tries, pace=pace)
    over.set()
    figures = tried.figures()
    return {
        "addresses": addresses,
        "alone": alone.figures(),
        "beside": (await customer).figures(),
        "tries": figures,
        "hours_for_a_million": round(1_000_000 / figures["per_second"] / 3600, 1),
    }


def _wrong(address: str) -> Callable[[int], Request]:
    """Tries of one stranger: numbers with contacts and links by turns."""
    cookie = new_cookie()
    csrf = hashlib.sha256(f"form:{cookie}".encode()).hexdigest()
    headers = {"Cookie": f"bihuan={cookie}", "X-Forwarded-For": address}

    def one_try(index: int) -> Request:
        if index % 2:
            return (
                "GET",
                f"/l/{''.join(secrets.choice('abcdefghijklmnopqrstuvwxyz234567') for _ in range(32))}",
                headers,
                b"",
            )
        fields = {"csrf": csrf, "number": f"FB20260105{index % 10000:04d}", "contact": f"{index}@example.com"}
        return "POST", "/case", headers, urlencode(fields).encode()

    return one_try


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=2, help="that serve pages")
    parser.add_argument("--tries", type=int, default=20_000, help="wrong ones, from one address and from a thousand")
    parser.add_argument("--pace", type=float, help="tries a second; default: as fast as the answers come")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.cases < 2 or options.processes < 1 or options.tries < 0:
        parser.error("allowed: at least 2 cases, 1 process, 0 tries")
    with tempfile.TemporaryDirectory(prefix="bihuan-pages-") as folder:
        measured = run(measure(Path(folder), options.cases, options.processes, options.tries, options.pace))
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
        tries, alone, beside = one["tries"], one["alone"], one["beside"]
        shown += [
            f"{tries['answers']} wrong tries from {one['addresses']} addresses, {tries['per_second']:g} a second "
            f"(a million: {one['hours_for_a_million']:g} h), answers {tries['statuses']}",
            *(
                f"  a customer's page {name:<8} median {which['median_ms']:g} ms, p99 {which['p99_ms']:g} ms, "
                f"{which['answers']} of them, {which['statuses']}"
                for name, which in (("alone", alone), ("beside", beside))
            ),
        ]
    return shown


if __name__ == "__main__":
    main()
