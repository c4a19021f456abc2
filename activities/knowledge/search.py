"""Search in the knowledge base, lists of articles, one article as JSON (R28)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from activities.database.reader import document, instant, open_reader
from activities.database.url import DatabaseUrl
from activities.knowledge.article_name import ArticleStatus, article_id, article_key
from activities.knowledge.bigrams import words_of
from activities.knowledge.ranking import SearchHit, rank
from activities.rows import FaultyRow, read_rows
from workflows.domain.problem import Problem

_LEAST_FIT: Final = 0.3
"""Of the weight of the words searched for, those left out that are nowhere, an article must have."""
_FIELDS: Final = (
    "id, number, status, title, problem, cause, solution, prevention, product, type, subtype, drafted_at, updated_at, "
    "changes"
)


class ArticleSearch:
    """Reads the knowledge base; changes nothing. Every method raises Problem when the database cannot be read."""

    def __init__(self, address: DatabaseUrl) -> None:
        self._address = address

    async def search(self, text: str, *, limit: int = 10) -> list[dict[str, Any]]:
        """Articles that fit, published ones before drafts, the best first.

        Each has key, number, status, title, solution, product, type, subtype and score.

        Raises:
            Problem: there is no word of two characters in the text.
        """
        if not any(len(word) > 1 for word in words_of(text)):
            raise Problem("nothing to search for: give a word of at least two letters, digits or characters")
        async with open_reader(self._address) as reader:
            hits = await rank(reader, text)
        fitting = [hit for hit in hits if hit.fit >= _LEAST_FIT]
        fitting.sort(key=lambda hit: hit.status != ArticleStatus.PUBLISHED.value)
        return [_found(hit) for hit in fitting[:limit]]

    async def list(
        self, *, status: str | None = None, product: str | None = None, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Articles of that state and product, the latest changed first; keys as in `get`."""
        async with open_reader(self._address) as reader:
            rows = await reader.rows(
                f"SELECT {_FIELDS} FROM article WHERE ($1 = '' OR status = $1) AND ($2 = '' OR product = $2) "  # noqa: S608
                "ORDER BY updated_at DESC, id DESC LIMIT CAST($3 AS INTEGER)",
                status or "",
                product or "",
                limit,
            )
        read = read_rows(rows, _article, name=lambda row: article_key(row["id"]))
        return [_damaged(one) if isinstance(one, FaultyRow) else one for one in read]

    async def get(self, key: str) -> dict[str, Any]:
        """One article with all its texts, and `changes`: who did what to it, in order.

        Raises:
            Problem: there is no such article.
        """
        async with open_reader(self._address) as reader:
            rows = await reader.rows(f"SELECT {_FIELDS} FROM article WHERE id = $1", article_id(key))  # noqa: S608
        if not rows:
            raise Problem(f"{key}: there is no such article; bihuan kb list shows them")
        (article,) = read_rows(rows, _article, name=lambda _: key)
        if isinstance(article, FaultyRow):
            raise Problem(f"{key}: cannot be read: {article.fault}")
        return article


def _found(hit: SearchHit) -> dict[str, Any]:
    return {
        "key": article_key(hit.id),
        "number": hit.number,
        "status": hit.status,
        "title": hit.title,
        "solution": hit.solution,
        "product": hit.product,
        "type": hit.type,
        "subtype": hit.subtype,
        "score": round(hit.score, 3),
    }


def _damaged(row: FaultyRow) -> dict[str, Any]:
    """An article that cannot be read, in a list of others."""
    return {"key": row.name, **dict.fromkeys(_FIELDS.split(", ")[1:]), "fault": row.fault}


def _article(row: Mapping[str, Any]) -> dict[str, Any]:
    article = {"key": article_key(row["id"]), **row}
    del article["id"]
    article["changes"] = document(row["changes"])
    for name in ("drafted_at", "updated_at"):
        article[name] = instant(row[name]).isoformat()
    return article
