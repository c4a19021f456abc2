"""Which names our endpoints answer to: a page in somebody's browser must not reach them by a name of its own.

A page can let its host name resolve to an address of this machine (DNS rebinding); what it then reads counts as its
own. The request names that host, so a name that is neither of this machine nor configured gets no answer.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?", re.ASCII)
_LOOPBACK_NAME = "localhost"
_REFUSAL = "this host name is not known here; allowed: {allowed}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that name or address."""
    if host == _LOOPBACK_NAME:
        return True
    address = _address(host)
    return address is not None and address.is_loopback


@dataclass(frozen=True)
class KnownHosts:
    """The names of an endpoint: those of this machine, `listening` (its own name or address), and `configured` ones.

    Where other machines can reach it, any address will do as well: a page has to have a name to let it be resolved
    elsewhere, and an address is none.
    """

    listening: str
    configured: frozenset[str] = frozenset()

    @classmethod
    def of(cls, listening: str, configured: Iterable[str]) -> KnownHosts:
        """`configured` are names without scheme and port."""
        return cls(listening.strip("[]").lower(), frozenset(name.lower() for name in configured))

    def allow(self, header: str) -> bool:
        """Whether that content of a `Host` header names this endpoint."""
        match = _HOST.fullmatch(header)
        if match is None:
            return False
        host = match[1].strip("[]").lower().removesuffix(".")
        if is_loopback(host) or host == self.listening or host in self.configured:
            return True
        return _address(host) is not None and not is_loopback(self.listening)

    def refusal(self) -> str:
        """The line for whoever is not answered; it repeats nothing of the request."""
        names = [_LOOPBACK_NAME, "127.0.0.1", "[::1]", *sorted(self.configured)]
        return _REFUSAL.format(allowed=", ".join((*names, "and what BIHUAN_HOSTS names")))


@dataclass(frozen=True)
class HostCheck:
    """An ASGI application that passes on what is for `hosts`, and answers 421 to the rest."""

    app: ASGIApp
    hosts: KnownHosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Requests without any `Host` are of HTTP/1.0, which probes speak and browsers do not."""
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        old = not given and scope["http_version"] == "1.0"
        if old or (len(given) == 1 and self.hosts.allow(given[0])):
            await self.app(scope, receive, send)
            return
        from starlette.responses import PlainTextResponse

        await PlainTextResponse(self.hosts.refusal(), 421)(scope, receive, send)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
