"""Rules for a customer who answers differently later, by their own hand: the new answer corrects the one before (R39).
Also for what else they say to a closed case while it can be corrected.

A closed case keeps what it needs for that only where the customer closed it by their own hand, and only for the
policy's days. A reopening by their own hand can be taken back as well, while nobody has taken the case up: people slip,
and link rewriters submit forms.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from workflows.domain.case.parts import SentBack, Verdict
from workflows.domain.case.rules.solution import start_reminders
from workflows.domain.case.state import CaseState
from workflows.domain.commands.case import Attach, Confirm, CustomersWord, CustomerWrote, Rate, Refuse
from workflows.domain.commands.command import Command, Refused
from workflows.domain.event import EventKind
from workflows.domain.provenance import is_own_hand
from workflows.domain.vocabulary import ClockName, Heard, NeutralRule, Resolution, Satisfaction, Status

SATISFIED = (Satisfaction.VERY_SATISFIED, Satisfaction.SATISFIED)
_ANSWERS = (Confirm, Refuse, Rate)
_WORDS = (CustomerWrote, Attach)
"""They change nothing of a closed case, which takes them as long as its customer may correct their answer."""


def may_be_corrected(case: CaseState, command: Command, at: datetime) -> bool:
    """Whether a closed case still takes this command at that moment."""
    if not isinstance(command, _ANSWERS + _WORDS) or not _is_own_hand(command):
        return False
    return case.correctable_until is not None and at <= case.correctable_until


def _is_own_hand(command: Command) -> bool:
    return is_own_hand(command.by, command.via, getattr(command, "relayed_by", None))


def keep_correctable(case: CaseState, command: CustomersWord, now: datetime) -> None:
    """The case has just been closed by this answer: it can be corrected, if the customer gave it themselves."""
    if case.is_closed and command.own_hand and case.terms.correct_within:
        case.correctable_until = now + timedelta(seconds=case.terms.correct_within)


def is_known(case: CaseState, command: CustomersWord) -> bool:
    """Whether the customer has said this already and says it again: it counts as said, and nothing comes of it."""
    if not command.own_hand:
        return False
    back = case.sent_back
    match command:
        case Confirm():
            return case.is_closed or case.status is Status.AWAITING_RATING
        case Refuse():
            return back is not None and back.score is None
        case Rate():
            same = (case.satisfaction, case.comment) if back is None else (back.score, back.comment)
            return command.score == same[0] and command.comment in {None, same[1]}
    return False


def remember_sent_back(case: CaseState, command: Refuse | Rate, now: datetime) -> SentBack | None:
    """What holds before this answer of the customer reopens the case; None where somebody took it down."""
    if not command.own_hand or not case.terms.correct_within:
        return None
    return SentBack(
        until=now + timedelta(seconds=case.terms.correct_within),
        score=command.score if isinstance(command, Rate) else None,
        comment=command.comment if isinstance(command, Rate) else None,
        solution=case.solution,
        answer=case.answer,
        resolved_at=case.resolved_at,
        responded_at=case.responded_at,
        told_at=case.told_at,
        accepted_at=case.accepted_at,
        steps_done=tuple(case.steps_done),
    )


def take_back(case: CaseState, command: CustomersWord, now: datetime) -> EventKind | None:
    """The customer accepts or rates after all what they have just sent back: the solution stands again.

    Only while nobody has taken up the reopened case; that deadlines have passed, and people were called, does not
    matter. What the reopening did stays in the record and stays true: the count, the priority one step up, the superior
    who owns the case. What ends is the work that nobody needs any more. A link to a main case does not come back.

    Returns:
        The kind of answer that is taken back; None where none was.
    """
    back = case.sent_back
    if back is None or not command.own_hand or now > back.until or _sends_back(case, command):
        return None
    case.sent_back = None
    case.status = Status.AWAITING_CONFIRMATION
    case.solution, case.answer = back.solution, back.answer
    case.resolved_at, case.responded_at = back.resolved_at, back.responded_at
    case.told_at, case.accepted_at = back.told_at, back.accepted_at
    case.steps_done = list(back.steps_done)
    case.expected_resolution = None
    case.clocks.clear()
    case.escalation.settle(start_over=True)
    start_reminders(case, ClockName.CONFIRMATION, case.terms.confirmation, now)
    case.start(ClockName.FOLLOW_UP, now)
    return EventKind.REFUSED if back.score is None else EventKind.RATED


def rate_again(case: CaseState, command: Rate, now: datetime) -> bool:
    """Another rating of a closed case; False where it starts handling anew, which is for the rule of reopening.

    One that does not stays closed with the new verdict, also where it is neutral and the case was never accepted in
    words: it had been closed by an answer that was better.
    """
    if _sends_back(case, command):
        return False
    neutral = command.score is Satisfaction.NEUTRAL
    case.satisfaction, case.comment, case.flagged = command.score, command.comment, neutral
    case.verdict = verdict_of(command)
    case.resolution = Resolution.NEUTRAL if neutral else Resolution.SATISFIED
    case.emit(EventKind.RATED, command.by, now, score=command.score, comment=command.comment, corrects=EventKind.RATED)
    return True


def _sends_back(case: CaseState, command: CustomersWord) -> bool:
    """Whether this answer starts handling anew (R25, R26)."""
    if not isinstance(command, Rate):
        return isinstance(command, Refuse)
    if command.score is Satisfaction.NEUTRAL:
        return case.terms.neutral is NeutralRule.REOPEN
    return command.score not in SATISFIED


def verdict_of(command: CustomersWord) -> Verdict:
    """Whose word the verdict is, and how it came."""
    heard = (command.heard or Heard.TELEPHONE) if command.relayed_by else None
    return Verdict(by=command.by, via=command.via, relayed_by=command.relayed_by, heard=heard)


def not_by_the_owner(case: CaseState, command: CustomersWord, what: str) -> None:
    """Nobody takes down the verdict on their own work, unless the policy lets them.

    Raises:
        Refused: the owner of the case did.
    """
    taken_down_by = command.relayed_by or command.by
    if case.terms.owner_may_take_down or taken_down_by != case.owner:
        return
    follow_up = case.terms.follow_up
    first = f"{follow_up}, " if follow_up and follow_up != case.owner else ""
    raise Refused(
        f"{case.owner} owns this case and may not take down {what} of its customer: {first}a superior or a colleague "
        "takes it down (`relayed_by`), or the customer answers by the link in their message"
    )
