"""How a case that closed starts the review its closing called for, or joins one that runs (R27)."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError, is_cancelled_exception
from temporalio.workflow import ParentClosePolicy

from workflows.case.input import CaseInput
from workflows.domain.case.aggregate import Case
from workflows.domain.commands.review import CaseAdded
from workflows.domain.ids import REVIEW, review_id
from workflows.domain.review.view import ReviewRequest, ReviewSubject
from workflows.domain.vocabulary import SYSTEM
from workflows.review.display import first_attributes
from workflows.review.input import ReviewInput


async def start_review(case: Case, subject: ReviewSubject, start: CaseInput) -> None:
    """Start the review; it outlives the case."""
    terms = case.terms.review
    if terms is None or case.department is None or case.closed_at is None:
        return
    request = ReviewRequest(
        number=case.number,
        subject=subject,
        department=case.department,
        type=case.type,
        subtype=case.subtype,
        priority=case.priority,
        terms=terms,
        calendar=case.terms.calendar,
        opened_at=case.closed_at,
    )
    try:
        await workflow.start_child_workflow(
            REVIEW,
            ReviewInput(request=request, time=start.time, continue_after=start.continue_after),
            id=review_id(case.number),
            parent_close_policy=ParentClosePolicy.ABANDON,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            search_attributes=first_attributes(request),
            static_summary=f"复盘 {case.department} · {case.priority}"[:180],
        )
    except WorkflowAlreadyStartedError:
        # The case was reset to before it closed, or was reopened and closed again: the review it started goes on.
        workflow.logger.warning("%s: its review runs already", case.number)


async def join_review(case: Case, review: str) -> None:
    """Tell a review that runs of one more case it covers; the record has it already, the review writes it down."""
    fields = {"command_id": f"{review}:{case.number}", "by": SYSTEM, "number": case.number}
    try:
        await workflow.get_external_workflow_handle(review).signal(CaseAdded.name, fields)
    except FailureError as error:
        if is_cancelled_exception(error):
            raise
        # It has just ended, or was terminated by hand.
        workflow.logger.warning("%s: %s takes no case any more: %s", case.number, review, error)
