"""How mails come in, over either database."""

from __future__ import annotations

from pathlib import Path

import pytest

from activities.database.database import Database
from tests.activities.mailbox.way_in import WayIn, way_in


@pytest.fixture
async def way(database: Database, tmp_path: Path) -> WayIn:
    return await way_in(database, tmp_path)
