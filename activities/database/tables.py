"""The tables of the record, for SQLite and PostgreSQL alike.

The database holds the content (who, what, in which words); the workflow holds the facts decisions need.
Every time is an aware UTC datetime, every document JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from activities.rows import Unreadable

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _tolerant(decode: Callable[[Any], Any] | None, fault: str) -> Callable[[Any], Any] | None:
    if decode is None:
        return None

    def decoded(value: Any) -> Any:
        try:
            return decode(value)
        except (ValueError, TypeError, RecursionError):
            return Unreadable(fault)

    return decoded


class SoundJson(FunctionElement[Any]):
    """A JSON column to be looked into by the database: what is no JSON counts as none, instead of ending the query."""

    type = JSON()
    inherit_cache = True


@compiles(SoundJson)
def _as_it_is(element: SoundJson, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(SoundJson, "sqlite")
def _if_valid(element: SoundJson, compiler: Any, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return f"CASE WHEN json_valid({column}) THEN {column} END"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored and returned in UTC; a naive one raises ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite has no zones: it is given the UTC wall clock."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value.isoformat()}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """SQLite keeps whatever is written: what is no time becomes `Unreadable`, so that other rows are read."""
        return _tolerant(super().result_processor(dialect, coltype), "a time in it is none")

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What comes back is aware on both databases."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text of any length. PostgreSQL knows no NUL character, and one in a customer's text may not stop a case."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The NUL character becomes the replacement character."""
        return value.replace("\x00", "\ufffd") if isinstance(value, str) else value


class Document(TypeDecorator[Any]):
    """A JSON value, its keys in the order given; None is SQL's NULL. NUL characters are replaced as in `Words`."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """What is no JSON becomes `Unreadable`, so that other rows are read."""
        return _tolerant(super().result_processor(dialect, coltype), "a document in it is no JSON")

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Every text inside is cleaned, keys included."""
        return _without_nul(value)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nul(item) for item in value]
    return value


class WordList(TypeDecorator[Any]):
    """Words of `activities.knowledge.bigrams`: an array on PostgreSQL, one text with spaces between on SQLite."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """What the index of each database can read."""
        return dialect.type_descriptor(ARRAY(String()) if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """A list in, in either form."""
        return value if value is None or dialect.name == "postgresql" else " ".join(value)


def _texts(*names: str) -> list[Column[str]]:
    """Columns of text that are never NULL."""
    return [Column(name, Words, nullable=False) for name in names]


def _entry_columns() -> list[Column[Any]]:
    """What an entry of any timeline has, beside whose it is."""
    return [
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("at", UtcDateTime, nullable=False),
        *_texts("kind", "by"),
        Column("detail", Document, nullable=False),
        Column("recorded_at", UtcDateTime, nullable=False),
        Column("command_id", Words),
    ]


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
    *_texts("status", "priority", "type"),
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
    *_entry_columns(),
    Index(None, "kind", "at"),
)
"""Every step of every case (R14). `recorded_at`: the case's time when the step was first written.

`command_id`: of the command it came of; NULL for what time, or the case by itself, has brought about.
"""

outbox = Table(
    "outbox",
    metadata,
    Column("key", Words, primary_key=True),
    Column("number", Words, ForeignKey("registration.number"), nullable=False),
    Column("sequence", Integer, nullable=False),
    *_texts(
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
    *_texts("purpose", "key"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index(None, "number"),
)
"""The links that customers have (R40), each by the SHA-256 of its token; several messages may carry one link.

`cycle` is how often the case had been reopened, `key` the fingerprint of the key it was made
with; times are the case's.
"""

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

article = Table(
    "article",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Words, ForeignKey("registration.number"), nullable=False, unique=True),
    *_texts("status", "title", "problem", "cause", "solution", "prevention"),
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

review = Table(
    "review",
    metadata,
    Column("id", Words, primary_key=True),
    Column("number", Words, ForeignKey("registration.number"), nullable=False, unique=True),
    Column("reason", Words, nullable=False),
    Column("department", Words, nullable=False),
    Column("product", Words),
    Column("type", Words, nullable=False),
    Column("subtype", Words),
    Column("status", Words, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("next_due", UtcDateTime),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("subject", Document, nullable=False),
    Column("view", Document),
    Index(None, "status", "next_due"),
)
"""One row a review (R27), written with the closing that called for it. `number`: that case; `subject`: the
ReviewSubject its workflow starts with; `view`: the ReviewView as of its last recorded step, NULL before the first.
"""

review_case = Table(
    "review_case",
    metadata,
    Column("review", Words, ForeignKey("review.id"), primary_key=True),
    Column("number", Words, ForeignKey("registration.number"), primary_key=True),
    Index(None, "number"),
)
"""Which cases a review covers; those that close while a repeated problem is being reviewed are added."""

review_timeline = Table(
    "review_timeline",
    metadata,
    Column("review", Words, ForeignKey("review.id"), primary_key=True),
    *_entry_columns(),
)
"""Every step of every review; `recorded_at` and `command_id` as in `timeline`."""

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

file = Table(
    "file",
    metadata,
    Column("id", Words, primary_key=True),
    Column("number", Words, ForeignKey("registration.number", onupdate="CASCADE")),
    Column("sha256", Words),
    Column("size", Integer, nullable=False),
    *_texts("name", "type", "scan", "by", "via"),
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
once it is given up. Times in this table and the next are the wall clock's.
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
    *_texts("kind", "actor", "subject"),
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
