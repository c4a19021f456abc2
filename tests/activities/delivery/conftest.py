"""The case whose messages are on their way."""

from __future__ import annotations

import pytest

from activities.database.database import Database
from tests.activities.samples import NUMBER, register_case


@pytest.fixture
async def record(database: Database) -> Database:
    """A database in which the case of these messages is registered."""
    assert await register_case(database) == NUMBER
    return database
