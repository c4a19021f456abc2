"""The live table of the demonstration: each case, its status, and who has to act until when."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.text import Text

from activities.rendering.labels import label
from starter.console.screen import fitted_table, screen
from starter.demo.record import LiveRecord
from worker.installation.installation import Installation
from workflows.domain.vocabulary import Locale

_COLOURS = {"P0": "bold red", "P1": "yellow", "P2": "cyan", "P3": "white"}
_COLUMNS = ("编号 number", "故事 story", "", "状态 status", "等待 waits for", "截止 until", "最近 last")
_SPARE = ("最近 last", "截止 until", "等待 waits for")
_EVERY = 0.2
_PLAIN_EVERY = 5.0
"""Where nobody watches, a line now and then is enough."""
_WEEKDAYS = "一二三四五六日"


class LiveTable:
    """Draws until cancelled: a live table on a terminal, a line now and then elsewhere."""

    def __init__(self, installation: Installation, titles: Callable[[], dict[str, str]], record: LiveRecord) -> None:
        self._installation, self._titles, self._record = installation, titles, record

    async def show(self) -> None:
        """Draw again and again."""
        if not sys.stdout.isatty():
            while True:
                sys.stdout.write(self._line() + "\n")
                sys.stdout.flush()
                await asyncio.sleep(_PLAIN_EVERY)
        with Live(self._table(), console=screen(), refresh_per_second=8) as live:
            while True:
                live.update(self._table())
                await asyncio.sleep(_EVERY)

    def _line(self) -> str:
        files = self._record.files.values()
        closed = sum(bool(file.view and file.view["closed_at"]) for file in files)
        return f"{self._clock()}  案件 cases {len(self._titles())}, 已闭环 closed {closed}"

    def _clock(self) -> str:
        now = self._installation.local(self._installation.now())
        return f"{now:%Y-%m-%d} 周{_WEEKDAYS[now.weekday()]} {now:%H:%M}"

    def _table(self) -> Group:
        rows = [self._row(number, title) for number, title in self._titles().items()]
        table, _ = fitted_table(_COLUMNS, rows, width=screen().width, spare=_SPARE)
        return Group(Text(f"闭环 bihuan · {self._clock()}", style="bold"), table)

    def _row(self, number: str, title: str) -> list[Text]:
        file = self._record.files.get(number)
        if file is None or file.view is None:
            return [Text(number), Text(title)]
        view: Mapping[str, Any] = file.view
        waiting = view["waiting"] or {}
        last = str(file.timeline[-1]["kind"]) if file.timeline else ""
        level = f" ↑{view['escalation_level']}" if view["escalation_level"] else ""
        status = label("status", view["status"], Locale.ZH_CN)
        return [
            Text(number),
            Text(title.partition(" · ")[0]),
            Text(view["priority"], style=_COLOURS.get(view["priority"], "")),
            Text(status + level, style="green" if view["closed_at"] else "red" if level else ""),
            Text(str(waiting.get("who") or "")),
            Text(self._short(waiting.get("until"))),
            Text(label("event", last, Locale.ZH_CN)),
        ]

    def _short(self, moment: str | None) -> str:
        if not moment:
            return ""
        return f"{self._installation.local(datetime.fromisoformat(moment)):%m-%d %H:%M}"
