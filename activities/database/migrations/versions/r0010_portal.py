"""The customer's door: sessions, one-time codes, and how often an address tried something."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "web_session",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("via", sa.String(), nullable=False),
        sa.Column("purpose", sa.String()),
        sa.Column("cycle", sa.Integer()),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("revoked_at", instant),
        sa.PrimaryKeyConstraint("id", name="pk_web_session"),
        sa.ForeignKeyConstraint(
            ["number"], ["registration.number"], name="fk_web_session_number_registration", onupdate="CASCADE"
        ),
    )
    op.create_index("ix_web_session_expires_at", "web_session", ["expires_at"])
    op.create_table(
        "web_tries",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asker", sa.String(), nullable=False),
        sa.Column("since", instant, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "asker", "since", name="pk_web_tries"),
    )
    op.create_index("ix_web_tries_since", "web_tries", ["since"])
    op.create_table(
        "one_time_code",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("hash", sa.String()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("used_at", instant),
        sa.PrimaryKeyConstraint("id", name="pk_one_time_code"),
        sa.ForeignKeyConstraint(
            ["number"], ["registration.number"], name="fk_one_time_code_number_registration", onupdate="CASCADE"
        ),
    )
    op.create_index("ix_one_time_code_session", "one_time_code", ["session"])
    op.create_index("ix_one_time_code_expires_at", "one_time_code", ["expires_at"])


def downgrade() -> None:
    """Back to the schema before; whoever was let in asks again."""
    op.drop_table("one_time_code")
    op.drop_table("web_tries")
    op.drop_table("web_session")
