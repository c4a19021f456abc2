"""What the workflow of a review starts with, and what it carries from one run to the next."""

from __future__ import annotations

from workflows.domain.event import Event
from workflows.domain.review.aggregate import Review
from workflows.domain.review.view import ReviewRequest
from workflows.entity.input import EntityInput


class ReviewInput(EntityInput[Review, Event]):
    """`request` is what the closing of a case called for."""

    request: ReviewRequest
