"""The priority that a submission is registered with: what could not be started yet is started by it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward; what was registered before has none."""
    op.add_column("registration", sa.Column("priority", sa.String()))


def downgrade() -> None:
    """Back to the schema before."""
    op.drop_column("registration", "priority")
