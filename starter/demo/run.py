"""Runs the demonstration: a server and a worker on a folder of their own, the stories, and how they ended."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr

from activities.mailbox.settings import MailboxSettings
from starter.console.screen import say
from starter.demo.actor import Actor
from starter.demo.board import LiveTable
from starter.demo.browser import Browser
from starter.demo.customer import PlayedCustomer
from starter.demo.failure import StoryFailedError
from starter.demo.outside.correspondent import Correspondent, Letter
from starter.demo.outside.mail_server import SERVICE, MailServer, open_mail_server
from starter.demo.outside.sms_gateway import SmsGateway, open_sms_gateway
from starter.demo.record import LiveRecord
from starter.demo.reports import write_reports
from starter.demo.stories.catalogue import STORIES
from starter.demo.stories.forms import answers_of
from starter.demo.stories.story import Story
from starter.demo.summary import print_ending
from starter.demo.week import demo_time
from starter.services.intake.submissions import Intake, open_intake
from starter.web.server import serving_pages
from worker.embedded.lock import DataLock
from worker.embedded.ports import free_port
from worker.embedded.server import EmbeddedServer
from worker.installation.installation import Installation, open_installation
from worker.installation.link_keys import make_link_keys
from worker.installation.settings import IsolatedSettings, ServerSettings, Settings, Web
from worker.monitoring.logs import configure_logs
from worker.process import run_worker, stop_on_signals
from worker.temporal.endpoint import Endpoint
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Channel, Locale

_SETTING_UP = timedelta(seconds=1.5)
"""What a worker needs to get ready; the virtual Monday begins then."""
_LONGEST = 180.0
"""Seconds after which the demonstration gives up."""


@dataclass(frozen=True)
class Office:
    """What runs: `pages` is the address of the pages, `mails` has everybody's mails, `sms` their short messages."""

    settings: Settings
    installation: Installation
    mails: MailServer
    sms: SmsGateway
    pages: str

    def customer(self, sent: dict[str, Any] | Letter) -> PlayedCustomer:
        """Whoever sends this, with a browser of their own."""
        if isinstance(sent, Letter):
            return PlayedCustomer(Browser(self.pages), sent.sender, self.mails.letters)
        known = sent["customer"]
        browser = Browser(self.pages, **{"Accept-Language": str(known.get("locale") or Locale.ZH_CN)})
        return PlayedCustomer(browser, known.get("email") or "", self.mails.letters)


@dataclass
class PlayedStories:
    """The stories that began, by the number of their case, and what went wrong in playing them."""

    numbers: dict[str, Story] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    """Further cases of a story, with their titles on the board."""
    failures: dict[str, str] = field(default_factory=dict)
    """By number, or by the title of a story that has no case."""

    def titles(self) -> dict[str, str]:
        """Every case, in the order of their numbers."""
        return dict(sorted(({number: story.title for number, story in self.numbers.items()} | self.others).items()))

    def faults(self, stories: Sequence[Story], record: LiveRecord) -> dict[str, list[str]]:
        """What is not as the stories say, by number (or title); empty where all went well."""
        found = {
            number: [
                *([self.failures[number]] if number in self.failures else []),
                *story.faults(record.files.get(number)),
            ]
            for number, story in self.numbers.items()
        }
        missing = [story for story in stories if story not in self.numbers.values()]
        found |= {story.title: [self.failures.get(story.title, "没有开始 never began")] for story in missing}
        return {number: faults for number, faults in found.items() if faults}


async def play_all(
    *,
    keep: bool = False,
    data: str | None = None,
    port: int | None = None,
    ui_port: int | None = None,
    stories: Sequence[Story] = STORIES,
    afterwards: Callable[[Settings, PlayedStories], Awaitable[None]] | None = None,
) -> int:
    """Play all stories; 0 when each ended as it says, 1 when not, 130 when interrupted.

    Without `data` everything is in a temporary folder, which is removed at the end, however it ends. With `keep` the
    server stays up until SIGINT or SIGTERM. `afterwards` is called while the server still runs.

    Raises:
        Problem: a port is taken, the folder is in use, or the server does not start.
    """
    configure_logs("text", "error")
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)
    stop = stop_on_signals()
    with _data_folder(data) as folder:
        server_settings = ServerSettings(port=port or free_port(), ui_port=ui_port or free_port(), synchronous="normal")
        async with _running(folder, server_settings) as (server, office):
            settings, installation = office.settings, office.installation
            played, record = await _play(stories, settings, office, stop)
            if stop.is_set():
                say("interrupted")
                return 130
            faults = played.faults(stories, record)
            # Neither pages nor reports can be looked at once their server and folder are gone.
            web_ui = server.ui if keep else None
            reports = await write_reports(installation, folder / "reports") if keep or data is not None else []
            pages = office.pages if keep else None
            await print_ending(
                installation, played.titles(), record, faults, web_ui=web_ui, pages=pages, reports=reports
            )
            if afterwards is not None:
                await afterwards(settings, played)
            if keep:
                say(f"Web UI {server.ui}, pages {office.pages}, data {settings.data}; Ctrl-C ends the demonstration")
                await stop.wait()
            elif data is not None:
                say(f"data kept in {settings.data}; `bihuan list --data {settings.data}` reads it")
            return 1 if faults else 0


async def _play(
    stories: Sequence[Story], settings: Settings, office: Office, stop: asyncio.Event
) -> tuple[PlayedStories, LiveRecord]:
    installation = office.installation
    played, record = PlayedStories(), LiveRecord(installation.cases)
    board = LiveTable(installation, played.titles, record)
    async with open_intake(settings, endpoint=Endpoint.read(settings.data)) as intake:
        lock = asyncio.Lock()
        plays = [
            asyncio.create_task(_play_one(story, office, intake, lock=lock, played=played, record=record))
            for story in stories
        ]
        following = asyncio.create_task(record.follow(lambda: list(played.titles())))
        showing = asyncio.create_task(board.show())
        stopping = asyncio.create_task(stop.wait())
        everything = asyncio.gather(*plays)
        try:
            await asyncio.wait((everything, stopping), timeout=_LONGEST, return_when=asyncio.FIRST_COMPLETED)
            await record.read(list(played.titles()), again=True)
        finally:
            for task in (everything, following, showing, stopping):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
    return played, record


async def _play_one(
    story: Story, office: Office, intake: Intake, *, lock: asyncio.Lock, played: PlayedStories, record: LiveRecord
) -> None:
    installation = intake.installation

    async def opens(sent: dict[str, Any] | Letter, title: str = "└ 同一问题 · the same problem") -> Actor:
        customer = office.customer(sent)
        pen = None
        if isinstance(sent, Letter):
            pen = Correspondent(office.mails, sent)
            customer.number = await pen.write()
        else:
            async with lock:
                if sent["channel"] == Channel.PORTAL:
                    await customer.hand_in(answers_of(sent))
                else:
                    customer.number = (await intake.accept(sent)).number
        number = customer.number
        if sent is story.sends:
            played.numbers[number] = story
        else:
            played.others[number] = title
        if intake.client is None:
            raise StoryFailedError(intake.outage or "Temporal 没有响应 does not answer")
        workflow = intake.client.get_workflow_handle
        actor = Actor(
            number, workflow(number), record, installation.time, installation.now,
            customer=customer, workflow=workflow, opens=opens, pen=pen, texts=office.sms.texts,
        )  # fmt: skip
        await actor.when("建立案件 opened", lambda file: file.view is not None)
        return actor

    await asyncio.sleep(installation.time.wait(story.opens, installation.now()).total_seconds())
    try:
        actor = await opens(story.sends)
        await story.play(actor)
        await actor.when("关闭 closed", lambda file: bool(file.view and file.view["closed_at"]))
    except (Problem, StoryFailedError, httpx2.HTTPError) as failure:
        number = next((number for number, known in played.numbers.items() if known is story), story.title)
        played.failures[number] = str(failure)


@asynccontextmanager
async def _running(folder: Path, ports: ServerSettings) -> AsyncIterator[tuple[EmbeddedServer, Office]]:
    """A server, a worker and pages, as in production, on a clock that begins on a Monday morning; mails stay here."""
    server, port = EmbeddedServer(folder, ports), free_port()
    async with open_mail_server() as mails, open_sms_gateway() as sms:
        inbox = mails.service
        settings = IsolatedSettings(
            data=folder, server=ports, smtp_url=SecretStr(mails.url), mail_from=SERVICE,
            channels={"sms": sms.settings()},
            mailboxes={"service": MailboxSettings(
                address=SERVICE, host="127.0.0.1", port=inbox.port, tls="none", user=inbox.user,
                password=SecretStr(inbox.password),
            )},
            web=Web(port=port, url=f"http://127.0.0.1:{port}"),
        )  # fmt: skip
        with DataLock(folder):
            make_link_keys(settings, datetime.now(UTC))
            async with _working(settings, server) as installation, serving_pages(settings, embedded=True) as pages:
                yield server, Office(settings, installation, mails, sms, pages)


@asynccontextmanager
async def _working(settings: Settings, server: EmbeddedServer) -> AsyncIterator[Installation]:
    try:
        await server.start()
        time = demo_time(datetime.now(UTC) + _SETTING_UP)
        async with open_installation(settings, prepare=True, time=time) as installation:
            ready, ending = asyncio.Event(), asyncio.Event()
            working = asyncio.create_task(
                run_worker(settings, ready=lambda _: ready.set(), stop=ending, endpoint=Endpoint.read(settings.data))
            )
            waiting = asyncio.create_task(ready.wait())
            await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
            try:
                if ready.is_set():
                    yield installation
            finally:
                waiting.cancel()
                ending.set()
                await working
    finally:
        await server.stop()


@contextmanager
def _data_folder(named: str | None) -> Iterator[Path]:
    """The folder named, which has to be new or empty, or a temporary one that is removed at the end.

    Raises:
        Problem: the folder named has something in it.
    """
    if named is None:
        with tempfile.TemporaryDirectory(prefix="bihuan-demo-", ignore_cleanup_errors=True) as temporary:
            yield Path(temporary)
        return
    path = Path(named)
    if path.exists() and any(path.iterdir()):
        raise Problem(f"{named}: the demonstration needs a new folder, this one is not empty")
    path.mkdir(parents=True, exist_ok=True)
    yield path
