"""Files of cases go into a backup and come back whole, or the backup says what is wrong with them (R41)."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from worker.embedded.backup import make_backup, read_backup
from worker.embedded.case_files import FILES
from worker.embedded.restore import finish_restore, restore_backup
from workflows.domain.problem import Problem

STORE = "bihuan.db"
CONTENTS = (b"one", b"two", b"three")


def put(folder: Path, content: bytes) -> Path:
    name = hashlib.sha256(content).hexdigest()
    place = folder / FILES / name[:2] / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place


def contents(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in (folder / FILES).glob("??/*")}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a record and three files, and with what is on its way in."""
    data = tmp_path / "data"
    data.mkdir()
    with closing(sqlite3.connect(data / STORE)) as record:
        record.execute("CREATE TABLE file (id TEXT)")
    for content in CONTENTS:
        put(data, content)
    (data / FILES / "incoming").mkdir()
    (data / FILES / "incoming" / "a.part").write_bytes(b"half")
    (data / FILES / ".lock").touch()
    return data


def backed_up(data: Path) -> Path:
    target = data.parent / "copy"
    made = make_backup(data, target, (STORE,), datetime.now(UTC), lambda *_: None, files=data / FILES)
    assert made.files is not None
    assert made.files.count == len(contents(data))
    return target


def test_files_come_back_as_they_were_for_their_user_alone(data: Path) -> None:
    copy = backed_up(data)
    assert {path.name for path in (copy / FILES).iterdir()} == {
        path.parent.name for path in (data / FILES).glob("??/*")
    }
    assert {path.stat().st_mode & 0o777 for path in copy.rglob("*")} == {0o600, 0o700}
    found = data.parent / "found"
    found.mkdir()
    restore_backup(copy, found)
    assert contents(found) == set(CONTENTS)
    assert sorted(path.name for path in found.iterdir()) == [STORE, FILES, "up.lock"]


def test_a_restore_that_was_cut_short_is_carried_to_its_end(data: Path) -> None:
    found = data.parent / "found"
    found.mkdir()
    whole = backed_up(data)
    whole.rename(found / "restore.whole")
    moved = next((found / "restore.whole" / FILES).glob("??/*"))
    (found / FILES / moved.parent.name).mkdir(parents=True)
    moved.rename(found / FILES / moved.parent.name / moved.name)
    assert finish_restore(found) is not None
    assert contents(found) == set(CONTENTS)


def test_files_that_are_not_what_was_backed_up_are_named_and_nothing_is_restored(data: Path) -> None:
    copy, found = backed_up(data), data.parent / "found"
    found.mkdir()
    victim = next((copy / FILES).glob("??/*"))
    content = victim.read_bytes()
    victim.write_bytes(b"changed")
    with pytest.raises(Problem, match="its bytes are damaged"):
        restore_backup(copy, found)
    victim.unlink()
    with pytest.raises(Problem, match="files in it are missing, or were added"):
        read_backup(copy)
    victim.write_bytes(content)
    victim.with_name("ab" + "0" * 62).write_bytes(b"added")
    with pytest.raises(Problem, match="files in it are missing, or were added"):
        restore_backup(copy, found)
    assert contents(found) == set()
    assert not (found / STORE).exists()


def test_a_damaged_file_keeps_a_backup_from_being_made(data: Path) -> None:
    next((data / FILES).glob("??/*")).write_bytes(b"changed")
    with pytest.raises(Problem, match="its bytes are damaged; nothing was kept"):
        backed_up(data)
    assert [path.name for path in data.parent.iterdir()] == ["data"]


def test_no_file_of_another_installation_is_mixed_with_those_of_a_backup(data: Path) -> None:
    copy, found = backed_up(data), data.parent / "found"
    found.mkdir()
    put(found, b"of somebody else")
    with pytest.raises(Problem, match="has files; name another with --data"):
        restore_backup(copy, found)
    assert contents(found) == {b"of somebody else"}


def test_a_backup_of_an_earlier_release_has_none(data: Path) -> None:
    target, found = data.parent / "copy", data.parent / "found"
    found.mkdir()
    assert make_backup(data, target, (STORE,), datetime.now(UTC), lambda *_: None).files is None
    restore_backup(target, found)
    assert not (found / FILES).exists()
