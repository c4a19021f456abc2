"""One request over HTTP to a vendor, without following anybody elsewhere, and its answer, of bounded size and time."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx2

from activities.channels.address import place
from activities.delivery.transport import (
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownOutcomeError,
    UnreachableError,
)

CONNECT_TIMEOUT = 5.0
ANSWER_TIMEOUT = 10.0
"""Seconds for the connection, and for the whole answer; both fit into what a delivery gives one message."""
_LARGEST = 65_536
_LONGEST_WAIT = timedelta(days=1)
_SAID = 200
_SECRET_LIKE = re.compile(r"https?://\S+|\+?\d{7,}|[A-Za-z0-9_+/=-]{24,}")
"""What vendors repeat of a request in their answers: addresses, numbers, keys."""

for _name in ("httpx2", "httpcore2"):
    # They log the address of every request, which holds the keys of robots.
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Request:
    """What a vendor is asked. `query` and `path` may hold secrets, so nothing of them ever stands in an error."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: str = field(default="", repr=False)
    path: str = field(default="", repr=False)
    method: str = "POST"
    status_only: bool = False
    """What follows the head of the answer is not read."""


@dataclass(frozen=True)
class HttpResponse:
    """What came back, 64 kB at most."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def json(self) -> Mapping[str, Any]:
        """The object in the body; empty where it is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def wait(self) -> timedelta | None:
        """How long the other side asks to be left alone."""
        for name in ("retry-after", "x-ogw-ratelimit-reset"):
            if (said := self.headers.get(name)) and (wait := _wait(said)) is not None:
                return min(wait, _LONGEST_WAIT)
        return None


@asynccontextmanager
async def http_client(transport: httpx2.AsyncBaseTransport | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    """A client for the messages of one delivery, over its own connections or those of a transport."""
    timeout = httpx2.Timeout(ANSWER_TIMEOUT, connect=CONNECT_TIMEOUT, pool=CONNECT_TIMEOUT)
    async with httpx2.AsyncClient(
        timeout=timeout, follow_redirects=False, verify=trusted(), transport=transport
    ) as client:
        yield client


@cache
def trusted() -> ssl.SSLContext:
    """The trusted certificates. Reading them takes longer than a message: once a process is enough."""
    return httpx2.create_ssl_context()


async def ask(
    client: httpx2.AsyncClient, endpoint: str, request: Request, answer_timeout: float | None = None
) -> HttpResponse:
    """Send a request, and read the answer, which has to come within `answer_timeout` seconds (None: the ordinary ones).

    Raises:
        UnreachableError: it was not sent.
        UnknownOutcomeError: it was sent, and no answer came.
    """
    where, patience = place(endpoint), answer_timeout or ANSWER_TIMEOUT
    url = endpoint + request.path + (f"?{request.query}" if request.query else "")
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT + patience):
            headers = {"Accept-Encoding": "identity", **request.headers}
            timeout = httpx2.Timeout(patience, connect=CONNECT_TIMEOUT, pool=CONNECT_TIMEOUT)
            asked = client.stream(request.method, url, content=request.body, headers=headers, timeout=timeout)
            async with asked as response:
                if request.status_only:
                    return HttpResponse(response.status_code, b"", response.headers)
                body = bytearray()
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > _LARGEST:
                        raise UnknownOutcomeError(f"{where} answers with more than {_LARGEST:,} bytes")
                return HttpResponse(response.status_code, bytes(body), response.headers)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError) as error:
        raise UnreachableError(f"{where} cannot be reached: {_kind(error)}") from None
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError) as error:
        raise PermanentDeliveryError(f"{where} cannot be asked: {type(error).__name__}") from None
    except (TimeoutError, httpx2.TimeoutException):
        raise UnknownOutcomeError(f"no answer from {where} within {patience:g} s") from None
    except httpx2.HTTPError as error:
        raise UnknownOutcomeError(f"{where} broke off before its answer: {_kind(error)}") from None


def refuse_by_status(answer: HttpResponse, where: str) -> None:
    """Errors that the status alone tells; an answer of 200 may still hold one.

    Raises:
        TemporaryDeliveryError, PermanentDeliveryError, UnknownOutcomeError: by the status.
    """
    status = answer.status
    if status in {408, 425, 429} or (status >= 500 and status != 504):
        raise TemporaryDeliveryError(f"{where} put it off: status {status}", answer.wait())
    if status == 504:
        raise UnknownOutcomeError(f"{where} answers that somebody behind it does not (status 504)")
    if 300 <= status < 400:
        raise PermanentDeliveryError(f"{where} sends elsewhere (status {status}), which is not followed")
    if status >= 400:
        raise PermanentDeliveryError(f"{where} refused it: status {status}")


def said(words: object, secrets: Sequence[str] = ()) -> str:
    """What a vendor says, in one short line without addresses, numbers and keys."""
    text = " ".join(str(words or "").split())
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    text = _SECRET_LIKE.sub("…", text)
    text = "".join(char for char in text if char.isprintable())
    return text if len(text) <= _SAID else f"{text[:_SAID]}…"


def _wait(text: str) -> timedelta | None:
    text = text.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), int(_LONGEST_WAIT.total_seconds())))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(at - datetime.now(UTC), timedelta())


def _kind(error: Exception) -> str:
    """The error's name, and what the network said."""
    words = said(error)
    return f"{type(error).__name__} ({words})" if words else type(error).__name__
