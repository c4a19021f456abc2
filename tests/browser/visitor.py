"""A customer with a browser, and a watchful eye on each page that they see.

What is wrong is collected instead of raised at once: one life tells of all its pages.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Download,
    Locator,
    Page,
    Request,
    Response,
    expect,
)

from activities.portal.sessions import new_cookie
from starter.services.identity.sessions import begin_session
from starter.web.rendering.pages import LANGUAGES, shipped_words
from tests.browser.raw_words import raw_words
from tests.starter.web.conftest import Portal
from tests.timeouts import TIMEOUT
from workflows.domain.vocabulary import Locale, SignInWay

_WIDTH, _HEIGHT = 390, 844
WIDTHS: Final = (390, 360, 1280)
_JUDGED: Final = {Locale.ZH_CN: (390,), Locale.EN: (1280,)}
"""Widths at which axe looks, unless told otherwise; it takes longest. How a page lies is judged at all."""
_TIMEOUT: Final = TIMEOUT * 1000
"""Milliseconds."""
_READS: Final = 0.7
"""Seconds between two tries of what was quicker than a person reads; each try costs a page."""
_LARGEST: Final = 50_000
"""Bytes of a page with its style, without the customer's own pictures."""
_PICTURE: Final = 100_000
"""Bytes of a preview."""
_LAYOUT: Final = Path(__file__).with_name("layout.js").read_text("utf-8")
_AXE: Final = """axe.run({
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"],
}).then(({violations}) => violations.flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.html}`)))"""
_JUDGE: Final = f"""async ({{ axed, enlarged }}) => {{
    const layout = {_LAYOUT};
    const found = [...layout(true), ...(axed ? await {_AXE} : [])];
    const root = document.documentElement;
    root.style.fontSize = enlarged ? "200%" : "";
    const large = enlarged ? layout(false) : [];
    root.style.fontSize = "";
    return [found, large];
}}"""
"""At the width that the window has, in one step: each costs as much as its own work does."""
_FACTS: Final = """(worded) => {
    const all = (what) => [...document.querySelectorAll(what)];
    const loaded = ["navigation", "resource"].flatMap((one) => performance.getEntriesByType(one));
    return {
        lang: document.documentElement.lang,
        scripts: all("script").map((one) => one.getAttribute("src")),
        loaded: loaded.map((one) => [one.name.split("?")[0], one.initiatorType, one.decodedBodySize]),
        text: worded ? document.body.innerText : "",
        quoted: worded ? all("main [lang]").map((one) => one.innerText) : [],
        axe: "axe" in window,
    };
}"""
_FOCUS: Final = """(() => {
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
        && box.bottom > 0 && box.top < innerHeight && box.right > 0;
    return [one.id || one.value || one.textContent.trim(), seen];
})()"""
_PICTURES: Final = "BIHUAN_TEST_SCREENSHOTS"
"""A folder for a screenshot of each page; without it none is taken."""


@dataclass
class Visitor:
    context: BrowserContext
    page: Page
    origin: str
    locale: Locale
    script: bool
    judged: tuple[int, ...]
    """Widths at which axe looks."""
    outage: bool = False
    """The pages are out of order on purpose."""
    largest: int = _LARGEST
    own_scripts: tuple[str, ...] = ()
    """Those that pages may have."""
    faults: list[str] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.context.on("request", self._requested)
        self.context.on("response", self._answered)
        self.context.on("console", self._told)

    @property
    def words(self) -> Any:
        """The texts of the pages in this customer's language."""
        return shipped_words(self.locale)

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.origin)

    async def open(self, path: str) -> None:
        await self.page.goto(f"{self.origin}{path}")

    async def keeps(self, **cookies: str) -> None:
        """These, as if a page had set them."""
        kept = {"url": self.origin, "httpOnly": True, "sameSite": "Lax"}
        await self.context.add_cookies([{"name": name, "value": value, **kept} for name, value in cookies.items()])  # type: ignore[typeddict-item]

    async def says(self, text: str) -> None:
        """The page has to."""
        await expect(self.page.locator("main")).to_contain_text(text, timeout=_TIMEOUT)

    async def text(self) -> str:
        return await self.page.inner_text("main")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=name, exact=True).first

    async def press(self, name: str) -> None:
        await self._go(self.button(name))

    async def follow(self, name: str) -> None:
        await self._go(self.link(name))

    async def _go(self, target: Locator) -> None:
        """To the next page, until it is there as a whole."""
        await self.page.wait_for_load_state()
        async with self.page.expect_event("load"):
            await target.click()

    async def confirm(self, name: str) -> None:
        """Press the button of the second step; again, where that was quicker than a person reads."""
        await self.press(name)
        while "/case/act/" in self.path and self.words["act"]["quick"] in await self.text():
            await asyncio.sleep(_READS)
            await self.press(name)

    async def bytes_of(self, download: Download) -> bytes:
        """What was loaded down."""
        return await asyncio.to_thread((await download.path()).read_bytes)

    async def tab_to(self, wanted: str) -> None:
        """Press Tab until the field or button with this id, value or text has the focus, seen at each step."""
        passed: list[str] = []
        while not passed or passed[-1] != wanted:
            assert len(passed) < 20, f"no {wanted!r} by keyboard: {passed}"
            await self.page.keyboard.press("Tab")
            name, seen = await self.page.evaluate(_FOCUS)
            passed.append(name)
            if not seen:
                self.faults.append(f"{self.path}: the focus on {name!r} is not seen")

    async def skip_to_content(self) -> None:
        """By the link that comes first on each page."""
        await self.page.keyboard.press("Tab")
        await self.page.keyboard.press("Enter")

    async def enter(self) -> None:
        """Press Enter where the focus is, which leads to another page."""
        async with self.page.expect_event("load"):
            await self.page.keyboard.press("Enter")

    async def look(self, name: str) -> None:
        """Judge the page as it is: axe, widths, large text, bytes. Without scripts only what needs none."""
        self.shown.add(name)
        await self.page.wait_for_load_state()
        await self._picture(name)
        if not self.script:
            return
        here, page = f"{name} ({self.locale})", self.page
        facts = await page.evaluate(_FACTS, self.path.startswith(("/desk", "/board")))
        assert facts["lang"] == LANGUAGES[self.locale]
        assert set(facts["scripts"]) <= set(self.own_scripts)
        for address, kind, size in facts["loaded"]:
            if kind == "img" and size > _PICTURE:
                self.faults.append(f"{here}: preview {address} has {size} bytes")
        if (size := sum(size for _, kind, size in facts["loaded"] if kind != "img")) > self.largest:
            self.faults.append(f"{here}: {size} bytes")
        text = facts["text"]
        for other in facts["quoted"]:
            text = text.replace(other, "")
        self.faults += [f"{here}: {word!r} instead of a word" for word in raw_words(text, self.locale)]
        if not facts["axe"]:
            await page.evaluate(f"{AXE_SCRIPT};0")
        for width in WIDTHS:
            await self._resize(width)
            asked = {"axed": width in self.judged, "enlarged": width == _WIDTH}
            found, large = await page.evaluate(_JUDGE, asked)
            self.faults += [f"{here} at {width} pixels {fault}" for fault in found]
            self.faults += [f"{here} at 200 % {fault}" for fault in large]
        await self._resize(_WIDTH)

    async def _resize(self, width: int) -> None:
        if self.page.viewport_size != (size := {"width": width, "height": _HEIGHT}):
            await self.page.set_viewport_size(size)  # type: ignore[arg-type]

    async def ends(self) -> None:
        """Nothing was wrong, on any page."""
        for cookie in await self.context.cookies():
            kept = (cookie["httpOnly"], cookie["sameSite"], cookie["path"], cookie["domain"])
            if kept != (True, "Lax", "/", "127.0.0.1"):
                self.faults.append(f"cookie {cookie['name']}: {kept}")
        assert not self.faults, "\n".join(dict.fromkeys(self.faults))

    async def _picture(self, name: str) -> None:
        if folder := os.environ.get(_PICTURES):
            await self.page.screenshot(path=Path(folder, f"{name}.{self.locale}.png"), full_page=True)

    def _requested(self, request: Request) -> None:
        if not request.url.startswith(f"{self.origin}/"):
            self.faults.append(f"{self.path} asked another host: {request.url}")
        if request.headers.get("referer"):
            self.faults.append(f"{request.url} was told where the visitor came from: {request.headers['referer']}")

    def _answered(self, response: Response) -> None:
        if (response.status >= 500 and not self.outage) or "content-security-policy" not in response.headers:
            self.faults.append(f"{response.url}: {response.status} {response.headers}")

    def _told(self, message: ConsoleMessage) -> None:
        """A refused form is no fault of the page, but what its policy refuses or fails is."""
        refused = "the server responded with a status of 4", "the server responded with a status of 503"
        if message.type in {"error", "warning"} and not any(one in message.text for one in refused[: 1 + self.outage]):
            self.faults.append(f"{self.path} console: {message.text}")


@asynccontextmanager
async def visiting(
    chromium: Browser, origin: str, locale: Locale, *, script: bool = True, judged: tuple[int, ...] = (), **more: Any
) -> AsyncIterator[Visitor]:
    """A telephone of 390 by 844 pixels."""
    context = await chromium.new_context(
        viewport={"width": _WIDTH, "height": _HEIGHT}, java_script_enabled=script, locale=LANGUAGES[locale],
        timezone_id="Asia/Shanghai",
    )  # fmt: skip
    try:
        context.set_default_timeout(_TIMEOUT)
        yield Visitor(context, await context.new_page(), origin, locale, script, judged or _JUDGED[locale], **more)
    finally:
        await context.close()


async def session_of(portal: Portal, person: str) -> str:
    """The cookie of somebody of the staff who has just signed in."""
    cookie = new_cookie()
    await begin_session(portal.installation, cookie, person, SignInWay.OPERATOR, "", "127.0.0.1", portal.now())
    return cookie
