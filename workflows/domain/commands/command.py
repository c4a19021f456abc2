"""The base of all commands, their validation, and what becomes of one: `Refused`, `Outcome`.

The JSON keys are a public interface: the admin script, the Web UI and `temporal workflow signal` all send them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, StringConstraints, ValidationError, model_validator

from workflows.domain.model import Fact, Instant, one_line
from workflows.domain.problem import Problem
from workflows.domain.text import without_invisible
from workflows.domain.vocabulary import CUSTOMER, Via

TEXT_LIMIT = 4000
"""Characters of a text."""
_EARLIEST_YEAR, _LATEST_YEAR = 2000, 2099
LONGEST_DUE = timedelta(days=5 * 365)
"""How far ahead a command may set a due time; a calendar can count ten years, and nobody needs five."""


def _printable(value: str) -> str:
    if value.isprintable():
        return value
    for char in value:
        if unicodedata.category(char) == "Cc" and char not in "\n\t\r":
            raise ValueError(f"control character U+{ord(char):04X} is not allowed")
    return value


def _visible(value: str) -> str:
    if not without_invisible(value).strip():
        raise ValueError("holds nothing but characters that nobody can see")
    return value


def _plain_id(value: str) -> str:
    for char in value:
        if not char.isprintable() and not char.isspace():
            raise ValueError(f"character U+{ord(char):04X}, which nobody can see, is not allowed in an id")
    return value


def _within_years(value: datetime) -> datetime:
    if not _EARLIEST_YEAR <= value.year <= _LATEST_YEAR:
        raise ValueError(f"is in the year {value.year}; allowed: {_EARLIEST_YEAR} to {_LATEST_YEAR}")
    return value


CommandTime = Annotated[Instant, AfterValidator(_within_years)]
"""A time that a command carries: an `Instant` between the years 2000 and 2099 (UTC)."""
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_LIMIT),
    AfterValidator(_printable),
    AfterValidator(_visible),
]
Id = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_printable),
    AfterValidator(_plain_id),
]


class Command(Fact):
    """The same `command_id` twice is one command. `at` is when the sender says it was sent, which matters after an
    outage: a reply sent in time is in time, whenever the worker comes to read it. Nobody is believed to have sent it
    long before it reached the server (`Arrival`).

    `via` is how it came (R39): a raw signal says nothing of it, and counts as the console's.
    """

    name: ClassVar[str]
    command_id: Id
    by: Id
    at: CommandTime | None = None
    via: Via = Via.CONSOLE

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.via in {Via.LINK, Via.CODE} and self.by != CUSTOMER:
            raise ValueError(f"via {self.via.value!r} is how customers come; {one_line(self.by)} is none")
        if self.via is Via.SYSTEM and not self._is_ours:
            allowed = ", ".join(one for one in Via if one is not Via.SYSTEM)
            raise ValueError(f"via {self.via.value!r} is for what a case sends to another one; allowed: {allowed}")
        return self

    @property
    def _is_ours(self) -> bool:
        """Whether a workflow or an activity of ours may be its sender."""
        return False

    def sent_by_workflow(self, to: str) -> str | None:  # noqa: ARG002 - some are for one workflow's own
        """Id of the workflow that alone may send it to the workflow `to`; None: no workflow does."""
        return None


class OurCommand(Command):
    """A command that only a workflow or an activity of ours sends."""

    via: Literal[Via.SYSTEM] = Via.SYSTEM

    @property
    def _is_ours(self) -> bool:
        return True


def parse_command(name: str, payload: Any, default_id: str, among: Mapping[str, type[Command]]) -> Command:
    """A signal's argument as a command. `default_id` stands in where none was given (a signal sent by hand).

    Raises:
        Problem: one line naming each key at fault and what it takes.
    """
    if name not in among:
        raise Problem(f"unknown signal {name!r}; allowed: {', '.join(among)}")
    if not isinstance(payload, dict):
        raise Problem(f"{name}: takes one JSON object such as {_example(among[name])}, not {type(payload).__name__}")
    try:
        return among[name].model_validate({"command_id": default_id, **payload})
    except ValidationError as error:
        raise Problem(f"{name}: {_one_line(error, among[name])}") from error


def _one_line(error: ValidationError, command: type[Command]) -> str:
    faults = []
    for fault in error.errors(include_url=False, include_input=False):
        where = one_line(".".join(str(part) for part in fault["loc"]))
        what = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            what = f"unknown key; allowed: {', '.join(command.model_fields)}"
        elif fault["type"] == "missing":
            what = "is missing"
        elif fault["type"].startswith(("datetime", "timezone")):
            wrong = "has no offset" if fault["type"] == "timezone_aware" else "is no time"
            what = f"{wrong}; allowed: such as 2026-05-12T17:00+08:00"
        elif fault["type"] in {"too_short", "too_long"}:
            bounds = fault.get("ctx", {})
            least, most = bounds.get("min_length", 0), bounds.get("max_length")
            what = f"has {bounds.get('actual_length')}; allowed: " + (
                f"at most {most}" if most else f"at least {least}"
            )
        faults.append(f"{where}: {what}" if where else what)
    return "; ".join(faults[:5])


def _example(command: type[Command]) -> str:
    required = [key for key, field in command.model_fields.items() if field.is_required()]
    return "{" + ", ".join(f'"{key}": …' for key in required) + "}"


class Refused(Exception):
    """A command the case does not carry out; its text is the one line the sender reads."""


class Outcome(Fact):
    """What became of a command."""

    accepted: bool
    reason: str | None = None
