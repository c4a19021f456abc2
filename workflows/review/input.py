"""What the workflow of a review starts with, and what it carries from one run to the next."""

from __future__ import annotations

from workflows.domain.event import Event
from workflows.domain.review.aggregate import Review
from workflows.domain.review.view import ReviewRequest
from workflows.entity.input import EntityInput


class ReviewInput(EntityInput):
    """`review` is None in the first run; the rest belongs to later ones."""

    request: ReviewRequest
    review: Review | None = None
    unrecorded: tuple[Event, ...] = ()
    """Events that are not in the database yet."""
