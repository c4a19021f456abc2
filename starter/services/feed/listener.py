"""A listener to the feed: which steps are for it, its queue, and why it was disconnected."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from workflows.domain.case.recorded.reading import departments_of, may_read

if TYPE_CHECKING:
    from activities.queries.feed_reader import Step
    from starter.services.identity.bearer import Bearer
    from worker.installation.company_time import CompanyTime
    from workflows.domain.organisation.organisation import Organisation
    from workflows.domain.policy.reading import ReadingRules

MOST_WAITING: Final = 1_000
"""Steps that wait for one listener; a cleared line takes them in a moment."""


class StreamEnd(StrEnum):
    """Why a listener is let go; whoever comes back with the last position misses nothing."""

    SLOW = "slow"
    """Too much waited for them."""
    OVER = "over"
    """What let them in is over: revoked, expired, or its person has left."""
    STOPPING = "stopping"
    """The server ends."""
    RESET = "reset"
    """The record went back behind what was told, as when a backup is brought back."""


class News:
    """A step to be told; its JSON is made once, however many listen."""

    def __init__(self, step: Step, company: CompanyTime) -> None:
        self.step = step
        self._company = company
        self._readers: dict[str, News | None] = {}

    @cached_property
    def text(self) -> str:
        """JSON on one line, its times in the company's zone."""
        shown = {"position": self.step.position, **self._company.localized(self.step.shown)}
        return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))

    @cached_property
    def departments(self) -> frozenset[str]:
        """The departments that the case concerns."""
        return frozenset(departments_of(self.step.view or {}))

    @cached_property
    def _parting(self) -> News:
        return News(self.step.alone(), self._company)

    def as_read_by(self, person: str, organisation: Organisation | None, rules: ReadingRules) -> News | None:
        """What that person may know of it, by the policy's rules and the case as it stands now; asked once a person.
        Whoever had the case until this step is told that they have it no more, and nothing else.
        """
        if person not in self._readers:
            form, step = {"received_by": self.step.received_by}, self.step
            news = self if may_read(person, step.view, organisation, form, rules) else None
            if news is None and organisation is not None and organisation.person(person) and step.taken_from == person:
                news = self._parting
            self._readers[person] = news
        return self._readers[person]


@dataclass(frozen=True)
class Wanted:
    """Only the steps of that case, of cases that concern that department."""

    number: str | None = None
    department: str | None = None

    def has(self, news: News) -> bool:
        """Whether that step is one of them."""
        if self.number is not None and news.step.number != self.number:
            return False
        return self.department is None or self.department in news.departments


@dataclass(eq=False)
class Listener:
    """`position` is that of the newest step that was told, or was not for them; it goes on from there.

    `since` is where the listening begins: what was between is read from the record.
    """

    bearer: Bearer
    wanted: Wanted
    position: int = -1
    since: int = -1
    end: StreamEnd | None = None
    _waiting: deque[News] = field(default_factory=deque)
    _something: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, news: News, organisation: Organisation | None) -> None:
        """Put it into the queue, if it is for them; a listener that is too slow is let go."""
        if self.end is not None or news.step.position <= self.position:
            return
        if (told := self.as_read(news, organisation)) is None:
            return
        if len(self._waiting) >= MOST_WAITING:
            self.let_go(StreamEnd.SLOW)
            return
        self._waiting.append(told)
        self._something.set()

    def as_read(self, news: News, organisation: Organisation | None) -> News | None:
        """What of it is for them; None where they do not want it, or may not read it."""
        if not self.wanted.has(news):
            return None
        person = self.bearer.person
        return news if person is None else news.as_read_by(person, organisation, self.bearer.reading)

    def let_go(self, why: StreamEnd) -> None:
        """Nothing more is told."""
        if self.end is None:
            self.end = why
            self._waiting.clear()
            self._something.set()

    async def next(self, within: float) -> list[News]:
        """What waits, once something does; nothing where that takes longer than `within` seconds, or it is the end."""
        try:
            async with asyncio.timeout(within):
                await self._something.wait()
        except TimeoutError:
            return []
        self._something.clear()
        found = list(self._waiting)
        self._waiting.clear()
        if found:
            self.position = found[-1].step.position
        return found

    def passed(self, position: int) -> None:
        """Note that nothing up to this position is for the listener, where nothing waits."""
        if not self._waiting and self.end is None:
            self.position = max(self.position, position)
