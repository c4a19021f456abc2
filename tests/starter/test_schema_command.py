"""`bihuan db upgrade`, as an operator types it before a release."""

from __future__ import annotations

import json
from pathlib import Path

from activities.database import Database
from activities.migrations import HEAD
from activities.migrations.upgrade import upgrade
from tests.starter.command_line import bihuan


async def test_an_operator_upgrades_the_database_before_the_release_starts(tmp_path: Path) -> None:
    (tmp_path / "bihuan-data").mkdir()
    database = Database.open(f"sqlite:///{tmp_path}/bihuan-data/bihuan.db")
    async with database.begin() as connection:
        await connection.run_sync(lambda inside: upgrade(inside, "0001"))
    await database.close()
    for before in ("0001", HEAD):
        done = bihuan("db", "upgrade", "--json", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert (answer["before"], answer["now"]) == (before, HEAD)


def test_a_database_of_a_newer_release_is_left_alone_in_one_line(tmp_path: Path) -> None:
    assert bihuan("db", "upgrade", folder=tmp_path, environment={"BIHUAN_DATA": "."}).returncode == 0
    import sqlite3

    with sqlite3.connect(tmp_path / "bihuan.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    refused = bihuan("db", "upgrade", folder=tmp_path, environment={"BIHUAN_DATA": "."})
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "newer release" in refused.stderr


def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    refused = bihuan("db", "upgrade", folder=tmp_path, environment={"BIHUAN_DATABASE_URL": url})
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
