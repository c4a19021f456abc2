"""Both databases, for what has to be the same on either."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from activities.database.database import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An address where no database is yet, of either kind: whatever is promised holds on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bihuan.db"
    # Where `database` is asked for, too, it comes with its tables at once.
    url: str = request.getfixturevalue("tables_url" if "database" in request.fixturenames else "postgresql_url")
    return url


@pytest.fixture
async def database(database_url: str, migrated_file: Path) -> AsyncIterator[Database]:
    """An empty database with all tables, of either kind."""
    opened = Database.open(database_url, synchronous="NORMAL")
    if opened.address.kind == "sqlite":
        shutil.copy(migrated_file, opened.address.path)
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
