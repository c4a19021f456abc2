"""Messages that go by more than one channel: facts for approved templates, the ways left, and those that failed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
_COLUMNS = ("facts", "others", "tried")


def upgrade() -> None:
    """Forward; messages of before have one way, which they keep."""
    for name in _COLUMNS:
        op.add_column("outbox", sa.Column(name, sa.JSON(), nullable=True))


def downgrade() -> None:
    """Back to the schema before."""
    for name in reversed(_COLUMNS):
        op.drop_column("outbox", name)
