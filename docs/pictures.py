"""Make the pictures of the README again.

`python docs/pictures.py board` plays the demonstration until a case has climbed two levels, and writes the board of
that moment to docs/demo.svg (about 20 seconds).
`python docs/pictures.py web-ui` runs a server of its own, leaves an urgent case alone until it escalates, and
photographs its page in Temporal's Web UI to docs/web-ui.png and docs/web-ui-timeline.png (about 6 minutes, because
nothing is sped up). It needs Chromium, its driver, and a font that has Chinese characters, such as the packages
chromium-driver and fonts-wqy-microhei of Debian.
Without a name, both are made.
"""

from __future__ import annotations

import asyncio
import base64
import html
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import MONOKAI

from starter.demo import stage
from starter.demo.board import Board
from workflows.domain.problem import Problem

DOCS = Path(__file__).parent
BIHUAN = Path(sys.executable).with_name("bihuan")
COLUMNS = 112
FONTS = "'Sarasa Mono SC','Noto Sans Mono CJK SC','WenQuanYi Micro Hei Mono',Menlo,Consolas,monospace"
SIZE = "window-size=1400,1190"
_QUIET = ("disable-background-networking", "hide-scrollbars", "lang=en")
_PATIENCE = 600
_DRAWING = 3
_TEXT = re.compile(r'<text class="(?P<classes>[^"]*-r\d+)" x="(?P<x>[\d.]+)"(?P<rest>[^>]*)>(?P<text>[^<]*)</text>')
_WIDE_OR_NOT = re.compile(r"[\u2e80-\ufeff\uff00-\uffe6]+|[^\u2e80-\ufeff\uff00-\uffe6]+")
_CELL = 12.2
"""Width of a terminal cell in Rich's pictures."""

URGENT = {
    "channel": "app",
    "customer": {"name": "何雨", "company": "山楂咖啡", "phone": "13712345678", "email": "heyu@example.com"},
    "product": "收银台",
    "type": "technical",
    "priority": "P0",
    "description": {
        "symptom": "所有门店的收银台都无法登录",
        "steps": "打开收银台,输入工号和密码",
        "actual": "一直转圈",
    },
    "occurred_at": "2026-01-05T08:30+08:00",
    "impact": {"blocks_normal_use": True, "effect": "门店无法收款"},
}


class _Photographer(Board):
    """A board that is drawn once, and then ends the demonstration."""

    async def show(self) -> None:
        while not any(file.view and file.view["escalation_level"] == 2 for file in self._record.files.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
        console.print(self._table())
        svg = console.export_svg(title="bihuan demo", theme=MONOKAI, unique_id="bihuan")
        (DOCS / "demo.svg").write_text(_at_home(svg), "utf-8")
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()


def board() -> None:
    """Write docs/demo.svg."""
    stage.Board = _Photographer  # type: ignore[misc]
    asyncio.run(stage.play_all())


def _at_home(svg: str) -> str:
    """The picture without fonts from elsewhere, each Chinese character two cells wide."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;]*;", f"font-family: {FONTS};", svg)
    svg = _TEXT.sub(_in_cells, svg)
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


def _in_cells(found: re.Match[str]) -> str:
    """One text a run of equally wide characters, so that the next run begins in its own cell."""
    x, parts = float(found["x"]), []
    rest = re.sub(r' textLength="[\d.]+"', "", found["rest"])
    for run in _WIDE_OR_NOT.findall(html.unescape(found["text"])):
        width = cell_len(run) * _CELL
        if run.strip(" \N{NO-BREAK SPACE}"):
            place = f'x="{x:.1f}" textLength="{width:.1f}"'
            text = html.escape(run).replace(" ", "&#160;").replace("\N{NO-BREAK SPACE}", "&#160;")
            parts.append(f'<text class="{found["classes"]}" {place}{rest}>{text}</text>')
        x += width
    return "".join(parts)


def web_ui() -> None:
    """Write docs/web-ui.png and docs/web-ui-timeline.png.

    Raises:
        Problem: there is no driver, or the case did not come so far.
    """
    driver = shutil.which("chromedriver")
    if driver is None:
        raise Problem("web-ui needs chromedriver on the PATH")
    port, ui_port = stage.free_port(), stage.free_port()
    with tempfile.TemporaryDirectory(prefix="bihuan-picture-") as folder:
        data = Path(folder, "data")
        arguments = [BIHUAN, "up", "--data", data, "--port", str(port), "--ui-port", str(ui_port)]
        service = subprocess.Popen(arguments)  # noqa: S603
        try:
            _wait_for("the server", lambda: _bihuan(data, "stuck") == [])
            number = _bihuan(data, "open", "-", form=URGENT)["number"]
            _wait_for("the escalation", lambda: _bihuan(data, "show", number)["escalation_level"] == 1)
            _bihuan(data, "note", number, "--as", "operator", "--text", "值班经理已电话联系门店")
            page = f"http://127.0.0.1:{ui_port}/namespaces/default/workflows/{number}"
            _photograph(driver, page)
        finally:
            service.terminate()
            service.wait()


def _bihuan(data: Path, *words: str, form: Any = None) -> Any:
    arguments = [BIHUAN, *words, "--data", data, "--json"]
    given = json.dumps(form) if form else None
    run = subprocess.run(arguments, input=given, capture_output=True, text=True, check=False)  # noqa: S603
    with suppress(json.JSONDecodeError):
        return json.loads(run.stdout)
    return None


def _wait_for(what: str, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise Problem(f"{what} did not come within {_PATIENCE} s")
        time.sleep(2)


def _photograph(driver: str, page: str) -> None:
    """The timers of the case, and its present details."""
    port = stage.free_port()
    browser = subprocess.Popen([driver, f"--port={port}", "--silent"])  # noqa: S603
    options = {"goog:chromeOptions": {"args": ["headless=new", "no-sandbox", "disable-gpu", SIZE, *_QUIET]}}
    try:
        _wait_for("the browser", lambda: bool(_drive(port, "/status", quiet=True)))
        session = _drive(port, "/session", {"capabilities": {"alwaysMatch": options}})["sessionId"]
        try:
            _drive(port, f"/session/{session}/url", {"url": page})
            _shoot(port, session, "document.body.innerText.includes('claim')", DOCS / "web-ui-timeline.png")
            tab = "[...document.querySelectorAll('a')].find(tab => tab.innerText.trim() == 'User Metadata').click()"
            _drive(port, f"/session/{session}/execute/sync", {"script": tab, "args": []})
            _shoot(port, session, "document.querySelector('iframe')", DOCS / "web-ui.png")
        finally:
            _drive(port, f"/session/{session}", method="DELETE")
    finally:
        browser.terminate()
        browser.wait()


def _shoot(port: int, session: str, shown: str, target: Path) -> None:
    script = {"script": f"return Boolean({shown})", "args": []}
    _wait_for(f"the page of {target.name}", lambda: bool(_drive(port, f"/session/{session}/execute/sync", script)))
    time.sleep(_DRAWING)
    target.write_bytes(base64.b64decode(_drive(port, f"/session/{session}/screenshot")))


def _drive(port: int, path: str, body: Any = None, *, method: str | None = None, quiet: bool = False) -> Any:
    """One command of the WebDriver protocol; `quiet` answers None where nobody does."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"http://127.0.0.1:{port}{path}", data=data, method=method)
    try:
        with urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)["value"]
    except URLError:
        if quiet:
            return None
        raise


def main() -> int:
    """The picture that is named, or both."""
    pictures = {"board": board, "web-ui": web_ui}
    wanted = sys.argv[1:] or list(pictures)
    if unknown := [name for name in wanted if name not in pictures]:
        sys.stderr.write(f"no picture {unknown[0]!r}; there are: {', '.join(pictures)}\n")
        return 2
    try:
        for name in wanted:
            pictures[name]()
    except Problem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
