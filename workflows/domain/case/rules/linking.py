"""Linked cases: one cause, many callers, and one solution that answers them all (R28).

A follower keeps its own customer, owner and promises. Whatever the people of its main case answer is passed on to it
as a signal of its own, so that each customer is answered, told the result, and confirms or refuses for themselves.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

from workflows.domain.case.capacity import Capacity
from workflows.domain.case.parts import Forward
from workflows.domain.case.rules.ownership import UNRESOLVED, mark_claimed
from workflows.domain.case.state import CaseState
from workflows.domain.commands.case import Answer, Progress, Resolve
from workflows.domain.commands.command import Command, Refused
from workflows.domain.commands.linking import FollowerAdded, FollowerReleased, FollowerRemoved, Link, Unlink
from workflows.domain.event import EventKind, Message
from workflows.domain.terms import Consultation
from workflows.domain.vocabulary import SYSTEM, Status, Verification, Via

_LONGEST_ID = 200
_OWN = {"command_id", "by", "at", "via", "main_case", "step", "why_open"}
"""Keys of an answer that a follower gets anew, or that speak of the main case only."""


def link(case: CaseState, command: Link, now: datetime, facts: Consultation) -> None:
    """Follow a main case; a signal goes to it, and it may decline (`follower_released`)."""
    _must_be_free(case, command)
    _must_take_followers(command, facts)
    if command.by == case.owner:
        mark_claimed(case)
    case.linked_to, case.linked_by = command.to, command.by
    about: dict[str, Any] = {"follower": case.number, "main": command.to, "by": command.by, "why": command.why}
    notices = case.notices_to(case.owner, Message.LINKED, f"linked:{command.command_id}", **about)
    case.emit(EventKind.LINKED, command.by, now, *notices, main=command.to, why=command.why)
    _send(case, command.to, FollowerAdded.name, command.command_id, now, linked_by=command.by, why=command.why)


def unlink(case: CaseState, command: Unlink, now: datetime) -> None:
    """Go on alone; what was passed on before stays."""
    if case.linked_to is None:
        followers = f"; it is the main case of {', '.join(case.followers)}: unlink those" if case.followers else ""
        raise Refused(f"{case.number} is linked to no case{followers}")
    leave(case, now, by=command.by, cause="asked", why=command.why)


def leave(
    case: CaseState, now: datetime, *, by: str, cause: str, why: str | None = None, tell_main: bool = True
) -> None:
    """End the link, if there is one: asked for, refused or dissatisfied (R25), or released by the main case."""
    main, linked_by = case.linked_to, case.linked_by
    if main is None:
        return
    case.linked_to = case.linked_by = None
    key = f"unlinked:{case.sequence + 1}"
    about: dict[str, Any] = {"follower": case.number, "main": main, "by": by, "cause": cause, "why": why}
    people = [case.owner, linked_by if cause == "released" else None]
    notices = [notice for person in people for notice in case.notices_to(person, Message.UNLINKED, key, **about)]
    case.emit(EventKind.UNLINKED, by, now, *notices, main=main, cause=cause, why=why)
    if tell_main:
        _send(case, main, FollowerRemoved.name, key, now, unlinked_by=by, cause=cause, why=why)


def follower_added(case: CaseState, command: FollowerAdded, now: datetime) -> None:
    """Another case follows from now on. A solution that stands goes to it at once."""
    if case.linked_to is not None:
        raise Refused(f"{case.number} is linked itself; link to its main case {case.linked_to}")
    if command.follower not in case.followers:
        case.followers.append(command.follower)
    key = f"linked:{command.command_id}"
    about: dict[str, Any] = {"follower": command.follower, "main": case.number, "by": command.linked_by}
    notices = case.notices_to(case.owner, Message.LINKED, key, **about, why=command.why)
    case.emit(
        EventKind.FOLLOWER_ADDED, command.linked_by, now, *notices, follower=command.follower, why=command.why
    )  # fmt: skip
    if case.answer is not None:
        _pass_on(case, case.answer, [command.follower], now)


def follower_removed(case: CaseState, command: FollowerRemoved, now: datetime) -> None:
    """A follower goes on alone; the owner hears of it, above all where a customer did not accept the solution."""
    if command.follower not in case.followers:
        raise Refused(f"{command.follower} is not linked to {case.number}")
    case.followers.remove(command.follower)
    about: dict[str, Any] = {"follower": command.follower, "main": case.number, "by": command.unlinked_by}
    notices = case.notices_to(
        case.owner, Message.UNLINKED, f"unlinked:{command.command_id}", **about, cause=command.cause, why=command.why
    )
    case.emit(
        EventKind.FOLLOWER_REMOVED, command.unlinked_by, now, *notices, follower=command.follower,
        cause=command.cause, why=command.why,
    )  # fmt: skip


def follower_released(case: CaseState, command: FollowerReleased, now: datetime) -> None:
    """The main case does not take this case, or has closed without a solution."""
    if case.linked_to != command.main:
        raise Refused(f"{case.number} is not linked to {command.main}")
    leave(case, now, by=command.by, cause="released", why=command.reason, tell_main=False)


def pass_on(case: CaseState, command: Command, now: datetime) -> None:
    """What was answered here is answered in every case that follows this one."""
    if case.followers and isinstance(command, Answer):
        _pass_on(case, command, case.followers, now)


def turn_away(case: CaseState, command: Command, reason: str, now: datetime) -> None:
    """Release a case that was to follow and cannot; otherwise it would wait for answers for ever."""
    if isinstance(command, FollowerAdded):
        _release(case, command.follower, reason, command.command_id, now)


def release_followers(case: CaseState) -> None:
    """A main case that closes without a solution has none for the others either; they go on alone."""
    if case.answer is None and case.closed_at is not None:
        for number in case.followers:
            _release(case, number, f"{case.number} is closed ({case.resolution})", "closed", case.closed_at)


def forward_failed(case: CaseState, forward: Forward, now: datetime) -> None:
    """A signal did not arrive because the other case is over. It matters only where this case was to follow it."""
    if forward.name == FollowerAdded.name and case.linked_to == forward.to:
        leave(case, now, by=SYSTEM, cause="released", why=f"{forward.to} is closed", tell_main=False)


def lead(case: CaseState, command: Command, facts: Consultation) -> set[Capacity]:
    """What somebody of the main case is to this one.

    An answer that was passed on has been judged there already, and counts as the owner's, whoever sent it.

    Raises:
        Refused: it was passed on by a case that this one does not follow.
    """
    if isinstance(command, Answer) and command.main_case is not None:
        if command.main_case != case.linked_to:
            raise Refused(f"{case.number} is not linked to {command.main_case}")
        return {Capacity.OWNER}
    if isinstance(command, Link | Unlink) and facts.main is not None and command.by in facts.main.leads:
        return {Capacity.LEAD}
    return set()


def fitted(case: CaseState, command: Command) -> Command:
    """An answer that was passed on, with what this case asks for and its main case did not (R16, R18, R19)."""
    if not isinstance(command, Answer) or command.main_case is None:
        return command
    changes: dict[str, Any] = {}
    if isinstance(command, Progress) and case.unexplained and command.why is None:
        changes["why"] = f"linked to {command.main_case}"
    if isinstance(command, Resolve):
        if any(task.is_open for task in case.tasks):
            changes["why_open"] = f"solved by {command.main_case}"
        if case.tested and command.verified is None:
            changes["verified"] = Verification.NOT_APPLICABLE
    return command.model_copy(update=changes) if changes else command


def _must_be_free(case: CaseState, command: Link) -> None:
    if command.to == case.number:
        raise Refused(f"{case.number} cannot be linked to itself; allowed: the number of another open case")
    if case.linked_to is not None:
        raise Refused(f"{case.number} is linked to {case.linked_to} already; `unlink` it first")
    if case.followers:
        raise Refused(f"{case.number} is the main case of {', '.join(case.followers)}; link {command.to} to it instead")
    if case.owner is None:
        raise Refused("the case is not dispatched yet; `assign` takes it as it is")
    if case.status not in UNRESOLVED:
        raise Refused(f"the case is {case.status}: its solution is with the customer")


def _must_take_followers(command: Link, facts: Consultation) -> None:
    main = facts.main
    if main is None:
        raise Refused("; ".join(facts.problems) or f"{command.to}: there is no such case")
    if main.status is Status.CLOSED:
        raise Refused(f"{main.number} is closed ({main.resolution}); allowed: an open case")
    if main.linked_to is not None:
        raise Refused(f"{main.number} is linked itself; link to its main case {main.linked_to}")
    if command.why is None and facts.product.strip().casefold() != main.product.strip().casefold():
        mine, theirs = facts.product or "no product", main.product or "no product"
        raise Refused(f"the products differ ({mine}, {theirs}): say why the cause is one, with `why`")


def _pass_on(case: CaseState, command: Answer, followers: list[str], now: datetime) -> None:
    answer = command.model_dump(mode="json", exclude=_OWN, exclude_none=True)
    for number in followers:
        _signal(
            case, number, command.name, command.command_id, now, by=command.by, via=Via.SYSTEM, main_case=case.number,
            **answer,
        )  # fmt: skip
    case.emit(EventKind.FORWARDED, command.by, now, command=command.name, followers=list(followers))


def _send(case: CaseState, to: str, name: str, key: str, now: datetime, **fields: Any) -> None:
    given = {name: value for name, value in fields.items() if value is not None}
    _signal(case, to, name, key, now, by=SYSTEM, follower=case.number, **given)


def _release(case: CaseState, follower: str, reason: str, key: str, now: datetime) -> None:
    _signal(case, follower, FollowerReleased.name, key, now, by=SYSTEM, main=case.number, reason=reason)


def _signal(case: CaseState, to: str, name: str, key: str, now: datetime, **fields: Any) -> None:
    """Queue a signal to another case; its id follows from its cause, so that sent twice it is one command there."""
    command_id = f"{case.number}:{key}"
    if len(command_id) > _LONGEST_ID:
        command_id = f"{case.number}:{sha256(key.encode()).hexdigest()}"
    case.forwards.append(Forward(to=to, name=name, fields={"command_id": command_id, "at": now.isoformat(), **fields}))
