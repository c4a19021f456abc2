"""What tests of more than one folder stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from activities.database import Database

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """An address where no database is yet."""
    return f"sqlite:///{tmp_path}/bihuan.db"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An empty database with all tables."""
    opened = Database.open(database_url, synchronous="NORMAL")
    await opened.migrate()
    yield opened
    await opened.close()
