"""Issues that staff are taking in by telephone, as far as they are typed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "intake_draft",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("writer", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("number", sa.String()),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"], ["registration.number"], name="fk_intake_draft_number_registration", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_intake_draft"),
    )
    op.create_index("ix_intake_draft_person", "intake_draft", ["person"])
    op.create_index("ix_intake_draft_saved_at", "intake_draft", ["saved_at"])


def downgrade() -> None:
    """Back to the schema before."""
    op.drop_table("intake_draft")
