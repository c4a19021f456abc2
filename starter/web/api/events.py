"""What happens in all cases that are the caller's to see, as it happens: server-sent events (R47)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from starter.services.feed.feed import NoSuchPositionError, TooFarBehindError, TooManyError
from starter.services.feed.listener import Wanted
from starter.web.api.problem import ApiError, Kind
from starter.web.event_stream import EventStream

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from starter.web.api.call import Call
    from starter.web.site import Site

ASKED: Final = ("after", "number", "department")
"""What may be asked for. A browser that comes back asks for the same, and has `Last-Event-ID` besides: that counts."""
_HEADER: Final = "last-event-id"
_LONGEST: Final = 18
_RETRY: Final = {"Retry-After": "5"}


async def events(call: Call) -> Response:
    """Steps of cases as they happen, from now on or from behind the position that the caller had last."""
    return await stream(call.site, call.request, call.bearer, call.query(ASKED))


async def stream(
    site: Site, request: Request, bearer: Bearer, query: Mapping[str, str], *, reloads: bool = False
) -> EventStream:
    """The stream for that bearer; `reloads`: who has missed too much is told to read the page again, and stays.

    Raises:
        ApiError: something that was asked for is not well-formed or not theirs, or as many as may be listen already.
        Problem: the record cannot be read now.
    """
    name, after = _position(request, query)
    wanted = await _wanted(site, bearer, query)
    if request.method == "HEAD":
        return EventStream(site.feed, None)
    try:
        return EventStream(site.feed, await site.feed.listen(bearer, wanted, after))
    except (NoSuchPositionError, TooFarBehindError) as refused:
        if not reloads:
            raise ApiError(Kind.INVALID, f"{name}: {refused}") from None
    except TooManyError as crowd:
        raise ApiError(Kind.TOO_MANY if crowd.own else Kind.OUTAGE, str(crowd), headers=_RETRY) from None
    return EventStream(site.feed, await site.feed.listen(bearer, wanted, None), reload=True)


def _position(request: Request, query: Mapping[str, str]) -> tuple[str, int | None]:
    """Where it was said, and what."""
    header = request.headers.get(_HEADER, "").strip()
    name, given = ("Last-Event-ID", header) if header else ("after", query.get("after"))
    if given is None:
        return name, None
    if not (given.isascii() and given.isdecimal() and len(given) <= _LONGEST):
        raise ApiError(Kind.INVALID, f"{name}: allowed: the `id` of an event that came here")
    return name, int(given)


async def _wanted(site: Site, bearer: Bearer, query: Mapping[str, str]) -> Wanted:
    number, department = query.get("number"), query.get("department")
    if number is not None:
        number = unicodedata.normalize("NFKC", number[:100]).strip().upper()
        record = await (await site.record()).installation.cases.get(number)
        if record is None or not bearer.may_read(record):
            raise ApiError(Kind.NOT_FOUND)
    if department is not None and (organisation := bearer.organisation) is not None:
        known = [entry.id for entry in organisation.departments]
        if department not in known:
            raise ApiError(Kind.INVALID, f"department: allowed: {', '.join(known)}")
    return Wanted(number, department)
