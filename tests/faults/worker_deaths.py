"""A worker dies before, amid and after every kind of activity, and others take over what it had in hand.

All deaths are of one company: those who die of the same work share a task queue, and die one after the other. They
are relieved at the same time, for what a killed worker had in hand is waited for.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage
from itertools import product
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle

from activities.archive.ledger import Ledger
from activities.archive.store import ArchiveStore, FileState
from tests.activities.delivery.mail_server import MailServer, mail_server
from tests.activities.knowledge.test_knowledge import closed
from tests.builders import DAY
from tests.builders import MONDAY as LONG_AGO
from tests.faults import processes
from tests.faults.accounting import Account, account
from tests.faults.cluster import MONDAY, SENDER, Ground, ground, office_on
from tests.faults.driver import PATIENCE, Office, form_of
from tests.faults.worker_process import Kill, Moment
from workflows.domain.policy.reports import ReportKind
from workflows.ports import ArchiveRun, ReportOrder, ReportRun

_OF_CASES = ("settle", "consult", "record", "record_review")
MOMENTS: tuple[Moment, ...] = ("before", "during", "after")
_KEEPING = ("archive", "write_report", "mail_report")
_SPEED = 240
"""A claim is due after 5 s, a first response after 15: both while nobody is there."""
_AT_ONCE = 6
"""Workers that start at the same time."""
BOARD = "board@example.com"
_STANDARD = Path(__file__).parents[2] / "activities" / "policy" / "standard.toml"


@dataclass(frozen=True)
class Scene:
    """One death. `ordinary`: see `Kill`; `by_case`: deliveries are the case's own."""

    activity: str
    moment: Moment
    ordinary: bool = False
    by_case: bool = False

    @property
    def queue(self) -> str:
        """The task queue that those who die of the same work on, one after the other."""
        return self.activity + ("-ordinary" if self.ordinary else "-by-case" if self.by_case else "")

    @property
    def name(self) -> str:
        return f"{self.queue}-{self.moment}"


SCENES = [
    *(Scene(*one) for one in product(_OF_CASES, MOMENTS, (False, True))),
    *(Scene("deliver", moment, by_case=by_case) for moment, by_case in product(MOMENTS, (False, True))),
]
CHORES = [Scene(*one) for one in product(_KEEPING, MOMENTS)]


@dataclass
class Played:
    """How it went. `codes` are how the workers ended, `notes` what they had in hand, `outage` is in seconds."""

    codes: dict[str, int] = field(default_factory=dict)
    notes: dict[str, dict[str, str]] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    outage: float = 0.0
    books: Account | None = None
    lost: set[str] = field(default_factory=set)
    """Keys of mails whose sender died, or did not wait, before it noted them down."""
    mails: list[EmailMessage] = field(default_factory=list)
    runs: dict[str, Any] = field(default_factory=dict)
    shelves: dict[Moment, list[FileState]] = field(default_factory=dict)


async def kill_workers(folder: Path) -> Played:
    """Every death there is, each relieved."""
    played = Played()
    async with ground(folder) as here, mail_server() as mail:
        await asyncio.gather(_cases(here, mail, played), _chores(here, played))
    return played


async def _cases(here: Ground, mail: MailServer, played: Played) -> None:
    settings = _settings(here.folder / "company", mail, speed=_SPEED, virtual_start=MONDAY)
    async with office_on(here, settings) as office:
        turn = asyncio.Semaphore(_AT_ONCE)
        deaths: list[float] = []
        lives: list[asyncio.Task[None]] = []

        async def play(scenes: list[Scene]) -> None:
            for scene in scenes:
                async with turn:
                    form = form_of(scene.name, product=scene.name)
                    number = await office.open(form, task_queue=scene.queue)
                    if scene.activity == "consult":
                        # Somebody the case does not know of: who that is has to be looked up.
                        await office.send(number, "note", "sales-001", text="客户是我们的老客户")
                    lives.append(asyncio.create_task(office.live(number)))
                    process = await here.hire(_of(settings, scene), kill=_kill(here, scene), ready=False)
                    try:
                        played.codes[scene.name] = await processes.ended(process)
                    except TimeoutError as error:
                        error.add_note(
                            f"the worker of {scene.name} ({number}) did not die; see its log in {here.folder}"
                        )
                        raise
                    deaths.append(time.monotonic())
                if scene.activity != "record_review":
                    await office.send(number, "note", "operator", text="没有人在")

        queues = _by_queue(SCENES)
        await asyncio.gather(*map(play, queues.values()))
        await _relieve(here, [_of(settings, scenes[0]) for scenes in queues.values()])
        played.outage = time.monotonic() - min(deaths)
        await asyncio.gather(*lives)
        await office.until_at_rest()
        played.notes |= _notes(here, SCENES)
        played.lost = here.answers_lost()
        played.books = await account(
            office.installation.database,
            office.client,
            mails=mail.mails,
            acknowledged=office.acknowledged,
            answers_lost=played.lost,
        )


async def _chores(here: Ground, played: Played) -> None:
    """Archiving and reports, each moment in an installation of its own."""
    async with AsyncExitStack() as stack:
        mail = await stack.enter_async_context(mail_server())
        policy = here.folder / "policy.toml"
        text = _STANDARD.read_text("utf-8").replace("recipients = []", f'recipients = ["{BOARD}"]')
        policy.write_text(text, "utf-8")
        offices: dict[Moment, tuple[Office, Mapping[str, Any]]] = {}
        for moment in MOMENTS:
            start = (LONG_AGO + 40 * DAY).isoformat()
            more = {"virtual_start": start, "policy": str(policy), "task_queue": f"chores-{moment}"}
            settings = _settings(here.folder / f"chores-{moment}", mail, **more)
            office = await stack.enter_async_context(office_on(here, settings))
            offices[moment] = office, settings
            for index in range(3):
                number = await closed(office.installation.database, f"第{index}台收银机打不出小票")
                # Else the workers would take it for one whose workflow is missing.
                await office.installation.register.mark_started(number)

        async def play(moment: Moment) -> dict[str, WorkflowHandle[Any, Any]]:
            return {
                scene.name: await _chore(here, *offices[moment], scene, played)
                for scene in CHORES
                if scene.moment == moment
            }

        played_by = await asyncio.gather(*map(play, MOMENTS))
        await _relieve(here, [settings for _, settings in offices.values()])
        for handles in played_by:
            for name, handle in handles.items():
                played.runs[name] = await asyncio.wait_for(handle.result(), PATIENCE)
        for moment, (office, _) in offices.items():
            shelf = ArchiveStore(office.installation.settings.archive_folder)
            entries = await Ledger(office.installation.database).entries()
            played.shelves[moment] = [shelf.state(entry.stored) for entry in entries if entry.stored]
        played.notes |= _notes(here, CHORES)
        played.mails = mail.mails


async def _chore(
    here: Ground, office: Office, settings: Mapping[str, Any], scene: Scene, played: Played
) -> WorkflowHandle[Any, Any]:
    client, queue = office.client, office.installation.settings.task_queue
    handle: WorkflowHandle[Any, Any]
    if scene.activity == "archive":
        handle = await client.start_workflow(
            "Archive", ArchiveRun(), id=scene.name, task_queue=queue, result_type=ArchiveRun
        )
    else:
        kind = ReportKind.WEEKLY if scene.activity == "write_report" else ReportKind.MONTHLY
        order = ReportOrder(kind=kind, zone="Asia/Shanghai")
        handle = await client.start_workflow("Report", order, id=scene.name, task_queue=queue, result_type=ReportRun)
    process = await here.hire(settings, kill=_kill(here, scene), ready=False)
    played.codes[scene.name] = await processes.ended(process)
    return handle


async def _relieve(here: Ground, posts: list[Any]) -> None:
    """Workers that live, a few at a time."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def hire(post: Mapping[str, Any]) -> None:
        async with turn:
            await here.hire(post)

    await asyncio.gather(*map(hire, posts))


def _by_queue(scenes: list[Scene]) -> dict[str, list[Scene]]:
    found: dict[str, list[Scene]] = {}
    for scene in scenes:
        found.setdefault(scene.queue, []).append(scene)
    return found


def _settings(folder: Path, mail: MailServer, **more: Any) -> dict[str, Any]:
    plain = {"smtp_url": mail.url(), "mail_from": SENDER, "sweep": "1d", "server": {"synchronous": "normal"}}
    return {"data": folder, **plain, **more}


def _of(settings: Mapping[str, Any], scene: Scene) -> dict[str, Any]:
    return {**settings, "task_queue": scene.queue, "delivery": "workflow" if scene.by_case else "standalone"}


def _kill(here: Ground, scene: Scene) -> Kill:
    return Kill(scene.activity, scene.moment, here.folder / f"{scene.name}.json", scene.ordinary)


def _notes(here: Ground, scenes: list[Scene]) -> dict[str, dict[str, str]]:
    paths = {scene.name: here.folder / f"{scene.name}.json" for scene in scenes}
    return {name: json.loads(path.read_text("utf-8")) for name, path in paths.items() if path.exists()}
