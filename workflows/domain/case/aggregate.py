"""The aggregate of a customer issue: it takes commands and the time, and answers with events.

    case, events = Case.open(number, settlement, now)
    events = case.handle(command, now, facts)
    events = case.expire(now)

No Temporal, no I/O, no clock of its own: the same code runs in the workflow, in a test that lives a month in
a millisecond, and in a trial of another policy over last month's cases.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from operator import le, lt
from typing import Any, Self

from workflows.domain.aggregate_root import clock_fault
from workflows.domain.case.capacity import Capacity
from workflows.domain.case.handlers import HANDLERS
from workflows.domain.case.parts import Forward
from workflows.domain.case.rules import corrections, deadlines, departments, handling, linking, ownership, telling
from workflows.domain.case.rules.waiting import waits_for
from workflows.domain.case.state import CaseState
from workflows.domain.case.view import CaseView
from workflows.domain.clock import Clock, Deadline
from workflows.domain.commands.case import (
    Answer,
    Assign,
    Attach,
    Claim,
    Classify,
    Collaborate,
    Contribute,
    CustomersWord,
    CustomerWrote,
    Delivered,
    Escalate,
    Retime,
    Supply,
    Undeliverable,
)
from workflows.domain.commands.command import Command, Refused
from workflows.domain.commands.linking import Link, Unlink
from workflows.domain.event import Event, EventKind, Message
from workflows.domain.terms import Consultation, DispatchRequest, Lookup, Settlement, SuppliedForm
from workflows.domain.vocabulary import CUSTOMER, OPERATOR, SYSTEM, ClockName, Status


class Case(CaseState):
    """One customer issue: all its rules, from the first call until it is closed."""

    @classmethod
    def open(cls, number: str, settlement: Settlement, now: datetime) -> tuple[Self, list[Event]]:
        """Accept a registered submission: ask for what is missing, or dispatch it (R4, R5, R12).

        The promises count from its acceptance, also when the engine was away at that moment (R9).
        """
        opening = settlement.opening
        now = min(opening.accepted_at or now, now)
        case = cls(
            number=number,
            opening=opening,
            terms=settlement.terms,
            people=dict(settlement.people),
            reachable=opening.reachable,
            proves_messages=settlement.proves_messages,
            status=Status.AWAITING_INFORMATION,
            type=opening.type,
            subtype=opening.subtype,
            priority=opening.priority,
            tested=opening.tested,
            playbook=opening.playbook,
            missing=list(opening.missing),
            opened_at=now,
            updated_at=now,
        )
        case.emit(
            EventKind.CREATED,
            opening.received_by or CUSTOMER,
            now,
            channel=opening.channel,
            received_at=opening.received_at,
            received_by=opening.received_by,
        )
        case.emit(
            EventKind.CLASSIFIED,
            SYSTEM,
            now,
            after={"type": case.type, "subtype": case.subtype, "priority": case.priority},
            reasons=opening.reasons,
            policy=settlement.terms.policy,
        )
        if settlement.dispatch is not None:
            ownership.dispatch(case, settlement.dispatch, now)
        if case.missing:
            handling.ask(case, now, by=SYSTEM, text=None, key="open")
        confirmation = case.notice_to_customer(Message.CREATED, "open", response_due=case.due(ClockName.RESPONSE))
        case.new_events[0] = case.new_events[0].model_copy(update={"notices": (confirmation,)})
        return case, case.take_events()

    def take_events(self) -> list[Event]:
        """The events since the last call, once messages that no channel can bring are a task for a person."""
        telling.ask_a_person(self)
        return super().take_events()

    def needs(self, command: Command) -> Lookup | None:
        """What has to be looked up before this command can be judged; None for most."""
        if command.command_id in self.outcomes:
            return None
        if self.is_closed and not corrections.may_be_corrected(self, command, command.at or self.updated_at):
            return None
        judged = {"command_id": command.command_id} if self.may_have_forgotten(command.command_id) else {}
        named = [command.by]
        if isinstance(command, Answer) and command.main_case is not None:
            named = []  # whoever sent it has been judged by the main case
        if isinstance(command, CustomersWord) and command.relayed_by is not None:
            named.append(command.relayed_by)
        unknown = tuple(one for one in named if one not in self.people and one not in {CUSTOMER, OPERATOR, SYSTEM})
        needed = self._extra_needs(command) | judged
        if not unknown and not needed:
            return None
        return Lookup(number=self.number, at=self.updated_at, people=unknown, **needed)

    def forward_failed(self, forward: Forward, now: datetime) -> list[Event]:
        """A signal to another case did not arrive, because that case is over (R28)."""
        linking.forward_failed(self, forward, max(now, self.updated_at))
        return self.take_events()

    def expire(self, now: datetime, *, inclusive: bool = True) -> list[Event]:
        """Everything that has fallen due by `now`, in the order in which it did; not `inclusive`: before `now`.

        A warning whose deadline has passed as well is skipped: nobody is helped by an alarm for what is over.
        """
        by = le if inclusive else lt
        while (clock := self._passed(now, by)) is not None:
            at, name, before = max(now, self.updated_at), clock.name, self.snapshot()
            is_expired = clock.due is not None and by(clock.due, now)
            try:
                (deadlines.expire if is_expired else deadlines.warn)(self, clock, at)
            except Exception as error:  # noqa: BLE001 - whatever a rule raises, the other clocks go on
                fault = self.undo(before, error, clock_fault(name), at)
                (deadlines.fail if is_expired else deadlines.drop_warnings)(self, self.clocks[name], at, fault)
        return self.take_events()

    def _passed(self, now: datetime, by: Callable[[datetime, datetime], bool]) -> Clock | None:
        """The first of the clocks that have to act by (or before) `now`.

        A deadline counts from its due time, not from a warning before it that nobody gave: otherwise it would come
        before an escalation that was due earlier, and begin the climb anew without it (R17).
        """
        passed = [
            (clock.due if clock.due is not None and by(clock.due, now) else clock.next, deadlines.rank(clock), clock)
            for clock in self.clocks.values()
            if clock.next is not None and by(clock.next, now)
        ]
        return min(passed, key=lambda one: one[:2])[2] if passed else None

    def earliest(self) -> Clock | None:
        """The clock that acts next."""
        first: Clock | None = None
        soonest: datetime | None = None
        for clock in self.clocks.values():
            moment = clock.next
            if moment is None or (soonest is not None and moment > soonest):
                continue
            if first is None or moment != soonest or clock.started < first.started:
                first, soonest = clock, moment
        return first

    @property
    def next_deadline(self) -> datetime | None:
        """When the case next acts by itself."""
        clock = self.earliest()
        return clock.next if clock is not None else None

    def view(self) -> CaseView:
        """The case as people and the database see it."""
        return CaseView(
            number=self.number,
            status=self.status,
            priority=self.priority,
            type=self.type,
            subtype=self.subtype,
            department=self.department,
            group=self.group,
            owner=self.owner,
            receiver=self.opening.received_by,
            head=self.terms.head,
            claimed=self.claimed,
            handed_on_by=self.handed_on_by,
            follow_up=self.terms.follow_up,
            assisting=tuple(self.assisting),
            collaborations=tuple(task.view(self.number) for task in self.tasks),
            linked_to=self.linked_to,
            linked=tuple(self.followers),
            escalation_level=self.escalation.level,
            escalated_to=self.escalation.to,
            escalated_at=self.escalation.at,
            acknowledged=self.escalation.acknowledged,
            reopened=self.reopened,
            resolution=self.resolution,
            satisfaction=self.satisfaction,
            correctable_until=self.correctable_until,
            retractable_until=self.sent_back.until if self.sent_back and not self.is_closed else None,
            flagged=self.flagged,
            received_at=self.opening.received_at,
            opened_at=self.opened_at,
            updated_at=self.updated_at,
            responded_at=self.responded_at,
            unanswered_since=self.unanswered_since,
            resolved_at=self.resolved_at,
            closed_at=self.closed_at,
            expected_resolution=self.expected_resolution,
            reachable=self.reachable,
            untold=tuple(self.untold),
            missing=tuple(self.missing),
            unexplained=self.unexplained,
            tested=self.tested,
            verdict_by_owner=self.terms.owner_may_take_down,
            playbook=self.playbook,
            steps_done=tuple(sorted(self.steps_done)),
            breaches=tuple(self.breaches),
            deadlines=tuple(self._deadlines()),
            waiting=waits_for(self),
            faults=tuple(self.faults),
            sequence=self.sequence,
        )

    def _deadlines(self) -> list[Deadline]:
        ordered = sorted(self.clocks.values(), key=lambda clock: (clock.due is None, clock.due or clock.started))
        return [
            Deadline(clock=clock.name, started=clock.started, due=clock.due, remaining=clock.remaining, next=clock.next)
            for clock in ordered
        ]

    def _extra_needs(self, command: Command) -> dict[str, Any]:
        request = DispatchRequest(type=self.type, subtype=self.subtype, priority=self.priority)
        needed: dict[str, Any]
        match command:
            case Assign():
                wanted: dict[str, Any] = {"department": command.department, "person": command.to}
                if command.to is None and command.department is None and self.owner is not None:
                    wanted |= {"department": self.department}
                exclude = (self.owner,) if self.owner and command.to is None else ()
                return {"dispatch": request.model_copy(update={**wanted, "exclude": exclude})}
            case Classify():
                kind = ownership.type_wanted(self, command)
                updates: dict[str, Any] = {"priority": command.priority or self.priority}
                if kind is not None:
                    updates |= {"type": command.type or self.type, "subtype": command.subtype}
                needed = {"types": (kind,)} if kind else {}
                if kind is not None or self.owner is None:
                    needed["dispatch"] = request.model_copy(update=updates)
                return needed
            case Supply() | CustomerWrote() if isinstance(command, Supply) or self.asked_at is not None:
                kept = {"type": self.type, "subtype": self.subtype} if "type" in self.corrected else {}
                fields = command.fields if isinstance(command, Supply) else {}
                supplied = SuppliedForm(fields=fields, text=command.text, **kept)
                undecided = self.owner is None or not self.claimed
                return {"supplied": supplied, **({"dispatch": request} if undecided else {})}
            case Attach() if "attachments" in self.missing and (self.owner is None or not self.claimed):
                return {"dispatch": request}
            case Collaborate() | Escalate() if command.department is not None:
                return {"departments": (command.department,)}
            case Retime():
                return {"terms": True, **({"dispatch": request} if self.owner is None else {})}
            case Undeliverable() | Delivered() if self.proves_messages:
                return {"message": telling.claim_of(command)}
            case Link():
                return {"main": command.to}
            case Unlink() if self.linked_to is not None:
                return {"main": self.linked_to}
        return {}

    def _carry_out(self, command: Command, now: datetime, facts: Consultation) -> None:
        self._check(command, now, facts)
        HANDLERS[type(command)].rule(self, linking.fitted(self, command), now, facts)
        linking.pass_on(self, command, now)

    def _tell_rejected(self, by: str, now: datetime, **given: str) -> None:
        self.emit(EventKind.REJECTED, by, now, **given)

    def _turned_away(self, command: Command, reason: str, now: datetime) -> None:
        linking.turn_away(self, command, reason, now)

    def _check(self, command: Command, moment: datetime, facts: Consultation) -> None:
        if self.is_closed and not corrections.may_be_corrected(self, command, moment):
            raise Refused(f"the case is closed ({self.resolution}); a new issue needs a new case")
        if isinstance(command, Claim | Contribute) and command.department is not None:
            departments.sent_to_the_case(self, command)
        if facts.disproved is not None:
            raise Refused(facts.disproved)
        passed_on = isinstance(command, Answer) and command.main_case is not None
        if self.has_left(command.by) and not passed_on:
            raise Refused(f"{command.by} is no longer in the organisation")
        capacities = self.capacities(command.by) | linking.lead(self, command, facts)
        if not capacities:
            raise Refused("; ".join(facts.problems) or f"{command.by} is not in the organisation")
        relayed_by = command.relayed_by if isinstance(command, CustomersWord) else None
        if relayed_by and (relayed_by not in self.people or self.has_left(relayed_by)):
            raise Refused(f"relayed_by: {relayed_by} is not in the organisation; allowed: the id of a person")
        handler = HANDLERS[type(command)]
        if not handler.permits(capacities):
            held = ", ".join(sorted(capacities - {Capacity.STAFF})) or "not concerned with this case"
            raise Refused(f"{command.name} is for {' or '.join(handler.permitted)}; {command.by} is {held}")
