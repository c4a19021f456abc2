"""Screenshots of the board on the wall, of the desk and of a case, made up for the sample organisation, for desk.md."""

from __future__ import annotations

import asyncio
import io
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page

from activities.portal.sessions import new_cookie
from benchmarks.board import served
from benchmarks.standing_cases import fill
from starter.services.identity.sessions import begin_session
from tests.browser.chromium import started_chromium
from worker.embedded.ports import free_port
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import IsolatedSettings, ServerSettings, Web
from workflows.domain.vocabulary import Locale, SignInWay

_CASES, _OPEN = 1500, 90
_SCREEN = (1280, 720)
_PAGES = (
    ("board", "director", "/board", (Locale.ZH_CN,)),
    ("desk", "tech-001", "/desk", tuple(Locale)),
    ("desk-case", "tech-001", "/desk", tuple(Locale)),
)
"""Name of the picture, who looks at what, and in which languages; a case is the first of the list."""
_COLOURS = 48
"""Of the palette; a picture has a few dozen kilobytes."""


def wall(target: Path) -> None:
    """Write board.zh_CN.png, desk.LOCALE.png and desk-case.LOCALE.png to that folder."""
    asyncio.run(_shoot(target))


async def _shoot(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="bihuan-picture-") as folder:
        settings = IsolatedSettings(
            data=Path(folder), server=ServerSettings(synchronous="normal"), web=Web(port=free_port())
        )
        async with open_installation(settings, prepare=True) as installation:
            await installation.settle_organisation()
            await fill(installation, _CASES, _OPEN)
            async with served(settings), started_chromium() as chromium:
                for name, person, path, locales in _PAGES:
                    for locale in locales:
                        page = await _page(chromium, settings, installation, person, locale)
                        await page.goto(f"http://127.0.0.1:{settings.web.port}{path}")
                        if name == "desk-case":
                            await page.locator("main a[href*='/desk/cases/FB']").first.click()
                            await page.wait_for_load_state()
                        _save(await page.screenshot(), target / f"{name}.{locale}.png")


async def _page(
    chromium: Browser, settings: IsolatedSettings, installation: Installation, person: str, locale: Locale
) -> Page:
    """A window of that person, signed in."""
    cookie, address = new_cookie(), f"http://127.0.0.1:{settings.web.port}"
    await begin_session(installation, cookie, person, SignInWay.OPERATOR, "", "", datetime.now(UTC))
    width, height = _SCREEN
    context = await chromium.new_context(viewport={"width": width, "height": height})
    await context.add_cookies([
        {"name": "bihuan-desk", "value": cookie, "url": address},
        {"name": "bihuan-language", "value": locale, "url": address},
    ])  # fmt: skip
    return await context.new_page()


def _save(shot: bytes, file: Path) -> None:
    with Image.open(io.BytesIO(shot)) as picture:
        picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
