"""The one reader of a process: it asks the record a few times a second while anybody listens, and tells all of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from activities.queries.feed_reader import PORTION, FeedReader
from starter.services.feed.listener import Listener, News, StreamEnd, Wanted
from starter.services.identity.recheck import still_good
from worker.installation.company_time import CompanyTime
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from activities.queries.feed_reader import Step
    from starter.services.identity.bearer import Bearer
    from worker.installation.installation import Installation

_log = logging.getLogger("bihuan.web")
ASK_EVERY: Final = 0.25
"""Seconds between two questions for what is new."""
CHECK_EVERY: Final = 5.0
"""Seconds between two looks whether whoever listens may still."""
MOST_OF_ONE: Final = 10
"""Listeners by one token, or one session."""
MOST_OF_CALLER: Final = 30
"""Listeners of one person or system, however many tokens and sessions they come by."""
MOST: Final = 600
"""Listeners of one process: each is an open file, of which a process often has 1,024."""
MOST_BEHIND: Final = 5_000
"""Steps that are told again to who comes back; whoever missed more reads the lists again."""
_BEGIN_WITHIN: Final = 5.0
_OUTAGE: Final = 2.0
_STOP_WITHIN: Final = 1.0


class TooManyError(Problem):
    """As many as may be listen already; `own`: by the same caller."""

    def __init__(self, whose: str, *, own: bool = True) -> None:
        super().__init__(f"{whose} are open already; allowed: that many at once")
        self.own = own


class NoSuchPositionError(Problem):
    """Nothing of that position was ever told here."""


class TooFarBehindError(Problem):
    """More was missed than is told again."""


@dataclass
class Feed:
    """`installation` opens the record; `clock` is the wall clock, by which tokens and sessions expire."""

    installation: Callable[[], Awaitable[Installation]]
    clock: Callable[[], datetime]
    _listeners: set[Listener] = field(default_factory=set)
    _reader: FeedReader | None = None
    _company: CompanyTime = field(default_factory=CompanyTime)
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _beginning: asyncio.Lock = field(default_factory=asyncio.Lock)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def position(self) -> int:
        """The position of the newest step that was told."""
        return self._reader.position if self._reader is not None else 0

    async def listen(self, bearer: Bearer, wanted: Wanted, after: int | None) -> Listener:
        """Listen from now on, or from behind the position `after`; to be given back to `leave`.

        Raises:
            TooManyError, NoSuchPositionError, TooFarBehindError: as their names say.
            Problem: the record cannot be read now, or the server stops.
        """
        self._admit(bearer)
        listener = Listener(bearer, wanted)
        self._listeners.add(listener)
        try:
            reader = await self._begun()
            if after is not None:
                # More than this process has read: another one may have told it.
                newest = await reader.newest()
                if after > newest:
                    raise NoSuchPositionError("is none that was told here")
                if newest - after > MOST_BEHIND:
                    raise TooFarBehindError(
                        f"is more than {MOST_BEHIND} steps ago; read the lists again, and begin without it"
                    )
            if self._reader is not reader or self._stopping.is_set():
                raise Problem("the feed begins anew, or ends; come again")
            listener.since = reader.position
            listener.position = after if after is not None else reader.position
        except BaseException:
            self.leave(listener)
            raise
        return listener

    def leave(self, listener: Listener) -> None:
        """Remove a listener. After the last has left, the next one begins anew."""
        self._listeners.discard(listener)
        if not self._listeners:
            self._reader = None

    async def missed(self, listener: Listener) -> AsyncIterator[list[News]]:
        """What was between the position they came with and where they began to listen.

        Raises:
            Problem: the record cannot be read now.
        """
        installation, reader = await self.installation(), self._reader
        while reader is not None and listener.position < listener.since:
            steps = await reader.between(listener.position, listener.since, PORTION)
            organisation = await installation.directory.current()
            read = (listener.as_read(News(step, self._company), organisation) for step in steps)
            told = [one for one in read if one is not None]
            # Beyond the last there is nothing more up to where they began.
            listener.position = steps[-1].position if len(steps) == PORTION else listener.since
            yield told

    async def stop(self) -> None:
        """Let everybody go, and take nobody more."""
        self._stopping.set()
        for listener in self._listeners:
            listener.let_go(StreamEnd.STOPPING)
        if self._running:
            _, pending = await asyncio.wait(self._running, timeout=_STOP_WITHIN)
            for task in pending:
                task.cancel()

    def _admit(self, bearer: Bearer) -> None:
        if self._stopping.is_set():
            raise Problem("the server stops")
        if len(self._listeners) >= MOST:
            raise TooManyError(f"{MOST} streams of this server", own=False)
        bearers = [one.bearer for one in self._listeners]
        if sum((one.via, one.key) == (bearer.via, bearer.key) for one in bearers) >= MOST_OF_ONE:
            raise TooManyError(f"{MOST_OF_ONE} streams of one token or session")
        if sum(one.caller == bearer.caller for one in bearers) >= MOST_OF_CALLER:
            raise TooManyError(f"{MOST_OF_CALLER} streams of one person or system")

    async def _begun(self) -> FeedReader:
        """The reader, behind everything that may have been on its way when this was asked."""
        async with self._beginning:
            if self._reader is not None:
                return self._reader
            installation = await self.installation()
            reader = FeedReader(installation.database)
            self._company = await CompanyTime.read(installation.settings)
            try:
                async with asyncio.timeout(_BEGIN_WITHIN):
                    while True:
                        if await reader.begin():
                            break
                        await asyncio.sleep(ASK_EVERY / 10)
            except TimeoutError:
                raise Problem("somebody holds the timeline, and does not go on: pg_stat_activity names it") from None
            self._reader = reader
            running = asyncio.create_task(self._run(installation, reader))
            self._running.add(running)
            running.add_done_callback(self._running.discard)
            return reader

    async def _run(self, installation: Installation, reader: FeedReader) -> None:
        checked, is_down = time.monotonic(), False
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _OUTAGE if is_down else ASK_EVERY)
            if self._reader is not reader or self._stopping.is_set():
                return
            try:
                while await self._tell(installation, reader):
                    pass
                if time.monotonic() - checked >= CHECK_EVERY:
                    checked = time.monotonic()
                    await self._check(installation, reader)
                is_down = False
            except Exception as error:  # noqa: BLE001 - whoever listens goes on listening, from where they are
                if not is_down:
                    _log.warning("nothing new is told for now: %s", type(error).__name__)
                is_down = True

    async def _tell(self, installation: Installation, reader: FeedReader) -> bool:
        """Tell what is new; whether there may be more at once."""
        steps: Sequence[Step] = await reader.read()
        if not steps:
            return False
        # As it is now, not as it was when somebody began to listen.
        organisation = await installation.directory.current()
        if self._reader is not reader:
            return False
        for step in steps:
            news = News(step, self._company)
            for listener in self._listeners:
                if listener.since >= 0:
                    listener.tell(news, organisation)
        reader.position = steps[-1].position
        return len(steps) >= PORTION

    async def _check(self, installation: Installation, reader: FeedReader) -> None:
        """Let go who may not listen any more, and everybody where the record is not the one that was told from."""
        checked = list(self._listeners)
        good = await still_good(installation, [one.bearer for one in checked], self.clock())
        for listener in checked:
            if (listener.bearer.via, listener.bearer.key) not in good:
                listener.let_go(StreamEnd.OVER)
        if await reader.newest() < reader.position and self._reader is reader:
            for listener in self._listeners:
                listener.let_go(StreamEnd.RESET)
            self._reader = None
