"""An IMAP server that does what a real one does on a bad day, at the command that a test says."""

from __future__ import annotations

import base64
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

Hook = Callable[["ScriptedServer"], str | None]


@dataclass
class ScriptedServer:
    """Serves one folder while it is open.

    Attributes:
        mails: by UID.
        wants_id: no folder is opened for a client that has not said who it is, as NetEase does.
        token: the access token that is taken; None where it takes any password.
        hooks: by command (`UID FETCH`, …): called when it comes; what it answers is the server's answer instead, `DROP`
            ends the connection, `HANG` says nothing ever.
        idling: what is told before the word that waiting has begun, after it, and when it is over.
        said: the commands that came, the connections told apart by their greeting.
    """

    mails: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    validity: int = 7
    wants_id: bool = False
    token: str | None = None
    capabilities: str = "IMAP4rev1 ID AUTH=XOAUTH2"
    hooks: dict[str, Hook] = field(default_factory=dict)
    idling: tuple[bytes, bytes, bytes] = (b"", b"", b"")
    said: list[str] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._ends = threading.Event()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for one in (self._listening, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                # Else the second half of a long answer waits 40 ms for the first to be acknowledged.
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        told = False
        self.said.append("*")
        with suppress(OSError), connection, connection.makefile("rwb") as file:

            def answer(*lines: str | bytes) -> None:
                for line in lines:
                    file.write(line.encode() if isinstance(line, str) else line)
                    file.write(b"\r\n")
                file.flush()

            answer(f"* OK [CAPABILITY {self.capabilities}] ready")
            while line := file.readline().decode("utf-8", "replace").rstrip("\r\n"):
                tag, _, rest = line.partition(" ")
                name, _, given = rest.partition(" ")
                if name.upper() == "UID":
                    second, _, given = given.partition(" ")
                    name = f"UID {second}"
                name = name.upper()
                self.said.append(name)
                if (hook := self.hooks.get(name)) is not None and (instead := hook(self)) is not None:
                    if instead == "DROP":
                        return
                    if instead == "HANG":
                        self._ends.wait()
                        return
                    answer(f"{tag} {instead}")
                    continue
                match name:
                    case "CAPABILITY":
                        answer(f"* CAPABILITY {self.capabilities}", f"{tag} OK done")
                    case "LOGIN" if self.token is None:
                        answer(f"{tag} OK done")
                    case "AUTHENTICATE":
                        answer("+ ")
                        words = base64.b64decode(file.readline()).decode()
                        if f"auth=Bearer {self.token}\1" in words:
                            answer(f"{tag} OK done")
                            continue
                        answer("+ " + base64.b64encode(b'{"status":"401"}').decode())
                        empty = file.readline().strip() == b""
                        answer(f"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials" if empty else f"{tag} BAD what?")
                    case "ID":
                        told = '"name"' in given
                        answer('* ID ("name" "scripted")', f"{tag} OK done")
                    case "SELECT" | "EXAMINE" if "bihuan" in given:
                        answer(f"{tag} NO no such folder")
                    case "SELECT" | "EXAMINE" if self.wants_id and not told:
                        answer(f"{tag} NO {name} Unsafe Login. Please contact kefu@188.com for help")
                    case "SELECT" | "EXAMINE":
                        answer(
                            f"* {len(self.mails)} EXISTS", "* FLAGS (\\Seen)", f"* OK [UIDVALIDITY {self.validity}]",
                            f"* OK [UIDNEXT {max(self.mails, default=0) + 1}]", f"{tag} OK [READ-WRITE] done",
                        )  # fmt: skip
                    case "UID SEARCH":
                        answer(f"* SEARCH {' '.join(map(str, self._found(given)))}".rstrip(), f"{tag} OK done")
                    case "UID FETCH":
                        uid = int(given.split(" ")[0])
                        if uid in self.mails:
                            self._fetched(uid, given, answer)
                        answer(f"{tag} OK done")
                    case "UID STORE":
                        self.seen.add(int(given.split(" ")[0]))
                        answer(f"{tag} OK done")
                    case "LOGOUT":
                        answer("* BYE", f"{tag} OK done")
                        return
                    case "IDLE" if "IDLE" in self.capabilities:
                        before, after, at_last = self.idling
                        file.write(before + b"+ idling\r\n" + after)
                        file.flush()
                        file.readline()
                        file.write(at_last)
                        answer(f"{tag} OK done")
                    case "NOOP":
                        answer(f"{tag} OK done")
                    case _:
                        answer(f"{tag} NO {name} is not served here")

    def _found(self, given: str) -> list[int]:
        if "UNSEEN" in given:
            return sorted(set(self.mails) - self.seen)
        if "SINCE" in given:
            return sorted(self.mails)
        first = re.search(r"UID (\d+):\*", given)
        assert first is not None, given
        return [uid for uid in self.mails if uid >= int(first[1])] or sorted(self.mails)[-1:]

    def _fetched(self, uid: int, given: str, answer: Callable[..., None]) -> None:
        number, mail = sorted(self.mails).index(uid) + 1, self.mails[uid]
        if "RFC822.SIZE" in given:
            answer(f"* {number} FETCH (UID {uid} RFC822.SIZE {len(mail)})")
        else:
            answer(b"* %d FETCH (UID %d BODY[] {%d}\r\n" % (number, uid, len(mail)) + mail + b")")


def drop(_: ScriptedServer) -> str:
    return "DROP"


def hang(_: ScriptedServer) -> str:
    return "HANG"


def refuse(how: str) -> Hook:
    return lambda _: how
