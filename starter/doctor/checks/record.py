"""The database: whether it is reachable, of this release and undamaged, its disk has room, and clocks agree."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from activities.database.database import Database
from activities.database.migrations.head import HEAD
from activities.database.sqlite_file import explained, is_damage
from activities.database.url import DatabaseUrl
from activities.queries.monitoring.workers import Workers
from starter.doctor.check import Check, CheckResult, CheckSkippedError
from starter.doctor.context import DoctorContext
from worker.installation.installation import open_installation
from worker.temporal.generation import WAY_OUT, older_than_temporal
from workflows.domain.problem import Problem

_TIMEOUT = 5.0
"""Seconds for looking through a SQLite file."""
_TIGHT = 1_000_000_000
_FULL = 100_000_000
"""Bytes left on a disk: below them it is a warning, a fault."""
_TAKES = text(
    "SELECT sum(CASE name WHEN 'max_connections' THEN 1 ELSE -1 END * CAST(setting AS integer)) FROM pg_settings"
    " WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')"
)
"""How many connections a server takes from users like this one."""
_SKEW = 5.0
"""Seconds two clocks may differ."""


async def database(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether the database can be reached, has the schema of this release, and can be written."""
    check = Check("database")
    settings = context.settings
    if settings.database_url is None and not settings.data.is_dir():
        return [check.fault(f"data folder {settings.data}: there is none", f"bihuan up --data {settings.data}")]
    try:
        address = DatabaseUrl.parse(settings.database)
        if address.kind == "sqlite" and not address.path.is_file():
            address.check_folder()
            todo = (
                f"bihuan up --data {settings.data}, or bihuan worker; another place: BIHUAN_DATA, BIHUAN_DATABASE_URL"
            )
            return [check.fault(f"there is no database file {address.path}", todo)]
        opened = Database.open(settings.database)
        try:
            return await _usable(check, opened, settings.database_connections)
        finally:
            await opened.close()
    except Problem as problem:
        where = "see that it runs, and check BIHUAN_DATABASE_URL and its password"
        mend = "mend that, or name another place with BIHUAN_DATA or BIHUAN_DATABASE_URL"
        return check.problem(problem, mend if settings.database.startswith("sqlite") else where)


async def _usable(check: Check, opened: Database, most: int) -> Iterable[CheckResult]:
    name, revision = opened.address.name, await opened.revision()
    if revision is None:
        return [check.fault(f"{name} has no tables yet", "bihuan db upgrade")]
    if revision != HEAD:
        newer = revision > HEAD
        todo = "use the release that this database was upgraded for" if newer else "bihuan db upgrade"
        return [check.fault(f"{name} has schema {revision}, this release works with {HEAD}", todo)]
    try:
        await opened.try_write()
    except Problem as problem:
        return check.problem(problem, "let this user write there; until then no case goes on")
    return [check.ok(f"{name}, schema {HEAD}, takes what is written"), *await _connections(check, opened, most)]


async def _connections(check: Check, opened: Database, most: int) -> Iterable[CheckResult]:
    """Whether a server takes as many connections as the workers may open, and one for a command."""
    if opened.address.kind == "sqlite":
        return []
    workers = max(1, len(await Workers(opened).alive(datetime.now(UTC))))
    async with opened.read() as connection:
        taken = await connection.scalar(_TAKES)
    if workers * most < taken:
        return []
    fewer = max(2, (taken - 1) // workers)
    todo = f"set BIHUAN_DATABASE_CONNECTIONS={fewer} for each worker, or raise max_connections of the server"
    what = f"{workers} worker(s) may open {most} connections each, the server takes {taken} in all"
    return [check.warning(what, todo)]


async def generation(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether the record is as new as Temporal."""
    check = Check("generation")
    client = await context.client()
    await context.database()
    try:
        async with open_installation(context.settings) as installation:
            why = await older_than_temporal(client, installation)
    except Problem as problem:
        raise CheckSkippedError(str(problem).splitlines()[0]) from None
    if why is None:
        return [check.ok("the record is as new as Temporal")]
    return [check.fault(why, f"stop the workers, and {WAY_OUT}")]


async def integrity(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether a SQLite file is undamaged; PostgreSQL looks after its own."""
    check = Check("integrity")
    address = DatabaseUrl.parse(context.settings.database)
    if address.kind != "sqlite" or not address.path.is_file():
        return []
    name = address.path.name
    try:
        found = await asyncio.to_thread(_quick_check, address.path)
    except sqlite3.Error as error:
        # Only a file that was read can be said to be damaged: bringing a backup back loses what came since.
        why = explained(address.path, error) or str(error)
        return [check.fault(f"{name} cannot be looked through: {why}", f"mend that; {name} was not found damaged")]
    if found is None:
        todo = f"when it is quiet: sqlite3 {address.path} 'PRAGMA quick_check'"
        return [check.warning(f"{name} was not looked through within {_TIMEOUT:g} s", todo)]
    if found == "ok":
        return [check.ok(f"{name} is whole")]
    todo = (
        "stop bihuan, move the data folder away and keep it, and restore both stores of the latest backup (bihuan "
        "restore): what came since is only in the damaged file"
    )
    return [check.fault(f"{name} was read, and is damaged: {found}", todo)]


async def space(context: DoctorContext) -> Iterable[CheckResult]:
    """Room on the disks of the data folder, the database, the archive and the reports."""
    settings = context.settings
    wanted = [settings.data, settings.archive_folder, settings.report_folder]
    if (address := DatabaseUrl.parse(settings.database)).kind == "sqlite":
        wanted.append(address.path.parent)
    disks = {path.stat().st_dev: path for path in map(_nearest, wanted)}
    return [_room(path) for path in disks.values()]


async def clocks(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether this machine, the database server and the worker's Temporal go by the same time."""
    check = Check("clock")
    lines: list[CheckResult] = []
    set_clock = "let all machines set their clocks by NTP (chrony, systemd-timesyncd)"
    opened = await context.database()
    if opened.address.kind == "postgresql":
        before = datetime.now(UTC)
        async with opened.read() as connection:
            there = await connection.scalar(text("SELECT clock_timestamp()"))
        lines += _skew(check, "the database server", (there - before).total_seconds(), set_clock)
    sweep = await context.sweep()
    if sweep is not None:
        lines += _skew(check, "Temporal, as the worker saw it,", sweep.run.skew, set_clock)
        lines += _skew(check, "the worker", max(0.0, (sweep.run.ended - datetime.now(UTC)).total_seconds()), set_clock)
    return lines or [check.ok("no difference was seen")]


def _skew(check: Check, whose: str, seconds: float, todo: str) -> Iterable[CheckResult]:
    if abs(seconds) <= _SKEW:
        return []
    how = "ahead" if seconds > 0 else "behind"
    return [check.warning(f"{whose} is {abs(seconds):.0f} s {how}: deadlines are early or late by that", todo)]


def _room(path: Path) -> CheckResult:
    check = Check("disk")
    there = os.statvfs(path)
    free = there.f_bavail * there.f_frsize
    todo = "make room, or move the folder; a full disk stops every case until there is room again"
    if there.f_flag & os.ST_RDONLY:
        mount = "the system makes it so after errors of the disk: see its log, and mount it for writing"
        return check.fault(f"the file system of {path} is read-only: nothing can be written", mount)
    if there.f_files and not there.f_favail:
        return check.fault(f"the disk of {path} has no room for another file (no inode is free)", todo)
    what = f"{free / 1e9:.1f} GB free for {path}"
    if free < _FULL:
        return check.fault(f"the disk is full: {what}" if not free else what, todo)
    return check.warning(what, todo) if free < _TIGHT else check.ok(what)


def _nearest(path: Path) -> Path:
    """The folder itself, or the one it would be made in."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


def _quick_check(path: Path) -> str | None:
    """`ok`, the first damage, or None where that takes too long.

    Raises:
        sqlite3.Error: it cannot be read, which says nothing of what is in it.
    """
    deadline = time.monotonic() + _TIMEOUT
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > deadline, 50_000)
            return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        if is_damage(error):
            return str(error)
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return None
        raise
