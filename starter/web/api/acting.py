"""What is done: issues handed in, commands and files given to cases. What a service answers becomes a status here."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from activities.files.refusal import FileRefusal, FileRefusedError, refusal_text
from activities.intake.register import IntakeConflictError
from starter.services.identity.acting import (
    OPEN_COMMANDS,
    CaseOverError,
    KeyReusedError,
    MalformedError,
    NotAllowedError,
    hand_in,
)
from starter.web.api.problem import ApiError, Kind
from starter.web.attaching import attach_posted
from starter.web.forms import read_form
from starter.web.portal.uploads import LARGEST

if TYPE_CHECKING:
    from starter.services.cases.commands import CommandResult
    from starter.web.api.call import Call

_STATUS: Final = {"accepted": 200, "queued": 202}
_KINDS: Final = {
    MalformedError: Kind.INVALID,
    NotAllowedError: Kind.NO_RIGHT,
    KeyReusedError: Kind.KEY_REUSED,
    CaseOverError: Kind.CLOSED,
}


async def open_case(call: Call) -> Response:
    """Register an issue; the same again is the same case."""
    call.query(())
    intake = await call.site.intake()
    try:
        accepted = await hand_in(intake, call.bearer, await call.body(), key=call.key)
    except MalformedError as problem:
        raise ApiError(Kind.INVALID, str(problem)) from None
    except IntakeConflictError as conflict:
        raise ApiError(Kind.CONFLICT, str(conflict)) from None
    where = {"Location": f"/api/v1/cases/{accepted.number}"}
    shown = {"number": accepted.number, "created": accepted.created}
    return JSONResponse(shown, 201 if accepted.created else 200, headers=where)


async def command(call: Call) -> Response:
    """Give a case one command."""
    call.query(())
    name = str(call.request.path_params["name"]).replace("-", "_")
    if name not in OPEN_COMMANDS:
        raise ApiError(Kind.NOT_FOUND, f"there is no such command; allowed: {', '.join(OPEN_COMMANDS)}")
    fields = await call.body()
    act = await call.act()
    try:
        result = await act.send(name, fields)
    except tuple(_KINDS) as problem:
        raise ApiError(_KINDS[type(problem)], str(problem)) from None
    return _answer(result)


async def attach(call: Call) -> Response:
    """Give a case files, all of them or none."""
    call.query(())
    if not call.request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise ApiError(Kind.MEDIA)
    act = await call.act()
    most = call.installation.policy.files.at_once
    try:
        posted = await read_form(call.request, largest=LARGEST, files=most)
    except HTTPException as error:
        too_large = error.status_code == 413
        raise ApiError(Kind.TOO_LARGE if too_large else Kind.MALFORMED, headers={"Connection": "close"}) from None
    try:
        if not posted.uploads:
            raise ApiError(Kind.INVALID, "no file: allowed: parts of multipart/form-data that have a filename")
        result, received = await attach_posted(act, posted, most)
    except FileRefusedError as refusal:
        closed = refusal.reason_code is FileRefusal.CASE_CLOSED
        said = refusal_text(refusal.reason_code, refusal.facts, call.locale)
        raise ApiError(Kind.CLOSED if closed else Kind.FILE_REFUSED, said, code=refusal.reason_code.value) from None
    except KeyReusedError as problem:
        raise ApiError(Kind.KEY_REUSED, str(problem)) from None
    finally:
        await posted.close()
    return _answer(result, files=[asdict(one) for one in received])


def _answer(result: CommandResult, **more: Any) -> Response:
    if result.outcome == "rejected":
        facts = {key: value for key, value in asdict(result).items() if key != "reason"}
        raise ApiError(Kind.REJECTED, result.reason, **facts)
    return JSONResponse(asdict(result) | more, _STATUS[result.outcome])
