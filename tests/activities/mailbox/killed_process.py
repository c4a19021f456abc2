"""A process that takes in what lies in a mailbox, and is killed before its n-th effect on anything outside it."""

from __future__ import annotations

import asyncio
import imaplib
import json
import os
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, event
from temporalio.testing import ActivityEnvironment

from activities.database.database import Database
from activities.mailbox.activity import MailboxActivities
from tests.activities.mailbox.imap_server import mailbox
from tests.activities.mailbox.way_in import WayIn, way_in
from workflows.domain.model import Json
from workflows.ports import MailboxWatch

_WRITES = ("INSERT", "UPDATE", "DELETE")
_FILES = {"os.rename", "os.remove", "os.mkdir", "os.utime"}


class Death:
    """Counts effects; the n-th does not come about. What it would have been stands in `log`, after those before it."""

    def __init__(self, before: int, log: Path) -> None:
        self._left, self._log = before, os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def effect(self, what: str) -> None:
        os.write(self._log, f"{what}\n".encode())
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, data: Path) -> None:
        """IMAP commands, writes of the database and their commits, and what is done in the file store."""
        send, store = imaplib.IMAP4.send, str(data / "files")

        def sending(client: imaplib.IMAP4, said: bytes) -> None:
            self.effect(f"imap {said[:60]!r}")
            send(client, said)

        def executing(_: Any, __: Any, statement: str, *___: Any) -> None:
            if statement.lstrip().startswith(_WRITES):
                self.effect(f"database {statement.split(' (', maxsplit=1)[0][:60]}".replace("\n", " "))

        def audited(name: str, given: tuple[Any, ...]) -> None:
            if name == "open":
                path, _, flags = given
                if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                    return
            elif name in _FILES:
                path = given[0]
            else:
                return
            if isinstance(path, str | os.PathLike) and str(path).startswith(store):
                self.effect(f"store {name} {Path(path).suffix}")

        patch.object(imaplib.IMAP4, "send", sending).start()
        event.listen(Engine, "before_cursor_execute", executing)
        event.listen(Engine, "commit", lambda _: self.effect("database commit"))
        sys.addaudithook(audited)


def take_in_and_die(data: Path, port: int, folder: str, before: int) -> None:
    """One look at the mailbox. What was started and sent stands in `temporal`, a line each."""
    asyncio.run(_take_in(data, port, folder, Death(before, data / "effects")))


async def _take_in(data: Path, port: int, folder: str, death: Death) -> None:
    database = Database.open(f"sqlite:///{data}/bihuan.db", synchronous="NORMAL")
    way = await way_in(database, data, new=False)
    with_temporal(way, data / "temporal", death)
    death.watch(data)
    await look(way, port, folder)
    os._exit(0)


async def look(way: WayIn, port: int, folder: str) -> None:
    """As the activity does."""
    activities = MailboxActivities({"service": mailbox(port, folder)}, way.intake, span=timedelta(0))
    await ActivityEnvironment().run(activities.watch_mailbox, MailboxWatch(name="service"))


def with_temporal(way: WayIn, log: Path, death: Death | None = None) -> None:
    """A server that keeps what it is told, as Temporal does when whoever told it is killed."""

    async def told(*what: Any) -> None:
        if death is not None:
            death.effect(f"temporal {what[0]}")
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")

    async def start(number: str) -> None:
        await told("start", number)

    async def send(number: str, name: str, payload: Json) -> bool:
        await told("signal", number, name, payload)
        return True

    async def deliver(number: str, keys: Sequence[str]) -> None:
        await told("deliver", number, list(keys))

    for name, does in {"start": start, "signal": send, "deliver": deliver}.items():
        object.__setattr__(way.intake, name, does)
