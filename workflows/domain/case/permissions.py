"""Who may ask what of a case (R6, R22, R23): capacities, and the ones each command takes."""

from __future__ import annotations

from enum import StrEnum

from workflows.domain.commands.command import Command


class Capacity(StrEnum):
    """What somebody is to one case."""

    CUSTOMER = "the customer"
    OWNER = "the owner"
    SUPERIOR = "a superior of the owner"
    TEAM = "a member of the owner's group"
    RECEIVER = "the first receiver"
    DUTY_MANAGER = "a duty manager"
    FOLLOW_UP = "the follow-up specialist or supervisor"
    ESCALATED_TO = "the person it was escalated to"
    LEAD = "whoever works on its main case"
    STAFF = "anyone of the organisation"
    OPERATOR = "the operator"
    SYSTEM = "the system"


_C = Capacity
_WORKERS = (_C.OWNER, _C.SUPERIOR, _C.DUTY_MANAGER)

MAY: dict[str, tuple[Capacity, ...]] = {
    "claim": (_C.OWNER, _C.TEAM, _C.SUPERIOR, _C.DUTY_MANAGER),
    "reply": _WORKERS,
    "classify": (*_WORKERS, _C.RECEIVER),
    "assign": (*_WORKERS, _C.RECEIVER),
    "progress": _WORKERS,
    "escalate": _WORKERS,
    "request_info": (*_WORKERS, _C.RECEIVER),
    "supply": (_C.CUSTOMER, *_WORKERS, _C.RECEIVER, _C.FOLLOW_UP),
    "resolve": _WORKERS,
    "feedback": _WORKERS,
    "confirm": (_C.CUSTOMER, _C.FOLLOW_UP),
    "refuse": (_C.CUSTOMER, _C.FOLLOW_UP),
    "rate": (_C.CUSTOMER, _C.FOLLOW_UP),
    "note": (_C.STAFF, _C.OPERATOR),
    "acknowledge": (_C.ESCALATED_TO, _C.SUPERIOR, _C.DUTY_MANAGER),
    "withdraw": (_C.CUSTOMER, _C.SUPERIOR, _C.DUTY_MANAGER),
    "retime": (_C.SUPERIOR, _C.DUTY_MANAGER, _C.OPERATOR),
    "collaborate": _WORKERS,
    "contribute": (_C.STAFF,),
    "review": (_C.STAFF,),
    "undeliverable": (_C.SYSTEM,),
    "part_reported": (_C.SYSTEM,),
    "link": (*_WORKERS, _C.LEAD),
    "unlink": (*_WORKERS, _C.LEAD),
    "follower_added": (_C.SYSTEM,),
    "follower_removed": (_C.SYSTEM,),
    "follower_released": (_C.SYSTEM,),
}
"""Command -> capacities of which one is enough."""


def may(command: Command, capacities: set[Capacity]) -> bool:
    """Whether somebody with these capacities may send it."""
    return not capacities.isdisjoint(MAY[command.name])


def allowed(command: Command) -> str:
    """Who may send it, for a refusal's one line."""
    return " or ".join(MAY[command.name])
