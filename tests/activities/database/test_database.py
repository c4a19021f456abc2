"""Opening, upgrading and talking to the database, and what people read when it does not work."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from activities.database.database import ACTIVITY_LOCK_TIMEOUT, Database
from activities.database.installation import InstallationValues
from activities.database.migrations.head import HEAD
from activities.database.migrations.upgrade import configuration, upgrade
from activities.database.reader import open_reader, read_remembered
from activities.database.tables import day_serial, installation, metadata, organisation, timeline
from activities.database.url import DatabaseBusyError, DatabaseUrl, is_locked
from activities.organisation.directory import Directory
from activities.queries.case_record import read_case_record
from tests.activities.samples import DAY, register_case
from tests.activities.samples import organisation as company
from tests.builders import MONDAY
from workflows.domain.problem import Problem


async def test_an_upgraded_database_has_exactly_the_tables_the_program_works_with(database: Database) -> None:
    def ours(name: str | None, *_: object) -> bool:
        return not (name or "").startswith("article_index")  # FTS5's own tables, made by the migration

    def compare(connection: Connection) -> object:
        options = {"compare_type": True, "include_name": ours}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    async with database.read() as connection:
        assert await connection.run_sync(compare) == []


async def test_a_start_without_upgrade_does_not_load_alembic(database_url: str, database: Database) -> None:
    script = (
        "import asyncio, sys\n"
        "from activities.database.database import Database\n"
        "async def main():\n"
        f"    database = Database.open({database_url!r})\n"
        "    await database.migrate()\n"
        "    await database.close()\n"
        "asyncio.run(main())\n"
        "sys.exit('alembic' in sys.modules)\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
    assert await process.wait() == 0
    assert ScriptDirectory.from_config(configuration()).get_current_head() == HEAD == await database.revision()


async def test_an_upgrade_that_fails_leaves_nothing_behind(database_url: str) -> None:
    database = Database.open(database_url)

    def fail_at_the_end(connection: Connection) -> None:
        upgrade(connection)
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        async with database.begin() as connection:
            await connection.run_sync(fail_at_the_end)
    assert await database.revision() is None
    await database.migrate()
    assert await database.revision() == HEAD
    await database.close()


async def test_an_older_release_does_not_touch_a_newer_database(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Problem, match="newer release"):
        await database.migrate()
    with pytest.raises(Problem, match="schema 9999"):
        await database.ready()


async def test_a_command_before_the_first_start_says_what_to_start(database_url: str) -> None:
    database = Database.open(database_url)
    with pytest.raises(Problem, match=r"(no tables yet|no installation in .*): start `bihuan up`"):
        await database.ready()
    await database.migrate()
    await database.ready()
    await database.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("bihuan.db", "not understood: use sqlite:///FILE or postgresql://"),
        ("mysql://root:secret@host/db", "begins with mysql://, which is not supported"),
        ("sqlite://bihuan.db", "needs three slashes"),
        ("sqlite:///", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("postgresql://user:secret@host", "names no database"),
        ("postgresql://user:secret@host:port/db", "not understood"),
        ("postgresql://user:secret#1@host/db", "in user and password write # as %23"),
        ("postgresql://user:12/secret@host/db", "in user and password write # as %23, / as %2F"),
    ],
)
def test_a_wrong_address_gets_one_line_without_its_password(url: str, said: str) -> None:
    with pytest.raises(Problem) as caught:
        Database.open(url)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_address_is_shown_without_its_password() -> None:
    address = DatabaseUrl.parse("postgres://user:secret@db.example.com/bihuan")
    assert address.name == "db.example.com:5432/bihuan"
    assert "secret" not in repr(address)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"there is no folder .*nowhere"):
        Database.open(f"sqlite:///{tmp_path}/nowhere/bihuan.db")
    with pytest.raises(Problem, match="it is a folder"):
        Database.open(f"sqlite:///{tmp_path}")


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to be taken for one" * 50)
    database = Database.open(f"sqlite:///{tmp_path}/notes.txt")
    with pytest.raises(Problem, match=r"notes.txt cannot be used: file is not a database"):
        await database.migrate()
    await database.close()


async def test_a_server_that_is_down_is_named(unused_tcp_port: int) -> None:
    database = Database.open(f"postgresql://bihuan:secret@127.0.0.1:{unused_tcp_port}/bihuan")
    with pytest.raises(Problem) as caught:
        await database.migrate()
    assert f"127.0.0.1:{unused_tcp_port}/bihuan cannot be used" in str(caught.value)
    assert "secret" not in str(caught.value)
    await database.close()


async def test_a_time_comes_back_as_the_same_moment(database: Database) -> None:
    number = await register_case(database)
    shanghai = datetime(2024, 5, 6, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    row = {"number": number, "sequence": 1, "kind": "noted", "by": "system", "detail": {}, "recorded_at": shanghai}
    async with database.begin() as connection:
        await connection.execute(insert(timeline).values(at=shanghai, **row))
        found = await connection.scalar(select(timeline.c.at).where(timeline.c.at == shanghai))
    assert found == shanghai
    assert found.tzinfo is UTC
    with pytest.raises(StatementError, match="a time without a zone"):
        async with database.begin() as connection:
            await connection.execute(insert(timeline).values(at=MONDAY.replace(tzinfo=None), **row | {"sequence": 2}))


async def test_a_nul_character_in_a_text_stops_nothing(database: Database) -> None:
    memory = InstallationValues(database)
    await memory.put("a\x00b", {"text": ["x\x00y"], "文": True})
    async with database.read() as connection:
        row = (await connection.execute(select(installation))).one()
    assert tuple(row) == ("a\ufffdb", {"text": ["x\ufffdy"], "文": True})


async def test_a_transaction_that_fails_writes_nothing(database: Database) -> None:
    async def fail_halfway() -> None:
        async with database.begin() as connection:
            await connection.execute(insert(day_serial).values(day=DAY, serial=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_halfway()
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(day_serial)) == 0


async def test_a_case_cannot_be_recorded_under_a_number_nobody_got(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.begin() as connection:
            await connection.execute(
                insert(timeline).values(
                    number="FB1", sequence=1, at=MONDAY, kind="noted", by="system", detail={}, recorded_at=MONDAY
                )
            )


async def test_many_writers_at_once_all_get_their_turn(database: Database) -> None:
    async def count_up() -> None:
        async with database.begin() as connection:
            serial = await connection.scalar(select(day_serial.c.serial).with_for_update())
            assert serial is not None
            await connection.execute(day_serial.update().values(serial=serial + 1))

    async with database.begin() as connection:
        await connection.execute(insert(day_serial).values(day=DAY, serial=0))
    await asyncio.gather(*(count_up() for _ in range(40)))
    async with database.read() as connection:
        assert await connection.scalar(select(day_serial.c.serial)) == 40


async def test_a_power_cut_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/bihuan.db")
    async with database.read() as connection:
        pragmas = [
            await connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert pragmas == ["wal", 2, 1, 20_000]
    await database.close()


async def test_who_is_not_tried_again_waits_longer_for_a_locked_file_than_an_activity(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/bihuan.db")
    for opened, waits in (
        (database, 20_000),
        (database.with_lock_timeout(ACTIVITY_LOCK_TIMEOUT), 4_000),
        (database, 20_000),
    ):
        async with opened.read() as connection:
            assert await connection.scalar(text("PRAGMA busy_timeout")) == waits
        async with opened.begin() as connection:
            assert await connection.scalar(text("PRAGMA busy_timeout")) == waits
    await database.close()


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
async def test_a_file_that_another_program_holds_is_said_in_a_line_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    path = tmp_path / "bihuan.db"
    monkeypatch.setattr("activities.database.database.LOCK_TIMEOUT", timedelta(milliseconds=100))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        # Nothing was made here yet, so that not even the journal's mode is settled.
        other.execute(f"BEGIN {lock}")
        database = Database.open(f"sqlite:///{path}")
        with pytest.raises(Problem) as refused:
            await database.migrate()
        other.execute("ROLLBACK")
        await database.migrate()
        other.execute(f"BEGIN {lock}")
        with pytest.raises(Problem) as again:
            await Directory(database).load(company())
    for problem in (refused, again):
        assert str(problem.value) == (
            f"the database {path} is locked by another process for 0.1 s: "
            "end the program that holds it (a copy tool, a viewer), then try again"
        )
    await database.close()


async def test_an_activity_that_waits_behind_another_writer_of_its_process_ends_before_its_own_time_out(
    tmp_path: Path,
) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/bihuan.db")
    impatient = database.with_lock_timeout(timedelta(milliseconds=50))
    async with database.begin():
        # As many as there are: each of them would wait as long as this block, one after the other.
        refused = await asyncio.gather(*(_written(impatient) for _ in range(3)), return_exceptions=True)
    assert [is_locked(getattr(one, "orig", None)) for one in refused] == [True] * 3, refused
    await _written(impatient)
    await database.close()


async def test_a_command_that_waits_behind_another_writer_of_its_process_says_who_may_hold_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.database.database.LOCK_TIMEOUT", timedelta(milliseconds=50))
    database = Database.open(f"sqlite:///{tmp_path}/bihuan.db")
    async with database.begin():
        with pytest.raises(DatabaseBusyError, match=r"bihuan.db is locked by another process for 0\.05 s: "):
            await _written(database)
    await database.close()


async def _written(database: Database) -> None:
    async with database.begin():
        pass


async def test_what_only_shows_something_says_so_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = DatabaseUrl.parse(f"sqlite:///{tmp_path}/bihuan.db")
    monkeypatch.setattr("activities.database.reader.READING", timedelta(milliseconds=100))
    with closing(sqlite3.connect(address.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for reading in (read_remembered(address), read_case_record(address, "FB202405010001"), _read(address)):
            with pytest.raises(Problem, match=r"^the database .*bihuan.db is locked by another process for 0\.1 s: "):
                await reading


async def _read(address: DatabaseUrl) -> None:
    async with open_reader(address) as reader:
        await reader.rows("SELECT * FROM case_record")


async def test_a_reader_is_not_held_up_by_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "bihuan.db"
    database = Database.open(f"sqlite:///{path}")
    await database.migrate()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO day_serial VALUES ('2024-05-06', 7)")
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(day_serial)) == 0
    other.close()
    await database.close()


async def test_what_is_agreed_first_stands(database: Database) -> None:
    memory = InstallationValues(database)
    assert await memory.get("virtual_time") is None
    assert await memory.keep("virtual_time", {"speed": 60}) == {"speed": 60}
    assert await memory.keep("virtual_time", {"speed": 1}) == {"speed": 60}
    await memory.put("virtual_time", None)
    assert await memory.get("virtual_time") is None


async def test_a_new_organisation_is_in_force_everywhere_and_the_old_one_kept(database: Database) -> None:
    here, there = Directory(database), Directory(database)
    assert await there.current() is None
    await here.load(company(name="智办公"))
    assert await there.current() == company(name="智办公")
    await here.load(company(name="智办公"))
    await here.load(company(name="新名"))
    assert await there.current() == await here.current() == company(name="新名")
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(organisation)) == 2
