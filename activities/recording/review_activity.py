"""The activity that writes down what happened in a review: row, timeline and outbox, in one transaction (R27)."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.database.tables import case_record, review, review_timeline
from activities.database.timeline import is_superseded, write_entries
from activities.delivery.outbox import Outbox
from activities.privacy.masking import without_customer
from activities.recording.activity import RecordingActivities
from workflows.domain.case.view import CaseView
from workflows.domain.review.view import ReviewView
from workflows.ports import Recorded, ReviewRecord

logger = logging.getLogger(__name__)


@dataclass
class ReviewRecordingActivities:
    """Writes the steps of reviews.

    Attributes:
        recording: of cases; a review tells people by the same outbox, under the number of the case behind it.
    """

    recording: RecordingActivities

    @activity.defn
    async def record_review(self, step: ReviewRecord) -> Recorded:
        """Write a step. The same step again changes nothing, and hands over again what is still not delivered.

        One that was judged again meanwhile, or is without events, writes nothing; a fault in the
        program is shown all the same. Changed people are answered as by `RecordingActivities.record`.

        Raises:
            ApplicationError: no such review was ever called for; trying again is of no use.
            Problem: nobody can say who works here.
        """
        if (people := await self.recording.changed(step)) is not None:
            return Recorded(marker=step.marker, people=people)
        if not step.events:
            if step.view.faults and step.marker.judged:
                async with self.recording.database.begin() as connection:
                    await _write_review(connection, step.view)
            return Recorded(marker=step.marker)
        number = step.view.number
        database = self.recording.database
        async with database.read_brief() as connection:
            row = await connection.scalar(select(review.c.id).where(review.c.id == step.view.review))
            case = await connection.scalar(select(case_record.c.view).where(case_record.c.number == number))
        if row is None or case is None:
            message = f"{step.view.review} is not in the record"
            raise ApplicationError(message, type="UnknownReview", non_retryable=True)
        # Authors and owners of measures may be of any department: the customer is none of their business.
        rows = await self.recording.composed(CaseView.model_validate(case), step.events, seen=without_customer)
        async with database.begin() as connection:
            newest, owner = await _write_review(connection, step.view), ("review", step.view.review)
            if not newest and await is_superseded(connection, review_timeline, owner, step.events):
                logger.warning("%s: a step is not written: another worker has judged it again", step.view.review)
                return Recorded(marker=step.marker)
            await write_entries(connection, review_timeline, owner, step.events, self.recording.at())
            waiting = await Outbox(database).add(connection, rows) if rows else []
        return Recorded(undelivered=tuple(await self.recording.handed_over(number, waiting)), marker=step.marker)


async def _write_review(connection: AsyncConnection, view: ReviewView) -> bool:
    """Write the row; False where a newer one stands there."""
    dues = [deadline.due for deadline in view.deadlines if deadline.due]
    # As for cases, the review's own time decides: after a reset the sequence starts lower again.
    newer = or_(
        review.c.view.is_(None),
        review.c.updated_at < view.updated_at,
        and_(review.c.updated_at == view.updated_at, review.c.sequence <= view.sequence),
    )
    written = await connection.execute(
        update(review)
        .where(review.c.id == view.review, newer)
        .values(
            status=view.status.value,
            sequence=view.sequence,
            next_due=min(dues, default=None),
            updated_at=view.updated_at,
            view=view.model_dump(mode="json"),
        )
    )
    return bool(written.rowcount)
