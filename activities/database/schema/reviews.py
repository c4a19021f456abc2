"""Reviews of closed cases."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from activities.database.schema.columns import Document, UtcDateTime, Words, entry_columns, metadata

review = Table(
    "review",
    metadata,
    Column("id", Words, primary_key=True),
    Column("number", Words, ForeignKey("registration.number"), nullable=False, unique=True),
    Column("reason", Words, nullable=False),
    Column("department", Words, nullable=False),
    Column("product", Words),
    Column("type", Words, nullable=False),
    Column("subtype", Words),
    Column("status", Words, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("next_due", UtcDateTime),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("subject", Document, nullable=False),
    Column("view", Document),
    Index(None, "status", "next_due"),
)
"""One row a review (R27), written with the closing that called for it. `number`: that case; `subject`: the
ReviewSubject its workflow starts with; `view`: the ReviewView as of its last recorded step, NULL before the first.
"""

review_case = Table(
    "review_case",
    metadata,
    Column("review", Words, ForeignKey("review.id"), primary_key=True),
    Column("number", Words, ForeignKey("registration.number"), primary_key=True),
    Index(None, "number"),
)
"""Which cases a review covers; those that close while a repeated problem is being reviewed are added."""

review_timeline = Table(
    "review_timeline",
    metadata,
    Column("review", Words, ForeignKey("review.id"), primary_key=True),
    *entry_columns(),
)
"""Every step of every review; `recorded_at` and `command_id` as in `timeline`."""
