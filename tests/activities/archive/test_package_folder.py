"""Archived files that were touched, lost or never were ones are told apart."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from activities.archive.package import read_package
from activities.archive.store import FileState
from activities.database.database import Database
from tests.activities.archive.test_archive import archiving_of, entry_of, run
from tests.activities.knowledge.test_knowledge import closed
from workflows.domain.problem import Problem


async def test_a_file_that_was_touched_is_told_from_one_that_is_gone(database: Database, tmp_path: Path) -> None:
    number = await closed(database, "打不出小票")
    archiving = archiving_of(database, tmp_path)
    await run(archiving)
    stored = (await entry_of(archiving, number)).stored
    assert stored is not None
    path = archiving.store.path(stored.file)
    whole = path.read_bytes()
    path.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
    assert archiving.store.state(stored) is FileState.CHANGED
    path.unlink()
    assert archiving.store.state(stored) is FileState.MISSING
    path.mkdir()
    assert archiving.store.state(stored) is FileState.UNREADABLE
    path.rmdir()
    assert await archiving.archive_case(number) == stored
    assert path.read_bytes() == whole


async def test_what_is_no_archived_case_is_named(database: Database, tmp_path: Path) -> None:
    number = await closed(database, "打不出小票")
    archiving = archiving_of(database, tmp_path)
    await run(archiving)
    path = archiving.store.path(str((await entry_of(archiving, number)).file))
    with zipfile.ZipFile(path) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    forgeries: dict[str, dict[str, bytes | None]] = {
        "case.html in it was changed": {"case.html": b"nothing happened"},
        "is no archived case": {"SHA256SUMS": None},
        "is of format 'other/9'": {
            "case.json": b'{"format": "other/9"}',
            "SHA256SUMS": hashlib.sha256(b'{"format": "other/9"}').hexdigest().encode() + b"  case.json\n",
        },
    }
    for said, changed in forgeries.items():
        with zipfile.ZipFile(tmp_path / "forged.zip", "w") as file:
            for name, content in {**entries, **changed}.items():
                if content is not None:
                    file.writestr(name, content)
        with pytest.raises(Problem, match=said):
            read_package(tmp_path / "forged.zip")
    (tmp_path / "forged.zip").write_bytes(b"not at all")
    with pytest.raises(Problem, match="is no archived case"):
        read_package(tmp_path / "forged.zip")
