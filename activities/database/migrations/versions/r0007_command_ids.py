"""Which command an entry of a timeline came of, so that a command is known for as long as its case is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TIMELINES = ("timeline", "review_timeline")


def upgrade() -> None:
    """Forward; entries that are there already say of no command that they came of it."""
    for table in _TIMELINES:
        op.add_column(table, sa.Column("command_id", sa.String()))


def downgrade() -> None:
    """Back to the schema before."""
    for table in _TIMELINES:
        op.drop_column(table, "command_id")
