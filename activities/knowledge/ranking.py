"""Articles ranked by how well their words fit those of a text, the same on SQLite and PostgreSQL (R28).

The index of the database names the candidates and how common each word is; the score is computed here, after BM25.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Final

from activities.database.reader import Reader
from activities.knowledge.bigrams import words_of

_SATURATION: Final = 1.2
_LENGTH_SHARE: Final = 0.75
_MOST_WORDS: Final = 64
"""Distinct words of a text that are looked up, its first ones."""
_FIELDS: Final = "id, number, status, title, solution, product, type, subtype, words, size"


@dataclass(frozen=True)
class SearchHit:
    """An article that fits. `score` is above 0, higher is better.

    `shared` is how many different words it has in common with the text, `overlap` their part of the words of the
    shorter of the two; `fit` is their weight among the words of the text that are in any article.
    """

    id: int
    number: str
    status: str
    title: str
    solution: str
    product: str | None
    type: str
    subtype: str | None
    score: float
    shared: int
    overlap: float
    fit: float


async def rank(reader: Reader, text: str, *, candidates: int = 2_000) -> list[SearchHit]:
    """Every article that shares a word with `text` and is not retired, the best first; equal ones by their id.

    Args:
        reader: where the articles are.
        text: anything at all; only its letters and digits count.
        candidates: so many articles are scored at most: common words are left out before rare ones, and if the
            rarest is in more, older articles before newer ones.
    """
    words = list(dict.fromkeys(words_of(text)))[:_MOST_WORDS]
    if not words:
        return []
    found = await _frequencies(reader, words)
    known = sorted((word for word in words if found.get(word)), key=lambda word: (found[word], word))
    if not known:
        return []
    chosen, cost = known[:1], found[known[0]]
    for word in known[1:]:
        cost += found[word]
        if cost > candidates:
            break
        chosen.append(word)
    (total,) = await reader.rows("SELECT count(*) AS number, sum(size) AS size FROM article WHERE size > 0")
    number, average = total["number"], int(total["size"] or 0) / max(total["number"], 1)
    weights = {word: log(1 + (number - found[word] + 0.5) / (found[word] + 0.5)) for word in known}
    hits = [_hit(row, weights, len(words), average) for row in await _having(reader, chosen, candidates)]
    return sorted(hits, key=lambda hit: (-hit.score, hit.id))


def _hit(row: Mapping[str, Any], weights: Mapping[str, float], asked: int, average: float) -> SearchHit:
    words = row["words"].split(" ") if isinstance(row["words"], str) else row["words"]
    counts = Counter(words)
    damping = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * row["size"] / average)
    score = share = 0.0
    shared = 0
    for word, weight in weights.items():
        if times := counts.get(word, 0):
            score += weight * times * (_SATURATION + 1) / (times + damping)
            share += weight
            shared += 1
    kept = {name: row[name] for name in ("id", "number", "status", "title", "solution", "product", "type", "subtype")}
    return SearchHit(
        **kept,
        score=round(score, 6),
        shared=shared,
        overlap=round(shared / min(asked, len(counts)), 6),
        fit=round(share / sum(weights.values()), 6),
    )


async def _frequencies(reader: Reader, words: Sequence[str]) -> dict[str, int]:
    """In how many articles each of these words is."""
    if reader.kind == "postgresql":
        rows = await reader.rows(
            "SELECT word, (SELECT count(*) FROM article WHERE words @> ARRAY[word]) AS number "
            "FROM unnest($1::varchar[]) AS word",
            words,
        )
        return {row["word"]: row["number"] for row in rows}
    rows = await reader.rows(
        "SELECT value AS word, (SELECT count(*) FROM article_index WHERE article_index MATCH '\"' || value || '\"') "
        "AS number FROM json_each($1)",
        json.dumps(words),
    )
    return {row["word"]: row["number"] for row in rows}


async def _having(reader: Reader, words: Sequence[str], limit: int) -> Sequence[Mapping[str, Any]]:
    """The articles with at least one of these words, the newest."""
    latest = f"ORDER BY id DESC LIMIT {int(limit)}"
    if reader.kind == "postgresql":
        return await reader.rows(
            f"SELECT {_FIELDS} FROM article WHERE words && $1::varchar[] {latest}",  # noqa: S608
            words,
        )
    return await reader.rows(
        f"SELECT {_FIELDS} FROM article "  # noqa: S608
        f"WHERE id IN (SELECT rowid FROM article_index WHERE article_index MATCH $1) {latest}",
        # A word holds nothing but letters and digits: no quotation mark or operator of FTS5 can be in it.
        " OR ".join(f'"{word}"' for word in words),
    )
