"""Asks the API of a server, with the standard library alone: another client takes longer to load than to ask."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from starter.backend.address import TOKEN_VARIABLE, ServerAddress
from worker.installation.version import RELEASE_HEADER, installed_version
from workflows.domain.problem import Problem

TIMEOUT: Final = 60.0
"""Seconds without a byte of an answer; a command waits three for its case, a report of a year reads long."""
_LARGEST: Final = 256_000_000
_PORTION: Final = 1 << 18
Body = bytes | Iterable[bytes]


class AwayError(Problem):
    """Nobody answers at the address now, or the server says that it cannot. `is_sent`: it may have been done."""

    def __init__(self, text: str, *, is_sent: bool = False) -> None:
        super().__init__(text)
        self.is_sent = is_sent


class RefusedError(Problem):
    """The server refuses what was asked for; its text is the service's own line.

    Attributes:
        status: of the answer.
        kind: of the problem, such as `not_found`.
        facts: the whole problem.
    """

    def __init__(self, text: str, status: int, kind: str, facts: Mapping[str, Any]) -> None:
        super().__init__(text)
        self.status, self.kind, self.facts = status, kind, facts


@dataclass(frozen=True)
class ApiReply:
    """An answer of 2xx."""

    status: int
    value: Any


class ApiClient:
    """Keeps one connection a thread open; proxies of the environment are used as by every other program."""

    def __init__(self, address: ServerAddress) -> None:
        self._address = address
        self._local = threading.local()
        parts = urlsplit(address.url)
        self._tls, self._host, self._path = parts.scheme == "https", parts.netloc, parts.path
        self._context: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        """The address of the server."""
        return self._address.url

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of an address; what is None of the query is left out.

        Raises:
            RefusedError, AwayError, Problem: as `ask`.
        """
        given = {name: _text(value) for name, value in query.items() if value is not None}
        return self.ask("GET", f"{path}?{urlencode(given)}" if given else path).value

    def post(self, path: str, fields: Mapping[str, Any], *, key: str | None = None) -> ApiReply:
        """Send a JSON object; `key` makes it safe to send again.

        Raises:
            RefusedError, AwayError, Problem: as `ask`.
        """
        body = json.dumps(fields, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        return self.ask("POST", path, lambda: body, headers, length=len(body))

    def ask(
        self,
        method: str,
        path: str,
        body: Callable[[], Body] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        length: int = 0,
    ) -> ApiReply:
        """Send one request; `body` is called for each try.

        Raises:
            RefusedError: the server refuses it.
            AwayError: it does not answer, or cannot now.
            Problem: it takes no such token, is no bihuan, or another release.
        """
        response = self._send(method, path, body, headers or {}, length)
        with response:
            try:
                raw = response.read(_LARGEST + 1)
            except (OSError, http.client.HTTPException) as error:
                raise self._away(error, is_sent=True) from None
        if len(raw) > _LARGEST:
            raise Problem(f"{self.url}: answers with more than {_LARGEST:,} bytes")
        self._judge(response, raw)
        try:
            return ApiReply(response.status, json.loads(raw))
        except (ValueError, RecursionError):
            raise self._stranger(response) from None

    def stream(self, path: str) -> Iterator[bytes]:
        """The bytes of an address, a portion at a time.

        Raises:
            RefusedError, AwayError, Problem: as `ask`.
        """
        with self._send("GET", path, None, {}, 0) as response:
            if not 200 <= response.status < 300:
                self._judge(response, response.read(_LARGEST))
            try:
                while portion := response.read(_PORTION):
                    yield portion
                if response.length:
                    raise http.client.IncompleteRead(b"", response.length)
            except (OSError, http.client.HTTPException) as error:
                self._drop()
                raise self._away(error, is_sent=True) from None

    def _send(
        self, method: str, path: str, body: Callable[[], Body] | None, headers: Mapping[str, str], length: int
    ) -> http.client.HTTPResponse:
        """A kept connection may have been closed meanwhile: what got no byte of an answer there is asked once more,
        which is safe: everything that changes something has a key.
        """
        target = f"{self._path}/api/v1{quote(path, safe='/?&=%~:+')}"
        given = {
            "Authorization": f"Bearer {self._address.token}",
            "Accept": "application/json",
            "Accept-Language": "en",
            "User-Agent": f"bihuan/{installed_version()}",
            **headers,
            **({"Content-Length": str(length)} if body is not None else {}),
        }
        for is_last in (False, True):
            connection, is_kept = self._connection()
            try:
                connection.request(method, target, body() if body is not None else None, given)
                return connection.getresponse()
            except ssl.SSLError as error:
                self._drop()
                fault = _tls_fault(error)
                raise Problem(f"{self.url}: the connection is not safe: {fault}; nothing was sent") from None
            except (OSError, http.client.HTTPException) as error:
                self._drop()
                if is_kept and not is_last and not isinstance(error, TimeoutError):
                    continue
                raise self._away(error, is_sent=not isinstance(error, _NOT_SENT)) from None
        raise AssertionError

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        kept = getattr(self._local, "connection", None)
        if kept is not None:
            return kept, True
        host, tunnel = self._host, None
        scheme = "https" if self._tls else "http"
        proxy = urllib.request.getproxies().get(scheme)
        if proxy and not urllib.request.proxy_bypass(host.rpartition("@")[2]):
            host, tunnel = urlsplit(proxy if "://" in proxy else f"http://{proxy}").netloc.rpartition("@")[2], host
        made: http.client.HTTPConnection
        if self._tls:
            self._context = self._context or ssl.create_default_context()
            made = http.client.HTTPSConnection(host, timeout=TIMEOUT, context=self._context)
        else:
            made = http.client.HTTPConnection(host, timeout=TIMEOUT)
        if tunnel is not None:
            made.set_tunnel(tunnel)
        self._local.connection = made
        return made, False

    def _drop(self) -> None:
        kept = getattr(self._local, "connection", None)
        if kept is not None:
            kept.close()
            self._local.connection = None

    def _judge(self, response: http.client.HTTPResponse, raw: bytes) -> None:
        """Return where the answer is one of 2xx, of our release."""
        there = response.headers.get(RELEASE_HEADER)
        if there is None:
            raise self._stranger(response)
        here = installed_version()
        if _minor(there) != _minor(here):
            raise Problem(
                f"{self.url} runs bihuan {there}, and this is {here}; install the same: pip install bihuan=={there}"
            )
        if 200 <= response.status < 300:
            return
        try:
            facts = json.loads(raw)
            kind = str(facts["type"]).rpartition(":")[2]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise self._stranger(response) from None
        said = str(facts.get("reason") or facts.get("detail") or facts.get("title"))
        if "reasons" in facts:
            said = "\n".join(facts["reasons"])
        if response.status == 401:
            raise Problem(
                f"{self.url} does not take this token: it is wrong, expired or revoked, or you left; "
                f"bihuan login {self.url} with a new one ({TOKEN_VARIABLE})"
            )
        if response.status == 429:
            wait = response.headers.get("Retry-After", "60")
            raise AwayError(f"{self.url} was asked too often; again in {wait} s")
        if response.status in {500, 502, 503, 504}:
            raise AwayError(f"{self.url} cannot answer now: {said}")
        raise RefusedError(said, response.status, kind, facts)

    def _stranger(self, response: http.client.HTTPResponse) -> Problem:
        moved = response.headers.get("Location")
        to = f" and points to {moved.partition('/api/v1')[0]}" if moved else ""
        if response.status in {502, 503, 504}:
            return AwayError(f"{self.url}: what stands before the server answers {response.status}: it is away")
        said = f"{self.url} answers {response.status}{to}, but not as bihuan does"
        return Problem(f"{said}; allowed: the address of its pages")

    def _away(self, error: Exception, *, is_sent: bool) -> AwayError:
        if isinstance(error, TimeoutError):
            why = f"no answer within {TIMEOUT:g} s"
        elif isinstance(error, OSError):
            why = error.strerror or str(error) or type(error).__name__
        else:
            why = str(error) or type(error).__name__
        return AwayError(f"{self.url} cannot be reached: {why}", is_sent=is_sent)


_NOT_SENT: Final = (ConnectionRefusedError, socket.gaierror)


def _minor(text: str) -> tuple[str, ...]:
    return tuple(text.split(".")[:2])


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tls_fault(error: ssl.SSLError) -> str:
    return getattr(error, "verify_message", None) or str(error.reason or error).lower().replace("_", " ")
