"""The commands of cases and departments' tasks: one model a signal, validated inside the workflow.

The JSON keys are a public interface: the admin script, the Web UI and `temporal workflow signal` all send them.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    TypeAdapter,
    field_validator,
    model_validator,
)

from workflows.domain.commands.command import Command, CommandTime, Id, OurCommand, Text
from workflows.domain.commands.linking import FollowerAdded, FollowerReleased, FollowerRemoved, Link, Unlink
from workflows.domain.commands.review import End, SubmitReview
from workflows.domain.department_task import TaskReport
from workflows.domain.form_fields import SUPPLIED
from workflows.domain.ids import is_number, task_workflow_id
from workflows.domain.model import Fact, one_line
from workflows.domain.policy.files import FileType
from workflows.domain.provenance import OWN_WAYS, is_own_hand
from workflows.domain.vocabulary import CUSTOMER, Heard, Priority, Satisfaction, Verification, Via


class Answer(Command):
    """What the people of a main case do for the customers of the cases linked to it as well (R28).

    `main_case` is the number of the one that passed it on; None where it was sent to this case itself.
    """

    main_case: Id | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_an_earlier_release(cls, data: Any) -> Any:
        """Earlier releases called the main case `via`, null where there was none."""
        if not isinstance(data, dict) or "main_case" in data or "via" not in data:
            return data
        via, rest = data["via"], {key: value for key, value in data.items() if key != "via"}
        if via is None:
            return rest
        return {**rest, "main_case": via, "via": Via.SYSTEM} if is_number(via) else data

    @property
    def _is_ours(self) -> bool:
        return self.main_case is not None

    @property
    def origin(self) -> dict[str, str]:
        """The key for the timeline that names the main case it came by; nothing where there is none."""
        return {"main_case": self.main_case} if self.main_case else {}

    def sent_by_workflow(self, to: str) -> str | None:  # noqa: ARG002
        """The main case, where that passed it on."""
        return self.main_case


class Claim(Command):
    """The owner starts work (R12), or somebody of a `department` starts its task (R18)."""

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
    internal: StrictBool = False
    step: StrictInt | None = Field(default=None, ge=1, le=100)
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
    fields: tuple[Id, ...] = Field(default=(), max_length=100)

    @field_validator("fields")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        _check_suppliable(value)
        return value


class CustomersWord(Command):
    """What a customer says: by the customer, or taken down by somebody of the staff (`relayed_by`), who names the
    customer as its sender and says how it was `heard` (R39).
    """

    relayed_by: Id | None = None
    heard: Heard | None = None
    """Of what was taken down: by telephone, where nothing is said of it."""

    @model_validator(mode="after")
    def _of_the_customer(self) -> Self:
        if self.relayed_by is not None and self.by != CUSTOMER:
            raise ValueError(f"relayed_by is for what the customer says, not {self.by}; allowed: `by` {CUSTOMER}")
        if self.relayed_by is not None and self.via in OWN_WAYS:
            raise ValueError(f"relayed_by is for what somebody takes down, and via {self.via.value!r} nobody does")
        if self.heard is not None and self.relayed_by is None:
            raise ValueError("heard is for what somebody took down: say who, with `relayed_by`")
        return self

    @property
    def own_hand(self) -> bool:
        """Whether the customer said it themselves, and nobody took it down."""
        return is_own_hand(self.by, self.via, self.relayed_by)

    @property
    def relay(self) -> dict[str, str]:
        """The keys for the timeline that say who took it down and how they heard it; nothing where nobody did."""
        return {"relayed_by": self.relayed_by, "heard": self.heard or Heard.TELEPHONE} if self.relayed_by else {}


class Supply(CustomersWord):
    """The customer's answer to a request for information: form keys with their values, or free text."""

    name = "supply"
    text: Text | None = None
    fields: dict[str, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text and not self.fields:
            raise ValueError("give text or at least one field")
        _check_suppliable(self.fields)
        return self


class CustomerWrote(CustomersWord):
    """What the customer says unasked, such as by mail (R34, R42).

    Where something was asked for, it is the answer to that (`Supply`). It never is consent: that is given by a link, or
    to a person.
    """

    name = "customer_wrote"
    text: Text
    acknowledge: StrictBool = False
    """Whether the customer is sent a note that it has arrived, with their link."""


class AttachedFile(Fact):
    """A file that was received: its row, and what people read of it. `size` in bytes, `name` a label."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    name: Annotated[Id, StringConstraints(max_length=200)]
    size: StrictInt = Field(ge=1, le=1 << 40)
    type: FileType


class Attach(Command):
    """Files for the case, of the customer's or the staff's; their bytes were received before (R41)."""

    name = "attach"
    files: tuple[AttachedFile, ...] = Field(min_length=1, max_length=20)


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
    """Why it is solved although a department's task is open (R18)."""


class Told(Command):
    """A person has told the customer what no channel brings, or the result where a call was wished (R21, R43)."""

    name = "told"
    text: Text | None = None


class Confirm(CustomersWord):
    """The customer accepts the solution (R22)."""

    name = "confirm"
    text: Text | None = None


class Refuse(CustomersWord):
    """The customer does not accept the solution (R25)."""

    name = "refuse"
    why: Text


class Rate(CustomersWord):
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


class Withdraw(CustomersWord):
    """Close without a solution, with the reason (R22)."""

    name = "withdraw"
    why: Text


class Retime(Command):
    """Take up the present policy and calendar."""

    name = "retime"
    why: Text | None = None


class Collaborate(Command):
    """Ask another department for a task (R18)."""

    name = "collaborate"
    department: Id
    duty: Text
    due: CommandTime | None = None


class Contribute(Command):
    """A department's task is done, or cannot be (R18)."""

    name = "contribute"
    department: Id
    result: Text | None = None
    cannot: Text | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.result is None) == (self.cannot is None):
            raise ValueError("give either result or cannot")
        return self


class TaskReported(OurCommand):
    """What happened in a department's task; sent by its workflow (R18)."""

    name = "part_reported"
    department: Id
    round: StrictInt = Field(ge=1, le=1_000_000)
    reports: tuple[TaskReport, ...] = Field(min_length=1, max_length=10_000)

    @field_validator("reports")
    @classmethod
    def _plain(cls, value: tuple[TaskReport, ...]) -> tuple[TaskReport, ...]:
        for report in value:
            if one_line(report.by) != report.by:
                raise ValueError("by: is no id")
            _DETAIL.validate_python(report.detail)
        return value

    def sent_by_workflow(self, to: str) -> str | None:
        """The department's task."""
        return task_workflow_id(to, self.department, self.round)


class Undeliverable(OurCommand):
    """A notification could not be delivered for good; sent by the delivering activity."""

    name = "undeliverable"
    message: Id
    recipient: Id
    channel: Id
    error: Annotated[str, AfterValidator(one_line)]
    key: str | None = None
    """Of its outbox row; None: sent by an earlier release, or by hand."""
    refused: bool = True
    """False: given up after it was put off for days, which says nothing of the address."""


class Delivered(OurCommand):
    """A message to the customer that had failed was sent again, with success; sent by the delivering activity."""

    name = "delivered"
    message: Id
    key: str
    """Of its outbox row."""


_DETAIL = TypeAdapter(dict[Id, Text | bool | Annotated[float, Field(ge=-1e9, le=1e9)] | None])
"""What a department's task says of something that happened."""
COMMANDS: dict[str, type[Command]] = {
    command.name: command
    for command in (
        Claim, Reply, Classify, Assign, Progress, Escalate, RequestInfo, Supply, CustomerWrote, Attach, Resolve, Told,
        Confirm, Refuse, Rate, Note, Acknowledge, Withdraw, Retime, Collaborate, Contribute, SubmitReview,
        Undeliverable, Delivered, TaskReported, Link, Unlink, FollowerAdded, FollowerRemoved, FollowerReleased,
    )
}  # fmt: skip
"""Signal name -> what it carries; `feedback` is what `told` was called when it told of results only."""
COMMANDS["feedback"] = Told
TASK_COMMANDS: dict[str, type[Command]] = {command.name: command for command in (Claim, Contribute, End)}
"""Signal name -> what it carries, for the workflow of a department's task."""


def _check_suppliable(keys: Any) -> None:
    unknown = [key for key in keys if key not in SUPPLIED]
    if unknown:
        raise ValueError(f"unknown form field {unknown[0]!r}; allowed: {', '.join(SUPPLIED)}")
