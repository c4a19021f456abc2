"""The timeline of a case or a review as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from activities.rendering.event_text import event_text, whose
from activities.rendering.labels import label
from starter.console.screen import readable_rows, shortened
from worker.installation.company_time import CompanyTime
from workflows.domain.problem import printable
from workflows.domain.vocabulary import Locale


def timeline_table(
    entries: Iterable[Mapping[str, Any]], company: CompanyTime, locale: Locale, name: Callable[[str], str] = str
) -> Table:
    """A row for each entry, in the company's time; one that cannot be read says why. `name`: what a person's id is
    shown as.
    """

    def row(entry: Mapping[str, Any]) -> Sequence[str | Text]:
        return (
            str(entry["sequence"]),
            company.text(entry["at"]),
            label("event", entry["kind"], locale),
            Text(printable(whose(entry, locale, name))),
            Text(shortened(event_text(entry, company.local, locale))),
        )

    table = Table("#", "When", "What", "Who", "Detail", box=box.SIMPLE_HEAD, pad_edge=False)
    for cells in readable_rows(entries, row, name=lambda entry: str(entry["sequence"]), width=5):
        table.add_row(*cells)
    return table
