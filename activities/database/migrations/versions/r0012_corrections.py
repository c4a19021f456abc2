"""What a closed case needs to take its customer's correction."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward; what was closed before cannot be corrected."""
    op.create_table(
        "correction",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("input", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_correction"),
        sa.ForeignKeyConstraint(["number"], ["registration.number"], name="fk_correction_number_registration"),
    )
    op.create_index("ix_correction_until", "correction", ["until"])


def downgrade() -> None:
    """Back to the schema before."""
    op.drop_table("correction")
