"""Sending a command to a case or its review, and printing what became of it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from starter.backend.opening import open_backend
from starter.console.acting import As
from starter.console.case_number import find_number
from starter.console.options import CommandOptions
from starter.console.screen import AsJson, DataFolder, print_json, progress_bar, say
from workflows.domain.problem import Problem, printable
from workflows.domain.vocabulary import Heard

if TYPE_CHECKING:
    from starter.backend.port import Acting
    from starter.services.results import CommandResult

Why = Annotated[str, Parameter(help="The reason, kept in the history.")]
RelayedBy = Annotated[
    str | None, Parameter(help="Who of the staff took down what the customer said; with --as customer.")
]
HeardBy = Annotated[
    str | None,
    Parameter(
        name="--heard", help=f"How they heard it, with --relayed-by: {', '.join(Heard)}; without it {Heard.TELEPHONE}."
    ),
]
OptionalText = Annotated[str | None, Parameter(help="A remark, kept in the history.")]


@Parameter(name="*")
@dataclass(frozen=True)
class Sender:
    """Who sends a command, and how it is answered."""

    by: As
    command_id: Annotated[str | None, Parameter(help="The same id again is the same command; for retries.")] = None
    as_json: AsJson = False
    data: DataFolder = None


async def send_command(
    command: str,
    number: str,
    sender: Sender,
    *,
    review: bool = False,
    typed: str | None = None,
    not_typed: Collection[str] = (),
    edit: Mapping[str, str] | None = None,
    **fields: Any,
) -> int:
    """Send one command; its own keys are `fields`, those that are None are left out. Answers the exit code.

    `review`: it is for the review that covers the case. `typed`: what people type for it, where that is not its name.
    `not_typed`: keys that are no options, such as those of a file. `edit`: keys whose texts are written in an editor
    first, and what each is for.

    Raises:
        Problem: malformed, unknown number, closed case, or Temporal does not answer; nothing was sent.
    """
    backend = open_backend(sender.data)
    backend.check_sender(sender.by, fields.get("relayed_by"))
    number = await find_number(backend, number)
    options = CommandOptions.of(command, fields.keys() - not_typed, typed=typed)
    message = _Sending(backend, command, number, sender, options, review)
    if not edit:
        return tell_outcome(await message.send(fields), sender, options)
    from starter.console.editing import edited

    with edited(options.typed.replace(" ", "-"), number, edit, {key: fields.get(key) for key in edit}) as written:
        outcome = await message.send(fields | dict.fromkeys(edit) | written.texts)
        written.is_sent = outcome.outcome != "rejected"
        return tell_outcome(outcome, sender, options)


@dataclass(frozen=True)
class _Sending:
    """A command to one case or its review, without what it says."""

    backend: Acting
    command: str
    number: str
    sender: Sender
    options: CommandOptions
    review: bool

    async def send(self, fields: Mapping[str, Any]) -> CommandResult:
        """Send it; refusals name options.

        Raises:
            Problem: as `send_command`.
        """
        given = {name: value for name, value in fields.items() if value is not None}
        by, command_id = self.sender.by, self.sender.command_id
        try:
            outcome = await self.backend.send(
                self.command, self.number, given, by=by, command_id=command_id, review=self.review
            )
        except Problem as problem:
            raise Problem(self.options.reworded(str(problem))) from None
        detail = {"command_id": outcome.command_id, "outcome": outcome.outcome}
        await note_sender(self.backend, self.sender, self.command, self.number, **detail)
        return outcome


async def note_sender(backend: Acting, sender: Sender, command: str, number: str, **detail: Any) -> None:
    """Whoever sits here spoke as somebody else: that is kept (R45). What was sent is sent, also where it cannot be."""
    try:
        await backend.note_acted_for(sender.by, command, number, **detail)
    except Problem as problem:
        say(f"the audit log has no entry of this: {problem}")


def tell_outcome(outcome: CommandResult, sender: Sender, options: CommandOptions | None = None) -> int:
    """Print what became of a command; answers the exit code."""
    options = options or CommandOptions.of(outcome.command, ())
    reason = options.reworded(outcome.reason) if outcome.reason else ""
    if sender.as_json:
        print_json(asdict(outcome))
    elif outcome.outcome != "rejected":
        print(printable(f"{outcome.number} {options.typed} {outcome.outcome}{reason and f': {reason}'}"))
    if outcome.outcome == "rejected":
        say(f"{outcome.number} {options.typed} rejected: {reason}")
        return 1
    return 0


async def send_to_cases(
    backend: Acting, command: str, numbers: Sequence[str], sender: Sender, *, typed: str | None = None, **fields: Any
) -> int:
    """The same command to many cases, in batches with a progress bar; answers the exit code. `typed` as above.

    Raises:
        Problem: malformed, or Temporal does not answer; what was answered before stays done.
    """
    command_id = sender.command_id or f"{command}-{uuid.uuid4().hex[:16]}"
    say(f"{len(numbers)} open cases; should this be cut short: the same again with --command-id {command_id}")
    given = {name: value for name, value in fields.items() if value is not None}
    options = CommandOptions.of(command, given.keys(), typed=typed)
    answers = []
    try:
        with progress_bar(options.typed, len(numbers)) as advance:
            async for outcome in backend.send_to_many(
                command, numbers, given, by=sender.by, command_id=command_id, again=bool(sender.command_id)
            ):
                advance()
                answers.append(outcome)
                if outcome.outcome == "rejected" and not sender.as_json:
                    say(f"{outcome.number} {options.typed} rejected: {options.reworded(outcome.reason or '')}")
    except Problem as problem:
        raise Problem(options.reworded(str(problem))) from None
    await note_sender(backend, sender, command, f"{len(answers)} cases", command_id=command_id)
    counts = Counter(outcome.outcome for outcome in answers)
    if sender.as_json:
        print_json({"command_id": command_id, "cases": [asdict(outcome) for outcome in answers]})
    else:
        print(f"{counts['accepted']} accepted, {counts['queued']} queued, {counts['rejected']} rejected")
    return 1 if counts["rejected"] else 0


def read_due(value: Any, zone: ZoneInfo, where: str) -> str | None:
    """A due time with its offset: of `zone` where it was given none, and a day means its end. None stays None.

    Raises:
        Problem: it is no time.
    """
    if value is None:
        return None
    try:
        moment = value if isinstance(value, date) else _read(str(value).strip())
    except ValueError:
        raise Problem(f"{where} {value!r} is no time; allowed: 2026-06-05 or 2026-06-05T18:00") from None
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(23, 59))
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


async def company_zone(sender: Sender) -> ZoneInfo:
    """The time zone in which people give times without an offset.

    Raises:
        Problem: the database cannot be read.
    """
    return ZoneInfo((await open_backend(sender.data).company()).zone)


def _read(text: str) -> date:
    return date.fromisoformat(text) if len(text) <= len("2026-06-05") else datetime.fromisoformat(text)
