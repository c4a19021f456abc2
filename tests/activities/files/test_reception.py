"""Bytes are kept once and whole, with their row, or nothing is; what nobody needs is given up (R41)."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.database.database import Database
from activities.files.folder_store import FolderStore
from activities.files.ledger import FileLedger, FileRow
from activities.files.reception import Reception
from activities.files.refusal import FileRefusal, FileRefusedError, FileStoreError
from tests.activities.files import made
from tests.builders import MONDAY
from workflows.domain.policy.files import MEGABYTE, FileRules
from workflows.domain.vocabulary import ScanState, Via

RULES = FileRules(largest_mb=1)


def reception_of(database: Database, folder: Path) -> Reception:
    return Reception(database, FolderStore(folder / "files"))


async def received(reception: Reception, name: str = "photo.jpg", content: bytes | None = None) -> FileRow:
    chunks = made.in_portions(made.picture() if content is None else content)
    return await reception.receive(name, chunks, RULES, by="customer", via=Via.LINK, at=MONDAY)


def stored(folder: Path) -> list[str]:
    """What is in the folder of files, without folders and the lock."""
    found = (path for path in (folder / "files").rglob("*") if path.is_file() and path.name != ".lock")
    return sorted(str(path.relative_to(folder / "files")) for path in found)


async def test_a_file_is_kept_under_its_checksum_for_its_user_alone(database: Database, tmp_path: Path) -> None:
    reception = reception_of(database, tmp_path)
    row = await received(reception)
    digest = hashlib.sha256(made.picture()).hexdigest()
    assert stored(tmp_path) == [f"{digest[:2]}/{digest}"]
    place = tmp_path / "files" / digest[:2] / digest
    assert place.read_bytes() == made.picture()
    assert place.stat().st_mode & 0o777 == 0o600
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "files", place.parent)} == {0o700}
    kept = await FileLedger(database).one(row.id)
    assert kept == row
    assert (row.name, row.type, row.scan, row.number) == ("photo.jpg", "jpeg", ScanState.UNSCANNED, None)
    with reception.store.open(digest) as file:
        assert file.read() == made.picture()


async def test_the_same_bytes_are_kept_once_under_both_names(database: Database, tmp_path: Path) -> None:
    reception = reception_of(database, tmp_path)
    rows = await asyncio.gather(*(received(reception, name) for name in ("image.jpg", "image.jpg", "other.jpg")))
    assert len({row.id for row in rows}) == 3
    assert len(stored(tmp_path)) == 1
    await received(reception, "image.jpg", made.picture(colour="blue"))
    assert len(stored(tmp_path)) == 2


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("..", made.PDF, FileRefusal.NO_NAME),
        ("a.exe", made.PDF, FileRefusal.ENDING),
        ("a.pdf", b"", FileRefusal.EMPTY),
        ("a.pdf", b"%PDF-" + bytes(MEGABYTE - 4), FileRefusal.TOO_LARGE),
        ("a.pdf", made.PAGE, FileRefusal.OTHER_CONTENT),
    ],
)
async def test_nothing_is_left_of_a_file_that_is_refused(
    database: Database, tmp_path: Path, name: str, content: bytes, reason: FileRefusal
) -> None:
    with pytest.raises(FileRefusedError) as refused:
        await received(reception_of(database, tmp_path), name, content)
    assert refused.value.reason_code is reason
    assert stored(tmp_path) == []
    assert not await FileLedger(database).unscanned(10)


async def test_a_file_of_the_largest_size_is_taken(database: Database, tmp_path: Path) -> None:
    row = await received(reception_of(database, tmp_path), "a.pdf", b"%PDF-" + bytes(MEGABYTE - 5))
    assert row.size == MEGABYTE


async def test_nothing_is_read_of_a_file_without_an_allowed_name(database: Database, tmp_path: Path) -> None:
    async def untouched() -> AsyncIterator[bytes]:
        pytest.fail("was read")
        yield b""

    with pytest.raises(FileRefusedError):
        await reception_of(database, tmp_path).receive(
            "a.exe", untouched(), RULES, by="customer", via=Via.LINK, at=MONDAY
        )


async def test_what_has_no_end_is_read_no_further_than_the_limit(database: Database, tmp_path: Path) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield bytes(MEGABYTE // 4)

    with pytest.raises(FileRefusedError):
        await reception_of(database, tmp_path).receive(
            "a.txt", endless(), RULES, by="customer", via=Via.LINK, at=MONDAY
        )
    assert read == 5
    assert stored(tmp_path) == []


async def test_nothing_is_left_of_an_upload_that_was_cut(database: Database, tmp_path: Path) -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield made.PDF
        raise ConnectionResetError

    with pytest.raises(FileStoreError):
        await reception_of(database, tmp_path).receive("a.pdf", cut(), RULES, by="customer", via=Via.LINK, at=MONDAY)
    assert stored(tmp_path) == []


async def test_nothing_is_left_where_the_bytes_cannot_be_put(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(FileStoreError, match="No space left on device"):
        await received(reception_of(database, tmp_path))
    assert stored(tmp_path) == []
    assert not await FileLedger(database).unscanned(10)


async def test_no_link_in_the_folder_is_followed(database: Database, tmp_path: Path) -> None:
    digest = hashlib.sha256(made.picture()).hexdigest()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / digest[:2]).symlink_to(elsewhere)
    with pytest.raises(FileStoreError):
        await received(reception_of(database, tmp_path))
    assert list(elsewhere.iterdir()) == []
    with pytest.raises(OSError, match="link"):
        FolderStore(tmp_path / "files").open(digest)


async def test_bytes_are_given_up_only_once_no_row_has_them(database: Database, tmp_path: Path) -> None:
    reception, ledger = reception_of(database, tmp_path), FileLedger(database)
    one, other = await received(reception), await received(reception)
    await reception.discard(await ledger.drop_staged([one.id]))
    assert len(stored(tmp_path)) == 1
    await reception.discard(await ledger.drop_staged([other.id]))
    assert stored(tmp_path) == []


async def test_a_file_that_no_case_took_is_dropped_after_its_day(database: Database, tmp_path: Path) -> None:
    reception, ledger = reception_of(database, tmp_path), FileLedger(database)
    await received(reception)
    assert not await ledger.drop_expired(datetime.now(UTC) + timedelta(hours=23))
    await reception.discard(await ledger.drop_expired(datetime.now(UTC) + timedelta(hours=25)))
    assert stored(tmp_path) == []


def test_what_is_no_checksum_is_no_path(tmp_path: Path) -> None:
    for name in ("../../etc/passwd", "", "A" * 64, "0" * 63 + "/"):
        with pytest.raises(FileNotFoundError):
            FolderStore(tmp_path).open(name)
