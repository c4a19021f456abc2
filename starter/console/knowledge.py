"""`bihuan kb`: what was learned from closed cases, found, and kept by editors."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from starter.console.screen import (
    AsJson,
    DataFolder,
    print_json,
    print_rich,
    print_table,
    printable,
    progress_bar,
    read_moment,
    say,
)
from worker.installation.settings import load_settings
from workflows.domain.problem import Problem

Key = Annotated[str, Parameter(help="Name of the article, such as KB0001.")]
By = Annotated[str, Parameter(name="--as", help="Who you are: a head, a person with the role editor, or operator.")]
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
    found = await _articles(data).search(text, limit=_positive(limit))
    if as_json:
        print_json(found)
        return
    if not found:
        print("nothing found")
        return
    print_table(
        ("Article", "State", "Score", "Title", "Solution", "Product", "Case"),
        [
            (one["key"], one["status"], f"{one['score']:.1f}", one["title"], _brief(one["solution"]),
             one["product"] or "", one["number"])
            for one in found
        ],
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
    from activities.knowledge.article_name import ArticleStatus

    if status is not None and status not in set(ArticleStatus):
        raise Problem(f"--status {status}: allowed: {', '.join(ArticleStatus)}")
    found = await _articles(data).list(status=status, product=product, limit=_positive(limit))
    company = await _company(data)
    if as_json:
        print_json(company.localized(found))
        return
    print_table(
        ("Article", "State", "Changed", "Title", "Type", "Product", "Case"),
        [
            (
                one["key"],
                one["status"],
                f"{company.local(one['updated_at']):%Y-%m-%d %H:%M}",
                one["title"],
                " / ".join(filter(None, (one["type"], one["subtype"]))),
                one["product"] or "",
                one["number"],
            )
            for one in found
        ],
    )


async def show(key: Key, /, *, as_json: AsJson = False, data: DataFolder = None) -> None:
    """One article with all its texts, and who changed it.

    Example: bihuan kb show KB0001
    """
    article = await _articles(data).get(key)
    company = await _company(data)
    if as_json:
        print_json(company.localized(article))
        return
    from rich.text import Text

    kind = " / ".join(filter(None, (article["type"], article["subtype"], article["product"])))
    lines = [f"{article['key']} · {article['status']} · {article['title']}", f"{kind} · from {article['number']}"]
    for name in _TEXTS:
        if article[name]:
            lines += ["", f"{name.capitalize()}", *(f"  {line}" for line in article[name].splitlines())]
    lines.append("")
    for change in article["changes"]:
        fields = f" {', '.join(change['fields'])}" if change.get("fields") else ""
        why = f": {change['why']}" if change.get("why") else ""
        lines.append(f"{company.local(change['at']):%Y-%m-%d %H:%M} {change['what']}{fields} by {change['by']}{why}")
    print_rich(Text(printable("\n".join(lines))))


async def publish(key: Key, /, *, by: By, as_json: AsJson = False, data: DataFolder = None) -> None:
    """Put an article in force: owners of new cases like it are pointed to it.

    Example: bihuan kb publish KB0001 --as tech-head
    """
    await _change("publish", key, by, as_json, data)


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
    await _change("retire", key, by, as_json, data, why=why)


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
    await _change("edit", key, by, as_json, data, fields=fields)


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
    from activities.knowledge.backfill import ArticleBackfill
    from worker.installation.installation import open_installation

    settings = load_settings(data=data)
    company = await _company(data)
    drafted = without = 0
    async with open_installation(settings) as installation:
        backlog = ArticleBackfill(installation.database, read_moment("--since", since, company.zone))
        with progress_bar("learn", await backlog.count()) as advance:
            async for is_drafted in backlog.draft_all():
                drafted, without = drafted + is_drafted, without + (not is_drafted)
                advance()
    if as_json:
        print_json({"drafted": drafted, "without": without})
        return
    print(f"{drafted} drafted; {without} closed cases have no solution of their own to learn from")


async def _change(what: str, key: str, by: str, as_json: bool, data: str | None, **options: Any) -> None:
    from activities.knowledge.editing import KnowledgeEditing
    from worker.installation.installation import open_installation

    async with open_installation(load_settings(data=data)) as installation:
        organisation = await installation.directory.current()
        knowledge = KnowledgeEditing(installation.database, organisation, installation.policy)
        await getattr(knowledge, what)(key, by=by, at=installation.now(), **options)
    article = await _articles(data).get(key)
    if as_json:
        print_json((await _company(data)).localized(article))
    else:
        say(f"{article['key']} is {article['status']}: {article['title']}")


def _articles(data: str | None) -> Any:
    from activities.database.url import DatabaseUrl
    from activities.knowledge.search import ArticleSearch

    return ArticleSearch(DatabaseUrl.parse(load_settings(data=data).database))


async def _company(data: str | None) -> Any:
    from worker.installation.company_time import CompanyTime

    return await CompanyTime.read(load_settings(data=data))


def _positive(limit: int) -> int:
    if limit < 1:
        raise Problem(f"--limit {limit}: allowed: a number from 1")
    return limit


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"
