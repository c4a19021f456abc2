"""Make the pictures of the README and of other documents again.

`python docs/pictures.py board` plays the demonstration until a case has climbed two levels, and writes the board of
that moment to docs/demo.svg (about 20 seconds).
`python docs/pictures.py web-ui` runs a server of its own, leaves an urgent case alone until it escalates, and
takes screenshots of its page in Temporal's Web UI to docs/web-ui.png and docs/web-ui-timeline.png (about 6 minutes,
because nothing is sped up).
`python docs/pictures.py stuck` brings cases of an installation of its own to a standstill in each way that
docs/operations.md tells of, and takes screenshots of them to docs/stuck-*.png (about 3 minutes).
These two need a browser, see `browser`.
`python docs/pictures.py portal` goes through the tests in a browser, and keeps some of the pages that customers see
there as docs/portal-*.png (about a minute).
`python docs/pictures.py wall` fills an installation of its own with made-up cases, and takes screenshots of the board
on the wall, of the desk and of a case to docs/board.zh_CN.png and docs/desk*.png (twenty seconds). Without a name, all
are made.
"""

from __future__ import annotations

import asyncio
import html
import io
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from browser import Browser, wait_for
from commands import BIHUAN, URGENT, ask
from customer_pages import customer_pages
from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import MONOKAI
from standstill import stuck
from wall import wall

from starter.demo import run
from starter.demo.board import LiveTable
from worker.embedded.ports import free_port
from worker.temporal.endpoint import Endpoint
from workflows.domain.problem import Problem

DOCS = Path(__file__).parent
COLUMNS = 112
FONTS = "'Sarasa Mono SC','Noto Sans Mono CJK SC','WenQuanYi Micro Hei Mono',Menlo,Consolas,monospace"
_TEXT = re.compile(r'<text class="(?P<classes>[^"]*-r\d+)" x="(?P<x>[\d.]+)"(?P<rest>[^>]*)>(?P<text>[^<]*)</text>')
_WIDE_OR_NOT = re.compile(r"[\u2e80-\ufeff\uff00-\uffe6]+|[^\u2e80-\ufeff\uff00-\uffe6]+")
_CELL = 12.2
"""Width of a terminal cell in Rich's pictures."""


class _RecordingBoard(LiveTable):
    """A board that is drawn once, and then ends the demonstration."""

    async def show(self) -> None:
        while not any(file.view and file.view["escalation_level"] == 2 for file in self._record.files.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
        console.print(self._table())
        svg = console.export_svg(title="bihuan demo", theme=MONOKAI, unique_id="bihuan")
        (DOCS / "demo.svg").write_text(_self_contained(svg), "utf-8")
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()


def board() -> None:
    """Write docs/demo.svg.

    In a process of its own: interrupted in the middle of everything it has crashed once in a while, and nobody but
    whoever began it ends its server then.

    Raises:
        Problem: the process ended otherwise than by itself.
    """
    with tempfile.TemporaryDirectory(prefix="bihuan-picture-", ignore_cleanup_errors=True) as folder:
        data = Path(folder, "data")
        playing = multiprocessing.get_context("spawn").Process(target=_record, args=(data,))
        playing.start()
        playing.join()
        if (left := Endpoint.read(data)) is not None:
            with suppress(ProcessLookupError):
                os.kill(left.server_pid, signal.SIGTERM)
        if playing.exitcode:
            raise Problem(f"the demonstration ended with exit code {playing.exitcode}")


def _record(data: Path) -> None:
    run.LiveTable = _RecordingBoard  # type: ignore[misc]
    asyncio.run(run.play_all(data=str(data)))


def _self_contained(svg: str) -> str:
    """The picture without web fonts, each Chinese character two cells wide."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;]*;", f"font-family: {FONTS};", svg)
    svg = _TEXT.sub(_in_cells, svg)
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


def _in_cells(found: re.Match[str]) -> str:
    """One text a run of equally wide characters, so that the next run begins in its own cell."""
    x, parts = float(found["x"]), []
    rest = re.sub(r' textLength="[\d.]+"', "", found["rest"])
    for piece in _WIDE_OR_NOT.findall(html.unescape(found["text"])):
        width = cell_len(piece) * _CELL
        if piece.strip(" \N{NO-BREAK SPACE}"):
            position = f'x="{x:.1f}" textLength="{width:.1f}"'
            text = html.escape(piece).replace(" ", "&#160;").replace("\N{NO-BREAK SPACE}", "&#160;")
            parts.append(f'<text class="{found["classes"]}" {position}{rest}>{text}</text>')
        x += width
    return "".join(parts)


def web_ui() -> None:
    """Write docs/web-ui.png and docs/web-ui-timeline.png.

    Raises:
        Problem: there is no driver, or the case did not come so far.
    """
    port, ui_port, web_port = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="bihuan-picture-") as folder, Browser() as browser:
        data = Path(folder, "data")
        ports = ["--port", str(port), "--ui-port", str(ui_port), "--web-port", str(web_port)]
        arguments = [BIHUAN, "up", "--data", data, *ports]
        service = subprocess.Popen(arguments)  # noqa: S603
        try:
            wait_for("the server", lambda: ask(data, "stuck") == [])
            number = ask(data, "open", "-", form=URGENT)["number"]
            wait_for("the escalation", lambda: ask(data, "show", number)["escalation_level"] == 1)
            ask(data, "note", number, "--as", "operator", "--text", "值班经理已电话联系门店")
            browser.open(f"http://127.0.0.1:{ui_port}/namespaces/default/workflows/{number}")
            browser.shoot("document.body.innerText.includes('claim')", DOCS / "web-ui-timeline.png")
            browser.click("User Metadata")
            browser.shoot("document.querySelector('iframe')", DOCS / "web-ui.png")
        finally:
            service.terminate()
            service.wait()


def main() -> int:
    """The picture that is named, or all."""
    pictures = {
        "board": board, "web-ui": web_ui, "stuck": lambda: stuck(DOCS), "portal": lambda: customer_pages(DOCS),
        "wall": lambda: wall(DOCS),
    }  # fmt: skip
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
