"""What is stuck, for everybody who looks by one process: one look serves all of them, and each sees what is theirs."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from starter.services.identity.readable import readable_numbers
from starter.services.system.stuck import StuckItem, find_stuck
from workflows.domain.ids import case_number

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from temporalio.client import Client

    from starter.services.cases.board import Board
    from starter.services.identity.bearer import Bearer
    from worker.installation.company_time import CompanyTime
    from worker.installation.installation import Installation

Found = tuple[list[StuckItem], str | None]
"""What is stuck, and a warning: see `find_stuck`."""
_HOLDS: Final = 1.0
"""Seconds for which what was found serves whoever asks."""


class StuckList:
    """One of a process. `board` knows who may read which open case, without asking the record for each."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._looking = asyncio.Lock()
        self._found: Found = ([], None)
        self._began = float("-inf")

    async def seen_by(
        self, who: Bearer, installation: Installation, company: CompanyTime, client_of: Callable[[], Awaitable[Client]]
    ) -> Found:
        """What of it is theirs to see. What is about the installation itself is for those who see every case.

        Raises:
            Problem: the database cannot be read.
        """
        async with self._looking:
            began = time.monotonic()
            if began - self._began >= _HOLDS:
                self._found = await find_stuck(installation.settings, company, installation.database, client_of)
                self._began = began
        items, warning = self._found
        return (items if who.sees_all else await self._theirs(items, who, installation)), warning

    async def _theirs(self, items: list[StuckItem], who: Bearer, installation: Installation) -> list[StuckItem]:
        look = await self._board.look(installation, fresh=False)
        is_theirs = self._board.readable(look, who)
        others = {number for one in items if (number := case_number(one.number)) not in is_theirs}
        theirs = set(await readable_numbers(installation, who, others))
        return [one for one in items if is_theirs.get(number := case_number(one.number), number in theirs)]
