"""Parts of a case's state beside clocks and tasks: escalation, first answer, verdict, what held before a reopening."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from workflows.domain.clock import Clock
from workflows.domain.commands.case import Resolve
from workflows.domain.event import Message
from workflows.domain.model import Fact, Instant, Json, Model
from workflows.domain.vocabulary import Heard, Satisfaction, Via


class Escalation(Model):
    """How far up the present cycle of handling has gone (R17)."""

    level: int = 0
    to: str | None = None
    acknowledged: bool = True
    total: int = 0
    """Escalations over the whole life."""
    why: str = ""
    """The cause of the last one: the clock that was missed, or `asked`."""
    cause_due: Instant | None = None
    """When what was missed had been due: what was due at the same moment is the same escalation (R35)."""
    at: Instant | None = None
    """Since when `to` has been asked for an acknowledgement; kept when one is asked for again."""
    reminded: int = 0
    """How often `to` has been reminded, at the top."""
    told_customer_of: list[str] = Field(default_factory=list)
    """What the customer has read of the escalations of this handling: to whom the case went up, who owns it since."""
    climb: list[str] = Field(default_factory=list)
    """The levels of this escalation, where they are not the owner's superiors (a missed follow-up)."""

    def settle(self, *, start_over: bool = False) -> None:
        """Await no acknowledgement any longer; `start_over`: the next escalation begins at the first level."""
        self.acknowledged, self.at, self.cause_due, self.reminded = True, None, None, 0
        if start_over:
            self.level, self.to, self.climb = 0, None, []

    def next_level(self, ladder: Sequence[str]) -> int:
        """The level above the person it went to last; the same level where that place has somebody else meanwhile."""
        level = self.level + 1
        if self.to is not None:
            level = ladder.index(self.to) + 2 if self.to in ladder else max(self.level, 1)
        return min(level, len(ladder))


class Forward(Model):
    """A signal that another case still has to be sent (R28)."""

    to: str
    name: str
    fields: Json


class FirstAnswer(Model):
    """The message that counts as the first reply while nothing says that it did not arrive (R9, R43)."""

    message: Message
    key: str
    """Of its outbox row."""
    clock: Clock | None = None
    """The response clock that it stopped."""


class Verdict(Fact):
    """Whose word the last acceptance or rating was, and how it came (R39)."""

    by: str
    via: Via
    relayed_by: str | None = None
    heard: Heard | None = None


class SentBack(Fact):
    """What held before the customer reopened the case by their own hand; dropped once somebody takes it up (R39)."""

    until: Instant
    """Until then it can be taken back."""
    score: Satisfaction | None = None
    """None: the solution was refused."""
    comment: str | None = None
    solution: str | None
    answer: Resolve | None
    resolved_at: Instant | None
    responded_at: Instant | None
    told_at: Instant | None
    accepted_at: Instant | None
    steps_done: tuple[int, ...]
