"""What tests of more than one folder stand on."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from activities.database import Database

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups that share one installation begin first: nothing is left to run beside the longest at the end."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """An address where no database is yet."""
    return f"sqlite:///{tmp_path}/bihuan.db"


@pytest.fixture(scope="session")
async def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and nothing in them: upgrading one is too slow to do for every test."""
    file = tmp_path_factory.mktemp("migrated") / "bihuan.db"
    await _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
async def database(database_url: str, migrated_file: Path) -> AsyncIterator[Database]:
    """An empty database with all tables."""
    opened = Database.open(database_url, synchronous="NORMAL")
    shutil.copy(migrated_file, opened.address.path)
    yield opened
    await opened.close()


async def _migrate(url: str) -> None:
    opened = Database.open(url, synchronous="NORMAL")
    await opened.migrate()
    await opened.close()
