"""A digest of what each submission said when it came in: what is supplied or masked later changes the form."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward; what came in before has none, and counts as said the same."""
    op.add_column("registration", sa.Column("digest", sa.String(), nullable=True))
    op.create_index("ix_registration_digest", "registration", ["digest"])


def downgrade() -> None:
    """Back to the schema before."""
    op.drop_index("ix_registration_digest", "registration")
    op.drop_column("registration", "digest")
