"""A database that can be read and not be written is named before a case stands still on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import func, select

from activities.database.database import Database
from activities.database.rights import DELETED_FROM
from activities.database.tables import installation
from activities.database.url import DatabaseUrl
from workflows.domain.problem import Problem


async def test_a_try_leaves_nothing_behind(database: Database) -> None:
    await database.try_write()
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(installation)) == 0


async def test_a_database_without_tables_is_named(database_url: str) -> None:
    database = Database.open(database_url)
    with pytest.raises(Problem, match="has no tables"):
        await database.try_write()
    await database.close()


@pytest.fixture
async def clerk(tables_url: str) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """URL for a user who has every right that is needed, and a connection of the owner, who may take them away."""
    owner, name = await asyncpg.connect(tables_url), f"clerk_{uuid4().hex}"
    await owner.execute(f"CREATE ROLE {name} LOGIN")
    await owner.execute(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {name}")
    await owner.execute(f"GRANT DELETE ON {', '.join(DELETED_FROM)} TO {name}")
    await owner.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")
    yield tables_url.replace("postgres@", f"{name}@"), owner
    await owner.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
    await owner.close()


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        ("REVOKE INSERT ON outbox, timeline FROM {user}", "no right to timeline, outbox; needed are"),
        ("REVOKE UPDATE ON case_record FROM {user}", "no right to case_record; needed are"),
        ("REVOKE DELETE ON link FROM {user}", "no right to link; needed are"),
        ("REVOKE USAGE ON SEQUENCE article_id_seq FROM {user}", "no right to article_id_seq; needed are"),
        (
            "ALTER ROLE {user} SET default_transaction_read_only = on",
            "cannot execute INSERT in a read-only transaction",
        ),
    ],
)
async def test_a_user_who_may_only_read_some_of_it_is_told_which_right_is_lacking(
    clerk: tuple[str, asyncpg.Connection], taken: str, said: str
) -> None:
    url, owner = clerk
    database = Database.open(url)
    await database.try_write()
    await database.close()
    await owner.execute(taken.format(user=url.partition("://")[2].partition("@")[0]))
    database = Database.open(url)
    with pytest.raises(Problem) as refused:
        await database.try_write()
    assert str(refused.value).startswith(f"the database {database.address.name} cannot be written: {said}")
    await database.close()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
async def test_a_database_that_cannot_keep_chinese_gets_no_tables_and_is_named(
    postgresql_server: str, encoding: str
) -> None:
    name = f"bihuan_{uuid4().hex}"
    owner = await asyncpg.connect(f"{postgresql_server}/postgres")
    await owner.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0")
    await owner.close()
    database = Database.open(f"{postgresql_server}/{name}")
    for using in (database.migrate, database.try_write):
        with pytest.raises(Problem) as refused:
            await using()
        assert str(refused.value) == (
            f"the database {DatabaseUrl.parse(f'{postgresql_server}/{name}').name} has the encoding {encoding}, needed "
            "is UTF8: make another one (CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0), and take along what is "
            "in this one (pg_dump, psql)"
        )
    assert await database.revision() is None
    await database.close()
