"""Operations that hand in issues and give cases commands and files. A service's answer becomes a status here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from activities.document_text import parse_json_object
from activities.files.refusal import FileRefusal, FileRefusedError, refusal_text
from activities.intake.register import IntakeConflictError
from starter.services.cases.files import ReceivedFile, discard_staged
from starter.services.identity.acting import (
    OPEN_COMMANDS,
    CaseOverError,
    KeyReusedError,
    MalformedError,
    NotAllowedError,
    hand_in,
)
from starter.web.api.parameters import read_one_of
from starter.web.api.problem import ApiError, Kind
from starter.web.forms.attaching import attach_posted, receive_posted
from starter.web.forms.form import Posted, read_form
from starter.web.portal.uploads import LARGEST
from workflows.domain.vocabulary import CUSTOMER

if TYPE_CHECKING:
    from starter.services.results import CommandResult
    from starter.web.api.call import Call

_STATUS: Final = {"accepted": 200, "queued": 202}
_KINDS: Final = {
    MalformedError: Kind.INVALID,
    NotAllowedError: Kind.NO_RIGHT,
    KeyReusedError: Kind.KEY_REUSED,
    CaseOverError: Kind.CLOSED,
}


async def open_case(call: Call) -> Response:
    """Register an issue, alone or with files; the same again is the same case."""
    call.query(())
    if is_multipart(call):
        posted = await posted_files(call)
        try:
            if not posted.uploads or not (text := posted.texts.get("form")):
                raise ApiError(Kind.INVALID, "allowed: a part `form` with the form as JSON, and parts with files")
            with call.refusing(Kind.MALFORMED):
                form = parse_json_object(text)
            with file_refusals(call):
                received = await receive_posted(
                    call.installation, posted, by=call.bearer.person or CUSTOMER, via=call.bearer.via
                )
                return await _handed_in(call, form, received)
        finally:
            await posted.close()
    return await _handed_in(call, await call.body(), [])


async def _handed_in(call: Call, form: dict[str, Any], received: list[ReceivedFile]) -> Response:
    intake = await call.site.intake()
    try:
        accepted = await hand_in(intake, call.bearer, form, key=call.key, received=received)
    except BaseException as error:
        await discard_staged(call.installation, [one.id for one in received])
        if isinstance(error, MalformedError | IntakeConflictError):
            kind = Kind.INVALID if isinstance(error, MalformedError) else Kind.CONFLICT
            raise ApiError(kind, str(error)) from None
        raise
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
    return answer(result)


async def attach(call: Call) -> Response:
    """Give a case files, all of them or none."""
    query = call.query(("as",))
    of_customer = read_one_of(query, "as", (CUSTOMER,)) is not None
    if not is_multipart(call):
        raise ApiError(Kind.MEDIA)
    act = await call.act()
    posted = await posted_files(call)
    try:
        if not posted.uploads:
            raise ApiError(Kind.INVALID, "no file: allowed: parts of multipart/form-data that have a filename")
        with file_refusals(call):
            result, received = await attach_posted(act, posted, most_of(call), of_customer=of_customer)
    except KeyReusedError as problem:
        raise ApiError(Kind.KEY_REUSED, str(problem)) from None
    finally:
        await posted.close()
    return answer(result, files=[asdict(one) for one in received])


def is_multipart(call: Call) -> bool:
    """Whether files are sent."""
    return call.request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def posted_files(call: Call) -> Posted:
    """What was sent; to be closed.

    Raises:
        ApiError: it is too large, cut, or has more files than the policy allows.
    """
    try:
        posted = await read_form(call.request, largest=LARGEST, files=most_of(call))
    except HTTPException as error:
        too_large = error.status_code == 413
        raise ApiError(Kind.TOO_LARGE if too_large else Kind.MALFORMED, headers={"Connection": "close"}) from None
    if len(posted.uploads) > most_of(call):
        await posted.close()
        with file_refusals(call):
            raise FileRefusedError(FileRefusal.TOO_MANY, most=most_of(call))
    return posted


def most_of(call: Call) -> int:
    """How many files the policy lets come at once."""
    return call.installation.policy.files.at_once


@contextmanager
def file_refusals(call: Call) -> Iterator[None]:
    """Why a file is not taken, in the caller's language."""
    try:
        yield
    except FileRefusedError as refusal:
        closed = refusal.reason_code is FileRefusal.CASE_CLOSED
        said = refusal_text(refusal.reason_code, refusal.facts, call.locale)
        raise ApiError(Kind.CLOSED if closed else Kind.FILE_REFUSED, said, code=refusal.reason_code.value) from None


def answer(result: CommandResult, **more: Any) -> Response:
    """What became of a command.

    Raises:
        ApiError: it was rejected.
    """
    if result.outcome == "rejected":
        facts = {key: value for key, value in asdict(result).items() if key != "reason"}
        raise ApiError(Kind.REJECTED, result.reason, **facts)
    return JSONResponse(asdict(result) | more, _STATUS[result.outcome])
