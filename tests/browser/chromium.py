"""A real Chromium, started so that it speaks to nobody but the pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

_USUAL = Path("/usr/bin/chromium")
_OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # To save the processor: no process for a graphics card that is not there, none kept ready for a page that may never
    # come, and no machine code for scripts that run for a moment.
    "--in-process-gpu", "--renderer-process-limit=1", "--js-flags=--no-opt --no-maglev",
)  # fmt: skip


def found_chromium() -> str | None:
    """Where it is, if it is."""
    return shutil.which("chromium") or (str(_USUAL) if _USUAL.exists() else None)


@asynccontextmanager
async def started_chromium() -> AsyncIterator[Browser]:
    """Where there is none, the test is skipped; in CI (`CI=true`) it fails."""
    path = found_chromium()
    if path is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "no chromium on the PATH: apt-get install chromium fonts-wqy-microhei"
        )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_OPTIONS)
        try:
            yield browser
        finally:
            await browser.close()
