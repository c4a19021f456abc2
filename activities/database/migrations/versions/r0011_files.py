"""Files that customers and staff attach: whose they are, what they are, and whether they were scanned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String()),
        sa.Column("sha256", sa.String()),
        sa.Column("size", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("name", "type", "scan", "by", "via")),
        sa.Column("uploaded_at", instant, nullable=False),
        sa.Column("staged_until", instant),
        sa.Column("erased_at", instant),
        sa.PrimaryKeyConstraint("id", name="pk_file"),
        sa.ForeignKeyConstraint(
            ["number"], ["registration.number"], name="fk_file_number_registration", onupdate="CASCADE"
        ),
    )
    for column in ("number", "sha256", "scan"):
        op.create_index(f"ix_file_{column}", "file", [column])


def downgrade() -> None:
    """Back to the schema before; the bytes stay in their store."""
    op.drop_table("file")
