"""The cases of the demonstration as the record has them, read ten times a second while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from activities.queries.case_record import CaseRecord
from activities.queries.cases import Cases

_EVERY = 0.1


class LiveRecord:
    """`files` holds the newest record of each case by number."""

    def __init__(self, cases: Cases) -> None:
        self._cases = cases
        self._changed = asyncio.Condition()
        self.files: dict[str, CaseRecord] = {}

    async def follow(self, numbers: Callable[[], list[str]]) -> None:
        """Read until cancelled."""
        while True:
            await self.read(numbers())
            await asyncio.sleep(_EVERY)

    async def read(self, numbers: list[str], *, again: bool = False) -> None:
        """Read once; with `again`, also the closed ones, whose customers may have corrected themselves."""
        for number in numbers:
            known = self.files.get(number)
            if not again and known is not None and known.view is not None and known.view["closed_at"]:
                continue
            file = await self._cases.get(number)
            if file is not None:
                self.files[number] = file
        async with self._changed:
            self._changed.notify_all()

    async def until(self, number: str, holds: Callable[[CaseRecord], bool]) -> None:
        """Wait until something is true of the record of a case that has been opened."""

        def seen() -> bool:
            file = self.files.get(number)
            return file is not None and file.view is not None and holds(file)

        async with self._changed:
            await self._changed.wait_for(seen)
