"""How mails come in, over either database, and a mail server for all tests that need one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.database.database import Database
from tests.activities.mailbox.imap_server import running_server
from tests.activities.mailbox.way_in import WayIn, way_in


@pytest.fixture
async def way(database: Database, tmp_path: Path) -> WayIn:
    return await way_in(database, tmp_path)


@pytest.fixture(scope="session")
def imap() -> Iterator[int]:
    """The port of a server whose folders a test makes for itself."""
    with running_server() as port:
        yield port
