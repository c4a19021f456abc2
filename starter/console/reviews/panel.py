"""A review as people read it: how far it is, who must act until when, its findings, measures and history (R27)."""

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
from starter.console.timeline import timeline_table
from worker.installation.company_time import CompanyTime
from workflows.domain.problem import printable
from workflows.domain.vocabulary import Locale

_LATE = "bold red"


class ReviewPanel:
    """Draws one review from the JSON of `starter.services.reviews.reading.describe_review`."""

    def __init__(self, review: Mapping[str, Any], company: CompanyTime, locale: Locale) -> None:
        self._review, self._company, self._locale = review, company, locale

    def parts(self) -> Iterator[RenderableType]:
        """Head, cases, findings, measures, history."""
        yield Panel(Group(*self._head()), title=self._title(), title_align="left", box=box.ROUNDED)
        yield self._cases()
        if findings := self._review["findings"]:
            for name, key in (("What happened", "what_happened"), ("Root cause", "root_cause")):
                if text := findings[key]:
                    yield Group(Text(name, style="bold"), *(Text(f"  {printable(line)}") for line in text.splitlines()))
        if self._review["measures"]:
            yield self._corrective_actions()
        yield timeline_table(self._review["timeline"], self._company, self._locale)

    def _title(self) -> Text:
        review = self._review
        status = f"{self._label('review_status', review['status'])} {review['status']}"
        return Text(" · ").join([Text(f"{review['number']} review", style="bold"), Text(status)])

    def _head(self) -> Iterator[Text]:
        review = self._review
        cases = f", {len(review['cases'])} cases" if len(review["cases"]) > 1 else ""
        yield self._line("Why", f"{self._label('review_reason', review['reason'])} {review['reason']}{cases}")
        kind = " / ".join(filter(None, (review["type"], review["subtype"])))
        yield self._line("Problem", " · ".join(filter(None, (review["product"], kind))))
        yield self._line("Department", f"{review['department']}, head {review['head']}")
        yield self._line("Called for", self._moment(review["opened_at"]))
        yield self._line("Author", review["author"])
        if review["approved_by"]:
            yield self._line("Approved", f"{review['approved_by']} {self._moment(review['approved_at'])}")
        elif review["approver"]:
            yield self._line("Approver", review["approver"])
        if review["returned"]:
            yield self._line("Returned", f"{review['returned']} ×")
        if review["escalated_to"]:
            yield self._line("Escalated", f"to {review['escalated_to']}")
        if review["waits_for"]:
            until = f" until {self._moment(review['due'])}" if review["due"] else ""
            yield self._line("Waits for", ", ".join(review["waits_for"]) + until, style="bold")
        for late in review["overdue"]:
            since = f" since {self._moment(late['since'])}" if late["since"] else ""
            yield self._line("Late", f"{late['what']}{since}, {late['who']} has to act", style=_LATE)
        if review["ended_at"]:
            why = self._label("review_end", review["ended_because"])
            yield self._line("Ended", f"{self._moment(review['ended_at'])}: {why}")

    def _cases(self) -> Table:
        table = Table(
            "Case", "P", "Type", "Product", "Received", "Closed", "Owner", box=box.SIMPLE_HEAD, pad_edge=False
        )
        for case in self._review["covered"]:
            table.add_row(
                case["number"],
                case["priority"] or "",
                Text(printable(" / ".join(filter(None, (case["type"], case["subtype"]))))),
                Text(printable(str(case["product"] or ""))),
                self._moment(case["received_at"]),
                self._moment(case["closed_at"]) if case["closed_at"] else Text("open", style="yellow"),
                Text(printable(case["owner"] or "")),
            )
        return table

    def _corrective_actions(self) -> Table:
        table = Table("#", "Measure", "Owner", "Due", "State", "Result", box=box.SIMPLE_HEAD, pad_edge=False)
        for index, one in enumerate(self._review["measures"], start=1):
            late = f"measure {index}" in {late["what"] for late in self._review["overdue"]}
            was_late = " (was late)" if one["late_at"] else ""
            state = f"done {self._moment(one['done_at'])}{was_late}" if one["done_at"] else "late" if late else "open"
            table.add_row(
                str(index),
                Text(printable(one["what"])),
                Text(printable(one["owner"])),
                self._moment(one["due"]),
                Text(state, style=_LATE if late else "green" if one["done_at"] else ""),
                Text(printable(one["result"] or "")),
            )
        return table

    def _line(self, name: str, value: str, *, style: str = "") -> Text:
        return Text.assemble((f"{name:<11}", "dim"), (printable(value), style))

    def _label(self, kind: str, value: str) -> str:
        return label(kind, value, self._locale)

    def _moment(self, value: str | datetime) -> str:
        return self._company.text(value)
