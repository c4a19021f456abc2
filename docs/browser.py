"""A headless Chromium that takes screenshots of pages, by the WebDriver protocol.

It needs Chromium, its driver, and a font that has Chinese characters, such as the packages chromium-driver and
fonts-wqy-microhei of Debian.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import URLError
from urllib.request import Request, urlopen

from worker.embedded.ports import free_port
from workflows.domain.problem import Problem

_WIDTH, _HEIGHT = 1400, 1190
_QUIET = ("disable-background-networking", "disable-component-update", "hide-scrollbars", "lang=en")
_TIMEOUT = 600
_DRAWING = 3
"""Seconds a page takes to draw what it has."""


def wait_for(what: str, holds: Callable[[], bool], *, within: float = _TIMEOUT) -> None:
    """Wait until a condition holds, tried every second.

    Raises:
        Problem: it did not hold within `within` seconds.
    """
    end = time.monotonic() + within
    while not holds():
        if time.monotonic() > end:
            raise Problem(f"{what} did not come within {within:g} s")
        time.sleep(1)


class Browser:
    """Use it in `with`: the browser and its driver end with it."""

    def __init__(self, *, height: int = _HEIGHT) -> None:
        self._height = height
        self._port = free_port()
        self._session = ""

    def __enter__(self) -> Self:
        """Start it.

        Raises:
            Problem: there is no driver, or it does not start.
        """
        driver = shutil.which("chromedriver")
        if driver is None:
            raise Problem("pictures of pages need chromedriver on the PATH")
        self._process = subprocess.Popen([driver, f"--port={self._port}", "--silent"])  # noqa: S603
        size = f"window-size={_WIDTH},{self._height}"
        options = {"goog:chromeOptions": {"args": ["headless=new", "no-sandbox", "disable-gpu", size, *_QUIET]}}
        wait_for("the browser", lambda: bool(self._drive("/status", quiet=True)))
        begun = self._drive("/session", {"capabilities": {"alwaysMatch": options}})
        self._session = f"/session/{begun['sessionId']}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            self._drive(self._session, method="DELETE", quiet=True)
        self._process.terminate()
        self._process.wait()

    def open(self, address: str) -> None:
        """Go to a page."""
        self._drive(f"{self._session}/url", {"url": address})

    def resize(self, height: int) -> None:
        """Give the window another height, in pixels."""
        self._drive(f"{self._session}/window/rect", {"width": _WIDTH, "height": height})

    def run(self, script: str) -> Any:
        """What a line of JavaScript returns on the present page."""
        return self._drive(f"{self._session}/execute/sync", {"script": script, "args": []})

    def click(self, text: str) -> None:
        """Follow the link or tab whose text begins so, as soon as it is there."""
        # The last of its name: tabs come after the navigation.
        found = (
            "[...document.querySelectorAll('a, button, [role=tab]')]"
            f".findLast(one => one.innerText.trim().startsWith({json.dumps(text)}))"
        )
        wait_for(f"{text} on the page", lambda: bool(self.run(f"return Boolean({found})")))
        self.run(f"{found}.click()")

    def shoot(self, shown: str, target: Path) -> None:
        """Take a screenshot once that JavaScript expression is true."""
        wait_for(f"the page of {target.name}", lambda: bool(self.run(f"return Boolean({shown})")))
        time.sleep(_DRAWING)
        target.write_bytes(base64.b64decode(self._drive(f"{self._session}/screenshot")))

    def _drive(self, path: str, body: Any = None, *, method: str | None = None, quiet: bool = False) -> Any:
        """One command; `quiet` answers None where nobody does."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"http://127.0.0.1:{self._port}{path}", data=data, method=method)
        try:
            with urlopen(request, timeout=60) as answer:  # noqa: S310
                return json.load(answer)["value"]
        except URLError:
            if quiet:
                return None
            raise
