"""A screenshot of the board on the wall, with made-up cases of the sample organisation, for desk.md."""

from __future__ import annotations

import asyncio
import io
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from activities.portal.sessions import new_cookie
from benchmarks.board import served
from benchmarks.standing_cases import fill
from starter.services.identity.sessions import begin_session
from tests.browser.chromium import started_chromium
from worker.embedded.ports import free_port
from worker.installation.installation import open_installation
from worker.installation.settings import IsolatedSettings, ServerSettings, Web
from workflows.domain.vocabulary import Locale, SignInWay

_CASES, _OPEN = 1500, 90
_SCREEN = (1280, 720)
_COLOURS = 48
"""Of the palette; a picture has a few dozen kilobytes."""


def wall(target: Path) -> None:
    """Write board.zh_CN.png to that folder."""
    asyncio.run(_shoot(target))


async def _shoot(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="bihuan-picture-") as folder:
        settings = IsolatedSettings(
            data=Path(folder), server=ServerSettings(synchronous="normal"), web=Web(port=free_port())
        )
        async with open_installation(settings, prepare=True) as installation:
            await installation.settle_organisation()
            await fill(installation, _CASES, _OPEN)
            cookie, now = new_cookie(), datetime.now(UTC)
            await begin_session(installation, cookie, "director", SignInWay.OPERATOR, "", "", now)
            async with served(settings), started_chromium() as chromium:
                address = f"http://127.0.0.1:{settings.web.port}"
                width, height = _SCREEN
                context = await chromium.new_context(viewport={"width": width, "height": height})
                await context.add_cookies([
                    {"name": "bihuan-desk", "value": cookie, "url": address},
                    {"name": "bihuan-language", "value": Locale.ZH_CN, "url": address},
                ])  # fmt: skip
                page = await context.new_page()
                await page.goto(f"{address}/board")
                shot = await page.screenshot()
    with Image.open(io.BytesIO(shot)) as picture:
        screen = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    screen.save(target / "board.zh_CN.png", optimize=True)
