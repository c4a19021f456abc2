"""`bihuan backup` and `bihuan restore`, as an operator uses them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tests.starter.command_line import bihuan, intake_form
from tests.starter.installation import Installation
from worker.embedded.backup import STORES, make_backup

_MANY = """
    WITH RECURSIVE row(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM row LIMIT 2500)
    INSERT INTO step SELECT 0, zeroblob(4000) FROM row
"""


async def test_cases_go_on_from_a_backup_that_was_made_while_they_were_worked_on(tmp_path: Path) -> None:
    lost = Installation(tmp_path / "lost")
    found = Installation(tmp_path / "found")
    for installation in (lost, found):
        installation.folder.mkdir()
    await lost.up()
    try:
        opened = await lost.run("open", "-", "--json", given=json.dumps(intake_form(priority="P1")))
        number = opened.value["number"]
        owner = (await lost.until_case(number, lambda case: bool(case["owner"])))["owner"]
        await lost.send("claim", number, owner)
        made = await lost.run("backup", str(tmp_path / "copy"), "--json")
        assert set(made.value["stores"]) == set(STORES)
        await lost.send("reply", number, owner, "--text", "备份之后的答复")
    finally:
        await lost.down()
    shutil.rmtree(lost.data)
    restored = await found.run("restore", str(tmp_path / "copy"))
    assert restored.code == 0, restored
    await found.up()
    try:
        assert (await found.case(number))["responded_at"] is None
        await found.send("reply", number, owner, "--text", "再答复一次")
        case = await found.until_case(number, lambda case: bool(case["responded_at"]))
    finally:
        await found.down()
    kinds = [entry["kind"] for entry in case["timeline"]]
    assert [entry["sequence"] for entry in case["timeline"]] == list(range(1, len(kinds) + 1))
    assert kinds[-2:] == ["claimed", "replied"]


def test_both_stores_are_of_the_same_moment_however_much_is_written_during_the_copy(tmp_path: Path) -> None:
    writers = [sqlite3.connect(tmp_path / name, isolation_level=None) for name in STORES]
    for writer in writers:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE step (number INTEGER, text BLOB)")
        # More pages than are copied at a time.
        writer.execute(_MANY)
    progressed = []

    def write_on(name: str, copied: int, pages: int) -> None:
        progressed.append((name, copied, pages))
        for writer in writers:
            writer.execute("INSERT INTO step VALUES (1, '')")

    make_backup(tmp_path, tmp_path / "copy", STORES, datetime.now(UTC), write_on)
    for name in STORES:
        with closing(sqlite3.connect(tmp_path / "copy" / name)) as copy:
            assert copy.execute("SELECT count(*), max(number) FROM step").fetchone() == (2_500, 0)
    assert {name: [one for one, *_ in progressed].count(name) for name in STORES} == dict.fromkeys(STORES, 2)
    for writer in writers:
        writer.close()


def test_a_backup_that_cannot_be_made_or_trusted_is_refused_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    def said(*arguments: str) -> str:
        answer = bihuan(*arguments, folder=tmp_path)
        assert (answer.returncode, answer.stdout) == (1, ""), answer
        assert len(answer.stderr.splitlines()) == 1
        return answer.stderr

    assert "bihuan.db: there is no such file; nothing was copied" in said("backup", "copy")
    (tmp_path / "bihuan-data").mkdir()
    assert bihuan("db", "upgrade", folder=tmp_path).returncode == 0
    made = bihuan("backup", "copy", folder=tmp_path)
    assert (made.returncode, made.stdout) == (0, "copy: bihuan.db\n")
    assert "the Temporal cluster has to be backed up" in made.stderr
    assert "copy: is there already" in said("backup", "copy")
    assert "has a bihuan.db" in said("restore", "copy")
    assert "is no backup" in said("restore", "bihuan-data", "--data", "new")
    with (tmp_path / "copy" / "bihuan.db").open("ab") as file:
        file.write(b"!")
    assert "its checksum differs" in said("restore", "copy", "--data", "new")
    (tmp_path / "copy" / "bihuan.db").unlink()
    assert "bihuan.db is missing" in said("restore", "copy", "--data", "new")
    (tmp_path / "bihuan-data" / "bihuan.db").write_bytes(b"nonsense" * 1_000)
    assert "bihuan.db: cannot be read: file is not a database; nothing was kept" in said("backup", "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bihuan-data", "copy"]
