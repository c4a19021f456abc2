"""What people (and now and then the system) ask of a case: one model a signal, checked inside the workflow.

The JSON keys are the border: the admin script, the Web UI and `temporal workflow signal` all send them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, field_validator, model_validator

from workflows.domain.model import Fact, Instant
from workflows.domain.part import PartReport
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Priority, Satisfaction, Verification

_TEXT_LIMIT = 4000


def _printable(value: str) -> str:
    if value.isprintable():
        return value
    for char in value:
        if unicodedata.category(char) == "Cc" and char not in "\n\t\r":
            raise ValueError(f"control character U+{ord(char):04X} is not allowed")
    return value


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_TEXT_LIMIT), AfterValidator(_printable)
]
Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable)]

SUPPLIABLE = (
    "product",
    "occurred_at",
    "description.symptom",
    "description.steps",
    "description.expected",
    "description.actual",
    "impact.effect",
    "customer.name",
    "customer.phone",
    "customer.wechat",
    "customer.email",
)
"""Form keys a customer may be asked for and may supply later (R5)."""


class Command(Fact):
    """The same `command_id` twice is one command. `at` is when the sender sent it, which matters after an
    outage: a reply sent in time is in time, whenever the worker comes to read it.
    """

    name: ClassVar[str]
    command_id: Id
    by: Id
    at: Instant | None = None


class Answer(Command):
    """What the people of a main case do for the customers of the cases linked to it as well (R28).

    `via` is the main case that passed it on; None where it was sent to this case itself.
    """

    via: Id | None = None

    @property
    def origin(self) -> dict[str, str]:
        """For the timeline: nothing, or the main case it came by."""
        return {"via": self.via} if self.via else {}


class Claim(Command):
    """The owner starts work (R12), or somebody of a `department` starts on its part (R18)."""

    name = "claim"
    department: Id | None = None


class Reply(Answer):
    """A substantive answer to the customer (R9)."""

    name = "reply"
    text: Text


class Classify(Command):
    """Correct type or priority, with the reason (R8, R10)."""

    name = "classify"
    type: Id | None = None
    subtype: Id | None = None
    priority: Priority | None = None
    why: Text

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.type is None and self.subtype is None and self.priority is None:
            raise ValueError("give at least one of type, subtype, priority")
        return self


class Assign(Command):
    """Dispatch by hand, or hand over (R6, R11)."""

    name = "assign"
    to: Id | None = None
    department: Id | None = None
    why: Text


class Progress(Answer):
    """The update due every 24 hours (R16); `why` explains one that was missed."""

    name = "progress"
    text: Text
    internal: bool = False
    step: int | None = Field(default=None, ge=1, le=100)
    why: Text | None = None


class Escalate(Command):
    """Beyond my authority or skill (R17): upwards, or to another `department`."""

    name = "escalate"
    why: Text
    department: Id | None = None


class RequestInfo(Command):
    """Ask the customer for what is missing (R5)."""

    name = "request_info"
    text: Text
    fields: tuple[Id, ...] = ()

    @field_validator("fields")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        _check_suppliable(value)
        return value


class Supply(Command):
    """The customer's answer to that: form keys with their values, or free text."""

    name = "supply"
    text: Text | None = None
    fields: dict[str, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text and not self.fields:
            raise ValueError("give text or at least one field")
        _check_suppliable(self.fields)
        return self


class Resolve(Answer):
    """The solution, as the customer will read it (R19, R21)."""

    name = "resolve"
    cause: Text
    solution: Text
    cautions: Text | None = None
    prevention: Text | None = None
    verified: Verification | None = None
    verified_note: Text | None = None
    why_open: Text | None = None
    """Why it is solved although a department still owes its part (R18)."""


class Feedback(Command):
    """A person has told the customer the result (R21)."""

    name = "feedback"
    text: Text | None = None


class Confirm(Command):
    """The customer accepts the solution (R22)."""

    name = "confirm"
    text: Text | None = None


class Refuse(Command):
    """The customer does not accept it (R25)."""

    name = "refuse"
    why: Text


class Rate(Command):
    """The answer to the satisfaction follow-up (R23)."""

    name = "rate"
    score: Satisfaction
    comment: Text | None = None


class Note(Command):
    """An internal remark (R14)."""

    name = "note"
    text: Text


class Acknowledge(Command):
    """An escalation has reached the person it went to."""

    name = "acknowledge"
    text: Text | None = None


class Withdraw(Command):
    """Close without a solution, with the reason (R22)."""

    name = "withdraw"
    why: Text


class Retime(Command):
    """Take up the present policy and calendar."""

    name = "retime"
    why: Text | None = None


class Collaborate(Command):
    """Ask another department for its part (R18)."""

    name = "collaborate"
    department: Id
    duty: Text
    due: Instant | None = None


class Contribute(Command):
    """A department's part is done, or cannot be (R18)."""

    name = "contribute"
    department: Id
    result: Text | None = None
    cannot: Text | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.result is None) == (self.cannot is None):
            raise ValueError("give either result or cannot")
        return self


class PartReported(Command):
    """What happened in a department's part; sent by its workflow (R18)."""

    name = "part_reported"
    department: Id
    round: int = Field(ge=1)
    reports: tuple[PartReport, ...] = Field(min_length=1)


class End(Command):
    """A department's part, or a review, is not needed any more; sent by the case, or by hand with the reason (R18)."""

    name = "end"
    reason: Text


class Link(Command):
    """Follow the open main case `to`: one cause, many callers (R28)."""

    name = "link"
    to: Id
    why: Text | None = None
    """Needed where the products differ."""


class Unlink(Command):
    """Go on alone."""

    name = "unlink"
    why: Text | None = None


class FollowerAdded(Command):
    """A case follows this one from now on; sent by that case."""

    name = "follower_added"
    follower: Id
    linked_by: Id
    why: Text | None = None


class FollowerRemoved(Command):
    """It does so no longer; sent by that case."""

    name = "follower_removed"
    follower: Id
    unlinked_by: Id
    cause: Id
    why: Text | None = None


class FollowerReleased(Command):
    """The main case does not take this case, or has closed without a solution; sent by the main case."""

    name = "follower_released"
    main: Id
    reason: Text


class Improvement(Fact):
    """A measure of a review: what, who sees to it, until when."""

    what: Text
    owner: Id
    due: Instant


class SubmitReview(Command):
    """The report of a review is handed in (R27)."""

    name = "review"
    root_cause: Text
    what_happened: Text | None = None
    measures: tuple[Improvement, ...] = Field(min_length=1, max_length=20)


class NameAuthor(Command):
    """Somebody else writes the report (R27)."""

    name = "name_author"
    author: Id
    why: Text | None = None


class CaseAdded(Command):
    """A case of the problem under review has closed; sent by that case (R27)."""

    name = "case_added"
    number: Id


class Approve(Command):
    """The report of a review is good (R27)."""

    name = "approve"
    text: Text | None = None


class ReturnReport(Command):
    """The report of a review has to be written again (R27)."""

    name = "return_report"
    why: Text


class MeasureDone(Command):
    """A measure of a review is done (R27)."""

    name = "measure_done"
    measure: int = Field(ge=1)
    result: Text | None = None


class MoveMeasure(Command):
    """A measure of a review gets another owner or due time (R27)."""

    name = "move_measure"
    measure: int = Field(ge=1)
    owner: Id | None = None
    due: Instant | None = None
    why: Text

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.owner is None and self.due is None:
            raise ValueError("give owner, due, or both")
        return self


class Undeliverable(Command):
    """A notification could not be delivered for good; sent by the delivering activity."""

    name = "undeliverable"
    message: Id
    recipient: Id
    channel: Id
    error: str


COMMANDS: dict[str, type[Command]] = {
    command.name: command
    for command in (
        Claim, Reply, Classify, Assign, Progress, Escalate, RequestInfo, Supply, Resolve, Feedback, Confirm, Refuse,
        Rate, Note, Acknowledge, Withdraw, Retime, Collaborate, Contribute, SubmitReview, Undeliverable,
        PartReported, Link, Unlink, FollowerAdded, FollowerRemoved, FollowerReleased,
    )
}  # fmt: skip
"""Signal name -> what it carries."""
PART_COMMANDS: dict[str, type[Command]] = {command.name: command for command in (Claim, Contribute, End)}
"""The same for the workflow of a department's part."""
REVIEW_COMMANDS: dict[str, type[Command]] = {
    command.name: command
    for command in (SubmitReview, NameAuthor, Approve, ReturnReport, MeasureDone, MoveMeasure, End, CaseAdded)
}
"""The same for the workflow of a review."""


def parse_command(name: str, payload: Any, default_id: str, among: Mapping[str, type[Command]] = COMMANDS) -> Command:
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


def _check_suppliable(keys: Any) -> None:
    unknown = [key for key in keys if key not in SUPPLIABLE]
    if unknown:
        raise ValueError(f"unknown form field {unknown[0]!r}; allowed: {', '.join(SUPPLIABLE)}")


def _one_line(error: ValidationError, command: type[Command]) -> str:
    faults = []
    for fault in error.errors(include_url=False, include_input=False):
        where = ".".join(str(part) for part in fault["loc"])
        what = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            what = f"unknown key; allowed: {', '.join(command.model_fields)}"
        elif fault["type"] == "missing":
            what = "is missing"
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
