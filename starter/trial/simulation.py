"""Simulates a log of cases under a policy: by the rules alone, without server, database or waiting.

All cases share one clock. Deadlines between two lines of the log act first, at the second they are due; what a line
does at that very second is in time. A new case goes to whoever has the fewest open cases at that moment.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import le, lt
from typing import Any

from activities.delivery.transport import Transports
from activities.intake.form import Form
from activities.intake.submission import supply
from activities.messages.routing import reachable
from activities.opening.decision import Decision
from starter.trial.actors import CommandSender, sender_of
from starter.trial.figures import Figures
from starter.trial.log import LogEntry
from workflows.domain.case.aggregate import Case
from workflows.domain.commands.case import COMMANDS, Assign, Claim, CustomersWord, Progress, Reply, Resolve
from workflows.domain.commands.command import Command, parse_command
from workflows.domain.commands.linking import Link, Unlink
from workflows.domain.event import Event, EventKind
from workflows.domain.form_fields import CONTACT_KEYS
from workflows.domain.model import Json
from workflows.domain.terms import MainCase, Settlement
from workflows.domain.vocabulary import Verification

_WORK = (Claim, Reply, Progress, Resolve)
"""Commands that only the owner of a dispatched case gives."""
_AS_LOGGED = "as the log has it"
"""The reason given where only this policy asks for one: why an update was late, why a case was taken up."""


@dataclass
class Simulation:
    """Plays the entries of a log under one policy, and counts.

    Attributes:
        decision: the policy under trial, and who works there.
        figures: the counts so far.
        transports: the ways messages go; who has none of them is told by a person (R43).
        stand_ins: people of the log for whom somebody else acted, and how often.
        taken_as_it_is: cases waiting for information that were worked on in the log, and so were dispatched.
    """

    decision: Decision
    figures: Figures
    transports: Transports = field(default_factory=dict)
    stand_ins: Counter[str] = field(default_factory=Counter)
    taken_as_it_is: int = 0
    _cases: dict[str, Case] = field(default_factory=dict)
    _forms: dict[str, Json] = field(default_factory=dict)
    """As they stand, with what was supplied."""
    _owners: dict[str, str] = field(default_factory=dict)
    """Who owns each open case."""
    _loads: Counter[str] = field(default_factory=Counter)
    _deadlines: list[tuple[datetime, str]] = field(default_factory=list)
    """A heap; an entry counts only while the case still has that deadline."""
    _due: dict[str, datetime | None] = field(default_factory=dict)
    """The next deadline of each case."""
    _renewed: dict[str, date] = field(default_factory=dict)
    """The day for which each case knows who is at work."""

    def play(self, entries: Iterable[LogEntry], until: datetime) -> Iterator[LogEntry]:
        """Play entries, which are in order, yielding each when it is done; then let the time pass to `until`."""
        for entry in entries:
            if entry.at > until:
                break
            self._let_pass(entry.at, lt)
            if entry.form is not None:
                self._open(entry.key, entry.form, entry.at)
            elif entry.command is not None:
                self._send(self._cases[entry.key], entry.command, entry.at)
            yield entry
        self._let_pass(until, le)
        for case in self._cases.values():
            if not case.is_closed:
                self.figures.leave_open(case)

    def as_json(self) -> dict[str, Any]:
        """The figures, and what was done to make the log fit the policy."""
        return {
            "policy": self.decision.policy.name,
            **self.figures.as_json(),
            "stand_ins": dict(self.stand_ins.most_common()),
            "taken_as_it_is": self.taken_as_it_is,
        }

    def _let_pass(self, moment: datetime, by: Callable[[datetime, datetime], bool]) -> None:
        while self._deadlines and by(self._deadlines[0][0], moment):
            due, key = heapq.heappop(self._deadlines)
            if self._due[key] == due:
                case = self._cases[key]
                self._renew(case, due)
                self._note(case, case.expire(due), due)

    def _open(self, key: str, form: Form, at: datetime) -> None:
        content = form.model_dump(mode="json")
        settled = self.decision.settlement(form, at, at)
        if not self.decision.waits(settled):
            settled = self.decision.dispatched(settled, form.product or "", self._loads, at)
        opening = settled.opening.model_copy(update={"reachable": reachable(content, self.transports)})
        settled = settled.model_copy(update={"opening": opening})
        case, events = Case.open(key, settled, at)
        self._cases[key], self._forms[key] = case, content
        self._note(case, events, at)

    def _send(self, case: Case, command: Command, at: datetime) -> None:
        if isinstance(command, _WORK) and case.owner is None and not case.is_closed:
            self._take_as_it_is(case, command, at)
        who = self._lead(command, case) or sender_of(command, case, self.decision.organisation)
        if who.stands_in:
            self.stand_ins[command.by] += 1
        self._judge(case, _fitted(command, who.by, case), at)

    def _take_as_it_is(self, case: Case, command: Command, at: datetime) -> None:
        """Dispatch a case that waits for information: the log has work on it, so somebody took it as it was (R5)."""
        head = case.responsible()
        if head is not None:
            self._judge(case, Assign(command_id=f"{command.command_id}-assign", by=head, why=_AS_LOGGED), at)
            self.taken_as_it_is += case.owner is not None

    def _renew(self, case: Case, at: datetime) -> None:
        """Renew the people a case knows, once a day: within one nothing changes about those of one organisation."""
        day = case.terms.calendar.local(at).date()
        if self._renewed.get(case.number) != day and (lookup := case.involved(at)) and lookup.involved:
            case.renew(self.decision.renewal(lookup.involved, at), at)
            self._renewed[case.number] = day

    def _judge(self, case: Case, command: Command, at: datetime) -> None:
        self._renew(case, at)
        lookup = case.needs(command)
        if lookup is None:
            events = case.handle(command, at)
        else:
            opened = Settlement(opening=case.opening, terms=case.terms)
            form, product = self._forms[case.number], self._product(case.number)
            facts = self.decision.consultation(lookup, product, self._loads, case.opened_at, opened, form=form, now=at)
            if facts.fields and CONTACT_KEYS & facts.fields.keys():
                way = reachable(supply(form, facts.fields), self.transports)
                facts = facts.model_copy(update={"reachable": way})
            if lookup.main is not None:
                facts = facts.model_copy(update={"main": self._main(lookup.main), "product": product})
            events = case.handle(command, at, facts)
        for event in events:
            fields = event.detail.get("fields")
            if event.kind is EventKind.SUPPLIED and isinstance(fields, dict):
                self._forms[case.number] = supply(self._forms[case.number], fields)
        self._note(case, events, at)

    def _product(self, key: str) -> str:
        return str(self._forms[key].get("product") or "")

    def _lead(self, command: Command, case: Case) -> CommandSender | None:
        """Whoever leads the main case may link to it, although not on this case."""
        to = command.to if isinstance(command, Link) else case.linked_to if isinstance(command, Unlink) else None
        main = self._main(to) if to is not None else None
        return CommandSender(command.by) if main is not None and command.by in main.leads else None

    def _main(self, key: str) -> MainCase | None:
        case = self._cases.get(key)
        if case is None:
            return None
        return MainCase(
            number=key,
            status=case.status,
            resolution=case.resolution,
            linked_to=case.linked_to,
            leads=tuple(person for person in (case.owner, *case.chain(case.owner)) if person),
            product=self._product(key),
        )

    def _forward(self, case: Case, at: datetime) -> None:
        """Send what a case has for others at once, as its workflow would (R28)."""
        for forward in case.take_forwards():
            other = self._cases.get(forward.to)
            if other is None or other.is_closed:
                self._note(case, case.forward_failed(forward, at), at)
            else:
                self._judge(other, parse_command(forward.name, forward.fields, forward.to, COMMANDS), at)

    def _note(self, case: Case, events: list[Event], at: datetime) -> None:
        """After every step: count its events, and update the next deadline and how many cases each person owns."""
        key = case.number
        self.figures.take(key, events)
        due = case.next_deadline
        if due is not None and due != self._due.get(key):
            heapq.heappush(self._deadlines, (due, key))
        self._due[key] = due
        owner = None if case.is_closed else case.owner
        before = self._owners.get(key)
        if owner != before:
            if before is not None:
                self._loads[before] -= 1
            if owner is not None:
                self._loads[owner] += 1
                self._owners[key] = owner
            else:
                del self._owners[key]
        if case.forwards:
            self._forward(case, at)


def _fitted(command: Command, by: str, case: Case) -> Command:
    """The command as that person would give it, with whatever only this policy requires filled in."""
    changes: dict[str, Any] = {}
    if by != command.by:
        changes["by"] = by
    if isinstance(command, CustomersWord):
        changes |= dict.fromkeys(("relayed_by", "heard"))  # who took it down then is nothing that a policy is tried for
    if isinstance(command, Progress):
        if case.unexplained and command.why is None:
            changes["why"] = _AS_LOGGED
        if command.step is not None and command.step > len(case.playbook):
            changes["step"] = None
    if isinstance(command, Resolve) and case.tested and command.verified is None:
        changes["verified"] = Verification.NOT_APPLICABLE
    return command.model_copy(update=changes) if changes else command
