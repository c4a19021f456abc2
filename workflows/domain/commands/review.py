"""The commands of reviews: one model a signal (R27)."""

from __future__ import annotations

from typing import Self

from pydantic import Field, StrictInt, model_validator

from workflows.domain.commands.command import Command, CommandTime, Id, OurCommand, Text
from workflows.domain.ids import case_number
from workflows.domain.model import Fact
from workflows.domain.vocabulary import SYSTEM


class End(Command):
    """A department's task, or a review, is not needed any more; sent by the case, or by hand with the reason (R18)."""

    name = "end"
    reason: Text

    def sent_by_workflow(self, to: str) -> str | None:
        """The case, unless a person does it."""
        return case_number(to) if self.by == SYSTEM else None

    @property
    def _is_ours(self) -> bool:
        return self.by == SYSTEM


class ProposedAction(Fact):
    """A corrective action as a report proposes it: what, who sees to it, until when."""

    what: Text
    owner: Id
    due: CommandTime


class SubmitReview(Command):
    """The report of a review is handed in (R27)."""

    name = "review"
    root_cause: Text
    what_happened: Text | None = None
    measures: tuple[ProposedAction, ...] = Field(min_length=1, max_length=20)


class NameAuthor(Command):
    """Somebody else writes the report (R27)."""

    name = "name_author"
    author: Id
    why: Text | None = None


class CaseAdded(OurCommand):
    """A case of the problem under review has closed; sent by that case (R27)."""

    name = "case_added"
    number: Id

    def sent_by_workflow(self, to: str) -> str | None:  # noqa: ARG002
        """The case."""
        return self.number


class Approve(Command):
    """The report of a review is good (R27)."""

    name = "approve"
    text: Text | None = None


class ReturnReport(Command):
    """The report of a review has to be written again (R27)."""

    name = "return_report"
    why: Text


class CorrectiveActionDone(Command):
    """A corrective action is done; `measure` is its number, from 1 (R27)."""

    name = "measure_done"
    measure: StrictInt = Field(ge=1, le=1_000)
    result: Text | None = None


class MoveCorrectiveAction(Command):
    """A corrective action gets another owner or due time; `measure` is its number, from 1 (R27)."""

    name = "move_measure"
    measure: StrictInt = Field(ge=1, le=1_000)
    owner: Id | None = None
    due: CommandTime | None = None
    why: Text

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.owner is None and self.due is None:
            raise ValueError("give owner, due, or both")
        return self


REVIEW_COMMANDS: dict[str, type[Command]] = {
    command.name: command
    for command in (
        SubmitReview,
        NameAuthor,
        Approve,
        ReturnReport,
        CorrectiveActionDone,
        MoveCorrectiveAction,
        End,
        CaseAdded,
    )
}
"""Signal name -> what it carries."""
