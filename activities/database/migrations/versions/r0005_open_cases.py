"""Indexes over what is open, so that nothing has to look through what has long been closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward; who was chosen as owner is only kept until the case is recorded."""
    still_open, unrecorded = sa.text("closed_at IS NULL"), sa.text("owner IS NOT NULL")
    for column in ("owner", "opened_at"):
        op.create_index(
            f"ix_case_record_open_{column}",
            "case_record",
            [column],
            sqlite_where=still_open,
            postgresql_where=still_open,
        )
    op.execute(
        "UPDATE settlement SET owner = NULL"
        " WHERE EXISTS (SELECT 1 FROM case_record WHERE case_record.number = settlement.number)"
    )
    op.create_index(
        "ix_settlement_owner", "settlement", ["owner"], sqlite_where=unrecorded, postgresql_where=unrecorded
    )
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"])


def downgrade() -> None:
    """Back to the schema before; the release of then counts an owner once, recorded or not."""
    op.drop_index("ix_outbox_created_at", "outbox")
    op.drop_index("ix_settlement_owner", "settlement")
    for column in ("opened_at", "owner"):
        op.drop_index(f"ix_case_record_open_{column}", "case_record")
