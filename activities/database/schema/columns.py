"""The types of columns, the columns that several tables have, and the metadata that all tables belong to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    String,
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


def texts(*names: str) -> list[Column[str]]:
    """Columns of text that are never NULL."""
    return [Column(name, Words, nullable=False) for name in names]


def entry_columns() -> list[Column[Any]]:
    """What an entry of any timeline has, beside whose it is."""
    return [
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("at", UtcDateTime, nullable=False),
        *texts("kind", "by"),
        Column("detail", Document, nullable=False),
        Column("recorded_at", UtcDateTime, nullable=False),
        Column("command_id", Words),
    ]
