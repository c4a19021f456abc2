"""Suggestions for the new owner of a case: articles that may answer it, and open cases of the same problem (R28)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from activities.database.reader import Reader, document
from activities.knowledge.article_name import ArticleStatus, article_key
from activities.knowledge.bigrams import pieces_of
from activities.knowledge.ranking import SearchHit, rank

if TYPE_CHECKING:
    from workflows.domain.model import Json

MOST: Final = 3
"""Suggestions of each kind."""
_CANDIDATES: Final = 200
_LEAST_SHARED, _LEAST_OVERLAP = 2, 0.2
"""Words an article must share with the case to be likely at all, and their part of the shorter of the two."""
_LEAST_ALIKE: Final = 0.35
"""Of the pieces of the shorter of two symptoms the other must share."""
_ONE_CAUSE: Final = (0.5, 0.3)
"""Of the shorter symptom, and of both together, so much is the same where one cause is likely; the type is, too."""
_OPEN_CASES: Final = 200
"""Open cases of one product that are compared, the latest."""
_LATEST: Final = 2_000
"""Open cases among which those of the product are looked for: what an owner waits for may not grow with the backlog."""
_SAME: Final = (("product", 1.5), ("subtype", 1.3), ("type", 1.1))
_BRIEF: Final = 120
_SOUND: Final = "CASE WHEN json_valid(r.form) THEN r.form END"
_IN_FORM: Final = {
    "sqlite": (f"json_extract({_SOUND}, '$.product')", f"json_extract({_SOUND}, '$.description.symptom')"),
    "postgresql": ("r.form->>'product'", "r.form#>>'{description,symptom}'"),
}
"""Product and symptom."""
_IN_ONE_ROW: Final = {
    "sqlite": "json_group_array(json_array(number, symptom))",
    "postgresql": "json_agg(json_build_array(number, symptom))",
}
"""Hundreds of rows cost more to hand over than to find: for each, SQLite's thread has to wait for its turn."""

Suggestions = dict[str, list[dict[str, Any]]]
"""`articles`: key, title, solution, score, of published ones; `earlier`: number, title, solution, article, score, of
closed cases whose article is not published; `open`: number, symptom, status, owner, opened_at, linked_to, score,
one_cause."""

NO_SUGGESTIONS: Final[Suggestions] = {"articles": [], "earlier": [], "open": []}


async def suggest(
    reader: Reader,
    number: str,
    form: Json,
    *,
    type: str | None,  # noqa: A002
    subtype: str | None,
) -> Suggestions:
    """Up to three of each kind, the likeliest first.

    Args:
        reader: the database.
        number: of the case; it is never suggested to itself.
        form: its intake form as it stands.
        type: what the case is classified as.
        subtype: likewise.
    """
    given = form.get("description")
    description: Json = given if isinstance(given, dict) else {}
    texts = [description.get(key) for key in ("symptom", "actual", "steps")]
    named = form.get("product")
    product = named if isinstance(named, str) else None
    facts = {"product": product, "type": type, "subtype": subtype}
    text = "\n".join(part for part in texts if isinstance(part, str))
    likely = [
        (hit, round(hit.score * _boost(hit, facts), 3))
        for hit in await rank(reader, text, candidates=_CANDIDATES)
        if hit.number != number and hit.shared >= _LEAST_SHARED and hit.overlap >= _LEAST_OVERLAP
    ]
    likely.sort(key=lambda one: (-one[1], one[0].id))
    published = [one for one in likely if one[0].status == ArticleStatus.PUBLISHED.value]
    others = [one for one in likely if one[0].status == ArticleStatus.DRAFT.value]
    return {
        "articles": [_article(hit, score) for hit, score in published[:MOST]],
        "earlier": [
            {"number": hit.number, "title": hit.title, "solution": hit.solution, "article": article_key(hit.id),
             "score": score}
            for hit, score in others[:MOST]
        ],
        "open": await _open_alike(reader, number, product, str(description.get("symptom") or ""), type),
    }  # fmt: skip


def _article(hit: SearchHit, score: float) -> dict[str, Any]:
    return {"key": article_key(hit.id), "title": hit.title, "solution": hit.solution, "score": score}


def _boost(hit: SearchHit, facts: Mapping[str, str | None]) -> float:
    boost = 1.0
    for name, factor in _SAME:
        mine, theirs = facts[name], getattr(hit, name)
        if mine and theirs and mine.casefold() == theirs.casefold():
            boost *= factor
    return boost


async def _open_alike(
    reader: Reader, number: str, product: str | None, symptom: str, type_: str | None
) -> list[dict[str, Any]]:
    """Open cases of the same product whose symptom is much the same: one cause may have many callers."""
    mine = pieces_of(symptom)
    if not product or not mine:
        return []
    its_product, its_symptom = _IN_FORM[reader.kind]
    (found,) = await reader.rows(
        # Each form is looked up by itself: joined, a server reads the forms of everything that was ever registered. In
        # the order of the latest ones, so that nobody looks further once enough are found.
        f"SELECT {_IN_ONE_ROW[reader.kind]} AS cases FROM ("  # noqa: S608 - constants only
        f"SELECT r.number, {its_symptom} AS symptom FROM ("
        "SELECT c.number, (SELECT form FROM registration WHERE number = c.number) AS form "
        f"FROM case_record AS c WHERE c.closed_at IS NULL ORDER BY c.opened_at DESC LIMIT {_LATEST}"
        f") AS r WHERE r.number <> $1 AND {its_product} = $2 LIMIT {_OPEN_CASES}) AS latest",
        number,
        product,
    )
    cases = [(str(one), " ".join(str(said or "").split())) for one, said in document(found["cases"]) or ()]
    alike = [(_alike(mine, said), one, said) for one, said in cases]
    likely = sorted((one for one in alike if one[0] >= _LEAST_ALIKE), key=lambda one: (-one[0], one[1]))
    return [
        {
            "number": similar,
            "symptom": said[:_BRIEF],
            "status": view["status"],
            "owner": view["owner"],
            "opened_at": view["opened_at"],
            "linked_to": view.get("linked_to"),
            "score": round(score, 3),
            "one_cause": view["type"] == type_ and _is_one_cause(mine, said),
        }
        for score, similar, said in likely[:MOST]
        for view in await _views(reader, similar)
    ]


async def _views(reader: Reader, number: str) -> list[Json]:
    rows = await reader.rows("SELECT view FROM case_record WHERE number = $1", number)
    return [document(row["view"]) for row in rows]


def _is_one_cause(mine: frozenset[str], symptom: str) -> bool:
    theirs = pieces_of(symptom)
    of_shorter, of_both = _ONE_CAUSE
    return _alike(mine, symptom) >= of_shorter and len(mine & theirs) >= of_both * len(mine | theirs)


def _alike(mine: frozenset[str], symptom: str) -> float:
    theirs = pieces_of(symptom)
    return len(mine & theirs) / min(len(mine), len(theirs)) if theirs else 0.0
