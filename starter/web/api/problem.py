"""Errors of the API, as RFC 9457 problem details in the caller's language."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from starlette.responses import JSONResponse

from activities.rendering.labels import words_in
from workflows.domain.model import one_line
from workflows.domain.vocabulary import Locale

MEDIA_TYPE: Final = "application/problem+json"
_LONGEST: Final = 2_000


class Kind(StrEnum):
    """Every kind of problem; its words are in `templates/<locale>/api.toml`."""

    MALFORMED = "malformed"
    TOKEN_IN_ADDRESS = "token_in_address"  # noqa: S105 - a word, no token
    UNKNOWN_BEARER = "unknown_bearer"
    NO_RIGHT = "no_right"
    NOT_FOUND = "not_found"
    METHOD = "method"
    REJECTED = "rejected"
    CLOSED = "closed"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    MEDIA = "media"
    INVALID = "invalid"
    KEY_REUSED = "key_reused"
    FILE_REFUSED = "file_refused"
    TOO_MANY = "too_many"
    FAULT = "fault"
    OUTAGE = "outage"


STATUS: Final = {
    Kind.MALFORMED: 400,
    Kind.TOKEN_IN_ADDRESS: 400,
    Kind.UNKNOWN_BEARER: 401,
    Kind.NO_RIGHT: 403,
    Kind.NOT_FOUND: 404,
    Kind.METHOD: 405,
    Kind.REJECTED: 409,
    Kind.CLOSED: 409,
    Kind.CONFLICT: 409,
    Kind.TOO_LARGE: 413,
    Kind.MEDIA: 415,
    Kind.INVALID: 422,
    Kind.KEY_REUSED: 422,
    Kind.FILE_REFUSED: 422,
    Kind.TOO_MANY: 429,
    Kind.FAULT: 500,
    Kind.OUTAGE: 503,
}


class ApiError(Exception):
    """Ends a request with that problem.

    Attributes:
        kind: what it is.
        reason: one line of the service or the case, in English.
        more: further members of the answer.
        headers: of the answer.
    """

    def __init__(
        self, kind: Kind, reason: str | None = None, *, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.reason = reason
        self.more = more
        self.headers = headers or {}

    def answer(self, locale: Locale) -> JSONResponse:
        """The answer as the caller reads it."""
        words = words_in("api.toml", locale)[self.kind.value]
        body: dict[str, Any] = {
            "type": f"urn:bihuan:problem:{self.kind.value}",
            "title": words["title"],
            "status": STATUS[self.kind],
            "detail": words["detail"],
            **({"reason": one_line(self.reason, _LONGEST)} if self.reason else {}),
            **({"reasons": lines} if len(lines := (self.reason or "").splitlines()) > 1 else {}),
            **self.more,
        }
        headers = {**self.headers, "Content-Language": "zh-CN" if locale is Locale.ZH_CN else "en"}
        return JSONResponse(body, STATUS[self.kind], headers=headers, media_type=MEDIA_TYPE)
