"""Operations for clients that show cases: people, time and zone, names, and what waits for whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response

from starter.services.cases.listing import known_names
from starter.services.cases.mine import work_of
from starter.services.cases.numbers import is_ending, number_ending, suggested_numbers
from starter.services.company.people import known_people
from starter.services.intake.form_check import FormCheck
from starter.web.api.problem import ApiError, Kind

if TYPE_CHECKING:
    from starter.web.api.call import Call

_ENDING: Final = re.compile(r"[0-9-]{1,21}")


async def context(call: Call) -> Response:
    """The people of the organisation, the cases' time and its zone, the language."""
    call.query(())
    company, people = await call.company(), await known_people(call.site.settings)
    return JSONResponse(
        {
            "zone": company.zone,
            "virtual_time": dict(company.kept) or None,
            "locale": call.site.settings.locale,
            "people": dict(people.names),
        }
    )


async def names(call: Call) -> Response:
    """What filters and forms may name."""
    call.query(())
    known: dict[str, Any] = await known_names(call.site.settings)
    policy = call.installation.policy
    types = [
        {"id": one.id, "names": {str(locale): name for locale, name in one.labels.items()}} for one in policy.types
    ]
    keys = ("department", "group", "owner", "type", "subtype")
    return JSONResponse({**{key: known.get(key) for key in keys}, "types": types})


async def numbers(call: Call) -> Response:
    """The number of the case that ends so; without an ending, those of the bearer's open cases."""
    query = call.query(("ending",))
    ending = query.get("ending")
    settings = call.site.settings
    if ending is None:
        found = await suggested_numbers(settings, call.bearer.person)
        return JSONResponse({"numbers": await call.readable(found)})
    if not _ENDING.fullmatch(ending) or not is_ending(ending):
        raise ApiError(Kind.INVALID, "ending: allowed: the last digits of a number, such as 0042 or 1127-42")
    with call.refusing(Kind.INVALID):
        return JSONResponse({"numbers": [await number_ending(settings, ending, call.readable)]})


async def mine(call: Call) -> Response:
    """What waits for whose token it is."""
    call.query(())
    person, settings = call.person(), call.site.settings
    return JSONResponse(await work_of(settings, person, await call.company(), await known_people(settings)))


async def check_form(call: Call) -> Response:
    """What would be refused of a form, or of a part of one; nothing is registered."""
    call.query(())
    body = await call.body()
    (name, given), *more = body.items() or [("", None)]
    if more or name not in {"form", "section"} or not isinstance(given, dict):
        raise ApiError(Kind.INVALID, "allowed: one of form and section, an object")
    organisation = await call.installation.directory.current()
    check = FormCheck(call.installation.policy, organisation, await call.company())
    fault = check.form_fault(given) if name == "form" else check.section_fault(given)
    return JSONResponse({"fault": fault})
