"""One request of the API: its bearer, its language, and what was sent."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import ClientDisconnect

from activities.database.database import is_outage
from activities.document_text import parse_json_object
from activities.identity.token import PREFIX
from activities.portal.tries import askers_of
from starter.services.identity.acting import Act
from starter.services.identity.bearer import Bearer
from starter.services.identity.readable import readable_numbers
from starter.services.identity.tokens import NoBearerError, find_bearer, note_refused
from starter.web.api.problem import ApiError, Kind
from starter.web.rendering.language import asked_for
from starter.web.security import holds_nul
from starter.web.throttling.limits import TOKENS
from worker.installation.company_time import CompanyTime
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

    from activities.queries.case_record import CaseRecord
    from starter.web.site import OpenRecord, Site
    from worker.installation.installation import Installation
    from workflows.domain.vocabulary import Locale, TokenRight

LARGEST: Final = 1_000_000
"""Bytes of a JSON body."""
_BEARER: Final = re.compile(r"Bearer +([!-~]{1,200})", re.IGNORECASE)
_SECRET_KEYS: Final = frozenset({"token", "access_token", "api_key", "apikey", "authorization"})
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="bihuan"'}


@dataclass(frozen=True)
class Call:
    """A request of somebody whose token is good."""

    site: Site
    request: Request
    record: OpenRecord
    bearer: Bearer

    @property
    def installation(self) -> Installation:
        """The installation."""
        return self.record.installation

    @property
    def locale(self) -> Locale:
        """The language in which problems are told."""
        return locale_of(self.site, self.request)

    @property
    def now(self) -> datetime:
        """The wall clock."""
        return self.site.clock()

    @property
    def key(self) -> str | None:
        """The idempotency key, with or without the quotation marks that its standard wants."""
        return self.request.headers.get("idempotency-key", "").strip().strip('"') or None

    @contextmanager
    def refusing(self, kind: Kind) -> Iterator[None]:
        """What a service refuses inside is a problem of that kind; what it cannot do now is none of it."""
        try:
            yield
        except Problem as problem:
            if problem.__cause__ is not None or is_outage(problem):
                raise
            raise ApiError(kind, str(problem)) from None

    async def company(self) -> CompanyTime:
        """The cases' time and the company's zone."""
        return await CompanyTime.read(self.site.settings)

    async def case(self) -> CaseRecord:
        """The case of the address without its timeline, if it is the bearer's to see.

        Raises:
            ApiError: there is none, or it is not theirs; nobody learns which.
        """
        record = await self.installation.cases.get(self.number, timeline=False)
        if record is None or not self.bearer.may_read(record):
            raise ApiError(Kind.NOT_FOUND)
        return record

    @property
    def number(self) -> str:
        """The number in the address."""
        given = str(self.request.path_params["number"])[:100]
        return unicodedata.normalize("NFKC", given).strip().upper()

    async def readable(self, numbers: Iterable[str]) -> list[str]:
        """The numbers among these whose cases are the bearer's to see, in their order."""
        return await readable_numbers(self.installation, self.bearer, numbers)

    def must_see_all(self) -> None:
        """Refuse whoever may not see every case.

        Raises:
            ApiError: that.
        """
        if not self.bearer.sees_all:
            raise ApiError(Kind.NO_RIGHT, "is for whoever may see every case")

    def person(self) -> str:
        """Whose token it is.

        Raises:
            ApiError: a system's.
        """
        if self.bearer.person is None:
            raise ApiError(Kind.NO_RIGHT, "is for people")
        return self.bearer.person

    async def act(self, *, theirs: bool = False) -> Act:
        """What does something to the case of the address; `theirs`: somebody has looked whether they may.

        Raises:
            ApiError: as `case`.
        """
        record = await self.installation.cases.get(self.number, timeline=False) if theirs else await self.case()
        if record is None:
            raise ApiError(Kind.NOT_FOUND)
        return Act(self.installation, self.bearer, record, self.site.client, self.now, self.key)

    async def body(self) -> dict[str, Any]:
        """The JSON object that was sent; none is an empty one.

        Raises:
            ApiError: it is too large, cut, or no JSON object.
        """
        given = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given not in {"", "application/json"}:
            raise ApiError(Kind.MEDIA)
        received = bytearray()
        try:
            async for chunk in self.request.stream():
                received += chunk
                if len(received) > LARGEST:
                    raise ApiError(Kind.TOO_LARGE, headers={"Connection": "close"})
        except ClientDisconnect:
            raise ApiError(Kind.MALFORMED) from None
        try:
            return parse_json_object(received.decode("utf-8-sig")) if received.strip() else {}
        except UnicodeDecodeError:
            raise ApiError(Kind.MALFORMED, "is no UTF-8; allowed: one JSON object") from None
        except Problem as problem:
            raise ApiError(Kind.MALFORMED, str(problem)) from None

    def query(self, allowed: Iterable[str]) -> dict[str, str]:
        """What stands behind the question mark.

        Raises:
            ApiError: something that is not known there, or given twice.
        """
        known, given = tuple(allowed), self.request.query_params.multi_items()
        for name, _ in given:
            if name not in known:
                raise ApiError(Kind.INVALID, f"{name}: is not known here; allowed: {', '.join(known) or 'nothing'}")
        values = dict(given)
        if len(values) < len(given):
            twice = next(name for name, times in Counter(name for name, _ in given).items() if times > 1)
            raise ApiError(Kind.INVALID, f"{twice}: is given twice; allowed: once")
        return values


async def answered_by(site: Site, request: Request, rights: Iterable[TokenRight]) -> Call:
    """The call of whoever has the token, which needs one of those rights, where any are named.

    Raises:
        ApiError: no token, one that is good for nothing, one in the address, or one without the right.
        Problem: the record cannot be read now.
    """
    _refuse_in_address(request)
    if holds_nul(request):
        raise ApiError(Kind.NOT_FOUND if "\0" in request.scope["path"] else Kind.INVALID, "the address holds U+0000")
    found = _BEARER.fullmatch(request.headers.get("authorization", "").strip())
    record = await site.record()
    address = request.client.host if request.client else "unknown"
    if found is None:
        raise ApiError(Kind.UNKNOWN_BEARER, headers=_CHALLENGE)
    try:
        bearer = await find_bearer(record.installation, found[1], site.clock())
    except NoBearerError as refused:
        wait = await record.tries.take(TOKENS, askers_of(address), site.clock())
        if wait is not None:
            raise ApiError(Kind.TOO_MANY, headers={"Retry-After": str(int(wait.total_seconds()) + 1)}) from None
        await note_refused(record.installation, refused, site.clock(), where=address)
        raise ApiError(Kind.UNKNOWN_BEARER, headers=_CHALLENGE) from None
    wanted = tuple(rights)
    if wanted and not any(map(bearer.has, wanted)):
        raise ApiError(Kind.NO_RIGHT, f"needs the right {' or '.join(wanted)}")
    return Call(site, request, record, bearer)


def locale_of(site: Site, request: Request) -> Locale:
    """The language that the caller asks for, else the settings'."""
    return asked_for(request.headers.get("accept-language", "")) or site.settings.locale


def _refuse_in_address(request: Request) -> None:
    given = request.query_params.multi_items()
    if any(name.lower() in _SECRET_KEYS or PREFIX in value.lower() for name, value in given):
        raise ApiError(Kind.TOKEN_IN_ADDRESS)
