"""What was sent and is not noted in the database yet, so that no attempt, in whichever worker, sends it again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from activities.heartbeat import handed_on, heartbeat

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 3.0
"""Seconds between two attempts to note."""
_log = logging.getLogger(__name__)


class SentMemory:
    """Keys of messages that their server took and that are not noted.

    Every heartbeat of the attempt that sent one hands its key on to the next attempt. The process keeps it as well,
    for when Temporal does not hear a heartbeat either.
    """

    def __init__(self, patience: timedelta = timedelta(seconds=30)) -> None:
        """`patience`: wall clock; how long one attempt tries to note. It has to fit into the attempt, after sending."""
        self._patience = patience.total_seconds()
        self._keys: set[str] = set()

    def __contains__(self, key: str) -> bool:
        """Whether it was sent, by this process or an earlier attempt of the present activity."""
        return key in self._keys or key in handed_on()

    async def note(self, key: str, write: Callable[[], Awaitable[None]]) -> None:
        """Note by `write` that this one is sent: again and again, until the patience is over.

        Raises:
            Exception: the last one of `write`; the key is kept and handed on.
        """
        clock = asyncio.get_running_loop().time
        last, pause = clock() + self._patience, _FIRST_PAUSE
        while True:
            try:
                await write()
            except BaseException as error:
                self._keys.add(key)
                handed_on().add(key)
                heartbeat()
                if not isinstance(error, Exception) or clock() + pause > last:
                    raise
                _log.warning("%s is sent, which could not be noted (%s); tried again", key, type(error).__name__)
            else:
                break
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        self._keys.discard(key)
        handed_on().discard(key)
