"""The command handlers of a case: for each command class the capacities that may give it, and its rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from workflows.domain.case.capacity import Capacity
from workflows.domain.case.rules import closing, departments, handling, linking, ownership, retiming, solution
from workflows.domain.case.state import CaseState
from workflows.domain.commands.case import (
    Acknowledge,
    Assign,
    Attach,
    Claim,
    Classify,
    Collaborate,
    Confirm,
    Contribute,
    CustomerWrote,
    Delivered,
    Escalate,
    Note,
    Progress,
    Rate,
    Refuse,
    Reply,
    RequestInfo,
    Resolve,
    Retime,
    Supply,
    TaskReported,
    Told,
    Undeliverable,
    Withdraw,
)
from workflows.domain.commands.command import Command
from workflows.domain.commands.linking import FollowerAdded, FollowerReleased, FollowerRemoved, Link, Unlink
from workflows.domain.commands.review import SubmitReview
from workflows.domain.terms import Consultation

_Rule = Callable[[CaseState, Any, datetime, Consultation], None]


class Handler(NamedTuple):
    """How a case treats the commands of one class."""

    permitted: tuple[Capacity, ...]
    """Capacities of which one is enough."""
    rule: _Rule
    """Changes the state and emits events, or raises `Refused`. Its `Consultation` answers what `Case.needs` asked."""

    def permits(self, capacities: set[Capacity]) -> bool:
        """Whether somebody with these capacities may give the command."""
        return not capacities.isdisjoint(self.permitted)


def _by_itself(rule: Callable[[CaseState, Any, datetime], None]) -> _Rule:
    """A rule that decides from the state of the case alone."""
    return lambda case, command, now, _facts: rule(case, command, now)


_C = Capacity
_WORKERS = (_C.OWNER, _C.SUPERIOR, _C.DUTY_MANAGER)
_DISPATCHERS = (*_WORKERS, _C.RECEIVER)
_CUSTOMER = (_C.CUSTOMER, _C.FOLLOW_UP)

HANDLERS: Mapping[type[Command], Handler] = {
    Claim: Handler((_C.OWNER, _C.TEAM, _C.SUPERIOR, _C.DUTY_MANAGER), _by_itself(ownership.claim)),
    Reply: Handler(_WORKERS, _by_itself(handling.reply)),
    Classify: Handler((*_DISPATCHERS, _C.HANDED_ON_BY), ownership.classify),
    Assign: Handler((*_DISPATCHERS, _C.OPERATOR), ownership.assign),
    Progress: Handler(_WORKERS, _by_itself(handling.progress)),
    Escalate: Handler(_WORKERS, ownership.ask_for_help),
    RequestInfo: Handler(_DISPATCHERS, _by_itself(handling.request_info)),
    Supply: Handler((_C.CUSTOMER, *_DISPATCHERS, _C.FOLLOW_UP), handling.supply),
    CustomerWrote: Handler((_C.CUSTOMER,), handling.customer_wrote),
    Attach: Handler((_C.CUSTOMER, *_DISPATCHERS, _C.FOLLOW_UP), handling.attach),
    Resolve: Handler(_WORKERS, _by_itself(handling.resolve)),
    Told: Handler((*_DISPATCHERS, _C.FOLLOW_UP), _by_itself(solution.told)),
    Confirm: Handler(_CUSTOMER, _by_itself(closing.confirm)),
    Refuse: Handler(_CUSTOMER, _by_itself(closing.refuse)),
    Rate: Handler(_CUSTOMER, _by_itself(closing.rate)),
    Note: Handler((_C.STAFF, _C.OPERATOR), _by_itself(handling.note)),
    Acknowledge: Handler((_C.ESCALATED_TO, _C.SUPERIOR, _C.DUTY_MANAGER), _by_itself(ownership.acknowledge)),
    Withdraw: Handler((_C.CUSTOMER, _C.SUPERIOR, _C.DUTY_MANAGER), _by_itself(closing.withdraw)),
    Retime: Handler((_C.SUPERIOR, _C.DUTY_MANAGER, _C.OPERATOR), retiming.retime),
    Collaborate: Handler(_WORKERS, departments.collaborate),
    Contribute: Handler((_C.STAFF,), _by_itself(departments.sent_to_the_case)),
    SubmitReview: Handler((_C.STAFF,), _by_itself(closing.review_is_elsewhere)),
    Undeliverable: Handler((_C.SYSTEM,), _by_itself(solution.undeliverable)),
    Delivered: Handler((_C.SYSTEM,), _by_itself(solution.delivered)),
    TaskReported: Handler((_C.SYSTEM,), _by_itself(departments.task_reported)),
    Link: Handler((*_WORKERS, _C.LEAD), linking.link),
    Unlink: Handler((*_WORKERS, _C.LEAD), _by_itself(linking.unlink)),
    FollowerAdded: Handler((_C.SYSTEM,), _by_itself(linking.follower_added)),
    FollowerRemoved: Handler((_C.SYSTEM,), _by_itself(linking.follower_removed)),
    FollowerReleased: Handler((_C.SYSTEM,), _by_itself(linking.follower_released)),
}
"""Every class of `COMMANDS`, and nothing else."""
