"""What is read: cases, their timelines and messages, what is stuck, articles, files."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response

from activities.queries.cases import Filter
from starter.services.cases.actions import action_json, open_actions
from starter.services.cases.files import case_of_file, read_file
from starter.services.cases.listing import page_of_cases
from starter.services.cases.reading import describe_case
from starter.services.knowledge import search_articles
from starter.services.system.stuck import find_stuck
from starter.web.api.problem import ApiError, Kind
from starter.web.downloads import as_download
from workflows.domain.formats import moment_of
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Priority, Status

if TYPE_CHECKING:
    from starter.web.api.call import Call

_TEXTS: Final = ("type", "subtype", "department", "group", "owner", "text")
_YES: Final = ("open", "escalated", "breached")
FILTERS: Final = ("status", "priority", *_TEXTS, *_YES, "since", "until", "limit", "cursor")
"""What `GET /cases` may be asked with."""
MOST: Final = 200
"""Of what one answer lists."""
USUAL: Final = 50


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
    wanted = Filter(
        status=_one_of(query, "status", Status),
        priority=_one_of(query, "priority", Priority),
        **texts,
        open_only=bool(_yes(query, "open")),
        escalated=_yes(query, "escalated"),
        breached=_yes(query, "breached"),
        since=_moment(query, "since", company.zone),
        until=_moment(query, "until", company.zone),
        limit=_limit(query, MOST),
        after=_read_cursor(query),
    )
    page = await page_of_cases(call.installation, wanted, company, call.bearer.may_read)
    return JSONResponse({"cases": page.cases, "next": _cursor(page.after)})


async def case(call: Call) -> Response:
    """Everything about one case but its timeline."""
    call.query(())
    shown = await _described(call)
    shown.pop("timeline")
    return JSONResponse(shown)


async def timeline(call: Call) -> Response:
    """What happened in a case, in order."""
    call.query(())
    return JSONResponse({"timeline": (await _described(call))["timeline"]})


async def outbox(call: Call) -> Response:
    """The messages of a case, in the order they were written; the latest of them."""
    query = call.query(("limit",))
    record, company = await call.case(), await call.company()
    rows = await call.installation.cases.outbox(record.number, limit=_limit(query, MOST))
    return JSONResponse({"messages": [company.localized(row.as_json()) for row in rows]})


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
    items, warning = await find_stuck(call.site.settings, company)
    if not call.bearer.sees_all:
        numbers = {item.number for item in items}
        found = [await call.installation.cases.get(number) for number in sorted(numbers)]
        theirs = {record.number for record in found if record is not None and call.bearer.may_read(record)}
        items = [item for item in items if item.number in theirs]
    return JSONResponse({"stuck": [company.localized(asdict(item)) for item in items], "warning": warning})


async def articles(call: Call) -> Response:
    """Articles of the knowledge base that fit some words, the best first."""
    query = call.query(("q", "limit"))
    try:
        found = await search_articles(call.site.settings, query.get("q", "")[:1_000], limit=_limit(query, MOST))
    except Problem as problem:
        if problem.__cause__ is not None:
            raise
        raise ApiError(Kind.INVALID, f"q: {problem}") from None
    return JSONResponse({"articles": (await call.company()).localized(found)})


async def file(call: Call) -> Response:
    """A file as it came, to be saved. One answer for another's, an erased, an infected one, and none."""
    call.query(())
    id_ = str(call.request.path_params["id"])[:100]
    number = await case_of_file(call.installation, id_)
    record = await call.installation.cases.get(number) if number is not None else None
    if record is None or not call.bearer.may_read(record):
        raise ApiError(Kind.NOT_FOUND)
    try:
        found, chunks = await read_file(call.installation, record.number, id_)
    except LookupError:
        raise ApiError(Kind.NOT_FOUND) from None
    return as_download(found, chunks)


async def _described(call: Call) -> dict[str, Any]:
    record = await call.case()
    return await describe_case(call.site.settings, record.number, await call.company())


def _one_of(query: Mapping[str, str], name: str, allowed: Any) -> str | None:
    value = query.get(name)
    if value is not None and value not in set(allowed):
        raise ApiError(Kind.INVALID, f"{name}: allowed: {', '.join(allowed)}")
    return value


def _yes(query: Mapping[str, str], name: str) -> bool | None:
    value = query.get(name)
    if value not in {None, "true", "false"}:
        raise ApiError(Kind.INVALID, f"{name}: allowed: true, false")
    return None if value is None else value == "true"


def _moment(query: Mapping[str, str], name: str, zone: str) -> datetime | None:
    value = query.get(name)
    if value is None:
        return None
    try:
        return moment_of(f"{value}T00:00" if len(value) == len("2026-05-11") else value, zone)
    except ValueError:
        raise ApiError(Kind.INVALID, f"{name}: allowed: a day such as 2026-05-11, or 2026-05-11T09:00+08:00") from None


def _limit(query: Mapping[str, str], most: int) -> int:
    value = query.get("limit", str(min(USUAL, most)))
    if not (value.isascii() and value.isdecimal() and len(value) < len(str(most)) + 1 and 1 <= int(value) <= most):
        raise ApiError(Kind.INVALID, f"limit: allowed: a number from 1 to {most}")
    return int(value)


def _cursor(after: tuple[datetime, str] | None) -> str | None:
    if after is None:
        return None
    received, number = after
    return base64.urlsafe_b64encode(f"{received.astimezone(UTC).isoformat()} {number}".encode()).decode().rstrip("=")


def _read_cursor(query: Mapping[str, str]) -> tuple[datetime, str] | None:
    given = query.get("cursor")
    if given is None:
        return None
    try:
        text = base64.b64decode(given[:200] + "=" * (-len(given[:200]) % 4), altchars=b"-_", validate=True).decode()
        received, number = text.split(" ")
        return datetime.fromisoformat(received).astimezone(UTC), number
    except (ValueError, OverflowError):
        raise ApiError(Kind.INVALID, "cursor: allowed: what `next` of the page before was") from None
