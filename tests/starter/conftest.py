"""Installations whose record is in either database, for commands that have to answer the same on both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.postgresql import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
async def record_url(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql_server: str, migrated_url: str
) -> AsyncIterator[str]:
    """Where the record of an installation in `tmp_path` is; in force for whatever the test runs, processes included."""
    async for url in _in_force(request.param, tmp_path, postgresql_server, migrated_url):
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
async def shared_record_url(
    request: pytest.FixtureRequest, shared_folder: Path, postgresql_server: str, migrated_url: str
) -> AsyncIterator[str]:
    """The same for an installation of a whole module, in `shared_folder`."""
    async for url in _in_force(request.param, shared_folder, postgresql_server, migrated_url):
        yield url


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    return tmp_path_factory.mktemp("shared")


async def _in_force(kind: str, folder: Path, server: str, template: str) -> AsyncIterator[str]:
    """SQLite is where it is without a setting; the folder is there as well, for what else is kept in it."""
    (folder / "bihuan-data").mkdir(exist_ok=True)
    if kind == "sqlite":
        yield f"sqlite:///{folder}/bihuan-data/bihuan.db"
        return
    with pytest.MonkeyPatch.context() as patch:
        url = await new_database(server, template=template)
        patch.setenv("BIHUAN_DATABASE_URL", url)
        yield url
