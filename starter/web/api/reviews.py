"""Reviews of closed cases: read, drafted, worked on (R27)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from starter.services.identity.acting import OPEN_REVIEW_COMMANDS, KeyReusedError, MalformedError, NotAllowedError
from starter.services.results import REVIEW_STATUSES
from starter.services.reviews.documents import review_draft, review_report
from starter.services.reviews.reading import concerns, describe_review, list_reviews
from starter.web.api.acting import answer
from starter.web.api.parameters import read_locale
from starter.web.api.problem import ApiError, Kind

if TYPE_CHECKING:
    from starter.web.api.call import Call


async def reviews(call: Call) -> Response:
    """Reviews of cases that are the bearer's to see, or that wait for them; late ones first."""
    query = call.query(("status", "department"))
    statuses = tuple(filter(None, query.get("status", "").split(",")))
    if unknown := [one for one in statuses if one not in REVIEW_STATUSES]:
        raise ApiError(
            Kind.INVALID, f"status: {unknown[0][:40]}: allowed, parted by commas: {', '.join(REVIEW_STATUSES)}"
        )
    company, department = await call.company(), query.get("department")
    found = await list_reviews(call.site.settings, company, statuses=statuses, department=department)
    theirs = set(await call.readable(one["number"] for one in found))
    person = call.bearer.person
    return JSONResponse({"reviews": [one for one in found if one["number"] in theirs or concerns(one, person)]})


async def review(call: Call) -> Response:
    """The review that covers a case."""
    call.query(())
    return JSONResponse(await _seen(call))


async def report(call: Call) -> Response:
    """The report of the review, as HTML and Markdown."""
    query = call.query(("locale",))
    settings, number = call.site.settings, (await _seen(call))["number"]
    made = await review_report(settings, number, read_locale(query) or settings.locale)
    files = {kind: {"name": name, "text": text} for kind, (name, text) in made.files().items()}
    return JSONResponse(
        {
            "number": made.file.number,
            "review": made.file.review,
            "draft": made.is_draft,
            "report": made.as_json(),
            "files": files,
        }
    )


async def draft(call: Call) -> Response:
    """The draft of the report as TOML, for its author."""
    query = call.query(("name",))
    number = (await _seen(call))["number"]
    with call.refusing(Kind.INVALID):
        made = await review_draft(call.site.settings, number, query.get("name", "report.toml")[:200])
    return JSONResponse(asdict(made))


async def command(call: Call) -> Response:
    """Give it one command."""
    call.query(())
    name = str(call.request.path_params["name"]).replace("-", "_")
    if name not in OPEN_REVIEW_COMMANDS:
        raise ApiError(Kind.NOT_FOUND, f"there is no such command; allowed: {', '.join(OPEN_REVIEW_COMMANDS)}")
    await _seen(call)
    act, fields = await call.act(theirs=True), await call.body()
    try:
        with call.refusing(Kind.CLOSED):
            return answer(await act.send_to_review(name, fields))
    except ApiError as error:
        problem = error.__context__
        kinds = {MalformedError: Kind.INVALID, NotAllowedError: Kind.NO_RIGHT, KeyReusedError: Kind.KEY_REUSED}
        if type(problem) in kinds:
            raise ApiError(kinds[type(problem)], error.reason) from None  # type: ignore[index]
        raise


async def _seen(call: Call) -> dict[str, Any]:
    """The review of the address, if it is the bearer's to see.

    Raises:
        ApiError: there is none, or it is not theirs.
    """
    number = call.number
    with call.refusing(Kind.NOT_FOUND):
        shown = await describe_review(call.site.settings, number, await call.company())
    if not await call.readable([number, shown["number"]]) and not concerns(shown, call.bearer.person):
        raise ApiError(Kind.NOT_FOUND)
    return shown
