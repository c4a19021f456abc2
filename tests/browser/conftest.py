"""One browser and one installation for all tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.browser.chromium import started_chromium
from tests.starter.web.office import Office, open_office


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with started_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
async def office(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """Not begun where there is no browser."""
    async with open_office(tmp_path_factory.mktemp("browser")) as opened:
        yield opened
