"""Mails that were taken in, and how far each mailbox was read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "incoming_mail",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=True),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sends", sa.JSON(), nullable=True),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_incoming_mail"),
        sa.ForeignKeyConstraint(
            ["number"], ["registration.number"], name="fk_incoming_mail_number_registration", onupdate="CASCADE"
        ),
    )
    op.create_index("ix_incoming_mail_number", "incoming_mail", ["number"])
    op.create_index("ix_incoming_mail_sha256", "incoming_mail", ["sha256"])
    op.create_index("ix_incoming_mail_state", "incoming_mail", ["state"])
    op.create_index("ix_incoming_mail_sender_taken_at", "incoming_mail", ["sender", "taken_at"])
    op.create_table(
        "mailbox_state",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=True),
        sa.Column("last_uid", sa.BigInteger(), nullable=True),
        sa.Column("watched_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("failed_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_mailbox_state"),
    )


def downgrade() -> None:
    """Back to the schema before."""
    op.drop_table("mailbox_state")
    op.drop_table("incoming_mail")
