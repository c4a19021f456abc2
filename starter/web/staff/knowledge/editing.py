"""What editors do to an article (R28)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from activities.database.database import is_outage
from activities.knowledge.editing import EDITABLE
from starter.services.knowledge import edit_article, publish_article, retire_article
from starter.web.staff.knowledge.pages import article_page, find_article
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from starter.web.staff.visit import StaffVisit

_CHANGES: Final = frozenset({"publish", "retire", "edit"})


async def change(visit: StaffVisit, who: Bearer) -> Response:
    """Put it in force, take it out, or change its texts; who is no editor is told so."""
    posted, found, settings = await visit.form(), await find_article(visit), visit.site.settings
    key, what = found["key"], posted.text("do")
    typed: dict[str, str] = {
        name: posted.texts[name].replace("\r\n", "\n") for name in (*EDITABLE, "why") if name in posted.texts
    }
    words = visit.words["desk"]["told"]
    if not visit.believes(posted.text("csrf")):
        return await article_page(visit, who, found, 403, fault=words["old"], typed=typed)
    if what not in _CHANGES or who.person is None:
        return await article_page(visit, who, found, 422, fault=words["malformed"], typed=typed)
    if what == "edit" and posted.text("seen") != found["updated_at"]:
        return await article_page(visit, who, found, 409, fault=visit.words["desk"]["kb"]["moved_on"], typed=typed)
    try:
        if what == "publish":
            await publish_article(settings, key, by=who.person)
        elif what == "retire":
            await retire_article(settings, key, by=who.person, why=typed.get("why", ""))
        else:
            changed: dict[str, str] = {
                name: text for name, text in typed.items() if name != "why" and text != (found[name] or "")
            }
            await edit_article(settings, key, by=who.person, fields=changed)
    except Problem as problem:
        if problem.__cause__ is not None or is_outage(problem):
            raise
        return await article_page(visit, who, found, 422, fault=str(problem), typed=typed)
    return visit.redirect(f"/desk/kb/{key}?done=1")
