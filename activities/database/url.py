"""The address of the database: read without loading any database library."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self
from urllib.parse import parse_qsl, urlsplit

from activities.database.sqlite_file import explained, hindrance
from activities.url_hint import password_hint
from workflows.domain.problem import Problem

LOCKED = "database is locked"
"""SQLite's words for a lock that somebody else holds."""
_LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's code for that."""
_TOO_MANY_CONNECTIONS = "53300"
READING = timedelta(seconds=10)
"""How long commands that only show something wait for what is locked against readers."""
_ALLOWED = "use sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME"


class DatabaseBusyError(Problem):
    """Somebody else holds a lock that is needed; the request is not at fault, and may be tried again."""


@dataclass(frozen=True)
class DatabaseUrl:
    """Where the database is: `path` of a SQLite file, or `dsn` of a PostgreSQL server, which is never shown."""

    kind: Literal["sqlite", "postgresql"]
    name: str
    """What may be shown: the file, or host, port and database."""
    path: Path = Path()
    dsn: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `sqlite:///FILE`, `postgresql://…` or `postgres://…`; a driver in the scheme (`+asyncpg`) is allowed.

        Raises:
            Problem: the address is not understood; the line never repeats more of it than its scheme.
        """
        scheme, separator, rest = url.strip().partition("://")
        if not separator:
            raise Problem(f"the database URL is not understood: {_ALLOWED}")
        match scheme.lower():
            case "sqlite" | "sqlite+aiosqlite":
                return cls._file(rest)
            case "postgresql" | "postgres" | "postgresql+asyncpg":
                return cls._server(rest)
        shown = scheme if scheme.replace("+", "").isalnum() else "…"
        raise Problem(f"the database URL begins with {shown}://, which is not supported: {_ALLOWED}")

    @classmethod
    def _file(cls, rest: str) -> Self:
        if not rest.startswith("/"):
            raise Problem(
                "the database URL needs three slashes before a file's name (four before an absolute one): "
                "sqlite:///bihuan.db"
            )
        name = rest[1:]
        if not name or name.startswith(":memory:") or "?" in name:
            raise Problem(
                "the database URL must name a file, without parameters (in memory nothing would be kept): sqlite:///bihuan.db"
            )
        return cls(kind="sqlite", name=name, path=Path(name))

    @classmethod
    def _server(cls, rest: str) -> Self:
        dsn = f"postgresql://{rest}"
        try:
            parts = urlsplit(dsn)
            database = parts.path.lstrip("/")
            query = dict(parse_qsl(parts.query))
            host = parts.hostname or query.get("host") or os.environ.get("PGHOST", "localhost")
            port = parts.port or query.get("port") or os.environ.get("PGPORT", "5432")
        except ValueError:
            raise Problem(f"the PostgreSQL database URL is not understood: {_ALLOWED}{password_hint(dsn)}") from None
        if not database:
            raise Problem(f"the PostgreSQL database URL names no database: {_ALLOWED}{password_hint(dsn)}")
        if "@" in database and (hint := password_hint(dsn)):
            raise Problem(f"the PostgreSQL database URL is not understood: {_ALLOWED}{hint}")
        return cls(kind="postgresql", name=f"{host}:{port}/{database}", dsn=dsn)

    def check_folder(self) -> None:
        """Look whether a SQLite file could be opened at all.

        Raises:
            Problem: its folder does not exist, it is a folder itself, may not be written, or is on a read-only disk.
        """
        if self.kind != "sqlite":
            return
        if why := hindrance(self.path):
            raise Problem(f"the database file {self.path} cannot be opened: {why}")

    def busy(self, error: BaseException | None, lock_timeout: timedelta) -> DatabaseBusyError | None:
        """What to say of a driver's error that others cause, who hold what is wanted; None of any other error.

        `lock_timeout` is how long they would have been waited for.
        """
        if is_locked(error):
            return self.locked(lock_timeout)
        if error is not None and getattr(error, "sqlstate", None) == _TOO_MANY_CONNECTIONS:
            return DatabaseBusyError(
                f"the database {self.name} takes no more connections ({reason(error)}): lower "
                "BIHUAN_DATABASE_CONNECTIONS of the workers, or raise max_connections of the server"
            )
        return None

    def locked(self, lock_timeout: timedelta) -> DatabaseBusyError:
        """What to say where somebody else did not let go of it for so long."""
        who = "a copy tool, a viewer" if self.kind == "sqlite" else "psql, a viewer, a dump; pg_stat_activity names it"
        return DatabaseBusyError(
            f"the database {self.name} is locked by another process for {lock_timeout.total_seconds():g} s: "
            f"end the program that holds it ({who}), then try again"
        )

    def unreadable(self, error: BaseException, lock_timeout: timedelta) -> Problem:
        """What to say of a driver's error, in one line; `lock_timeout` is how long it would have waited for others."""
        if busy := self.busy(error, lock_timeout):
            return busy
        shown = explained(self.path, error) if self.kind == "sqlite" else None
        return Problem(f"the database {self.name} cannot be read: {shown or reason(error)}")


def is_locked(error: BaseException | None) -> bool:
    """Whether a driver says that somebody else holds what is wanted."""
    return str(error) == LOCKED or getattr(error, "sqlstate", None) == _LOCK_NOT_AVAILABLE


def reason(error: BaseException) -> str:
    """The database's own words, in one line; drivers never repeat a password."""
    if isinstance(error, TimeoutError) and not str(error):
        return "it does not answer"
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
