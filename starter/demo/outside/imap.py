"""A mailbox that is read over IMAP, as far as reading it needs (RFC 3501, IDLE of RFC 2177, ID of RFC 2971)."""

from __future__ import annotations

import asyncio
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

_CAPABILITY: Final = b"* CAPABILITY IMAP4rev1 IDLE ID"
_SET: Final = re.compile(rb"(\d+)(?::(\d+|\*))?")


@dataclass
class ImapFolder:
    """One user's inbox. The UID of a mail is its place, counted from one."""

    port: int = 0
    user: str = "service"
    password: str = field(default_factory=secrets.token_hex, repr=False)
    mails: list[bytes] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    _idling: set[asyncio.StreamWriter] = field(default_factory=set)
    _told: dict[asyncio.StreamWriter, int] = field(default_factory=dict)
    """How many mails each connection knows of; what came between two commands it is told with the next one."""

    def put(self, raw: bytes) -> None:
        """A mail comes in; who waits for one is told."""
        self.mails.append(raw)
        for writer in self._idling:
            self._tell(writer)

    def _tell(self, writer: asyncio.StreamWriter) -> None:
        if self._told.get(writer, len(self.mails)) < len(self.mails):
            writer.write(b"* %d EXISTS\r\n" % len(self.mails))
            self._told[writer] = len(self.mails)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        known = False
        with suppress(OSError, ValueError):
            writer.write(b"* OK demo\r\n")
            while line := await reader.readline():
                tag, _, rest = line.strip().partition(b" ")
                command, _, given = rest.partition(b" ")
                command = command.upper()
                if command == b"LOGIN":
                    known = given.split() == [self.user.encode(), b'"%s"' % self.password.encode()]
                if command == b"IDLE" and known:
                    await self._idle(reader, writer)
                self._tell(writer)
                is_refused = not known and command not in {b"CAPABILITY", b"ID", b"LOGOUT"}
                for said in () if is_refused else self._answers(command, given):
                    writer.write(said + b"\r\n")
                if command in {b"SELECT", b"EXAMINE"}:
                    self._told[writer] = len(self.mails)
                writer.write(tag + (b" NO [AUTHENTICATIONFAILED] who\r\n" if is_refused else b" OK done\r\n"))
                await writer.drain()
                if command == b"LOGOUT":
                    break
        self._told.pop(writer, None)
        writer.close()

    async def _idle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+ idling\r\n")
        self._idling.add(writer)
        self._tell(writer)
        try:
            await reader.readline()  # DONE
        finally:
            self._idling.discard(writer)

    def _answers(self, command: bytes, given: bytes) -> list[bytes]:
        match command:
            case b"CAPABILITY":
                return [_CAPABILITY]
            case b"ID":
                return [b"* ID NIL"]
            case b"SELECT" | b"EXAMINE":
                return [
                    b"* FLAGS (\\Seen)",
                    b"* %d EXISTS" % len(self.mails),
                    b"* OK [UIDVALIDITY 1] valid",
                    b"* OK [UIDNEXT %d] next" % (len(self.mails) + 1),
                ]
            case b"UID":
                verb, _, what = given.partition(b" ")
                return self._by_uid(verb.upper(), what)
            case _:
                return []

    def _by_uid(self, verb: bytes, what: bytes) -> list[bytes]:
        if verb == b"SEARCH":
            unread = [uid for uid in self._uids(b"1:*") if uid not in self.seen]
            found = unread if what.upper() == b"UNSEEN" else self._uids(what.removeprefix(b"UID "))
            return [b" ".join([b"* SEARCH", *(b"%d" % uid for uid in found)])]
        which, _, items = what.partition(b" ")
        uids = self._uids(which)
        if verb == b"STORE":
            self.seen.update(uids)
            return []
        whole = b"BODY.PEEK[]" in items.upper()
        return [self._fetched(uid, self.mails[uid - 1], whole=whole) for uid in uids]

    def _fetched(self, uid: int, raw: bytes, *, whole: bool) -> bytes:
        body = b" BODY[] {%d}\r\n%b" % (len(raw), raw) if whole else b""
        return b"* %d FETCH (UID %d RFC822.SIZE %d%b)" % (uid, uid, len(raw), body)

    def _uids(self, which: bytes) -> list[int]:
        """The UIDs there are of `3`, `3:7` or `3:*`, which always holds the last one."""
        found = _SET.fullmatch(which.strip())
        if found is None:
            return []
        last = len(self.mails)
        first = int(found[1])
        until = first if found[2] is None else last if found[2] == b"*" else int(found[2])
        first, until = min(first, until), max(first, until)
        return list(range(max(first, 1), min(until, last) + 1))
