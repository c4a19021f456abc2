"""What the demonstration prints at its end: each case's history, messages by recipient, links, and faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from activities.queries.cases import OutboxEntry
from activities.rendering.event_text import event_text, whose
from activities.rendering.labels import label
from starter.console.screen import print_rich, print_table
from starter.demo.record import LiveRecord
from worker.installation.installation import Installation
from workflows.domain.vocabulary import Locale

_ZH = Locale.ZH_CN
_HINT = "加 --keep 可以在演示后打开网页和报告 · run with --keep to look at cases and reports afterwards"


async def print_ending(
    installation: Installation,
    titles: dict[str, str],
    record: LiveRecord,
    faults: dict[str, list[str]],
    *,
    web_ui: str | None,
    pages: str | None,
    reports: Sequence[Path],
) -> None:
    """Print the history of each case, the number of messages a recipient, links, and what is not as the stories say.

    `titles` are those of the cases by number; `faults` by number, or by title for a story without a case. `web_ui`
    and `pages` are None where nobody can open them any more; then no link is printed.
    """
    for number, title in titles.items():
        print_rich(_history(installation, number, title, record, faults.get(number, [])))
    outbox = [entry for number in titles for entry in await installation.cases.outbox(number)]
    print_table(
        ("发给 to", "通知 notifications"),
        _per_recipient(outbox),
        title=f"通知 notifications: {len(outbox)}",
    )
    links = Table.grid(padding=(0, 2))
    if web_ui is not None:
        links.add_row("Temporal Web UI", Text(f"{web_ui}/namespaces/default/workflows"))
        for number in titles:
            links.add_row(number, Text(f"{web_ui}/namespaces/default/workflows/{number}"))
    if pages is not None:
        links.add_row("客户网页 pages", Text(pages))
    for report in reports:
        links.add_row("报告 report", Text(str(report)))
    print_rich(links)
    if web_ui is None:
        print_rich(Text(_HINT, style="dim"))
    good = len(titles) - sum(number in faults for number in titles)
    for name, lines in faults.items():
        for line in lines:
            print_rich(Text(f"✗ {name}: {line}", style="bold red"))
    if not faults:
        print_rich(
            Text(f"✓ {good} 个案件都按预期闭环 · all {good} cases ended as their stories say", style="bold green")
        )


def _history(installation: Installation, number: str, title: str, record: LiveRecord, faults: list[str]) -> Tree:
    file = record.files.get(number)
    mark, style = ("✗", "bold red") if faults else ("✓", "bold green")
    tree = Tree(Text(f"{mark} {number} {title}", style=style), guide_style="dim")
    for entry in file.timeline if file else ():
        when = installation.local(datetime.fromisoformat(str(entry["at"])))
        text = event_text(entry, lambda moment: installation.local(datetime.fromisoformat(moment)), _ZH)
        what = label("event", str(entry["kind"]), _ZH)
        tree.add(
            Text.assemble((f"{when:%m-%d %H:%M}", "dim"), f"  {what}  ", (whose(entry, _ZH), "cyan"), f"  {text[:90]}")
        )
    return tree


def _per_recipient(outbox: list[OutboxEntry]) -> list[tuple[str, str]]:
    counts: dict[str, Counter[str]] = {}
    for entry in outbox:
        who = f"{entry.name} ({entry.recipient})" if entry.recipient != "customer" else f"{entry.name} (客户 customer)"
        counts.setdefault(who, Counter())[label("message", entry.message, Locale.ZH_CN)] += 1
    return [
        (who, ", ".join(f"{what}×{times}" if times > 1 else what for what, times in sent.items()))
        for who, sent in sorted(counts.items())
    ]
