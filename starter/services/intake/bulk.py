"""Takes in submissions line by line: a fault of one ends no other, and an outage of the record is waited out (R1)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from activities.document_text import parse_json_object
from starter.services.results import Accepted
from workflows.domain.model import one_line
from workflows.domain.problem import Problem

PATIENCE = 60.0
"""Seconds for which a record that is away is waited for."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_MOST_FAULTS = 10_000


class Taking(Protocol):
    """Where submissions go: an `Intake`, or one that is far away."""

    outage: str | None

    async def accept(self, raw: str | dict[str, Any]) -> Accepted:
        """Check and register one.

        Raises:
            Problem: it is not well-formed.
        """

    def is_outage(self, error: BaseException) -> bool:
        """Whether an error says that nobody answers, which may be over soon, and nothing of what was given."""


class IntakeStoppedError(Problem):
    """No other line is worth trying now."""


@dataclass
class Tally:
    """What became of the lines up to `last`."""

    created: int = 0
    known: int = 0
    waiting: int = 0
    """Registered, but not started yet."""
    failed: list[tuple[int, str]] = field(default_factory=list)
    last: int = 0
    stopped: str | None = None
    """Why the lines after `last` were not taken in."""

    def as_json(self) -> dict[str, Any]:
        """The answer for programs."""
        failed = [{"line": line, "error": error} for line, error in self.failed]
        counts = {"created": self.created, "known": self.known, "waiting": self.waiting}
        return {**counts, "failed": failed, "last": self.last, "stopped": self.stopped}


@dataclass
class BulkIntake:
    """Takes lines in, one after another, and counts what became of them."""

    intake: Taking
    tally: Tally = field(default_factory=Tally)
    patience: float = PATIENCE

    async def take(self, number: int, text: str) -> None:
        """Take in the form of one line; what is wrong with it is in the tally.

        Raises:
            IntakeStoppedError: the record stays away, or hardly a line is a form; this line was not taken in.
        """
        try:
            submission = parse_json_object(text)
        except Problem as problem:
            self.refuse(number, "; ".join(str(problem).splitlines()))
            return
        await self.take_form(number, submission)

    async def take_form(self, number: int, submission: dict[str, Any]) -> None:
        """Take in a form that is read already.

        Raises:
            IntakeStoppedError: as `take`.
        """
        try:
            accepted = await self._accept(_keyed(submission))
        except IntakeStoppedError:
            raise
        except Problem as problem:
            self.refuse(number, "; ".join(str(problem).splitlines()))
            return
        self.tally.created += accepted.created
        self.tally.known += not accepted.created
        self.tally.waiting += not accepted.started
        self.tally.last = number

    def refuse(self, number: int, fault: str) -> None:
        """Count a line that cannot be taken in.

        Raises:
            IntakeStoppedError: so many lines are at fault that this is no file of forms.
        """
        if len(self.tally.failed) >= _MOST_FAULTS:
            raise IntakeStoppedError(f"{_MOST_FAULTS:,} lines are at fault")
        self.tally.failed.append((number, fault))
        self.tally.last = number

    async def _accept(self, submission: dict[str, Any]) -> Accepted:
        """The same submission again is the same case, so one whose answer was lost may be repeated."""
        until, pause = time.monotonic() + self.patience, _FIRST_PAUSE
        while True:
            try:
                return await self.intake.accept(submission)
            except Exception as error:
                if not self.intake.is_outage(error):
                    if isinstance(error, Problem):
                        raise
                    raise Problem(f"cannot be kept: {one_line(str(error), 200) or type(error).__name__}") from error
                if time.monotonic() + pause > until:
                    first, *_ = str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__]
                    raise IntakeStoppedError(f"the record does not answer: {first[:300]}") from error
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


def _keyed(submission: dict[str, Any]) -> dict[str, Any]:
    """The submission with an intake key. Where it has none, the key is a hash of its content, so that the same line
    imported again is the same case.
    """
    if submission.get("intake_key"):
        return submission
    content = json.dumps(submission, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return {**submission, "intake_key": f"import-{hashlib.sha256(content.encode()).hexdigest()[:32]}"}
