"""What the bearer of a token or session does: hands in, gives commands as who they are, sends files (R45, R47).

Who speaks comes from the token, never from what was sent. Whether a case takes a command is the case's to say.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from activities.database.database import is_outage
from activities.identity.audit import note
from activities.identity.requests import Requests
from activities.intake.form import parse_form
from starter.services.cases import commands, files
from starter.services.cases.actions import NOT_SAID
from starter.services.intake.submissions import Intake
from starter.services.results import Accepted
from workflows.domain.case.capacity import Capacity
from workflows.domain.case.handlers import HANDLERS
from workflows.domain.commands.case import COMMANDS, Attach, CustomersWord
from workflows.domain.commands.command import Command, OurCommand, parse_command
from workflows.domain.commands.review import REVIEW_COMMANDS, SubmitReview
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import CUSTOMER, AuditKind, TokenRight

if TYPE_CHECKING:
    from temporalio.client import Client

    from activities.queries.case_record import CaseRecord
    from starter.services.cases.files import ReceivedFile
    from starter.services.identity.bearer import Bearer
    from starter.services.results import CommandResult
    from worker.installation.installation import Installation
    from workflows.domain.organisation.organisation import Organisation

OPEN_COMMANDS: Final[Mapping[str, type[Command]]] = {
    command.name: command
    for command in COMMANDS.values()
    if not issubclass(command, OurCommand | Attach | SubmitReview)
}
"""What people and systems may send to a case; whether this one takes it from them is its own to say."""
OPEN_REVIEW_COMMANDS: Final[Mapping[str, type[Command]]] = {
    command.name: command for command in REVIEW_COMMANDS.values() if not issubclass(command, OurCommand)
}
"""What people may send to a review."""
_KEY: Final = re.compile(r"[!-~]{1,100}")
_OF_CALLER: Final = re.compile(r"(?P<caller>(?P<system>system:)?[^:]+):")


class MalformedError(Problem):
    """What was asked for is not well-formed."""


class NotAllowedError(Problem):
    """The token is not for that."""


class KeyReusedError(Problem):
    """An idempotency key came with another request before."""


class CaseOverError(Problem):
    """The case is closed, and takes nothing more."""


@dataclass(frozen=True)
class Act:
    """A command on its way: who sends it to which case, under which key of theirs; `client` connects when it
    is needed.
    """

    installation: Installation
    bearer: Bearer
    record: CaseRecord
    client: Callable[[], Awaitable[Client]]
    now: datetime
    key: str | None = None

    async def send(self, command: str, fields: dict[str, Any]) -> CommandResult:
        """Give the case that command, of `OPEN_COMMANDS`; the same key again is the same command.

        A person speaks as themselves; with `heard` they take down what the customer said. A system speaks as the
        customer, and the audit log names it.

        Raises:
            MalformedError, NotAllowedError, KeyReusedError, CaseOverError: as their names say; nothing was sent.
            Problem: Temporal or the record does not answer; nothing was sent.
        """
        kind = OPEN_COMMANDS[command]
        if said := [name for name in NOT_SAID if name in fields]:
            raise MalformedError(f"{said[0]}: is not for a request to say; the token does")
        by, spoken = self._speaker(kind, fields)
        try:
            parse_command(command, {"by": by, "via": self.bearer.via, **spoken}, self._command_id or "new", COMMANDS)
        except Problem as problem:
            raise MalformedError(str(problem)) from None
        await self.check_same(command, fields)
        settings = self.installation.settings
        try:
            result = await commands.send(
                settings, command, self.record.number, spoken, by=by, via=self.bearer.via, command_id=self._command_id,
                client=await self.client(),
            )  # fmt: skip
        except Problem as problem:
            raise self._explained(problem) from None
        await self._note(by, command, result)
        return result

    async def send_to_review(self, command: str, fields: dict[str, Any]) -> CommandResult:
        """Give the review that covers the case that command, of `REVIEW_COMMANDS`, as the person whose token it is.

        Raises:
            MalformedError, NotAllowedError, KeyReusedError: as their names say; nothing was sent.
            Problem: no review covers the case, it is over, or nobody answers; nothing was sent.
        """
        person, via = self.bearer.person, self.bearer.via
        if person is None:
            raise NotAllowedError(f"{command} is for people")
        if said := [name for name in NOT_SAID if name in fields]:
            raise MalformedError(f"{said[0]}: is not for a request to say; the token does")
        try:
            parse_command(command, {"by": person, "via": via, **fields}, self._command_id or "new", REVIEW_COMMANDS)
        except Problem as problem:
            raise MalformedError(str(problem)) from None
        await self._check_key(["review", command, self.record.number, fields])
        return await commands.send_to_review(
            self.installation.settings, command, self.record.number, fields, by=person, via=via,
            command_id=self._command_id, client=await self.client(),
        )  # fmt: skip

    async def attach(
        self, received: Sequence[ReceivedFile], digests: Sequence[str], *, of_customer: bool = False
    ) -> CommandResult:
        """Give the case files that were received; `digests` tell the same files from others. `of_customer`: the
        customer gave them to whose token it is.

        Raises:
            FileRefusedError: the case does not take them.
            KeyReusedError, CaseOverError, Problem: as `send`.
        """
        ids = [one.id for one in received]
        try:
            await self._check_key(["attach", self.record.number, *digests])
        except Problem:
            await files.discard_staged(self.installation, ids)
            raise
        settings, by = self.installation.settings, CUSTOMER if of_customer else self.sender
        result = await files.attach(
            settings, self.record.number, ids, by=by, via=self.bearer.via, command_id=self._command_id,
            client=await self.client(),
        )  # fmt: skip
        await self._note(by, Attach.name, result)
        return result

    @property
    def sender(self) -> str:
        """The sender of files that the bearer sends."""
        return self.bearer.person or CUSTOMER

    @property
    def _command_id(self) -> str | None:
        """The command id of a key, which has its caller's id before it; sent again it is the same."""
        caller = f"{self.bearer.caller}:"
        return f"{caller}{self.key.removeprefix(caller)}" if self.key else None

    def _speaker(self, kind: type[Command], fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The sender of the command, and the fields as the case gets them."""
        person = self.bearer.person
        if person is None:
            if Capacity.CUSTOMER not in HANDLERS[kind].permitted:
                raise NotAllowedError(f"{kind.name} is for people; a system says what customers say")
            if "heard" in fields:
                raise MalformedError("heard: is for people who take down what a customer said")
            return CUSTOMER, fields
        if "heard" in fields:
            if not issubclass(kind, CustomersWord):
                raise MalformedError(f"heard: is for what a customer says; {kind.name} is not")
            return CUSTOMER, {**fields, "relayed_by": person}
        return person, fields

    async def check_same(self, command: str, fields: dict[str, Any]) -> None:
        """Whether that command with these fields is what the key came with before, where it did.

        Raises:
            KeyReusedError: it is not.
        """
        await self._check_key([command, self.record.number, fields])

    async def _check_key(self, request: list[Any]) -> None:
        if self.key is None:
            return
        if not _KEY.fullmatch(self.key):
            raise MalformedError("Idempotency-Key: allowed: 1 to 100 letters, digits and signs of ASCII")
        text = json.dumps(request, sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        key = self.key.removeprefix(f"{self.bearer.caller}:")
        if not await Requests(self.installation.database).is_same(self.bearer.caller, key, digest, self.now):
            raise KeyReusedError(f"Idempotency-Key: {self.key} came with another request before")

    async def _note(self, by: str, command: str, result: CommandResult) -> None:
        """Whoever spoke in another's name is known."""
        if by == self.bearer.person:
            return
        async with self.installation.database.begin() as connection:
            await note(
                connection, AuditKind.ACTED_FOR, self.now, actor=f"{self.bearer.caller} ({self.bearer.key})",
                subject=by, command=command, number=result.number, command_id=result.command_id,
                outcome=result.outcome,
            )  # fmt: skip

    def _explained(self, problem: Problem) -> Problem:
        view = self.record.view
        return CaseOverError(str(problem)) if view is not None and view["closed_at"] else problem


async def hand_in(
    intake: Intake, bearer: Bearer, form: dict[str, Any], *, key: str | None, received: Sequence[ReceivedFile] = ()
) -> Accepted:
    """Register an issue for the bearer: a person is who received it. `key` is its intake key where it has none,
    `received` are files that come with it.

    Raises:
        MalformedError: the form is not well-formed; one line a fault, nothing is written.
        IntakeConflictError: its key came with another content before.
        Problem: the record cannot be written now.
    """
    person = bearer.person
    if form.get("received_by") not in {None, person}:
        raise MalformedError("received_by: is not for a request to say; the token does")
    given = {**form, **({"received_by": person} if person else {})}
    if key is not None and not form.get("intake_key"):
        if not _KEY.fullmatch(key):
            raise MalformedError("Idempotency-Key: allowed: 1 to 100 letters, digits and signs of ASCII")
        given["intake_key"] = f"{bearer.caller}:{key}"
    installation = intake.installation
    organisation = await installation.directory.current()
    whose = _whose_key(given.get("intake_key"), organisation)
    if whose not in {None, bearer.caller}:
        raise MalformedError(f"intake_key: is a key of {whose}'s; allowed: one of your own")
    try:
        parse_form(given, now=installation.now(), policy=installation.policy, organisation=organisation)
    except Problem as problem:
        raise (problem if is_outage(problem) else MalformedError(str(problem))) from None
    return await (files.hand_in(intake, given, received) if received else intake.accept(given))


def _whose_key(key: object, organisation: Organisation | None) -> str | None:
    """The caller whose idempotency keys an intake key looks like: nobody takes that of another before they hand in."""
    if not isinstance(key, str) or not (found := _OF_CALLER.match(key)):
        return None
    known = found["system"] or (organisation is not None and organisation.person(found["caller"]))
    return found["caller"] if known else None


RIGHT_OF_COMMANDS: Final = (TokenRight.ACT, TokenRight.CUSTOMER)
"""One of these lets a token send commands and files."""
