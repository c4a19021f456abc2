"""The organisation's documents, and what an installation has to remember."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table

from activities.database.schema.columns import Document, UtcDateTime, Words, metadata

organisation = Table(
    "organisation",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", Document, nullable=False),
    Column("loaded_at", UtcDateTime, nullable=False),
)
"""Every organisation document ever loaded; the highest version is in force."""

installation = Table(
    "installation",
    metadata,
    Column("key", Words, primary_key=True),
    Column("value", Document),
)
"""What this installation has to remember across restarts, such as its virtual time."""
