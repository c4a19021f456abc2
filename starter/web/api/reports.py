"""Operations over all cases, for whoever may see them: the analysis of a period, and the export as a log."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, Response, StreamingResponse

from starter.services.analysis import Analyses
from starter.services.analysis_process import make_report
from starter.services.export import count_past, exported_past
from starter.web.api.parameters import read_locale, read_moment, read_one_of, read_yes
from starter.web.api.problem import ApiError, Kind
from workflows.domain.policy.reports import days_name

if TYPE_CHECKING:
    from starter.web.api.call import Call

LINES: Final = "application/x-ndjson"


async def report(call: Call) -> Response:
    """The analysis of a period, with its files."""
    query = call.query(("from", "to", "last", "by", "locale"))
    call.must_see_all()
    first, last, ended = query.get("from"), query.get("to"), read_one_of(query, "last", ("week", "month"))
    if (ended is None) is (first is None) or (first is None) is not (last is None):
        raise ApiError(Kind.INVALID, "allowed: from and to, or last")
    analyses, locale = Analyses(call.installation), read_locale(query) or call.site.settings.locale
    by = query["by"].split(",") if query.get("by") else None
    with call.refusing(Kind.INVALID):
        days = analyses.days_wanted(first, last, ended)
        made = await make_report(call.installation.settings, days, by=by, locale=locale)
    return JSONResponse({"days": days_name(days), **asdict(made)})


async def export(call: Call) -> Response:
    """Recorded cases as a log: a line a case, `lines` or why it cannot be read; or how many cases that will be."""
    query = call.query(("since", "until", "count"))
    call.must_see_all()
    company = await call.company()
    since, until = (read_moment(query, name, company.zone) for name in ("since", "until"))
    if read_yes(query, "count"):
        return JSONResponse({"count": await count_past(call.installation, since, until)})

    async def lines() -> AsyncIterator[str]:
        async for case in exported_past(call.installation, company, since, until):
            shown = {"fault": case} if isinstance(case, str) else {"lines": case}
            yield json.dumps(shown, ensure_ascii=False) + "\n"

    return StreamingResponse(lines(), media_type=LINES)
