"""Sets the demonstration up on a folder of its own, plays the stories, and says how they ended."""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from starter.console.screen import say
from starter.demo.actor import Actor
from starter.demo.board import Board
from starter.demo.failure import StoryFailedError
from starter.demo.record import LiveRecord
from starter.demo.reports import write_reports
from starter.demo.stories import STORIES
from starter.demo.story import Story
from starter.demo.summary import print_ending
from starter.demo.week import demo_time
from starter.services.intake import Intake, open_intake
from worker.embedded.lock import DataLock
from worker.embedded.server import EmbeddedServer
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import ServerSettings, Settings
from worker.monitoring.logs import configure_logs
from worker.process import run_worker, stop_on_signals
from worker.temporal.endpoint import Endpoint
from workflows.domain.problem import Problem

_SETTING_UP = timedelta(seconds=1.5)
"""What a worker needs to be ready; the virtual Monday begins then."""
_LONGEST = 180.0
"""Seconds after which the demonstration gives up."""


class _OwnSettings(Settings):
    """Whatever the environment says, a demonstration touches no company's database, mail server or cluster."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        *_: Any,
        **__: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What this module says, and nothing else."""
        return (init_settings,)


@dataclass
class Cast:
    """The stories with the numbers their customers got, and what went wrong in playing them."""

    numbers: dict[str, Story] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    """Further cases of a story, with what the board calls them."""
    troubles: dict[str, str] = field(default_factory=dict)

    def titles(self) -> dict[str, str]:
        """Every case, in the order of their numbers."""
        return dict(sorted(({number: story.title for number, story in self.numbers.items()} | self.others).items()))


async def play_all(
    *,
    keep: bool = False,
    data: str | None = None,
    port: int | None = None,
    ui_port: int | None = None,
    afterwards: Callable[[Settings, Cast], Awaitable[None]] | None = None,
) -> int:
    """Play all stories; 0 when each ended as it says, else 1. `afterwards` is called while the server still runs.

    Raises:
        Problem: a port is taken, the folder is in use, or the server does not start.
    """
    configure_logs("text", "error")
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)
    stop = stop_on_signals()
    with _folder(data) as folder:
        server_settings = ServerSettings(port=port or free_port(), ui_port=ui_port or free_port(), synchronous="normal")
        settings = _OwnSettings(data=folder, server=server_settings)
        async with _running(settings) as (server, installation):
            cast, record = await _play(settings, installation, stop)
            if stop.is_set():
                say("interrupted")
                return 130
            faults = _faults(cast, record)
            # Beside a temporary data folder, which is removed: people open them afterwards.
            kept = Path(data) / "reports" if data is not None else Path(tempfile.mkdtemp(prefix="bihuan-reports-"))
            reports = await write_reports(installation, kept)
            await print_ending(installation, cast.titles(), record, faults, web_ui=server.ui, reports=reports)
            if afterwards is not None:
                await afterwards(settings, cast)
            if keep:
                say(f"Web UI {server.ui}, data {settings.data}; Ctrl-C ends the demonstration")
                await stop.wait()
            elif data is not None:
                say(f"data kept in {settings.data}; `bihuan list --data {settings.data}` reads it")
            return 1 if faults else 0


def _faults(cast: Cast, record: LiveRecord) -> dict[str, list[str]]:
    found = {
        number: [*([cast.troubles[number]] if number in cast.troubles else []), *story.faults(record.files.get(number))]
        for number, story in cast.numbers.items()
    }
    missing = [story for story in STORIES if story not in cast.numbers.values()]
    found |= {story.title: [cast.troubles.get(story.title, "没有开始 never began")] for story in missing}
    return {number: faults for number, faults in found.items() if faults}


async def _play(settings: Settings, installation: Installation, stop: asyncio.Event) -> tuple[Cast, LiveRecord]:
    cast, record = Cast(), LiveRecord(installation.cases)
    board = Board(installation, cast.titles, record)
    async with open_intake(settings) as intake:
        lock = asyncio.Lock()
        plays = [asyncio.create_task(_play_one(story, intake, lock, cast, record)) for story in STORIES]
        following = asyncio.create_task(record.follow(lambda: list(cast.titles())))
        showing = asyncio.create_task(board.show())
        stopping = asyncio.create_task(stop.wait())
        everything = asyncio.gather(*plays)
        try:
            await asyncio.wait((everything, stopping), timeout=_LONGEST, return_when=asyncio.FIRST_COMPLETED)
            await record.read(list(cast.titles()))
        finally:
            for task in (everything, following, showing, stopping):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
    return cast, record


async def _play_one(story: Story, intake: Intake, lock: asyncio.Lock, cast: Cast, record: LiveRecord) -> None:
    installation = intake.installation

    async def opens(form: dict[str, Any], title: str = "└ 同一问题 · the same problem") -> Actor:
        async with lock:
            accepted = await intake.accept(form)
        if form is story.form:
            cast.numbers[accepted.number] = story
        else:
            cast.others[accepted.number] = title
        if intake.client is None:
            raise StoryFailedError(intake.outage or "Temporal 没有响应 does not answer")
        handle = intake.client.get_workflow_handle(accepted.number)
        workflow = intake.client.get_workflow_handle
        player = Actor(
            accepted.number, handle, record, installation.time, installation.now, workflow=workflow, opens=opens
        )
        await player.when("建立案件 opened", lambda file: file.view is not None)
        return player

    await asyncio.sleep(installation.time.wait(story.opens, installation.now()).total_seconds())
    try:
        player = await opens(story.form)
        await story.play(player)
        await player.when("关闭 closed", lambda file: bool(file.view and file.view["closed_at"]))
    except (Problem, StoryFailedError) as failure:
        number = next((number for number, known in cast.numbers.items() if known is story), story.title)
        cast.troubles[number] = str(failure)


@asynccontextmanager
async def _running(settings: Settings) -> AsyncIterator[tuple[EmbeddedServer, Installation]]:
    """The real server and the real worker, on a clock that begins on a Monday morning."""
    server = EmbeddedServer(settings.data, settings.server)
    with DataLock(settings.data):
        try:
            await server.start()
            time = demo_time(datetime.now(UTC) + _SETTING_UP)
            async with open_installation(settings, prepare=True, time=time) as installation:
                ready, ending = asyncio.Event(), asyncio.Event()
                working = asyncio.create_task(
                    run_worker(
                        settings, ready=lambda _: ready.set(), stop=ending, endpoint=Endpoint.read(settings.data)
                    )
                )
                waiting = asyncio.create_task(ready.wait())
                await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
                try:
                    if ready.is_set():
                        yield server, installation
                finally:
                    waiting.cancel()
                    ending.set()
                    await working
        finally:
            await server.stop()


class _folder:  # noqa: N801 - reads as a function
    """The folder named, which has to be new, or a temporary one that is removed again."""

    def __init__(self, named: str | None) -> None:
        self._named = named
        self._path: Path | None = None

    def __enter__(self) -> Path:
        if self._named is not None:
            self._path = Path(self._named)
            if self._path.exists() and any(self._path.iterdir()):
                raise Problem(f"{self._named}: the demonstration needs a new folder, this one is not empty")
            self._path.mkdir(parents=True, exist_ok=True)
        else:
            self._path = Path(tempfile.mkdtemp(prefix="bihuan-demo-"))
        return self._path

    def __exit__(self, *_: object) -> None:
        if self._named is None and self._path is not None:
            shutil.rmtree(self._path, ignore_errors=True)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
