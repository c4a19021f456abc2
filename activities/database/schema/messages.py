"""The outbox, and the links in its messages."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from activities.database.schema.columns import Document, UtcDateTime, Words, metadata, texts

outbox = Table(
    "outbox",
    metadata,
    Column("key", Words, primary_key=True),
    Column("number", Words, ForeignKey("registration.number"), nullable=False),
    Column("sequence", Integer, nullable=False),
    *texts(
        "event",
        "message",
        "audience",
        "recipient",
        "channel",
        "address",
        "name",
        "locale",
        "subject",
        "text",
        "html",
        "short",
        "status",
    ),
    Column("attempts", Integer, nullable=False),
    Column("error", Words),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("claimed_by", Words),
    Column("claimed_until", UtcDateTime),
    Column("reported_at", UtcDateTime),
    Column("link", Document),
    Column("facts", Document),
    Column("others", Document),
    Column("tried", Document),
    Index(None, "number"),
    Index(None, "status", "created_at"),
    Index(None, "created_at"),
)
"""Every notification, as it was rendered, and what became of it.

`created_at` and `sent_at` are the case's time; `claimed_until` and `reported_at` (when the case was told of a
failure) the wall clock's. `error` is also the fault of a company's template while the row is not yet tried. `link` is
the LinkMark (`activities.links.mark`) that stands in the texts for the customer's link, NULL where they have none.
`facts` are those that approved templates may name; `others` the ways left, `[[channel, address], …]`, where this one
fails, `tried` those that failed, `[{"channel", "error"}, …]`; NULL where there are none.
"""

link = Table(
    "link",
    metadata,
    Column("hash", Words, primary_key=True),
    Column("number", Words, ForeignKey("registration.number"), nullable=False),
    Column("cycle", Integer, nullable=False),
    *texts("purpose", "key"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index(None, "number"),
)
"""The links that customers have (R40), each by the SHA-256 of its token; several messages may carry one link.

`cycle` is how often the case had been reopened, `key` the fingerprint of the key it was made
with; times are the case's.
"""
