"""A real IMAP server (pymap) on a folder of mails, killed and started again."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imapclient import IMAPClient
from pysasl.hashing import BuiltinHash

from tests.faults.driver import TIMEOUT
from tests.worker.ports import free_ports

USER, PASSWORD = "service", "of the chaos"
_POLL = 0.05
_PATIENCE = 5.0
"""Seconds in which it has to answer whoever delivers a mail, before that is tried again."""


@dataclass
class ImapServer:
    """The service's mailbox. What it has said yes to is in the folder, whatever kills it."""

    folder: Path
    address: str
    port: int = field(default_factory=lambda: free_ports(1)[0])
    again: int = 0
    """How often a mail had to be delivered once more, because nobody said that it had come."""
    _process: asyncio.subprocess.Process | None = None

    def settings(self) -> dict[str, Any]:
        """For `[mailboxes.…]`."""
        return {
            "address": self.address, "host": "127.0.0.1", "port": self.port, "tls": "none", "user": USER,
            "password": PASSWORD, "poll": 5,
        }  # fmt: skip

    async def start(self) -> None:
        """Start it on its folder, and wait until it listens."""
        self.folder.mkdir(exist_ok=True)
        hashed = BuiltinHash(rounds=1).hash(PASSWORD).replace(":", "\\:")
        (self.folder / "pymap-etc-passwd").write_text(f"{USER}:x::::box:\r\n")
        (self.folder / "pymap-etc-shadow").write_text(f"{USER}:{hashed}:::::::\r\n")
        for lock in self.folder.rglob("*.lock"):
            lock.unlink()  # of the process that was killed
        command = str(Path(sys.executable).parent / "pymap")
        with (self.folder / "pymap.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                command, "--host", "127.0.0.1", "--port", str(self.port), "--no-tls", "maildir", str(self.folder),
                stdout=log, stderr=log,
            )  # fmt: skip
        async with asyncio.timeout(TIMEOUT):
            while True:
                assert self._process.returncode is None, (self.folder / "pymap.log").read_text("utf-8")[-2000:]
                with suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return
                await asyncio.sleep(_POLL)

    async def kill(self) -> None:
        """Kill it, whatever it has in hand."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def deliver(self, raw: bytes) -> None:
        """As mail servers do: again and again, until it is said that the mail has come. So it may come twice."""
        while True:
            try:
                await asyncio.to_thread(self._append, raw)
            except Exception:  # noqa: BLE001 - whatever a server that is killed does to its client
                self.again += 1
                await asyncio.sleep(1)
            else:
                return

    async def until_all_read(self) -> None:
        """Wait until every mail in it is marked as read."""
        async with asyncio.timeout(TIMEOUT):
            while await asyncio.to_thread(self._unread):  # noqa: ASYNC110 - another process
                await asyncio.sleep(1)

    def _append(self, raw: bytes) -> None:
        with self._client() as client:
            client.append("INBOX", raw)

    def _unread(self) -> int:
        with self._client() as client:
            client.select_folder("INBOX", readonly=True)
            return len(client.search(["NOT", "SEEN"]))

    def _client(self) -> IMAPClient:
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=_PATIENCE)
        client.login(USER, PASSWORD)
        return client
