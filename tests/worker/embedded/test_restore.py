"""Backup and restore are whole or not there, wherever a process is killed; half a data folder is not used."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from worker.embedded.backup import MANIFEST, STORES, make_backup, read_backup
from worker.embedded.case_files import FILES
from worker.embedded.lock import DataLock
from worker.embedded.restore import check_stores, finish_restore, refuse_half_restored, restore_backup
from worker.installation.settings import Settings
from workflows.domain.problem import Problem

_MOMENT = datetime(2026, 5, 11, tzinfo=UTC)
_ATTACHED = hashlib.sha256(b"attached").hexdigest()
_CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "open", "sqlite3.connect"}
"""What Python says before it does it: all that backup and restore do to files."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in STORES:
        with closing(sqlite3.connect(folder / name)) as store, store:
            store.execute("CREATE TABLE registration (started_at TEXT)")
            store.execute("INSERT INTO registration VALUES ('2026-05-11')")
    place = folder / FILES / _ATTACHED[:2] / _ATTACHED
    place.parent.mkdir(parents=True)
    place.write_bytes(b"attached")
    return folder


def _backup(data: Path, target: Path) -> None:
    make_backup(data, target, STORES, _MOMENT, lambda *_: None, files=data / FILES)


def _killed_at_every_step(act: Callable[[], object], within: Path) -> Iterator[int]:
    """Carry it out in a process that is killed before its first, second, ... step, until one comes to the end."""
    for step in range(1, 200):
        if _dies_at(act, step, within):
            yield step
        else:
            assert step > 5
            return
    raise AssertionError


def _dies_at(act: Callable[[], object], step: int, within: Path) -> bool:
    pid = os.fork()
    if pid == 0:
        steps = 0

        def kill(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal steps
            if event in _CHANGES and str(arguments[0]).startswith((str(within), f"b'{within}")):
                steps += 1
                if steps == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(kill)
        try:
            act()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def test_a_backup_that_was_killed_at_any_step_is_whole_or_not_there_and_leaves_nothing_to_the_next(
    data: Path, tmp_path: Path
) -> None:
    target = tmp_path / "backups" / "tonight"
    for _ in _killed_at_every_step(lambda: _backup(data, target), tmp_path):
        for file in tmp_path.rglob("backups/**/*"):
            assert file.stat().st_mode & 0o077 == 0, file
        if target.exists():
            assert set(read_backup(target).stores) == set(STORES)
            shutil.rmtree(target)
        else:
            _backup(data, tmp_path / "backups" / "next")
            assert [path.name for path in target.parent.iterdir()] == ["next"]
            shutil.rmtree(tmp_path / "backups" / "next")
    assert set(read_backup(target).stores) == set(STORES)
    assert {file.stat().st_mode & 0o777 for file in target.iterdir() if file.is_file()} == {0o600}
    assert (target / FILES / _ATTACHED[:2] / _ATTACHED).read_bytes() == b"attached"


async def test_a_restore_that_was_killed_at_any_step_is_whole_or_not_there_and_the_next_one_ends_it(
    data: Path, tmp_path: Path
) -> None:
    backup, target = tmp_path / "backup", tmp_path / "new"
    _backup(data, backup)
    wanted = {name: (backup / name).read_bytes() for name in STORES}
    steps = 0
    for step in _killed_at_every_step(lambda: restore_backup(backup, target), target):
        steps = step
        if target.exists():
            for file in target.rglob("*"):
                assert file.name == "up.lock" or file.stat().st_mode & 0o077 == 0, file
            shutil.copytree(target, tmp_path / f"up{step}")
            await _is_old_or_new(tmp_path / f"up{step}", wanted)
        if _stores(target) != wanted:
            restore_backup(backup, target)
        with DataLock(target):
            finish_restore(target)
        assert _stores(target) == wanted
        assert {path.name for path in target.iterdir()} == {*STORES, FILES, "up.lock"}
        assert (target / FILES / _ATTACHED[:2] / _ATTACHED).read_bytes() == b"attached"
        for name in STORES:
            (target / name).unlink()
        shutil.rmtree(target / FILES)
    assert steps > 5
    assert _stores(target) == wanted


async def _is_old_or_new(target: Path, wanted: dict[str, bytes]) -> None:
    """As `bihuan up` finds it: both stores, or a folder without any, which is refused where a restore was begun."""
    begun = (target / "restore.partial").exists()
    with DataLock(target):
        if begun:
            with pytest.raises(Problem, match="run the same `bihuan restore` again"):
                await check_stores(Settings(data=target), accept_loss=False)
        else:
            await check_stores(Settings(data=target), accept_loss=False)
    assert _stores(target) in (({},) if begun else ({}, wanted))


def _stores(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in STORES if (folder / name).exists()}


async def test_a_folder_with_one_of_the_two_stores_is_refused_with_the_way_out(data: Path) -> None:
    settings = Settings(data=data)
    await check_stores(settings, accept_loss=False)
    for gone, kept in (STORES, tuple(reversed(STORES))):
        (data / gone).rename(data / "away")
        with pytest.raises(Problem, match=rf"has {kept}, and no {gone}: .*bihuan restore.*--accept-loss"):
            await check_stores(settings, accept_loss=False)
        await check_stores(settings, accept_loss=True)
        (data / "away").rename(data / gone)
    (data / "temporal.db").unlink()
    with pytest.raises(Problem, match=r"has a record with cases, and no temporal\.db"):
        await check_stores(Settings(data=data, database_url=f"sqlite:///{data}/bihuan.db"), accept_loss=False)
    with closing(sqlite3.connect(data / "bihuan.db")) as store, store:
        store.execute("DELETE FROM registration")
    await check_stores(settings, accept_loss=False)


def test_a_store_is_not_put_beside_what_an_older_one_left_there(data: Path, tmp_path: Path) -> None:
    _backup(data, tmp_path / "backup")
    new = tmp_path / "new"
    new.mkdir()
    (new / "bihuan.db-wal").touch()
    with pytest.raises(Problem, match=r"has a bihuan\.db-wal; name another with --data, or move that file away"):
        restore_backup(tmp_path / "backup", new)
    assert {path.name for path in new.iterdir()} == {"bihuan.db-wal", "up.lock"}
    refuse_half_restored(new)
    assert finish_restore(new) is None


@pytest.mark.parametrize("name", STORES)
def test_no_file_from_elsewhere_gets_into_a_backup_by_a_link(data: Path, tmp_path: Path, name: str) -> None:
    (data / name).rename(tmp_path / "elsewhere.db")
    (data / name).symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(Problem, match="is a link"):
        _backup(data, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize("name", [*STORES, MANIFEST])
def test_no_file_from_elsewhere_is_restored_by_a_link(data: Path, tmp_path: Path, name: str) -> None:
    backup = tmp_path / "backup"
    _backup(data, backup)
    (backup / name).rename(tmp_path / "elsewhere")
    (backup / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Problem, match="is a link"):
        restore_backup(backup, tmp_path / "new")
    assert not (tmp_path / "new" / STORES[0]).exists()


def test_a_backup_folder_and_a_data_folder_may_be_named_by_a_link(data: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(data)
    _backup(tmp_path / "current", tmp_path / "backup")
    (tmp_path / "latest").symlink_to(tmp_path / "backup")
    restore_backup(tmp_path / "latest", tmp_path / "new")
    assert all((tmp_path / "new" / name).is_file() for name in STORES)


def test_a_link_in_place_of_the_copied_stores_brings_nothing_in(data: Path, tmp_path: Path) -> None:
    _backup(data, tmp_path / "backup")
    new = tmp_path / "new"
    new.mkdir()
    (new / "restore.whole").symlink_to(tmp_path / "backup")
    with pytest.raises(Problem, match="is a link"):
        finish_restore(new)
    assert (tmp_path / "backup" / STORES[0]).is_file()


@pytest.mark.parametrize(
    "manifest",
    [
        b"[]", b"\xff", b"{" * 100_000, b'{"made_at": 1, "stores": {}}', b'{"made_at": "2026-05-11", "stores": 5}',
        b'{"made_at": "2026-05-11", "made_at": "2026-05-11", "stores": {}}', b" " * 20_000,
        b'{"made_at": "2026-05-11", "stores": {"../bihuan.db": "0"}}',
    ],
)  # fmt: skip
def test_a_manifest_of_any_content_is_refused_in_one_line(tmp_path: Path, manifest: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(manifest)
    with pytest.raises(Problem, match="is no backup that `bihuan backup` made") as problem:
        read_backup(tmp_path)
    assert "\n" not in str(problem.value)
