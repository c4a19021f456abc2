"""Articles: searched, listed, read (R28, R49)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException

from activities.database.database import is_outage
from starter.services.knowledge import ARTICLE_STATUSES, list_articles, may_edit, read_article, search_articles
from starter.web.staff.desk.filtering import plain_address
from starter.web.staff.wording import Wording
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from starter.web.staff.visit import StaffVisit

_PAGE: Final = 50


async def show(visit: StaffVisit, who: Bearer) -> Response:
    """Articles that fit some words, the best first; without words the latest changed, a page at a time."""
    path, query, settings = visit.request.url.path, visit.request.query_params, visit.site.settings
    if plain := plain_address(path, query):
        return visit.redirect(plain)
    words, status = query.get("q", "")[:1_000], query.get("status")
    fault = status is not None and status not in ARTICLE_STATUSES
    found: list[dict[str, Any]] = []
    following = None
    if fault:
        status = None
    elif words:
        try:
            found = await search_articles(settings, words, limit=_PAGE)
        except Problem as problem:
            if problem.__cause__ is not None or is_outage(problem):
                raise
            fault = True
    else:
        begin = _number(query.get("cursor", ""))
        listed = await list_articles(settings, status=status, limit=begin + _PAGE + 1)
        found = listed[begin : begin + _PAGE]
        asked = {"status": status} if status else {}
        more = len(listed) > begin + _PAGE
        following = f"{path}?{urlencode({**asked, 'cursor': begin + _PAGE})}" if more else None
    return visit.page(
        "staff/kb.html", 422 if fault else 200, shown=await Wording.of(visit, who), articles=found, words=words,
        chosen=status, statuses=ARTICLE_STATUSES, fault=fault, following=following,
    )  # fmt: skip


async def article(visit: StaffVisit, who: Bearer) -> Response:
    """One article with all its texts."""
    return await article_page(visit, who, await find_article(visit))


async def find_article(visit: StaffVisit) -> dict[str, Any]:
    """The article of the address.

    Raises:
        HTTPException: 404, where there is none.
    """
    try:
        return await read_article(visit.site.settings, str(visit.request.path_params["key"])[:100])
    except Problem as problem:
        if problem.__cause__ is not None or is_outage(problem):
            raise
        raise HTTPException(404) from None


async def article_page(
    visit: StaffVisit,
    who: Bearer,
    found: dict[str, Any],
    status: int = 200,
    *,
    fault: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    """The page of an article; `fault` is why nothing was changed, `typed` what was to be."""
    can_edit = who.person is not None and may_edit(who.organisation, who.person)
    return visit.page(
        "staff/article.html", status, shown=await Wording.of(visit, who), article=found, fault=fault, typed=typed,
        can_edit=can_edit, done="done" in visit.request.query_params,
    )  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
