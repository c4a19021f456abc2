"""Which closed cases are archived, in which file, and which of them are masked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "archive",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("file", sa.String()),
        sa.Column("sha256", sa.String()),
        sa.Column("size", sa.Integer()),
        sa.Column("archived_at", instant),
        sa.Column("masked_at", instant),
        sa.Column("error", sa.String()),
        sa.Column("failed_at", instant),
        sa.PrimaryKeyConstraint("number", name="pk_archive"),
        sa.ForeignKeyConstraint(["number"], ["registration.number"], name="fk_archive_number_registration"),
    )


def downgrade() -> None:
    """Back to the schema before; the files of the archive stay."""
    op.drop_table("archive")
