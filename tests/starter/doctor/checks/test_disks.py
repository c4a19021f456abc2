"""What stands in the way of the record is said as what it is; a backup is named only for a file that is damaged."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest

from activities.database.sqlite_file import explained
from starter.doctor.checks.machine import folders
from starter.doctor.checks.record import database, integrity, space
from starter.doctor.context import DoctorContext
from tests.faults.disk import filled, small_disk
from tests.starter.doctor.test_doctor import lines, prepared, wrong
from worker.installation.settings import Settings


@asynccontextmanager
async def _record(folder: Path) -> AsyncIterator[tuple[Settings, bool]]:
    """A record that nobody has open, on a disk of its own where one may be mounted."""
    folder.mkdir()  # noqa: ASYNC240
    async with small_disk(folder) as mounted:
        async with prepared(folder) as installation:
            settings = installation.settings
        yield settings, mounted


@contextmanager
def _unwritable(folder: Path, *, mounted: bool) -> Iterator[str]:
    """Nothing may be written there; answers what has to be said of it."""
    if mounted:
        _remount(folder, "ro")
        try:
            yield "is read-only"
        finally:
            _remount(folder, "rw")
        return
    for path in (folder / "data" / "bihuan.db", folder / "data"):
        path.chmod(0o500)
    try:
        yield "no permission to write in"
    finally:
        (folder / "data").chmod(0o700)


def _remount(folder: Path, how: str) -> None:
    mount = shutil.which("mount")
    assert mount is not None
    subprocess.run([mount, "-o", f"remount,{how}", str(folder)], check=True)


async def _said(settings: Settings) -> list[tuple[str, str, str]]:
    context = DoctorContext(settings)
    await context.close()
    return [one for check in (database, integrity, space, folders) for one in wrong(await lines(check, settings))]


async def test_a_disk_that_cannot_be_written_is_said_so_and_nobody_is_sent_for_the_backup(tmp_path: Path) -> None:
    async with _record(tmp_path / "disk") as (settings, mounted):
        with _unwritable(tmp_path / "disk", mounted=mounted) as reason:
            found = await _said(settings)
    assert any(reason in what for _, what, _ in found), found
    assert not any("damaged:" in what or "backup" in todo for _, what, todo in found), found
    assert not any("password" in todo for *_, todo in found), found


async def test_a_full_disk_is_said_so_and_nobody_is_sent_for_the_backup(tmp_path: Path) -> None:
    async with _record(tmp_path / "disk") as (settings, mounted):
        with filled(tmp_path / "disk") if mounted else closing(open(tmp_path / "none", "wb")):  # noqa: ASYNC230, PTH123
            found = await _said(settings)
    assert not any("damaged:" in what or "backup" in todo for _, what, todo in found), found
    if mounted:
        assert any("is full" in what for _, what, _ in found), found


async def test_a_file_that_was_read_and_is_damaged_is_said_so_with_both_stores_to_bring_back(tmp_path: Path) -> None:
    async with _record(tmp_path / "disk") as (settings, _):
        (settings.data / "bihuan.db").write_bytes(b"nonsense" * 1_000)
        [(status, what, todo)] = wrong(await lines(integrity, settings))
    assert (status, what) == ("fault", "bihuan.db was read, and is damaged: file is not a database")
    assert "move the data folder away and keep it, and restore both stores" in todo


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (sqlite3.SQLITE_FULL, "is full"),
        (sqlite3.SQLITE_IOERR_READ, "the disk or file system of {} fails"),
        (sqlite3.SQLITE_CANTOPEN, "there is no file {}/bihuan.db"),
        (sqlite3.SQLITE_CORRUPT, None),
    ],
)
def test_each_error_of_sqlite_is_put_down_to_its_cause(tmp_path: Path, code: int, said: str | None) -> None:
    error = sqlite3.OperationalError("unable")
    error.sqlite_errorcode = code
    found = explained(tmp_path / "bihuan.db", error)
    assert found is None if said is None else said.format(tmp_path) in str(found)
