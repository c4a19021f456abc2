"""The answer of `bihuan progress --contact` for people: what a customer may know of a case (R2, R30)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from activities.rendering.labels import label
from worker.installation.company_time import CompanyTime
from workflows.domain.problem import printable
from workflows.domain.vocabulary import Locale

_PARTS = ("cause", "solution", "cautions", "prevention")


class CustomerProgress:
    """Draws the JSON of `activities.queries.customer_view`, its times on the company's clock; `now` is the cases'."""

    def __init__(self, view: Mapping[str, Any], company: CompanyTime, now: datetime) -> None:
        self._view, self._company, self._now = view, company, now
        self._locale = Locale(view["locale"])

    def parts(self) -> Iterator[RenderableType]:
        """The state of the case, then what the customer was told."""
        number = Text(self._view["number"], style="bold")
        yield Panel(Group(*self._head()), title=number, title_align="left", box=box.ROUNDED)
        if self._view["told"]:
            yield self._messages()

    def _head(self) -> Iterator[Text]:
        view = self._view
        asked = view["next"]
        if view["product"]:
            yield self._line("product", view["product"])
        yield self._line("received_at", self._moment(view["received_at"]))
        yield self._line("status", view["status_text"], style="bold")
        if view["status"] != "registered":
            yield self._line("handler", view["handler"] or self._word("team"))
        for what in ("answer", "solution"):
            if promised := view[what]["promised"]:
                late = self._company.local(promised) < self._now
                yield self._line(f"{what}_promised", self._moment(promised), note=self._word("late") if late else "")
            if given := view[what]["given"]:
                yield self._line(f"{what}_given", self._moment(given))
        if view["closed_at"]:
            yield self._line("closed_at", self._moment(view["closed_at"]))
        for said in view["said"]:
            score = said.get("score") and label("satisfaction", said["score"], self._locale)
            words = (
                self._moment(said["at"]),
                said["title"],
                score,
                *(said.get(key) for key in ("text", "why", "comment")),
            )
            yield self._line("said", "  ".join([*filter(None, words), said["hand"]]))
        if view["correctable_until"]:
            yield self._line("correctable_until", self._moment(view["correctable_until"]))
        yield self._line("next", asked["text"], style="" if asked["action"] in {"nothing", "closed"} else "yellow")
        for field in asked["missing"]:
            yield Text(f"  · {printable(field)}")

    def _messages(self) -> Table:
        table = Table(
            title=self._word("told"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, show_header=False
        )
        for one in self._view["told"]:
            table.add_row(self._moment(one["at"]), one["title"], Text(printable("\n".join(self._message_lines(one)))))
        return table

    def _message_lines(self, one: Mapping[str, Any]) -> Iterator[str]:
        if one.get("text"):
            yield one["text"]
        for key in _PARTS:
            if one.get(key):
                yield self._named(key, one[key])
        if one.get("missing"):
            yield self._named("missing", ", ".join(one["missing"]))

    def _named(self, key: str, value: str) -> str:
        return f"{self._word(key)}{'：' if self._locale is Locale.ZH_CN else ': '}{value}"

    def _line(self, key: str, value: str, *, style: str = "", note: str = "") -> Text:
        name = Text(self._word(key), style="dim")
        name.pad_right(max(20 - name.cell_len, 1))
        return Text.assemble(name, (printable(value), style), (f"  {note}" if note else "", "red"))

    def _word(self, key: str) -> str:
        return label("customer_view", key, self._locale)

    def _moment(self, value: str) -> str:
        return self._company.text(value)
