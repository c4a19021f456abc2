"""What the pages keep between two requests: the customers', and those of the staff who take issues in."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from activities.database.schema.columns import Document, UtcDateTime, Words, metadata

web_session = Table(
    "web_session",
    metadata,
    Column("id", Words, primary_key=True),
    Column("number", Words, ForeignKey("registration.number", onupdate="CASCADE"), nullable=False),
    Column("via", Words, nullable=False),
    Column("purpose", Words),
    Column("cycle", Integer),
    Column("state", Document, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Index(None, "expires_at"),
)
"""Who was let in to which case, and by what (R40). `id` is a hash of what the cookie holds.

`purpose`: what a link lets its bearer do, NULL where a code showed that it is the customer; `cycle`: how often the case
had been reopened when the link was made; `state`: the first steps of what the customer is about to do. Times in this
table and the two below are the wall clock's.
"""

web_tries = Table(
    "web_tries",
    metadata,
    Column("kind", Words, primary_key=True),
    Column("asker", Words, primary_key=True),
    Column("since", UtcDateTime, primary_key=True),
    Column("tries", Integer, nullable=False),
    Index(None, "since"),
)
"""How often somebody tried something in a span that began at `since`; `asker` is a hash of an address or session."""

one_time_code = Table(
    "one_time_code",
    metadata,
    Column("id", Words, primary_key=True),
    Column("session", Words, nullable=False),
    Column("number", Words, ForeignKey("registration.number", onupdate="CASCADE"), nullable=False),
    Column("hash", Words),
    Column("tries", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index(None, "session"),
    Index(None, "expires_at"),
)
"""Codes that were asked for by a session (R40). `hash` is NULL until its message is sent: the code is made then."""

intake_draft = Table(
    "intake_draft",
    metadata,
    Column("id", Words, primary_key=True),
    Column("person", Words, nullable=False),
    Column("writer", Words, nullable=False),
    Column("content", Document, nullable=False),
    Column("number", Words, ForeignKey("registration.number", onupdate="CASCADE")),
    Column("saved_at", UtcDateTime, nullable=False),
    Index(None, "person"),
    Index(None, "saved_at"),
)
"""Issues that somebody of the staff is taking in by telephone, as far as they are typed (R1). `writer` names the page
that saved it last; `number` is the case it became, and `content` is empty from then on.
"""
