"""The knowledge base."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from activities.database.schema.columns import Document, UtcDateTime, WordList, Words, metadata, texts

article = Table(
    "article",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Words, ForeignKey("registration.number"), nullable=False, unique=True),
    *texts("status", "title", "problem", "cause", "solution", "prevention"),
    Column("product", Words),
    Column("type", Words, nullable=False),
    Column("subtype", Words),
    Column("words", WordList, nullable=False),
    Column("size", Integer, nullable=False),
    Column("drafted_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("changes", Document, nullable=False),
    Index(None, "status", "updated_at"),
)
"""The knowledge base (R28): one row a closed case, without personal data of its customer.

`words` is what a search finds it by, the title's three times (empty once it is retired), `size` their number;
`changes` is who did what to it, in order. The index over `words` is made by the migration: FTS5 on SQLite, GIN on
PostgreSQL.
"""
