"""What a person may do now with a recorded case, and why not the rest, decided on the JSON of its view (R6, R22, R45).

The answer follows the same permissions as the case (`handlers`) and what the rules ask of its state; the case judges
each command again when it comes, by its state then. `tests/workflows/domain/case/test_actions.py` holds both together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from workflows.domain.case.capacity import Capacity
from workflows.domain.case.handlers import HANDLERS
from workflows.domain.case.recorded.customer_status import ANSWERABLE, result_is_untold
from workflows.domain.case.recorded.duties import has_to_acknowledge, has_to_call
from workflows.domain.case.recorded.overdue import first_deadline
from workflows.domain.case.recorded.standing import answerable_tasks, ladder, standing
from workflows.domain.case.recorded.view_json import deadline_of
from workflows.domain.commands.case import COMMANDS, CustomersWord
from workflows.domain.vocabulary import ClockName, Status

if TYPE_CHECKING:
    from workflows.domain.case.recorded.view_json import CaseViewJson
    from workflows.domain.organisation.organisation import Organisation

OFFERED: Final = (
    "contribute", "acknowledge", "told", "claim", "reply", "progress", "resolve", "confirm", "rate", "refuse",
    "request_info", "supply", "note", "attach", "assign", "classify", "escalate", "collaborate", "link", "unlink",
    "retime", "withdraw",
)  # fmt: skip
"""The commands of people, those first that move a case on."""
_UNRESOLVED: Final = frozenset({Status.AWAITING_INFORMATION, Status.DISPATCHED, Status.IN_PROGRESS})


class Hindrance(StrEnum):
    """Why somebody may not give a command now."""

    NOT_OPENED = "not_opened"
    CLOSED = "closed"
    NOT_YOURS = "not_yours"
    NOT_DISPATCHED = "not_dispatched"
    ANSWERED = "answered"
    CLAIMED = "claimed"
    NO_ESCALATION = "no_escalation"
    BELOW = "below"
    NOTHING_TO_TELL = "nothing_to_tell"
    NO_SOLUTION = "no_solution"
    ACCEPTED = "accepted"
    OWN_WORK = "own_work"
    NO_TASK = "no_task"
    LINKED = "linked"
    LEADS = "leads"
    NOT_LINKED = "not_linked"


_SAID: Final[Mapping[Hindrance, str]] = {
    Hindrance.NOT_OPENED: "no worker has opened the case yet",
    Hindrance.CLOSED: "the case is closed; a new issue needs a new case",
    Hindrance.NOT_DISPATCHED: "the case is not dispatched yet; `assign` takes it as it is",
    Hindrance.ANSWERED: "its solution is with the customer",
    Hindrance.CLAIMED: "you have claimed it already",
    Hindrance.NO_ESCALATION: "no escalation waits for an acknowledgement",
    Hindrance.BELOW: "it has gone up to somebody above you",
    Hindrance.NOTHING_TO_TELL: "nothing is left to tell: the customer has been told, or sent, every message",
    Hindrance.NO_SOLUTION: "there is no solution that the customer could answer",
    Hindrance.ACCEPTED: "accepted already; a rating is awaited",
    Hindrance.OWN_WORK: "you own this case: somebody else takes down what its customer says of your work",
    Hindrance.NO_TASK: "no department that you answer for has an open part of this case",
    Hindrance.LINKED: "it is linked to a main case already; `unlink` it first",
    Hindrance.LEADS: "it is the main case of others; link the other case to it instead",
    Hindrance.NOT_LINKED: "it is linked to no main case",
}


@dataclass(frozen=True)
class Action:
    """A command of a case for one person.

    Attributes:
        command: its name.
        department: whose task it is for, where it is for one.
        hindrance: why it is not open to them now; None where it is.
        permitted: of `NOT_YOURS`, the capacities of which one is enough.
        heard: it can be given only as what the customer said, taken down: say how it was heard.
        needed: fields that the state of the case asks for, beside those that the command always needs.
    """

    command: str
    department: str | None = None
    hindrance: Hindrance | None = None
    permitted: tuple[Capacity, ...] = ()
    heard: bool = False
    needed: tuple[str, ...] = ()

    @property
    def reason(self) -> str | None:
        """Why not, in one line; None for what is open."""
        if self.hindrance is None:
            return None
        return _SAID.get(self.hindrance) or f"{self.command} is for {' or '.join(self.permitted)}"


def actions(view: CaseViewJson | None, person: str, organisation: Organisation) -> list[Action]:
    """Every command that people give; those on departments' tasks once for each task. First come those that are open,
    what the case asks of this person at the top; then the rest, each with its reason.
    """
    if view is None:
        return [Action(name, hindrance=Hindrance.NOT_OPENED) for name in OFFERED]
    found = list(_judged(view, person, organisation))
    first = list(_asked_for(view, person))
    rank = {key: place for place, key in enumerate(dict.fromkeys(first))}

    def place(action: Action) -> tuple[bool, int, int]:
        own = rank.get((action.command, action.department), len(rank))
        return action.hindrance is not None, own, OFFERED.index(action.command)

    return sorted(found, key=place)


def _judged(view: CaseViewJson, person: str, organisation: Organisation) -> Iterator[Action]:
    held = standing(view, person, organisation)
    tasks = [] if view["status"] == Status.CLOSED else answerable_tasks(view, person, organisation)
    for task in tasks:
        yield Action("contribute", task["department"])
        if task["person"] != person or not task["claimed_at"]:
            yield Action("claim", task["department"])
    for name in OFFERED:
        if name == "contribute":
            if not tasks:
                yield Action(name, hindrance=_over(view) or Hindrance.NO_TASK)
            continue
        yield _one(name, view, person, held, organisation)


def _one(name: str, view: CaseViewJson, person: str, held: set[Capacity], organisation: Organisation) -> Action:
    handler = HANDLERS[COMMANDS[name]]
    permitted = handler.permits(held)
    taken_down = issubclass(COMMANDS[name], CustomersWord) and Capacity.STAFF in held
    hindrance = _over(view)
    if hindrance is None and not (permitted or taken_down):
        return Action(name, hindrance=Hindrance.NOT_YOURS, permitted=handler.permitted)
    hindrance = hindrance or _hindrance(name, view, person, organisation)
    if hindrance is not None:
        return Action(name, hindrance=hindrance)
    return Action(name, heard=not permitted, needed=tuple(_needed(name, view)))


def _over(view: CaseViewJson) -> Hindrance | None:
    return Hindrance.CLOSED if view["status"] == Status.CLOSED else None


def _hindrance(name: str, view: CaseViewJson, person: str, organisation: Organisation) -> Hindrance | None:
    unresolved = view["status"] in _UNRESOLVED
    match name:
        case "claim" if view["owner"] == person and view.get("claimed", view["status"] != Status.DISPATCHED):
            return Hindrance.ANSWERED if not unresolved else Hindrance.CLAIMED
        case "claim" | "progress" | "resolve" | "collaborate" | "link" if view["owner"] is None:
            return Hindrance.NOT_DISPATCHED
        case "reply" if view["owner"] is None:
            return Hindrance.NOT_DISPATCHED
        case "link" if view.get("linked_to"):
            return Hindrance.LINKED
        case "link" if view.get("linked"):
            return Hindrance.LEADS
        case "reply" if not unresolved and not view.get("unanswered_since"):
            return Hindrance.ANSWERED
        case "claim" | "progress" | "resolve" | "request_info" | "classify" | "escalate" | "collaborate" | "link":
            return None if unresolved else Hindrance.ANSWERED
        case "unlink":
            return None if view.get("linked_to") else Hindrance.NOT_LINKED
        case "told":
            return None if _is_untold(view) else Hindrance.NOTHING_TO_TELL
        case "acknowledge":
            return _not_to_acknowledge(view, person, organisation)
        case "confirm" | "rate" | "refuse":
            return _no_verdict(name, view, person)
    return None


def _is_untold(view: CaseViewJson) -> bool:
    has_no_result = view["status"] == Status.AWAITING_CONFIRMATION and not deadline_of(view, ClockName.CONFIRMATION)
    return bool(view.get("untold")) or bool(view.get("unanswered_since")) or has_no_result


def _not_to_acknowledge(view: CaseViewJson, person: str, organisation: Organisation) -> Hindrance | None:
    """Why there is nothing for them to acknowledge; somebody below the person it has gone up to cannot."""
    to = view["escalated_to"]
    if view["acknowledged"] or to is None:
        return Hindrance.NO_ESCALATION
    levels = ladder(view, organisation)
    below = levels.index(to) if to in levels else max(view["escalation_level"] - 1, 0)
    return Hindrance.BELOW if person != to and person in levels[:below] else None


def _no_verdict(name: str, view: CaseViewJson, person: str) -> Hindrance | None:
    if view["status"] not in ANSWERABLE:
        return Hindrance.NO_SOLUTION
    if name == "confirm" and view["status"] == Status.AWAITING_RATING:
        return Hindrance.ACCEPTED
    is_own = person == view["owner"] and not view.get("verdict_by_owner", True)
    return Hindrance.OWN_WORK if is_own and name != "refuse" else None


def _needed(name: str, view: CaseViewJson) -> Iterator[str]:
    if name == "progress" and view.get("unexplained"):
        yield "why"
    if name == "resolve":
        if view.get("tested"):
            yield "verified"
        if any(task["status"] == "open" for task in view.get("collaborations", ())):
            yield "why_open"


def _asked_for(view: CaseViewJson, person: str) -> Iterator[tuple[str, str | None]]:
    """What the case wants of this person, the most pressing first; whether it is open is decided elsewhere."""
    for task in view.get("collaborations", ()):
        if task["person"] == person:
            yield ("contribute" if task["claimed_at"] else "claim", task["department"])
            yield "contribute", task["department"]
    if has_to_acknowledge(view, person):
        yield "acknowledge", None
    if has_to_call(view, person) and (view["owner"] != person or view.get("claimed", True)):
        yield "told", None
    if view["owner"] == person:
        yield from _of_the_owner(view)
    if view.get("follow_up") == person and not result_is_untold(view):
        yield "confirm", None
        yield "rate", None
    for task in view.get("collaborations", ()):
        yield "contribute", task["department"]
        yield "claim", task["department"]
    if view["owner"] is None:
        yield "assign", None
    yield "acknowledge", None
    if view["owner"] != person and view["status"] == Status.DISPATCHED:
        yield "claim", None
    if view["owner"] != person:
        yield "note", None


def _of_the_owner(view: CaseViewJson) -> Iterator[tuple[str, str | None]]:
    first = first_deadline(view)
    yield "claim", None
    if view.get("untold"):
        yield "told", None
    if not view["responded_at"] or view.get("unanswered_since"):
        yield "reply", None
    if first is not None and first["clock"] == ClockName.PROGRESS:
        yield "progress", None
    yield "resolve", None
