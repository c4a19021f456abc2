"""Takes mails in, each once: what it was, whose case it is, and what that case is told (R42).

Everything about a mail is written in one transaction: its row, with a new case or with the commands for the case that
it belongs to. What follows (starting the case, sending the commands) is made up for where it did not happen: a case
that is registered is started by any sweep, and `settle` sends what is open. Whoever calls marks the mail as read only
after `take` has returned.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database
from activities.delivery.outbox import Outbox
from activities.delivery.status import CAME_BACK
from activities.files.ledger import HELD_FOR, FileLedger, FileRow, bind_files
from activities.files.reception import Reception
from activities.intake.form import parse_form
from activities.intake.register import Register
from activities.mailbox.caps import may_answer
from activities.mailbox.form_of_mail import form_of, said
from activities.mailbox.inbox import Inbox, MailState, TakenMail, add_mail, identity_of
from activities.mailbox.interpretation.meaning import MailKind, MailMeaning, understand
from activities.mailbox.interpretation.threading import Evidence, OwnAddresses
from activities.mailbox.known_cases import RecordedCases
from activities.mailbox.mail_files import keep_mail, receive_files
from workflows.domain.model import Json, one_line
from workflows.domain.organisation.organisation import Person
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.triage import triage
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import CUSTOMER, Via

_log = logging.getLogger("bihuan.mailbox")

Signal = Callable[[str, str, Json], Awaitable[bool]]
"""(number, command, payload) -> False where the case is over."""


@dataclass(frozen=True)
class MailIntake:
    """The way in for mails.

    Attributes:
        reception: takes their files, and keeps the mails as they came.
        policy: as it is now.
        day: the company's local day of a moment.
        case_time: the cases' time now.
        start: starts a registered case; whatever it raises, a sweep does it later.
        signal: sends a case a command.
        deliver: starts the deliveries of outbox rows that their cases have to hear of.
    """

    database: Database
    cases: RecordedCases
    own: OwnAddresses
    reception: Reception
    policy: Callable[[], Policy]
    day: Callable[[datetime], Any]
    case_time: Callable[[], datetime]
    start: Callable[[str], Awaitable[None]]
    signal: Signal
    deliver: Callable[[str, Sequence[str]], Awaitable[object]]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def inbox(self) -> Inbox:
        """The tables of mails."""
        return Inbox(self.database)

    async def look(self, raw: bytes) -> MailMeaning:
        """What would be done with a mail; nothing is changed."""
        return await understand(raw, self.cases, self.own)

    async def take(self, raw: bytes, mailbox: str, place: str) -> TakenMail:
        """Take a mail in, once: one that was taken in before is answered as it is. `place` is UIDVALIDITY:UID.

        Raises:
            sqlalchemy.exc.DBAPIError, Problem: record or file store are away; nothing was written.
        """
        id_ = identity_of(raw, mailbox, place)
        known = await self.inbox.find(id_) or await self.inbox.find_elsewhere(raw, mailbox, place)
        if known is not None:
            return known
        meaning = await self.look(raw)
        sha256 = await keep_mail(self.reception, raw)
        row = TakenMail(
            id=id_,
            mailbox=mailbox,
            place=place,
            sha256=sha256,
            size=len(raw),
            kind=meaning.kind.value,
            evidence=meaning.by.value if meaning.by else None,
            sender=meaning.mail.sender if meaning.mail else "",
            number=None,
            state=MailState.DONE,
            sends=None,
            answered=False,
            note=one_line(meaning.note, 300),
            taken_at=self.now(),
            message_id=(meaning.mail.given_id if meaning.mail else "") or None,
        )
        try:
            taken = await self._take_as(meaning, row)
        except Problem as problem:
            if meaning.kind not in {MailKind.NEW, MailKind.REPLY}:
                raise
            # Nothing of a customer is lost for a rule of ours: a person sees to it.
            _log.warning("mail %s in %s is kept aside: %s", place, mailbox, problem)
            note = one_line(f"no case could be made of it: {problem}", 300)
            taken = await self._written(replace(row, state=MailState.ASIDE, note=note))
        await self._follow_up(taken)
        return taken

    async def _take_as(self, meaning: MailMeaning, row: TakenMail) -> TakenMail:
        match meaning.kind:
            case MailKind.NEW:
                return await self._open(meaning, row)
            case MailKind.REPLY:
                return await self._reply(meaning, row)
            case MailKind.BOUNCE:
                return await self._bounce(meaning, row)
            case MailKind.REFUSE:
                return await self._written(replace(row, state=MailState.ASIDE))
            case _:
                return await self._written(replace(row, number=meaning.case))

    async def _open(self, meaning: MailMeaning, row: TakenMail) -> TakenMail:
        person = await self.cases.person_of(row.sender) if meaning.by_staff else None
        answered = person is None and await self._answerable(meaning, row, None)
        files, refused = await self._receive_files(meaning, by=person.id if person else CUSTOMER)
        form = self._form(meaning, row, files, person, reach=answered)
        note = "; ".join(filter(None, (row.note, *refused, "" if answered or person else "no automatic answer")))
        row = replace(row, answered=answered, note=one_line(note, 300))
        return await self._written(row, lambda connection: self._register(connection, form, [one.id for one in files]))

    async def _reply(self, meaning: MailMeaning, row: TakenMail) -> TakenMail:
        number = str(meaning.case)
        person = await self.cases.person_of(row.sender) if meaning.by_staff else None
        if person is None and await self.cases.is_closed(number, self.case_time()):
            named = meaning.model_copy(update={"mentions": tuple(dict.fromkeys((number, *meaning.mentions)))})
            closed = f"{number} is closed: a case of its own"
            return await self._open(named, replace(row, note="; ".join(filter(None, (row.note, closed)))))
        by = person.id if person else CUSTOMER
        files, refused = await self._receive_files(meaning, by=by)
        answered = person is None and await self._answerable(meaning, row, number)
        words: Json = {"text": said(meaning)}
        name = "note" if person else "customer_wrote"
        if person is None:
            words["acknowledge"] = answered
        commands: list[JsonValue] = [{"name": name, "id": f"mail:{row.id}", "by": by, "fields": words}]
        if files:
            ledger = FileLedger(self.database)
            await ledger.hold([one.id for one in files], self.now() + HELD_FOR)
            attached: list[JsonValue] = [
                {"id": one.id, "name": one.name, "size": one.size, "type": one.type} for one in files
            ]
            commands.append({"name": "attach", "id": f"mail:{row.id}:files", "by": by, "fields": {"files": attached}})
        sends: Json = {
            "commands": commands,
            "at": self.case_time().isoformat(),
            "form": self._form(meaning, row, files, person, reach=answered),
            "files": [*(one.id for one in files)],
        }
        note = one_line("; ".join(filter(None, (row.note, *refused))), 300)
        row = replace(row, number=number, state=MailState.OPEN, sends=sends, answered=answered, note=note)
        return await self._written(row)

    async def _bounce(self, meaning: MailMeaning, row: TakenMail) -> TakenMail:
        row = replace(row, number=meaning.case)
        if meaning.case is None or not meaning.failed:
            return await self._written(row)
        if meaning.by is Evidence.NUMBER:
            note = f"{row.note}; only a number in it says whose: if it is true, bihuan bounced KEY"
            return await self._written(replace(row, state=MailState.ASIDE, note=note))
        keys = await self.cases.sent_to(meaning)
        error = f"{CAME_BACK} {one_line(meaning.mail.subject if meaning.mail else '', 100)}"

        async def undo(connection: AsyncConnection) -> str | None:
            for key in keys:
                await Outbox(self.database).bounced_in(connection, key, error=error)
            return row.number

        taken = await self._written(row, undo)
        if keys:
            await self._quietly(self.deliver(str(row.number), keys), "report of a bounce", row)
        return taken

    async def settle(self) -> int:
        """See to mails whose cases have not judged them yet; answers how many are left.

        A case that has closed meanwhile takes no words: they become a case of their own.
        """
        left = 0
        for row in await self.inbox.open():
            try:
                left += not await self._settled(row)
            except Exception:  # noqa: BLE001 - the others are seen to
                left += 1
                _log.exception("mail %s of %s is not settled yet", row.place, row.mailbox)
        return left

    async def _settled(self, row: TakenMail) -> bool:
        sends: Json = row.sends or {}
        commands = [one for one in _listed(sends.get("commands")) if isinstance(one, dict)]
        judged = await self.inbox.judged([str(one["id"]) for one in commands])
        if len(judged) == len(commands):
            refused = [reason for reason in judged.values() if reason is not None]
            if (
                refused
                and judged.get(f"mail:{row.id}") is not None
                and await self.cases.is_closed(str(row.number), self.case_time())
            ):
                await self._open_instead(row, sends)
                return True
            state = MailState.ASIDE if refused else MailState.DONE
            note = one_line("; ".join(filter(None, (row.note, *(f"the case refused: {one}" for one in refused)))), 300)
            await self.inbox.update(row.id, state=state.value, note=note, sends=None, settled_at=self.now())
            return True
        if not sends.get("sent"):
            await self._send(row, sends, commands)
        return False

    async def _send(self, row: TakenMail, sends: Json, commands: Sequence[Json]) -> None:
        for one in commands:
            fields = one["fields"]
            payload: Json = {"command_id": one["id"], "by": one["by"], "via": Via.MAIL.value, "at": sends["at"]}
            payload |= fields if isinstance(fields, dict) else {}
            if not await self.signal(str(row.number), str(one["name"]), payload):
                if one is commands[0]:
                    await self._open_instead(row, sends)
                    return
                break
        await self.inbox.update(row.id, sends={**sends, "sent": True})

    async def _open_instead(self, row: TakenMail, sends: Json) -> None:
        """The case is closed: what was for it is a case of its own, which names it."""
        given = sends.get("form")
        if not isinstance(given, dict) or any(one.get("name") == "note" for one in _listed(sends.get("commands"))):
            note = one_line(f"{row.note}; {row.number} is closed", 300)
            await self.inbox.update(row.id, state=MailState.ASIDE.value, note=note, settled_at=self.now())
            return
        description = dict(given["description"])  # type: ignore[arg-type]
        description["symptom"] = f"{description['symptom']}\n\n→ {row.number}"
        form = {**given, "description": description}
        ids = [str(one) for one in _listed(sends.get("files"))]
        async with self.database.begin() as connection:
            number = await self._register(connection, form, ids)
            note = one_line(f"{row.note}; {row.number} is closed: a case of its own", 300)
            done = {"state": MailState.DONE.value, "number": number, "sends": None, "note": note}
            await self.inbox.update_in(connection, row.id, **done, settled_at=self.now())
        await self._quietly(self.start(number), "start of a case", row)

    async def _written(
        self, row: TakenMail, act: Callable[[AsyncConnection], Awaitable[str | None]] | None = None
    ) -> TakenMail:
        """The row, and what `act` does, in one transaction; where another process was first, its row stands."""
        try:
            async with self.database.begin() as connection:
                number = await act(connection) if act is not None else row.number
                row = replace(row, number=number)
                if not await add_mail(connection, row):
                    raise _TakenElsewhereError
        except _TakenElsewhereError:
            known = await self.inbox.find(row.id)
            if known is None:
                raise Problem(f"{row.id}: its row is gone") from None
            return known
        return row

    async def _register(self, connection: AsyncConnection, form: Json, files: Sequence[str]) -> str:
        now, policy = self.case_time(), self.policy()
        parsed = parse_form(form, now=now, policy=policy, organisation=await self.cases.directory.current(connection))
        registration = await Register(self.database).register_in(
            connection,
            parsed,
            received_at=now,
            day=self.day(now),
            priority=triage(parsed.submission(), policy).priority,
        )
        await bind_files(connection, registration.number, files)
        return registration.number

    async def _follow_up(self, row: TakenMail) -> None:
        if row.state is MailState.OPEN:
            await self._quietly(self._settled(row), "commands to a case", row)
        elif row.kind in {MailKind.NEW.value, MailKind.REPLY.value} and row.number and row.state is MailState.DONE:
            await self._quietly(self.start(row.number), "start of a case", row)

    async def _quietly(self, step: Awaitable[object], what: str, row: TakenMail) -> None:
        """What is made up for later: by `settle`, or by a sweep."""
        try:
            await step
        except Exception as error:  # noqa: BLE001 - the mail is taken in; nothing is lost
            _log.warning("%s: %s has to wait: %s", row.number, what, one_line(str(error) or type(error).__name__, 200))

    def _form(
        self, meaning: MailMeaning, row: TakenMail, files: Sequence[FileRow], person: Person | None, *, reach: bool
    ) -> Json:
        names = [one.name for one in files]
        policy = self.policy()
        form = form_of(meaning, policy, key=f"mail:{row.id}", files=names, person=person, reach=reach)
        try:
            parse_form(form, now=self.case_time(), policy=policy, organisation=None)
        except Problem:
            # An address that nobody can write to: a person reaches the customer otherwise.
            form = form_of(meaning, policy, key=f"mail:{row.id}", files=names, person=person, reach=False)
        return form

    async def _answerable(self, meaning: MailMeaning, row: TakenMail, number: str | None) -> bool:
        if not meaning.answerable or self.own.is_own(row.sender):
            return False
        # Answers that were allowed, some of them on their way; and what went out: one mail may bring about two.
        allowed = await self.inbox.answers(number, row.sender, row.taken_at)
        told, now = await self.inbox.told(number, row.sender, self.case_time()), self.case_time()
        return may_answer(*allowed, row.taken_at) and may_answer(*told, now)

    async def _receive_files(self, meaning: MailMeaning, *, by: str) -> tuple[list[FileRow], list[str]]:
        files = meaning.mail.files if meaning.mail else ()
        return await receive_files(self.reception, files, self.policy().files, by=by, case_time=self.case_time)


class _TakenElsewhereError(Exception):
    """Another process has taken this mail in meanwhile."""


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
