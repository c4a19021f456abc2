"""The codec endpoint: what a Web UI, or Temporal's own command, asks to read encrypted payloads.

It decrypts for whoever has its token, so it listens on the machine itself unless it is told otherwise. The token is a
part of the address (`http://127.0.0.1:8234/TOKEN`), because a Web UI without a login sends nothing else along, or a
bearer token. Nothing that passes through is logged.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from temporalio.api.common.v1 import Payload, Payloads

from worker.encryption.codec import Encryption
from worker.encryption.keys import KeyRing
from worker.installation.settings import Settings
from worker.web import server
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

PORT = 8234
_LARGEST = 8_000_000
"""Bytes of a request: four times what Temporal takes as one payload."""
_HEADERS = ("Authorization", "Content-Type", "X-Namespace")

Change = Callable[[Sequence[Payload]], Awaitable[list[Payload]]]


@dataclass(frozen=True)
class Bound:
    """Where an endpoint listens, and what it asks for. `origins` are the Web UIs whose pages may ask."""

    ip: str
    port: int
    token: str
    origins: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Without the token."""
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"http://{host}:{self.port}"

    @property
    def with_token(self) -> str:
        """What a Web UI is told; a secret."""
        return f"{self.address}/{self.token}"


def bound(ip: str, port: int, token: str | None, origins: Sequence[str]) -> Bound:
    """An endpoint that is safe to open; without a token it gets one of its own.

    Raises:
        Problem: other machines would reach it and nobody chose a token, or an origin is none.
    """
    if token is None and not is_loopback(ip):
        raise Problem(f"the codec endpoint on {ip} would be open to other machines: set BIHUAN_CODEC_TOKEN")
    return Bound(ip, port, token or secrets.token_urlsafe(24), tuple(dict.fromkeys(_with_names(origins))))


def origins_of(settings: Settings, ui: str | None) -> list[str]:
    """The Web UIs whose pages may ask: the one there is, and those that are named."""
    named = (settings.codec_origins or "").split(",")
    return [origin for origin in (ui, settings.web_ui, *named) if origin and origin.strip()]


@asynccontextmanager
async def beside_server(settings: Settings, ui: str) -> AsyncIterator[str | None]:
    """The endpoint of `bihuan up`, where there are keys; answers what its Web UI is told, if it may be told.

    A token that somebody chose is for people, who give it to their browser. One of the endpoint's own is for the Web
    UI, which hands it to every browser that comes: only where nobody but this machine can come.

    Raises:
        Problem: keys, token or port cannot be used.
    """
    ring, server = settings.key_ring(), settings.server
    chosen = settings.codec_token.get_secret_value() if settings.codec_token else None
    if ring is None or (chosen is None and not is_loopback(server.ip)):
        yield None
        return
    port = settings.codec_port or server.ui_port + 1
    endpoint = bound(settings.codec_ip, port, chosen, origins_of(settings, ui))
    async with serving(ring, endpoint):
        yield None if chosen else endpoint.with_token


def is_loopback(ip: str) -> bool:
    """Whether only this machine reaches it."""
    if ip == "localhost":
        return True
    try:
        return ipaddress.ip_address(ip).is_loopback
    except ValueError:
        return False


def build_app(ring: KeyRing, endpoint: Bound) -> Starlette:
    """`POST /decode` and `/encode`, with the token before them or as a bearer token."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.cors import CORSMiddleware
    from starlette.routing import Route

    encryption = Encryption(ring)

    async def decode(request: Request) -> Response:
        return await _answer(request, endpoint.token, encryption.decode_known)

    async def encode(request: Request) -> Response:
        return await _answer(request, endpoint.token, encryption.encode)

    routes = [
        Route(f"{before}/{name}", function, methods=["POST"])
        for before in ("", "/{token}")
        for name, function in (("decode", decode), ("encode", encode))
    ]
    cors = Middleware(
        CORSMiddleware,
        allow_origins=endpoint.origins,
        allow_methods=["POST"],
        allow_headers=_HEADERS,
        allow_private_network=True,
    )
    return Starlette(routes=routes, middleware=[cors])


@asynccontextmanager
async def serving(ring: KeyRing, endpoint: Bound) -> AsyncIterator[None]:
    """Listen while the block runs.

    Raises:
        Problem: the port is taken, or the address is not of this machine.
    """
    async with server.serving(build_app(ring, endpoint), _listening(endpoint)):
        yield


def _listening(endpoint: Bound) -> socket.socket:
    try:
        return server.listen(endpoint.ip, endpoint.port)
    except OSError as error:
        raise Problem(
            f"the codec endpoint cannot listen on {endpoint.ip} port {endpoint.port} ({error.strerror}); "
            "choose another with BIHUAN_CODEC_PORT or BIHUAN_CODEC_IP"
        ) from None


async def _answer(request: Request, token: str, change: Change) -> Response:
    from starlette.responses import PlainTextResponse, Response

    given = request.path_params.get("token") or _bearer(request)
    if given is None:
        headers = {"WWW-Authenticate": "Bearer"}
        return PlainTextResponse("the token of this endpoint is missing", 401, headers)
    if not secrets.compare_digest(given.encode(), token.encode()):
        return PlainTextResponse("this is not the token of this endpoint", 403)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            return PlainTextResponse(f"allowed: at most {_LARGEST} bytes", 413)
    try:
        payloads = Parse(bytes(body), Payloads(), ignore_unknown_fields=True)
    except (ParseError, UnicodeDecodeError):
        return PlainTextResponse('allowed: {"payloads": [{"metadata": {…}, "data": "…"}]}', 400)
    changed = Payloads(payloads=await change(payloads.payloads))
    return Response(MessageToJson(changed, indent=None), media_type="application/json")


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _with_names(origins: Sequence[str]) -> list[str]:
    """Each as a browser says it; the machine itself has two names."""
    found: list[str] = []
    for given in origins:
        parts = urlsplit(given.strip())
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise Problem(f"codec_origins: {given!r} is no address of a Web UI; allowed: such as http://127.0.0.1:8233")
        found.append(f"{parts.scheme}://{parts.netloc}")
        if parts.hostname == "127.0.0.1":
            found.append(found[-1].replace("127.0.0.1", "localhost"))
    return found
