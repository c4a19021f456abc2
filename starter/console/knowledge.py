"""`bihuan kb`: what was learned from closed cases, found, and kept by editors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from cyclopts import Parameter

from starter.backend.opening import open_backend
from starter.console.acting import as_option
from starter.console.options import CommandOptions
from starter.console.screen import (
    AsJson,
    DataFolder,
    print_json,
    print_rich,
    print_table,
    progress_bar,
    read_moment,
    readable_rows,
    say,
    shortened,
)
from workflows.domain.problem import Problem, printable

Key = Annotated[str, Parameter(help="Name of the article, such as KB0001.")]
By = Annotated[
    str, as_option("Who you are: a head, a person with the role editor, or operator; without it, whom BIHUAN_AS names.")
]
Words = Annotated[str | None, Parameter(help="New text.")]
_TEXTS = ("problem", "cause", "solution", "prevention")


async def search(
    text: Annotated[str, Parameter(help="Words in Chinese or English, each of two characters or more.")],
    /,
    *,
    limit: Annotated[int, Parameter(help="At most so many.")] = 10,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Articles that fit some words: published ones before drafts, the best first.

    Example: bihuan kb search "小票 打印"
    """
    found = await open_backend(data).search_articles(text, limit=_positive(limit))
    if as_json:
        print_json(found)
        return
    if not found:
        print("nothing found")
        return
    print_table(
        ("Article", "State", "Score", "Title", "Solution", "Product", "Case"),
        [
            (one["key"], one["status"], f"{one['score']:.1f}", one["title"], shortened(one["solution"], 80),
             one["product"] or "", one["number"])
            for one in found
        ],
        spare=("Score", "Product", "Case", "Solution"),
    )  # fmt: skip


async def list_(
    *,
    status: Annotated[str | None, Parameter(help="draft, published or retired.")] = None,
    product: Annotated[str | None, Parameter(help="Only of this product.")] = None,
    limit: Annotated[int, Parameter(help="At most so many, the latest changed first.")] = 100,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Articles, the latest changed first; drafts wait for an editor.

    Example: bihuan kb list --status draft
    """
    from starter.services.knowledge import ARTICLE_STATUSES

    if status is not None and status not in ARTICLE_STATUSES:
        raise Problem(f"--status {status}: allowed: {', '.join(ARTICLE_STATUSES)}")
    backend = open_backend(data)
    found = await backend.list_articles(status=status, product=product, limit=_positive(limit))
    if as_json:
        print_json(found)
        return
    company = await backend.company()
    columns = ("Article", "State", "Changed", "Title", "Type", "Product", "Case")

    def row(one: dict[str, Any]) -> tuple[str, ...]:
        kind = " / ".join(filter(None, (one["type"], one["subtype"])))
        changed = company.text(one["updated_at"])
        return (one["key"], one["status"], changed, one["title"], kind, one["product"] or "", one["number"])

    rows = readable_rows(found, row, name=lambda one: str(one["key"]), width=len(columns), place=3)
    print_table(columns, rows, spare=("Product", "Type", "Changed", "Case"))


async def show(key: Key, /, *, as_json: AsJson = False, data: DataFolder = None) -> None:
    """One article with all its texts, and who changed it.

    Example: bihuan kb show KB0001
    """
    backend = open_backend(data)
    article = await backend.article(key)
    if as_json:
        print_json(article)
        return
    from rich.text import Text

    company = await backend.company()
    kind = " / ".join(filter(None, (article["type"], article["subtype"], article["product"])))
    lines = [f"{article['key']} · {article['status']} · {article['title']}", f"{kind} · from {article['number']}"]
    for name in _TEXTS:
        if article[name]:
            lines += ["", f"{name.capitalize()}", *(f"  {line}" for line in article[name].splitlines())]
    lines.append("")
    for change in article["changes"]:
        fields = f" {', '.join(change['fields'])}" if change.get("fields") else ""
        why = f": {change['why']}" if change.get("why") else ""
        lines.append(f"{company.text(change['at'])} {change['what']}{fields} by {change['by']}{why}")
    print_rich(Text(printable("\n".join(lines))))


async def publish(key: Key, /, *, by: By, as_json: AsJson = False, data: DataFolder = None) -> None:
    """Put an article in force: owners of new cases like it are pointed to it.

    Example: bihuan kb publish KB0001 --as tech-head
    """
    _print_changed(await open_backend(data).publish_article(key, by=by), as_json)


async def retire(
    key: Key,
    /,
    *,
    by: By,
    why: Annotated[str, Parameter(help="The reason, kept with the article.")],
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Take an article out of every search; it stays readable, and publish brings it back.

    Example: bihuan kb retire KB0001 --as tech-head --why 已由新版本修复
    """
    _print_changed(await open_backend(data).retire_article(key, by=by, why=why), as_json)


async def edit(
    key: Key,
    /,
    *,
    by: By,
    title: Words = None,
    problem: Words = None,
    cause: Words = None,
    solution: Words = None,
    prevention: Words = None,
    product: Words = None,
    type: Annotated[str | None, Parameter(help="Id of a type of the policy, such as technical.")] = None,  # noqa: A002
    subtype: Annotated[str | None, Parameter(help="A subtype of that type.")] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Change an article; what is not named stays. An empty text empties cause, prevention, product or subtype.

    Example: bihuan kb edit KB0001 --as tech-head --title 小票打印没有响应 --solution "重启打印服务"
    """
    given = {
        "title": title, "problem": problem, "cause": cause, "solution": solution, "prevention": prevention,
        "product": product, "type": type, "subtype": subtype,
    }  # fmt: skip
    fields = {name: text for name, text in given.items() if text is not None}
    try:
        article = await open_backend(data).edit_article(key, by=by, fields=fields)
    except Problem as refusal:
        raise Problem(CommandOptions.of("edit", given, typed=key).reworded(str(refusal))) from None
    _print_changed(article, as_json)


async def learn(
    *,
    since: Annotated[str | None, Parameter(help="Only cases closed at or after this day or time.")] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Draft articles of closed cases that have none: those closed before there was a knowledge base. Again adds
    nothing twice.

    Example: bihuan kb learn --since 2026-01-01
    """
    from starter.services.knowledge import learn_articles
    from worker.installation.company_time import CompanyTime
    from worker.installation.settings import load_settings

    settings = load_settings(data=data)
    first = read_moment("--since", since, (await CompanyTime.read(settings)).zone)
    looked_at = [is_drafted async for is_drafted in learn_articles(settings, first, partial(progress_bar, "learn"))]
    drafted, without = looked_at.count(True), looked_at.count(False)
    if as_json:
        print_json({"drafted": drafted, "without": without})
        return
    print(f"{drafted} drafted; {without} closed cases have no solution of their own to learn from")


def _print_changed(article: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(article)
    else:
        say(f"{article['key']} is {article['status']}: {article['title']}")


def _positive(limit: int) -> int:
    if limit < 1:
        raise Problem(f"--limit {limit}: allowed: a number from 1")
    return limit
