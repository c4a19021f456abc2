"""Rules for messages that a person has to tell the customer, since no channel brings them (R21, R43).

There is one task for all of them, with the clock `feedback`: whoever calls tells everything that is untold.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from workflows.domain.case.state import CaseState
from workflows.domain.case.view import Untold
from workflows.domain.commands.case import Delivered, Undeliverable
from workflows.domain.event import Event, EventKind, Message, Notice, key_of
from workflows.domain.terms import MessageClaim
from workflows.domain.vocabulary import CUSTOMER, SYSTEM, ClockName, Reachable, Status

_MOST = 50
"""Untold messages that a case keeps; the outbox has every one."""
_SAID_AT_ONCE = 10
"""Of these, how many a task repeats word by word."""
_ANSWERS = frozenset({Message.REPLIED, Message.RESULT})
"""Substantive: the first of them is the first reply (R9)."""
_REMINDS_OF = {
    Message.INFORMATION_REMINDER: Message.INFORMATION_REQUESTED,
    Message.CONFIRMATION_REMINDER: Message.RESULT,
    Message.RATING_REMINDER: Message.QUESTIONNAIRE,
    Message.ESCALATED_CUSTOMER: Message.ESCALATED_CUSTOMER,
}
"""Message -> the earlier one that it repeats: while that one is untold, this one need not be told as well."""
INFORMATION = frozenset({Message.INFORMATION_REQUESTED, Message.INFORMATION_REMINDER})


def ask_a_person(case: CaseState) -> None:
    """Make a task of the messages among the new events that no channel brings."""
    fresh: list[Untold] = []
    for index, event in enumerate(case.new_events):
        unsent = [notice for notice in event.notices if notice.by_person]
        if not unsent:
            continue
        needless = [notice for notice in unsent if _is_known([*case.untold, *fresh], notice.message)]
        fresh += [_untold(case, event, notice) for notice in unsent if notice not in needless]
        left = tuple(notice for notice in event.notices if notice not in needless)
        case.new_events[index] = event.model_copy(update={"notices": left})
    if fresh:
        answers = any(one.message in _ANSWERS for one in fresh)
        _ask(case, fresh, case.updated_at, unanswered=answers and case.responded_at is None)


def claim_of(command: Undeliverable | Delivered) -> MessageClaim:
    """What a signal says of a message, to be looked up before it is believed: anybody can send one by hand."""
    recipient = command.recipient if isinstance(command, Undeliverable) else CUSTOMER
    failed = isinstance(command, Undeliverable)
    return MessageClaim(message=command.message, key=command.key, recipient=recipient, failed=failed)


def unreached(case: CaseState, command: Undeliverable, now: datetime) -> None:
    """A message to the customer was refused for good, or given up: a person tells it instead.

    Where it was the first reply, that one does not count, and its clock runs on from where it began.
    """
    if command.refused:
        case.reachable = Reachable.BY_PERSON
    if _is_over(case, command.message):
        return
    message = Message(command.message)
    first = case.first_answer
    unanswered = first is not None and (command.key == first.key or (command.key is None and message is first.message))
    if first is not None and unanswered:
        case.responded_at = case.first_answer = None
        if first.clock is not None:
            case.clocks[ClockName.RESPONSE] = first.clock
            if case.status is Status.AWAITING_INFORMATION:
                first.clock.pause(now, case.terms.calendar)
    if message is Message.RESULT:
        case.stop(ClockName.CONFIRMATION, ClockName.FOLLOW_UP)
    key = command.key or command.command_id
    if all(one.key != key for one in case.untold):
        _ask(case, [Untold(message=message, key=key, at=now, why="undeliverable")], now, unanswered=unanswered)


def by_phone(case: CaseState, now: datetime, result: Notice) -> list[Notice]:
    """The customer wishes to be called with the result, whether or not it is sent as well (R21)."""
    case.untold.append(Untold(message=result.message, key=key_of(case.number, result), at=now, why="phone"))
    case.start(ClockName.FEEDBACK, now)
    return task(case, result.key)


def task(case: CaseState, key: str) -> list[Notice]:
    """Ask whoever has to tell the customer; nothing where nothing is untold."""
    if not case.untold:
        return []
    return case.notices_to(case.teller(), Message.FEEDBACK_DUE, key, **task_facts(case, case.due(ClockName.FEEDBACK)))


def task_facts(case: CaseState, due: datetime | None) -> dict[str, Any]:
    """What the messages about that task speak of; `untold` names the outbox rows whose texts are to be told.

    `verdict_by` is there where the owner may not take down acceptance and rating.
    """
    said = case.untold[-_SAID_AT_ONCE:]
    return {
        "due": due,
        "solution": case.solution,
        "why": said[-1].why if said else "phone",
        **({} if case.terms.owner_may_take_down else {"verdict_by": _other_than_owner(case)}),
        "untold": [{"message": one.message, "key": one.key} for one in said],
    }


def _other_than_owner(case: CaseState) -> str:
    """Who takes down what the customer thinks of the owner's work (R39); empty: any superior or colleague."""
    follow_up = case.terms.follow_up
    return follow_up if follow_up and follow_up != case.owner else ""


def mark_told(
    case: CaseState,
    now: datetime,
    *notices: Notice,
    by: str = SYSTEM,
    text: str | None = None,
    only: frozenset[Message] | None = None,
) -> None:
    """The customer knows what was untold (or only those messages of it): a person told it, or the customer answers."""
    told = [one for one in case.untold if only is None or one.message in only]
    if not told and by == SYSTEM:
        return
    answered = _know(case, told, now)
    case.emit(
        EventKind.FEEDBACK_GIVEN,
        by,
        now,
        *notices,
        text=text,
        messages=list(dict.fromkeys(one.message for one in told)),
        **answered,
    )


def mark_answered(case: CaseState) -> bool:
    """The customer, who wrote, gets an answer; one that no channel brings counts when it was told (R34, R43)."""
    if case.unanswered_since is None or case.reachable is Reachable.BY_PERSON:
        return False
    case.unanswered_since = None
    case.stop(ClockName.NEXT_RESPONSE)
    return True


def mark_sent(case: CaseState, command: Delivered, now: datetime) -> dict[str, bool]:
    """A message was sent after all; answers what the timeline says of it, as far as it is a first reply."""
    case.reachable = Reachable.CHANNEL
    return _know(case, [one for one in case.untold if one.key == command.key], now)


def _know(case: CaseState, known: list[Untold], now: datetime) -> dict[str, bool]:
    """The customer knows these by now; the first substantive one is the first reply (R9)."""
    case.untold = [one for one in case.untold if one not in known]
    if not case.untold:
        case.stop(ClockName.FEEDBACK)
    if case.responded_at is not None or all(one.message not in _ANSWERS for one in known):
        return {}
    case.responded_at = now
    case.stop(ClockName.RESPONSE)
    return {"answered": True}


def _ask(case: CaseState, fresh: list[Untold], now: datetime, *, unanswered: bool) -> None:
    case.untold = [*case.untold, *fresh][-_MOST:]
    if not case.is_closed and ClockName.FEEDBACK not in case.clocks:
        case.start(ClockName.FEEDBACK, now)
    case.emit(
        EventKind.UNTOLD,
        SYSTEM,
        now,
        *task(case, f"untold:{case.sequence + 1}"),
        messages=[one.message for one in fresh],
        cause=fresh[0].why,
        who=case.teller(),
        due=case.due(ClockName.FEEDBACK),
        **({"unanswered": True} if unanswered else {}),
    )


def _untold(case: CaseState, event: Event, notice: Notice) -> Untold:
    return Untold(message=notice.message, key=key_of(case.number, notice), at=event.at, why="no_way")


def _is_known(untold: list[Untold], message: Message) -> bool:
    """Whether this only repeats what the customer was not told yet."""
    known = {message, _REMINDS_OF[message]} if message in _REMINDS_OF else set()
    return any(one.message in known for one in untold)


def _is_over(case: CaseState, message: str) -> bool:
    """Whether the case has gone on, so that nobody has to tell this any more."""
    if message in INFORMATION:
        return case.asked_at is None
    if message in {Message.RESULT, Message.CONFIRMATION_REMINDER}:
        return case.status is not Status.AWAITING_CONFIRMATION
    if message in {Message.QUESTIONNAIRE, Message.RATING_REMINDER}:
        return case.status is not Status.AWAITING_RATING
    return message not in set(Message)
