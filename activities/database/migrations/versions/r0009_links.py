"""The links that customers have, by their hash, and the mark that stands for one in a message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward; messages of before carry no link."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "link",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("used_at", instant),
        sa.PrimaryKeyConstraint("hash", name="pk_link"),
        sa.ForeignKeyConstraint(["number"], ["registration.number"], name="fk_link_number_registration"),
    )
    op.create_index("ix_link_number", "link", ["number"])
    op.add_column("outbox", sa.Column("link", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Back to the schema before; no link that was sent opens anything then."""
    op.drop_column("outbox", "link")
    op.drop_index("ix_link_number", "link")
    op.drop_table("link")
