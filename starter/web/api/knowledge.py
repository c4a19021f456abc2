"""The knowledge base: searched by whoever may, changed by editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response

from activities.knowledge.editing import EDITABLE, NoEditorError
from starter.services.knowledge import (
    ARTICLE_STATUSES,
    edit_article,
    list_articles,
    publish_article,
    read_article,
    retire_article,
    search_articles,
)
from starter.web.api.parameters import MOST, read_limit, read_one_of
from starter.web.api.problem import ApiError, Kind

if TYPE_CHECKING:
    from starter.web.api.call import Call

MOST_LISTED: Final = 10_000
CHANGES: Final = ("publish", "retire", "edit")


async def articles(call: Call) -> Response:
    """Articles that fit some words, the best first."""
    query = call.query(("q", "limit"))
    limit = read_limit(query, MOST)
    try:
        with call.refusing(Kind.INVALID):
            found = await search_articles(call.site.settings, query.get("q", "")[:1_000], limit=limit)
    except ApiError as error:
        raise ApiError(Kind.INVALID, f"q: {error.reason}") from None
    return JSONResponse({"articles": (await call.company()).localized(found)})


async def listed(call: Call) -> Response:
    """Articles by their state, the latest changed first."""
    query = call.query(("status", "product", "limit"))
    found = await list_articles(
        call.site.settings, status=read_one_of(query, "status", ARTICLE_STATUSES), product=query.get("product"),
        limit=read_limit(query, MOST_LISTED),
    )  # fmt: skip
    return JSONResponse({"articles": (await call.company()).localized(found)})


async def article(call: Call) -> Response:
    """One article with all its texts."""
    call.query(())
    with call.refusing(Kind.NOT_FOUND):
        return await _shown(call, await read_article(call.site.settings, _key(call)))


async def change(call: Call) -> Response:
    """Put in force, taken out, or changed by an editor."""
    call.query(())
    what, person, key = call.request.url.path.rpartition("/")[2], call.person(), _key(call)
    fields = _texts(await call.body(), {"publish": (), "retire": ("why",), "edit": tuple(EDITABLE)}[what])
    settings = call.site.settings
    with call.refusing(Kind.NOT_FOUND):
        await read_article(settings, key)
    try:
        with call.refusing(Kind.INVALID):
            if what == "publish":
                changed = await publish_article(settings, key, by=person)
            elif what == "retire":
                changed = await retire_article(settings, key, by=person, why=fields.get("why", ""))
            else:
                changed = await edit_article(settings, key, by=person, fields=fields)
    except ApiError as error:
        if isinstance(error.__context__, NoEditorError):
            raise ApiError(Kind.NO_RIGHT, error.reason) from None
        raise
    return await _shown(call, changed)


def _key(call: Call) -> str:
    return str(call.request.path_params["key"])[:100]


def _texts(fields: dict[str, Any], allowed: tuple[str, ...]) -> dict[str, str]:
    for name, value in fields.items():
        if name not in allowed:
            raise ApiError(Kind.INVALID, f"{name}: is not known here; allowed: {', '.join(allowed) or 'nothing'}")
        if not isinstance(value, str):
            raise ApiError(Kind.INVALID, f"{name}: allowed: a text")
    return fields


async def _shown(call: Call, article: dict[str, Any]) -> Response:
    return JSONResponse((await call.company()).localized(article))
