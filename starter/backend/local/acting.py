"""Commands to cases and reviews, files and intake, by the services."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starter.backend.local.installed import Installed
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from activities.queries.case_filter import Filter
    from starter.services.intake.form_check import FormCheck
    from starter.services.intake.submissions import Intake
    from starter.services.results import Accepted, CommandResult

_EXAMPLE = "'CasePriority = \"P0\" and CaseEscalation >= 2'"


class LocalActing(Installed):
    """See `Acting`."""

    def check_sender(self, by: str, relayed_by: str | None = None) -> None:  # noqa: ARG002 - the case judges it
        """Somebody has to be named: the case judges who it is."""
        if not by.strip():
            raise Problem("--as is empty; allowed: a person's id, customer, or operator")

    async def send(
        self, command: str, number: str, fields: dict[str, Any], *, by: str, command_id: str | None, review: bool
    ) -> CommandResult:
        """See `send` and `send_to_review`."""
        from starter.services.cases.commands import send, send_to_review

        sent = send_to_review if review else send
        return await sent(self.settings, command, number, fields, by=by, command_id=command_id)

    async def send_to_many(
        self, command: str, numbers: Sequence[str], fields: dict[str, Any], *, by: str, command_id: str, again: bool
    ) -> AsyncIterator[CommandResult]:
        """See `send_to_many`."""
        from starter.services.cases.commands import send_to_many

        async for outcome in send_to_many(
            self.settings, command, numbers, fields, by=by, command_id=command_id, again=again
        ):
            yield outcome

    async def open_numbers(self, wanted: Filter, query: str | None) -> list[str]:
        """See `open_numbers` and `running_numbers`."""
        from starter.services.cases.listing import open_numbers

        numbers = await open_numbers(self.settings, wanted)
        if query is None:
            return numbers
        listed = await self._listed(query)
        return [number for number in numbers if number in listed]

    async def _listed(self, query: str) -> set[str]:
        from starter.services.cases.running import InvalidListFilterError, running_numbers

        if not query.strip():
            raise Problem(f"--query is empty; allowed: a list filter such as {_EXAMPLE}")
        try:
            return await running_numbers(self.settings, query)
        except InvalidListFilterError as error:
            raise Problem(f"--query {query}: {error}, such as {_EXAMPLE}") from None

    async def attach(self, number: str, paths: Sequence[Path], *, by: str, command_id: str | None) -> CommandResult:
        """See `attach`."""
        from starter.services.cases.files import attach, received_paths
        from worker.installation.installation import open_installation
        from workflows.domain.vocabulary import Via

        async with open_installation(self.settings) as installation:
            received = await received_paths(installation, paths, by=by.strip(), via=Via.CONSOLE, case=number)
        return await attach(self.settings, number, [one.id for one in received], by=by, command_id=command_id)

    async def note_acted_for(self, by: str, command: str, number: str, **detail: Any) -> None:
        """See `note_acted_for`."""
        from starter.services.identity.tokens import note_acted_for
        from workflows.domain.vocabulary import OPERATOR

        if by.strip() != OPERATOR:
            await note_acted_for(self.settings, by.strip(), command, number, **detail)

    @asynccontextmanager
    async def intake(self) -> AsyncIterator[LocalIntake]:
        """See `open_intake`."""
        from starter.services.intake.submissions import open_intake

        async with open_intake(self.settings) as intake:
            yield LocalIntake(intake)

    async def form_check(self) -> FormCheck:
        """See `load_form_check`."""
        from starter.services.intake.form_check import load_form_check

        return await load_form_check(self.settings)


class LocalIntake:
    """An intake that takes files of this machine, too."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    @property
    def outage(self) -> str | None:
        """Why Temporal cannot be reached."""
        return self._intake.outage

    @outage.setter
    def outage(self, why: str | None) -> None:
        self._intake.outage = why

    async def accept(self, raw: str | dict[str, Any]) -> Accepted:
        """See `Intake.accept`."""
        return await self._intake.accept(raw)

    async def accept_with_files(self, raw: str | dict[str, Any], paths: Sequence[Path]) -> Accepted:
        """See `hand_in`."""
        from starter.services.cases.files import discard_staged, hand_in, received_paths
        from workflows.domain.vocabulary import CUSTOMER, Via

        installation = self._intake.installation
        received = await received_paths(installation, paths, by=CUSTOMER, via=Via.CONSOLE)
        try:
            return await hand_in(self._intake, raw, received)
        except Problem:
            await discard_staged(installation, [one.id for one in received])
            raise

    def is_outage(self, error: BaseException) -> bool:
        """See `is_outage`."""
        return self._intake.is_outage(error)
