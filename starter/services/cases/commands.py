"""Sends commands to cases, departments' tasks and reviews as signals, and waits for their outcome."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from temporalio.client import (
    Client,
    WorkflowHandle,
)
from temporalio.service import RPCError

from activities.batches import batched
from activities.database.reader import read_remembered
from activities.database.url import DatabaseUrl
from activities.queries.case_record import is_unstarted, read_case_record
from activities.queries.people import has_left
from activities.review.reading import find_review
from starter.services.cases.corrections import correct
from starter.services.cases.outcomes import NO_WORKER, await_outcome, recorded_outcome
from starter.services.cases.reading import unknown_case
from starter.services.results import CommandResult
from worker.encryption.key_in_use import ENCRYPTING
from worker.installation.company_time import CompanyTime
from worker.installation.settings import Settings
from worker.temporal.connection import connect
from worker.temporal.rpc import RPC_TIMEOUT, is_not_found
from workflows.domain.case.recorded.overdue import open_tasks
from workflows.domain.commands.case import COMMANDS, TASK_COMMANDS
from workflows.domain.commands.command import Command, parse_command
from workflows.domain.commands.review import REVIEW_COMMANDS
from workflows.domain.problem import Problem
from workflows.domain.provenance import VIA
from workflows.domain.review.view import ReviewStatus
from workflows.domain.vocabulary import CUSTOMER, OPERATOR, SYSTEM, Via

_UNTIL_BEGUN = (0.1, 0.2, 0.4, 0.8, 0)
"""Seconds between tries to reach a review: the record has it a moment before its workflow begins."""
_AT_ONCE = 20
"""Signals sent at the same time: enough to keep a worker busy, few enough to leave it time for deadlines."""


async def send(
    settings: Settings,
    command: str,
    number: str,
    fields: dict[str, Any],
    *,
    by: str,
    via: Via = Via.CONSOLE,
    command_id: str | None = None,
    client: Client | None = None,
) -> CommandResult:
    """Send one command and wait a moment for its outcome.

    `client` is a connection that is there already.

    `fields` are the command's own keys; the same `command_id` again is the same command, and is answered with what
    became of it, also when the case has closed meanwhile. `by` and `via` are what the caller knows of whoever asks for
    it, and never what that person says (R39).

    Raises:
        Problem: malformed, unknown number, closed case, or Temporal does not answer; nothing was sent.
    """
    again, command_id = bool(command_id), command_id or f"{command}-{uuid.uuid4().hex[:16]}"
    fields = fields | _how(via)
    _check(command, command_id, by, fields, COMMANDS)
    if again and (known := await known_outcome(settings, command, number, command_id)):
        return known
    if reason := await _gone(settings, by):
        return CommandResult(number, command, command_id, "rejected", reason)
    company = await _company_time(settings)
    message = _Message(settings, company, command, command_id, by, fields)
    return await message.send_to(client or await connect(settings), number)


async def send_to_many(
    settings: Settings,
    command: str,
    numbers: Sequence[str],
    fields: dict[str, Any],
    *,
    by: str,
    via: Via = Via.CONSOLE,
    command_id: str,
    again: bool = False,
) -> AsyncIterator[CommandResult]:
    """The same command to many cases, a batch at a time; each outcome as it comes.

    The same `command_id` again is the same command to each of them, so a run that was cut short may be repeated. With
    `again` the record is first asked for the outcome, which adds nothing to a case's history, where a second signal
    would. A case that takes no commands any more (closed meanwhile) is `rejected` with the reason.

    Raises:
        Problem: malformed, or Temporal does not answer; what was answered before stays done.
    """
    fields = fields | _how(via)
    _check(command, command_id, by, fields, COMMANDS)
    if reason := await _gone(settings, by):
        raise Problem(reason)
    message = _Message(settings, await _company_time(settings), command, command_id, by, fields)
    client = await connect(settings)

    async def one(number: str) -> CommandResult:
        try:
            if again and (known := await known_outcome(settings, command, number, command_id)):
                return known
            return await message.send_to(client, number)
        except Problem as problem:
            known = await known_outcome(settings, command, number, command_id)
            return known or CommandResult(number, command, command_id, "rejected", str(problem))

    for batch in batched(numbers, _AT_ONCE):
        for answered in asyncio.as_completed(list(map(one, batch))):
            yield await answered


@dataclass(frozen=True)
class _Message:
    """A command and who sends it, without whom it is for."""

    settings: Settings
    company: CompanyTime
    command: str
    command_id: str
    by: str
    fields: dict[str, Any]

    async def send_to(self, client: Client, number: str) -> CommandResult:
        """Send it to this case, or to the task of a department that it is for; see `send`."""
        settings, command = self.settings, self.command
        at = self.company.now().isoformat()
        payload = {"command_id": self.command_id, "by": self.by, "at": at, **self.fields}
        queued = _queued(number, command, self.command_id)
        if task := await _open_task(settings, command, number, self.fields.get("department")):
            handle = client.get_workflow_handle(task)
            with suppress(_WorkflowOverError):
                await _signal(handle, command, payload)
                return await await_outcome(_database(settings), handle, queued, of=None)
        handle = client.get_workflow_handle(number)
        await self._deliver(client, handle, payload)
        return await await_outcome(_database(settings), handle, queued, of=number)

    async def _deliver(self, client: Client, handle: WorkflowHandle[Any, Any], payload: dict[str, Any]) -> None:
        """Signal the case itself, which is started first where it is registered and no more.

        Raises:
            Problem: there is no such case, it is closed, Temporal has lost it, or does not take the command.
        """
        settings, number, now = self.settings, handle.id, self.company.now()
        for _ in range(2):  # A worker may start the case between two looks: the second time it is there.
            if await is_unstarted(_database(settings), number):
                # A workflow that has this number may be another submission's: only a start finds that out.
                await _start(client, settings, number, self.command)
            with suppress(_WorkflowOverError):
                return await _signal(handle, self.command, payload)
            if await correct(client, settings, number, self.command, payload, now=now):
                return None
            await _refuse_unknown_or_closed(settings, self.company, number)
        raise Problem(f"{number}: Temporal no longer has this case although it is not closed; see bihuan stuck")


async def send_to_review(
    settings: Settings,
    command: str,
    number: str,
    fields: dict[str, Any],
    *,
    by: str,
    via: Via = Via.CONSOLE,
    command_id: str | None = None,
    client: Client | None = None,
) -> CommandResult:
    """Send a command to the review that covers a case; see `send`.

    Raises:
        Problem: malformed, no review, one that is over, or Temporal does not answer; nothing was sent.
    """
    again, command_id = bool(command_id), command_id or f"{command}-{uuid.uuid4().hex[:16]}"
    fields = fields | _how(via)
    _check(command, command_id, by, fields, REVIEW_COMMANDS)
    if reason := await _gone(settings, by):
        return CommandResult(number, command, command_id, "rejected", reason)
    found = await find_review(_database(settings), number)
    if found is None:
        raise Problem(f"{number}: no review covers this case; bihuan review list shows the reviews")
    name, status = found
    queued = _queued(number, command, command_id)
    if again and (known := await recorded_outcome(_database(settings), queued, name, kind="review")):
        return known
    if status == ReviewStatus.DONE:
        raise Problem(f"{number}: its review {name} is over; bihuan review show {number} says how it ended")
    company = await _company_time(settings)
    handle = (client or await connect(settings)).get_workflow_handle(name)
    payload = {"command_id": command_id, "by": by, "at": company.now().isoformat(), **fields}
    for pause in _UNTIL_BEGUN:
        with suppress(_WorkflowOverError):
            await _signal(handle, command, payload)
            return await await_outcome(_database(settings), handle, queued, of=name, kind="review")
        await asyncio.sleep(pause)
    raise Problem(f"{number}: Temporal has no review {name} that runs; see bihuan review show {number}")


def _queued(number: str, command: str, command_id: str) -> CommandResult:
    """What is said of a command while nothing else is known."""
    return CommandResult(number, command, command_id, "queued", NO_WORKER)


def _database(settings: Settings) -> DatabaseUrl:
    return DatabaseUrl.parse(settings.database)


async def _gone(settings: Settings, by: str) -> str | None:
    """Why somebody who has left may not send anything; the case itself judges everybody else."""
    if by in {CUSTOMER, OPERATOR, SYSTEM} or not await has_left(_database(settings), by):
        return None
    return f"{by} is no longer in the organisation; nothing was sent"


def _how(via: Via) -> dict[str, str]:
    """The key that says how it came; the console's is left out, as in what comes by hand."""
    return {} if via is Via.CONSOLE else {VIA: via.value}


def _check(command: str, command_id: str, by: str, fields: dict[str, Any], known: Mapping[str, type[Command]]) -> None:
    """Refuse what no case would take.

    Raises:
        Problem: malformed, or in the name of the system.
    """
    parsed = parse_command(command, {"command_id": command_id, "by": by, **fields}, command_id, known)
    if parsed.by == SYSTEM:
        raise Problem(f"by: nobody is the {SYSTEM}; allowed: a person's id, {CUSTOMER}, or {OPERATOR}")


async def known_outcome(settings: Settings, command: str, number: str, command_id: str) -> CommandResult | None:
    """What became of a command to a case, where the record knows it already.

    Raises:
        Problem: the database cannot be read.
    """
    return await recorded_outcome(_database(settings), _queued(number, command, command_id), number)


async def _company_time(settings: Settings) -> CompanyTime:
    """The cases' time.

    Raises:
        Problem: the workers encrypt, and this process has no key: what people write would stay in Temporal for
            everybody to read.
    """
    values = await read_remembered(_database(settings))
    key = values.get(ENCRYPTING)
    if key is not None and settings.key_ring() is None:
        raise Problem(
            f"cases here are encrypted (key {key}), and this command has no key; nothing was sent: set "
            "BIHUAN_ENCRYPTION_KEYS or BIHUAN_ENCRYPTION_KEYS_FILE as the workers have it"
        )
    return CompanyTime.of(values)


class _WorkflowOverError(Exception):
    """The workflow has ended meanwhile, or has not begun."""


async def _open_task(settings: Settings, command: str, number: str, department: str | None) -> str | None:
    """Id of the workflow of a department's open task, if the command is for one; else the case itself refuses it."""
    if department is None or command not in TASK_COMMANDS:
        return None
    file = await read_case_record(_database(settings), number)
    open_ = open_tasks(file.view) if file is not None and file.view is not None else []
    wanted = [task["workflow_id"] for task in open_ if task["department"] == department]
    return wanted[-1] if wanted else None


async def _signal(handle: WorkflowHandle[Any, Any], command: str, payload: dict[str, Any]) -> None:
    """Give the command to that workflow.

    Raises:
        _WorkflowOverError: it does not run.
        Problem: Temporal does not take it.
    """
    try:
        await handle.signal(command, payload, rpc_timeout=RPC_TIMEOUT)
    except RPCError as error:
        if is_not_found(error):
            raise _WorkflowOverError from None
        raise Problem(f"{handle.id}: Temporal did not take {command}: {error.message}") from None


async def _refuse_unknown_or_closed(settings: Settings, company: CompanyTime, number: str) -> None:
    """Say why a case takes no command, where the record knows.

    Raises:
        Problem: there is no such case, or it is closed.
    """
    file = await read_case_record(_database(settings), number, timeline=False)
    if file is None:
        raise unknown_case(number)
    if file.view is not None and (closed_at := file.view["closed_at"]):
        closed = company.local(str(closed_at))
        raise Problem(
            f"{number} is closed ({file.view['resolution']}) since {closed:%Y-%m-%d %H:%M}; open a new case instead"
        )


async def _start(client: Client, settings: Settings, number: str, command: str) -> None:
    """Start a case that was registered but never started.

    Raises:
        Problem: its number is another case's, or Temporal does not take it, and so not the command either.
    """
    from worker.installation.installation import open_installation
    from worker.temporal.starting import start_case

    async with open_installation(settings) as installation:
        try:
            await start_case(client, installation, number)
        except RPCError as error:
            raise Problem(f"{number}: Temporal did not take {command}: {error.message}") from None
        await installation.register.mark_started(number)
