"""Tokens, requests of the API, sign-ins and sessions of staff, and the audit log."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table

from activities.database.schema.columns import Document, UtcDateTime, Words, metadata, texts

token = Table(
    "token",
    metadata,
    Column("id", Words, primary_key=True),
    Column("hash", Words, nullable=False, unique=True),
    Column("person", Words),
    Column("system", Words),
    Column("rights", Document, nullable=False),
    Column("made_by", Words, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)
"""Tokens of the API (R45): of a `person` of the organisation, or of a `system`; one of both. `hash` is a SHA-256, the
token itself is nowhere. `rights` is a list of `TokenRight`. Times in this table and the two below are the wall clock's.
"""

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    *texts("kind", "actor", "subject"),
    Column("detail", Document, nullable=False),
    Index(None, "at"),
)
"""Who made and revoked tokens, which were refused, and who acted for another (R45). A trigger keeps rows as they are.

`kind` is an `AuditKind`; `actor` who did it, as far as known; `subject` the token's id, or whom they acted for.
"""

api_request = Table(
    "api_request",
    metadata,
    Column("caller", Words, primary_key=True),
    Column("key", Words, primary_key=True),
    Column("digest", Words, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "created_at"),
)
"""What callers of the API asked for under which idempotency key (R47): `digest` is of the whole request."""

sign_in = Table(
    "sign_in",
    metadata,
    Column("hash", Words, primary_key=True),
    Column("way", Words, nullable=False),
    Column("person", Words),
    Column("browser", Words, nullable=False),
    Column("back", Words, nullable=False),
    Column("nonce", Words),
    Column("verifier", Words),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index(None, "person", "created_at"),
    Index(None, "expires_at"),
)
"""Sign-ins of staff that have begun (R45): `hash` is that of the one-time link, or of the state that comes back from
the company's sign-on. `browser` is the hash of a cookie of the browser that asked, `back` the page that was asked for;
`nonce` and `verifier` are of the sign-on. Times in this table and the next are the wall clock's.
"""

staff_session = Table(
    "staff_session",
    metadata,
    Column("id", Words, primary_key=True),
    Column("hash", Words, nullable=False, unique=True),
    Column("person", Words, nullable=False),
    Column("way", Words, nullable=False),
    Column("agent", Words, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Index(None, "person"),
)
"""People who are signed in to the pages of the staff (R45): `hash` is that of their cookie, `id` names the session and
opens nothing; `agent` is what the browser says of itself.
"""
