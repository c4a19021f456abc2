"""What people do with a review: name its author, hand it in, approve it, carry out its corrective actions (R27)."""

from __future__ import annotations

from datetime import datetime

from workflows.domain.commands.command import LONGEST_DUE, Refused
from workflows.domain.commands.review import (
    Approve,
    CaseAdded,
    CorrectiveActionDone,
    End,
    MoveCorrectiveAction,
    NameAuthor,
    ReturnReport,
    SubmitReview,
)
from workflows.domain.event import EventKind, Message
from workflows.domain.review.state import REPORT, ReviewState, action_key
from workflows.domain.review.view import CorrectiveAction, Findings, ReviewStatus
from workflows.domain.vocabulary import SYSTEM, ClockName

ALL_DONE = "all measures are done"
"""Why a review ends by itself."""


def name_author(review: ReviewState, command: NameAuthor, now: datetime) -> None:
    """Somebody else writes the report; the head and those above may say so."""
    if review.status is not ReviewStatus.WRITING:
        raise Refused(f"the report is handed in already: the review is {review.status}")
    if command.author == review.author:
        raise Refused(f"{review.author} is the author already")
    previous, review.author = review.author, command.author
    clock = review.clocks.get(REPORT)
    due = clock.due if clock else None
    if clock is None and not review.extended:
        # Somebody who is named too late gets the whole time, once; the deadline that was missed stays missed.
        due = review.start(REPORT, ClockName.REVIEW, review.request.terms.report, now)
        review.extended = True
        review.settle(REPORT)
    review.emit(
        EventKind.REVIEW_AUTHOR_NAMED,
        command.by,
        now,
        review.notice_to(
            review.author, Message.REVIEW_ASSIGNED, f"author:{review.sequence}", due=due or now, why=command.why
        ),
        author=review.author,
        previous=previous,
        due=due,
        why=command.why,
    )


def case_added(review: ReviewState, command: CaseAdded, now: datetime) -> None:
    """A case of the same problem has closed meanwhile: the review covers it, too.

    Raises:
        Refused: it is covered already, or the report is approved.
    """
    if command.number in {*review.request.subject.cases, *review.added}:
        raise Refused(f"{command.number} is covered already")
    if review.status not in {ReviewStatus.WRITING, ReviewStatus.AWAITING_APPROVAL}:
        raise Refused(f"the report is approved: the review is {review.status}")
    review.added.append(command.number)
    review.emit(EventKind.REVIEW_CASE_ADDED, command.by, now, case=command.number)


def submit(review: ReviewState, command: SubmitReview, now: datetime) -> None:
    """The report is handed in, for somebody else to decide on."""
    if review.status is not ReviewStatus.WRITING:
        raise Refused(f"the report is handed in already: the review is {review.status}")
    for index, wanted in enumerate(command.measures, start=1):
        _check_due(review, wanted.due, now, f"measure {index}: ")
    review.findings = Findings(
        root_cause=command.root_cause, what_happened=command.what_happened, by=command.by, at=now
    )
    review.measures = [CorrectiveAction(what=want.what, owner=want.owner, due=want.due) for want in command.measures]
    review.status = ReviewStatus.AWAITING_APPROVAL
    review.settle(REPORT)
    due = review.start(REPORT, ClockName.REVIEW, review.request.terms.approval, now)
    review.emit(
        EventKind.REVIEW_SUBMITTED, command.by, now,
        review.notice_to(review.approver, Message.REVIEW_SUBMITTED, f"submitted:{review.returned}", due=due),
        root_cause=command.root_cause, what_happened=command.what_happened, approver=review.approver, due=due,
        measures=[{"what": one.what, "owner": one.owner, "due": one.due} for one in review.measures],
    )  # fmt: skip


def return_report(review: ReviewState, command: ReturnReport, now: datetime) -> None:
    """The report has to be written again; its time starts anew."""
    if review.status is not ReviewStatus.AWAITING_APPROVAL:
        raise Refused(f"there is no report to return: the review is {review.status}")
    review.status = ReviewStatus.WRITING
    review.extended = False
    review.returned += 1
    review.settle(REPORT)
    due = review.start(REPORT, ClockName.REVIEW, review.request.terms.report, now)
    review.emit(
        EventKind.REVIEW_RETURNED, command.by, now,
        review.notice_to(
            review.author, Message.REVIEW_RETURNED, f"returned:{review.returned}", due=due, why=command.why
        ),
        why=command.why, author=review.author, due=due,
    )  # fmt: skip


def approve(review: ReviewState, command: Approve, now: datetime) -> None:
    """The report stands; from now on its corrective actions are followed."""
    if review.status is not ReviewStatus.AWAITING_APPROVAL:
        raise Refused(f"there is no report to approve: the review is {review.status}")
    review.status, review.approved_at, review.approved_by = ReviewStatus.FOLLOWING, now, command.by
    review.clocks.pop(REPORT, None)
    review.settle(REPORT)
    notices = [review.notice_to(review.author, Message.REVIEW_APPROVED, "approved")]
    for number, action in enumerate(review.measures, start=1):
        notices.append(review.action_notice(number, now))
        review.follow(number, action, now)
    review.emit(EventKind.REVIEW_APPROVED, command.by, now, *notices, text=command.text)


def done(review: ReviewState, command: CorrectiveActionDone, now: datetime) -> None:
    """A corrective action is done; with the last one the review ends."""
    action = review.following(command.measure)
    change = {"done_at": now, "done_by": command.by, "result": command.result}
    review.measures[command.measure - 1] = action.model_copy(update=change)
    key = action_key(command.measure)
    review.clocks.pop(key, None)
    review.settle(key)
    review.emit(
        EventKind.MEASURE_DONE, command.by, now, measure=command.measure, what=action.what, result=command.result
    )
    if all(one.done_at is not None for one in review.measures):
        _finish(review, SYSTEM, ALL_DONE, now)


def move(review: ReviewState, command: MoveCorrectiveAction, now: datetime) -> None:
    """A corrective action gets another owner or due time; what was late stays known as late."""
    action = review.following(command.measure)
    if command.due is not None:
        _check_due(review, command.due, now)
    if action.late_at is not None and command.due is None:
        raise Refused(f"measure {command.measure} is late; give it a new due time, too")
    change = {"owner": command.owner or action.owner, "due": command.due or action.due}
    if (action.owner, action.due) == (change["owner"], change["due"]):
        raise Refused(f"measure {command.measure} has that owner and due time already")
    moved = review.measures[command.measure - 1] = action.model_copy(update=change)
    review.settle(action_key(command.measure))
    if command.due is not None:
        review.follow(command.measure, moved, now)
    review.emit(
        EventKind.MEASURE_MOVED, command.by, now, review.action_notice(command.measure, now),
        measure=command.measure, what=moved.what, owner=moved.owner, due=moved.due, previous_owner=action.owner,
        previous_due=action.due, why=command.why,
    )  # fmt: skip


def end(review: ReviewState, command: End, now: datetime) -> None:
    """The review ends without being finished, with the reason."""
    _finish(review, command.by, command.reason, now)


def _finish(review: ReviewState, by: str, why: str, now: datetime) -> None:
    review.status, review.ended_at, review.ended_because = ReviewStatus.DONE, now, why
    review.clocks.clear()
    recipients = dict.fromkeys((review.head, review.author))
    review.emit(
        EventKind.REVIEW_ENDED, by, now,
        *(review.notice_to(key, Message.REVIEW_ENDED, "ended", why=why) for key in recipients if key != by), why=why,
    )  # fmt: skip


def _check_due(review: ReviewState, due: datetime, now: datetime, which: str = "") -> None:
    if due <= now:
        raise Refused(f"{which}due {review.local(due)} is in the past; allowed: after {review.local(now)}")
    if due > now + LONGEST_DUE:
        allowed = f"up to {review.local(now + LONGEST_DUE)}"
        raise Refused(f"{which}due {review.local(due)} is too far ahead; allowed: {allowed}")
