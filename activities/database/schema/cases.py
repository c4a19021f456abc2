"""Cases in the record: registration, settlement, present state, corrections, timeline, archive."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    text,
)

from activities.database.schema.columns import Document, UtcDateTime, Words, entry_columns, metadata, texts

registration = Table(
    "registration",
    metadata,
    Column("number", Words, primary_key=True),
    Column("channel", Words, nullable=False),
    Column("intake_key", Words),
    Column("form", Document, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("customer_name", Words),
    Column("customer_phone", Words),
    Column("customer_email", Words),
    Column("customer_text", Words),
    Column("digest", Words),
    Column("priority", Words),
    UniqueConstraint("channel", "intake_key"),
    Index(None, "customer_phone"),
    Index(None, "customer_email"),
    Index(None, "digest"),
    Index(None, "received_at"),
    Index(None, "started_at"),
    Index("ix_registration_customer_text", "received_at", "number", "customer_text"),
)
"""One row a submission (R1-R3). `started_at`: the wall clock when its workflow was known to run; `priority`: by the
policy's rules when it was registered (R8), for the order of starts, NULL where that was not judged; `digest`: of the
form as it came in, see `activities.intake.submission`, NULL for what an earlier release took in; `customer_text`: what
the customer is searched by. Its index holds all that a search reads, in the order of lists.
"""

day_serial = Table(
    "day_serial",
    metadata,
    Column("day", Date, primary_key=True),
    Column("serial", Integer, nullable=False),
)
"""The last serial given out on a local day of the company (R2)."""

_OPEN = text("closed_at IS NULL")
"""Of most queries; a few thousand cases are open where hundreds of thousands have closed."""

settlement = Table(
    "settlement",
    metadata,
    Column("number", Words, ForeignKey("registration.number"), primary_key=True),
    Column("owner", Words),
    Column("body", Document, nullable=False),
    Index(None, "owner", sqlite_where=text("owner IS NOT NULL"), postgresql_where=text("owner IS NOT NULL")),
)
"""What was settled when the case opened; written once, so that asking again answers the same (R12).

`owner` is who was chosen, and NULL once the case is recorded: from then on its record says who owns it.
"""

case_record = Table(
    "case_record",
    metadata,
    Column("number", Words, ForeignKey("registration.number"), primary_key=True),
    Column("sequence", Integer, nullable=False),
    *texts("status", "priority", "type"),
    Column("subtype", Words),
    Column("department", Words),
    Column("case_group", Words),
    Column("owner", Words),
    Column("escalation_level", Integer, nullable=False),
    Column("acknowledged", Boolean, nullable=False),
    Column("breached", Boolean, nullable=False),
    Column("next_due", UtcDateTime),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("view", Document, nullable=False),
    Index(None, "status", "priority"),
    Index(None, "owner", "status"),
    Index(None, "department", "status"),
    Index(None, "next_due"),
    Index(None, "opened_at"),
    *(
        Index(f"ix_case_record_open_{column}", column, sqlite_where=_OPEN, postgresql_where=_OPEN)
        for column in ("owner", "opened_at")
    ),
)
"""One row a case, as of its last recorded step; `view` is the whole CaseView, the columns are for lists.

`next_due` is the earliest due time of the clocks that run, also one that has passed.
"""

correction = Table(
    "correction",
    metadata,
    Column("number", Words, ForeignKey("registration.number"), primary_key=True),
    Column("until", UtcDateTime, nullable=False),
    Column("input", Document, nullable=False),
    Index(None, "until"),
)
"""Closed cases that their customers may still correct (R39): `input` is what the run begins with that takes the
correction, `until` when it is too late (the case's time). The row goes when the case is reopened or archived, and some
time after it is too late.
"""

timeline = Table(
    "timeline",
    metadata,
    Column("number", Words, ForeignKey("registration.number"), primary_key=True),
    *entry_columns(),
    Column("position", BigInteger, Identity(), nullable=False),
    Index(None, "kind", "at"),
    Index(None, "position"),
)
"""Every step of every case (R14). `recorded_at`: the case's time when the step was first written.

`command_id`: of the command it came of; NULL for what time, or the case by itself, has brought about.

`position` is the place in the feed of all steps (see `activities.queries.feed_reader`), by the database itself: on
SQLite one more than the last, by a trigger where a statement gives none; on PostgreSQL drawn before the step is
committed, so that a higher one may be seen first. A step that takes another's place has a new one.
"""

archive = Table(
    "archive",
    metadata,
    Column("number", Words, ForeignKey("registration.number"), primary_key=True),
    Column("file", Words),
    Column("sha256", Words),
    Column("size", Integer),
    Column("archived_at", UtcDateTime),
    Column("masked_at", UtcDateTime),
    Column("error", Words),
    Column("failed_at", UtcDateTime),
)
"""What became of closed cases (R28): one row a case that was archived, or could not be.

`file` is relative to the archive folder, `/` between its parts; `size` is in bytes; `error` is why the last try
failed, None once one went well. All times are the case's.
"""
