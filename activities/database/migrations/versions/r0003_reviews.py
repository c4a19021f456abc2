"""Reviews of closed cases: one row each, the cases they cover, and their own timeline (R27)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "review",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("product", sa.String()),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("subtype", sa.String()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("next_due", instant),
        sa.Column("opened_at", instant, nullable=False),
        sa.Column("updated_at", instant, nullable=False),
        sa.Column("subject", sa.JSON(), nullable=False),
        sa.Column("view", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name="pk_review"),
        sa.UniqueConstraint("number", name="uq_review_number"),
        sa.ForeignKeyConstraint(["number"], ["registration.number"], name="fk_review_number_registration"),
    )
    op.create_index("ix_review_status_next_due", "review", ["status", "next_due"])
    op.create_table(
        "review_case",
        sa.Column("review", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("review", "number", name="pk_review_case"),
        sa.ForeignKeyConstraint(["review"], ["review.id"], name="fk_review_case_review_review"),
        sa.ForeignKeyConstraint(["number"], ["registration.number"], name="fk_review_case_number_registration"),
    )
    op.create_index("ix_review_case_number", "review_case", ["number"])
    op.create_table(
        "review_timeline",
        sa.Column("review", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("recorded_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("review", "sequence", name="pk_review_timeline"),
        sa.ForeignKeyConstraint(["review"], ["review.id"], name="fk_review_timeline_review_review"),
    )


def downgrade() -> None:
    """Back to the knowledge base."""
    op.drop_table("review_timeline")
    op.drop_table("review_case")
    op.drop_table("review")
