"""The knowledge base: articles, and the index over their words in the manner of each database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_FORGET = "INSERT INTO article_index (article_index, rowid, words) VALUES ('delete', old.id, old.words);"
_LEARN = "INSERT INTO article_index (rowid, words) VALUES (new.id, new.words);"
_FTS5 = (
    # Nothing but letters and digits is in `words`: the plainest tokenizer splits them at their spaces.
    "CREATE VIRTUAL TABLE article_index USING fts5("
    "words, content='article', content_rowid='id', tokenize='ascii', detail='none')",
    f"CREATE TRIGGER article_index_insert AFTER INSERT ON article BEGIN {_LEARN} END",
    f"CREATE TRIGGER article_index_update AFTER UPDATE OF words ON article BEGIN {_FORGET} {_LEARN} END",
    f"CREATE TRIGGER article_index_delete AFTER DELETE ON article BEGIN {_FORGET} END",
)


def upgrade() -> None:
    """Forward."""
    instant = sa.DateTime(timezone=True)
    on_server = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "article",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("solution", sa.String(), nullable=False),
        sa.Column("prevention", sa.String(), nullable=False),
        sa.Column("product", sa.String()),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("subtype", sa.String()),
        sa.Column("words", postgresql.ARRAY(sa.String()) if on_server else sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("drafted_at", instant, nullable=False),
        sa.Column("updated_at", instant, nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_article"),
        sa.UniqueConstraint("number", name="uq_article_number"),
        sa.ForeignKeyConstraint(["number"], ["registration.number"], name="fk_article_number_registration"),
    )
    op.create_index("ix_article_status_updated_at", "article", ["status", "updated_at"])
    if on_server:
        op.create_index("article_index", "article", ["words"], postgresql_using="gin")
        return
    for statement in _FTS5:
        op.execute(statement)


def downgrade() -> None:
    """Back to the first schema."""
    if op.get_bind().dialect.name != "postgresql":
        op.execute("DROP TABLE article_index")
    op.drop_table("article")
