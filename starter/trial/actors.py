"""Who sends each command in a simulation: the person in the log, or somebody who may under the simulated policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from workflows.domain.case.aggregate import Case
from workflows.domain.case.capacity import Capacity
from workflows.domain.case.handlers import HANDLERS
from workflows.domain.commands.case import Acknowledge
from workflows.domain.commands.command import Command
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.vocabulary import CUSTOMER, OPERATOR, SYSTEM, Role


def _superior(case: Case) -> str | None:
    return next(iter(case.ladder()), None)


PLACEHOLDERS: dict[str, Callable[[Case], str | None]] = {
    "owner": lambda case: case.responsible(),
    "superior": _superior,
    "escalated": lambda case: case.escalation.to or _superior(case),
    "follow_up": lambda case: case.terms.follow_up or case.owner,
}
"""What a log may name instead of a person: whoever owns the case at that time (before it has an owner, whoever answers
for it), the next above, the one the last escalation went to, and the one who does the satisfaction follow-up.
"""

_ROLES = {
    Role.DUTY_MANAGER: Capacity.DUTY_MANAGER,
    Role.FOLLOW_UP: Capacity.FOLLOW_UP,
    Role.FOLLOW_UP_SUPERVISOR: Capacity.FOLLOW_UP,
}


class CommandSender(NamedTuple):
    """Who sends the command; `stands_in` when that is somebody other than the person the log names."""

    by: str
    stands_in: bool = False


def sender_of(command: Command, case: Case, organisation: Organisation) -> CommandSender:
    """Who sends a command of the log to this case.

    Where the person of the log is not in the organisation, or may not act because this policy gave the case to others,
    somebody who may acts instead, the owner before all others.
    """
    by = command.by
    if by in {CUSTOMER, SYSTEM, OPERATOR} or case.is_closed:
        return CommandSender(by)
    handler = HANDLERS[type(command)]
    if organisation.person(by) is not None:
        if handler.permits(_held(case, by, organisation)):
            return CommandSender(by)
    elif by in PLACEHOLDERS:
        return CommandSender(PLACEHOLDERS[by](case) or by)
    people = [case.responsible(), *case.ladder(), *case.terms.duty_managers, case.terms.follow_up]
    if isinstance(command, Acknowledge):
        people.insert(0, case.escalation.to)
    able = (person for person in people if person and handler.permits(case.capacities(person)))
    return CommandSender(next(able, None) or case.responsible() or by, stands_in=True)


def _held(case: Case, by: str, organisation: Organisation) -> set[Capacity]:
    """The capacities in which a person may act on the case, also for somebody the case does not know yet."""
    if by in case.people:
        return case.capacities(by)
    roles = organisation.member(by).roles
    return {Capacity.STAFF, *(capacity for role, capacity in _ROLES.items() if role in roles)}
