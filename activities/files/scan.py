"""Asks `clamd` about files, by its INSTREAM: bytes in, one line out. It inflates what is packed, within its own limits.

https://docs.clamav.net/manual/Usage/Scanning.html#clamd
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO, Final

from workflows.domain.problem import Problem
from workflows.domain.vocabulary import ScanState

_CONNECT_WITHIN: Final = 3.0
_ANSWER_WITHIN: Final = 60.0
_PORTION: Final = 1 << 16
_LONGEST_ANSWER: Final = 4_096
_ENOUGH: Final = "takes no more of it"
_ADDRESS: Final = re.compile(r"tcp://(?P<host>\[[0-9A-Fa-f:.]+\]|[\w.-]+):(?P<port>[0-9]{1,5})|unix://(?P<path>/.+)")
_log = logging.getLogger("bihuan.files")


class ScannerAwayError(Exception):
    """The scanner cannot be reached, or does not answer; its text says why."""


@dataclass(frozen=True)
class Scanner:
    """A clamd at `tcp://host:port` or `unix:///path`."""

    address: str

    @classmethod
    def of(cls, setting: str | None) -> Scanner | None:
        """The configured one, None where there is none.

        Raises:
            Problem: the setting is not understood.
        """
        if setting is None:
            return None
        found = _ADDRESS.fullmatch(setting)
        if found is None or (found["port"] and not 0 < int(found["port"]) < 65_536):
            raise Problem(f"clamd: {setting!r} is no address; allowed: tcp://host:port or unix:///path")
        return cls(setting)

    async def ping(self) -> None:
        """Ask whether it is there.

        Raises:
            ScannerAwayError: it is not.
        """
        answer = await self._ask(b"zPING\0", None)
        if answer != "PONG":
            raise ScannerAwayError(f"answers {answer[:80]!r} to PING")

    async def scan(self, file: BinaryIO) -> ScanState:
        """What it says of a file: clean or infected; unscanned where it does not look at it (such as a size limit).

        Raises:
            ScannerAwayError: it cannot be reached, or does not answer.
        """
        answer = await self._ask(b"zINSTREAM\0", file)
        if answer.endswith(" FOUND"):
            _log.warning("infected: %s", answer[:200])
            return ScanState.INFECTED
        if answer.endswith(": OK") or answer == "OK":
            return ScanState.CLEAN
        _log.warning("clamd does not scan: %s", answer[:200])
        return ScanState.UNSCANNED

    async def _ask(self, command: bytes, file: BinaryIO | None) -> str:
        try:
            async with self._connected() as (reader, writer), asyncio.timeout(_ANSWER_WITHIN):
                writer.write(command)
                if file is not None and not await _sent(writer, file):
                    # It has had enough, such as of what is too large; what it says of that may be lost on the way.
                    with suppress(ConnectionError):
                        return _plain(await reader.read(_LONGEST_ANSWER)) or _ENOUGH
                    return _ENOUGH
                answer = await reader.read(_LONGEST_ANSWER)
        except (OSError, TimeoutError) as error:
            raise ScannerAwayError(getattr(error, "strerror", None) or type(error).__name__) from None
        if not answer:
            raise ScannerAwayError("hangs up without an answer")
        return _plain(answer)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        found = _ADDRESS.fullmatch(self.address)
        assert found is not None  # noqa: S101 - `of` has looked
        async with asyncio.timeout(_CONNECT_WITHIN):
            if found["path"]:
                reader, writer = await asyncio.open_unix_connection(found["path"])
            else:
                reader, writer = await asyncio.open_connection(found["host"].strip("[]"), int(found["port"]))
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


async def _sent(writer: asyncio.StreamWriter, file: BinaryIO) -> bool:
    """Whether it took all of it."""
    try:
        while portion := await asyncio.to_thread(file.read, _PORTION):
            writer.write(len(portion).to_bytes(4, "big") + portion)
            await writer.drain()
        writer.write(bytes(4))
        await writer.drain()
    except ConnectionError:
        return False
    return True


def _plain(answer: bytes) -> str:
    return "".join(char for char in answer.decode(errors="replace").strip("\0\n ") if char.isprintable())
