"""What people send along or by mail: files, mails, and how far each mailbox was read."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table

from activities.database.schema.columns import Document, UtcDateTime, Words, metadata, texts

file = Table(
    "file",
    metadata,
    Column("id", Words, primary_key=True),
    Column("number", Words, ForeignKey("registration.number", onupdate="CASCADE")),
    Column("sha256", Words),
    Column("size", Integer, nullable=False),
    *texts("name", "type", "scan", "by", "via"),
    Column("uploaded_at", UtcDateTime, nullable=False),
    Column("staged_until", UtcDateTime),
    Column("erased_at", UtcDateTime),
    Index(None, "number"),
    Index(None, "sha256"),
    Index(None, "scan"),
)
"""Files that customers and staff attached (R41); their bytes are in the store, by `sha256`.

`number` is NULL while no case has it: such a row is swept after `staged_until` (the wall clock's). `size` is in bytes,
`name` a label, `type` a `FileType`, `uploaded_at` the case's time; `scan` a `ScanState`. Once masked, `erased_at` (the
case's time) is set, `sha256` NULL and `name` a word in brackets. A number that was never started may change.
"""

incoming_mail = Table(
    "incoming_mail",
    metadata,
    Column("id", Words, primary_key=True),
    Column("mailbox", Words, nullable=False),
    Column("place", Words, nullable=False),
    Column("sha256", Words),
    Column("size", Integer, nullable=False),
    Column("kind", Words, nullable=False),
    Column("evidence", Words),
    Column("sender", Words, nullable=False),
    Column("number", Words, ForeignKey("registration.number", onupdate="CASCADE")),
    Column("state", Words, nullable=False),
    Column("sends", Document),
    Column("answered", Boolean, nullable=False),
    Column("note", Words, nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("message_id", Words),
    Index(None, "number"),
    Index(None, "sha256"),
    Index(None, "state"),
    Index(None, "sender", "taken_at"),
)
"""Mails that were taken in, each once (R42). `id` is its identity: a hash of Message-ID and content, or of mailbox and
`place` (UIDVALIDITY:UID) where it has no id.

`kind` is a `MailKind`, `evidence` what says that it belongs to `number`. `state`: `done`; `open` while commands to its
case (`sends`, with what the customer wrote) are not known to be judged; `aside` until a person has seen to it. `note`:
one line. `answered`: an automatic answer to it was allowed. `sha256` is that of the raw mail in the file store, NULL
once it is given up. `message_id` is the sender's own, as it was written, for our answers to refer to. Times in this
table and the next are the wall clock's.
"""

mailbox_state = Table(
    "mailbox_state",
    metadata,
    Column("name", Words, primary_key=True),
    Column("validity", BigInteger),
    Column("last_uid", BigInteger),
    Column("watched_since", UtcDateTime, nullable=False),
    Column("checked_at", UtcDateTime),
    Column("error", Words),
    Column("failed_since", UtcDateTime),
)
"""One row a mailbox: up to which UID of which UIDVALIDITY it was read, when that was last tried with success, and what
went wrong since.
"""
