"""Operations that read: cases, their timelines and messages, what is stuck, files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.responses import JSONResponse, Response

from activities.queries.case_filter import ORDERS, Filter, Order
from starter.services.cases.actions import action_json, open_actions
from starter.services.cases.files import case_of_file, files_of, read_file
from starter.services.cases.listing import as_listed, message_json, page_of_cases
from starter.services.cases.reading import customer_view, describe_case
from starter.services.results import MESSAGE_STATUSES
from starter.web.api.parameters import MOST, read_limit, read_moment, read_one_of, read_yes
from starter.web.api.problem import ApiError, Kind
from starter.web.cursor import Place, read_place, written_place
from starter.web.downloads import as_download
from workflows.domain.vocabulary import Locale, Priority, Status

if TYPE_CHECKING:
    from starter.web.api.call import Call

_TEXTS: Final = ("type", "subtype", "department", "group", "owner", "text", "customer")
_YES: Final = ("open", "escalated", "breached")
FILTERS: Final = ("status", "priority", *_TEXTS, *_YES, "since", "until", "sort", "limit", "cursor")
"""What `GET /cases` may be asked with."""
MOST_MESSAGES: Final = 10_000
_NO_CURSOR: Final = "cursor: allowed: what `next` of the page before was"
_OF_MESSAGES: Final = ("status", "full", "limit")


async def me(call: Call) -> Response:
    """Whose token this is, and what for."""
    call.query(())
    bearer, company = call.bearer, await call.company()
    system = None if bearer.person else bearer.caller.partition(":")[2]
    shown: dict[str, Any] = company.localized(
        {"person": bearer.person, "system": system, "rights": sorted(bearer.rights), "expires_at": bearer.expires_at}
    )
    return JSONResponse(shown)


async def cases(call: Call) -> Response:
    """Cases, the latest received first, a page at a time."""
    query = call.query(FILTERS)
    company = await call.company()
    texts: dict[str, Any] = {name: query.get(name) for name in _TEXTS}
    sort = cast("Order", read_one_of(query, "sort", ORDERS) or "received")
    after = _read_cursor(query)
    if after is not None and isinstance(after, int) is (sort == "received"):
        raise ApiError(Kind.INVALID, _NO_CURSOR)
    wanted = Filter(
        status=read_one_of(query, "status", Status),
        priority=read_one_of(query, "priority", Priority),
        **texts,
        open_only=bool(read_yes(query, "open")),
        escalated=read_yes(query, "escalated"),
        breached=read_yes(query, "breached"),
        since=read_moment(query, "since", company.zone),
        until=read_moment(query, "until", company.zone),
        limit=read_limit(query, MOST),
        sort=sort,
        **({"offset": after} if isinstance(after, int) else {"after": after}),
    )
    page = await page_of_cases(call.installation, wanted, call.bearer.may_read)
    shown = await as_listed(call.installation.settings, page.cases, company)
    return JSONResponse({"cases": shown, "next": written_place(page.after)})


async def case(call: Call) -> Response:
    """Everything about one case; its timeline only where it is asked for."""
    query = call.query(("timeline",))
    shown = await _described(call)
    if not read_yes(query, "timeline"):
        shown.pop("timeline")
    return JSONResponse(shown)


async def timeline(call: Call) -> Response:
    """What happened in a case, in order."""
    call.query(())
    return JSONResponse({"timeline": (await _described(call))["timeline"]})


async def outbox(call: Call) -> Response:
    """The messages of a case, in the order they were written; the latest of them."""
    query = call.query(_OF_MESSAGES)
    record = await call.case()
    return await _messages(call, query, record.number)


async def all_messages(call: Call) -> Response:
    """The messages of all cases that are the bearer's to see."""
    return await _messages(call, call.query(_OF_MESSAGES), None)


async def _messages(call: Call, query: Mapping[str, str], number: str | None) -> Response:
    company, status = await call.company(), read_one_of(query, "status", MESSAGE_STATUSES)
    rows = await call.installation.cases.outbox(number, status=status, limit=read_limit(query, MOST_MESSAGES))
    theirs = set(await call.readable(row.number for row in rows))
    left_out = () if read_yes(query, "full") else ("text", "short", "html")
    shown = [message_json(row, company) for row in rows if row.number in theirs]
    return JSONResponse(
        {"messages": [{key: value for key, value in row.items() if key not in left_out} for row in shown]}
    )


async def files(call: Call) -> Response:
    """The files of a case."""
    call.query(())
    record, company = await call.case(), await call.company()
    found = await files_of(call.installation, record.number)
    return JSONResponse({"files": [company.localized(one.as_json()) for one in found]})


async def customers_view(call: Call) -> Response:
    """What the customer with that contact may know of a case; one answer for a wrong contact and for no such case."""
    call.query(())
    record, fields = await call.case(), await call.body()
    contact, locale = fields.pop("contact", None), fields.pop("locale", None)
    if fields or not isinstance(contact, str) or not contact.strip() or locale not in {None, *Locale}:
        allowed = f"contact, and locale: {', '.join(Locale)}"
        raise ApiError(Kind.INVALID, f"allowed: {allowed}")
    view = await customer_view(call.site.settings, record.number, contact, Locale(locale) if locale else None)
    if view is None:
        raise ApiError(Kind.NOT_FOUND)
    shown: dict[str, Any] = (await call.company()).localized(view)
    return JSONResponse(shown)


async def actions(call: Call) -> Response:
    """What the bearer may do with a case now, the main thing first, and why not the rest; a system as the customer."""
    call.query(())
    record = await call.case()
    found = open_actions(record, call.bearer.person, call.bearer.organisation)
    return JSONResponse({"number": record.number, "actions": list(map(action_json, found))})


async def stuck(call: Call) -> Response:
    """What needs a person, of what is the bearer's to see."""
    call.query(())
    company = await call.company()
    items, warning = await call.site.stuck.seen_by(call.bearer, call.installation, company, call.site.client)
    return JSONResponse({"stuck": [company.localized(asdict(item)) for item in items], "warning": warning})


async def file(call: Call) -> Response:
    """A file as it came, to be saved. One answer for another's, an erased, an infected one, and none."""
    call.query(())
    id_ = str(call.request.path_params["id"])[:100]
    number = await case_of_file(call.installation, id_)
    record = await call.installation.cases.get(number, timeline=False) if number is not None else None
    if record is None or not call.bearer.may_read(record):
        raise ApiError(Kind.NOT_FOUND)
    try:
        found, chunks = await read_file(call.installation, record.number, id_)
    except LookupError:
        raise ApiError(Kind.NOT_FOUND) from None
    return as_download(found, chunks)


async def _described(call: Call) -> dict[str, Any]:
    record = await call.case()
    shown = await describe_case(call.site.settings, record.number, await call.company())
    if suggestions := shown.get("suggestions"):
        # Open cases like this one have the words of other customers.
        theirs = set(await call.readable(one["number"] for one in suggestions["open"]))
        suggestions["open"] = [one for one in suggestions["open"] if one["number"] in theirs]
    return shown


def _read_cursor(query: Mapping[str, str]) -> Place | None:
    try:
        return read_place(query.get("cursor"))
    except ValueError:
        raise ApiError(Kind.INVALID, _NO_CURSOR) from None
