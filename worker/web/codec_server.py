"""The codec endpoint: decrypts payloads for the Web UI and for Temporal's own command.

It decrypts for everybody who has its token, so it listens on the loopback address unless it is set otherwise. The token
is a bearer token, or a part of the address (`http://127.0.0.1:8234/TOKEN`), because a Web UI without a login sends no
other. It stands in no command line, and no Web UI is told it: a Web UI tells everybody who asks, also another account
of the machine and a page that was let resolve to it. Nothing that passes through is logged.
"""

from __future__ import annotations

import re
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from temporalio.api.common.v1 import Payload, Payloads

from activities.key_ring import KeyRing
from worker.encryption.codec import Encryption
from worker.installation.private_files import write_private
from worker.installation.settings import Settings
from worker.web import server
from worker.web.host_check import KnownHosts, is_loopback
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

PORT = 8234
_ADDRESS_FILE = "codec-address"
_LARGEST = 8_000_000
"""Bytes of a request: four times what Temporal takes as one payload."""
_HEADERS = ("Authorization", "Content-Type", "X-Namespace")

Conversion = Callable[[Sequence[Payload]], Awaitable[list[Payload]]]


@dataclass(frozen=True)
class CodecEndpoint:
    """Where it listens, the token it asks for, and the Web UIs whose pages may call it (`origins`, for CORS)."""

    ip: str
    port: int
    token: str
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """Names it is asked for by, beside its own."""

    @property
    def address(self) -> str:
        """The address without the token."""
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"http://{host}:{self.port}"

    @property
    def with_token(self) -> str:
        """The address that people give to a Web UI in their own browser; a secret."""
        return f"{self.address}/{self.token}"


def safe_endpoint(
    ip: str, port: int, token: str | None, origins: Sequence[str], hosts: Sequence[str] = ()
) -> CodecEndpoint:
    """An endpoint that is safe to open; without a token it gets a random one.

    Raises:
        Problem: other machines can reach it and no token was set, or an origin is not an address.
    """
    if token is None and not is_loopback(ip):
        raise Problem(f"the codec endpoint on {ip} would be open to other machines: set BIHUAN_CODEC_TOKEN")
    names = tuple(dict.fromkeys(_with_names(origins)))
    return CodecEndpoint(ip, port, token or secrets.token_urlsafe(24), names, tuple(hosts))


def origins_of(settings: Settings, ui: str | None) -> list[str]:
    """The Web UIs whose pages may call it: the embedded one, and those that the settings name."""
    named = (settings.codec_origins or "").split(",")
    return [origin for origin in (ui, settings.web_ui, *named) if origin and origin.strip()]


@asynccontextmanager
async def beside_server(settings: Settings, ui: str) -> AsyncIterator[Path | None]:
    """The endpoint of `bihuan up`, where there are keys. Yields the file with its address, None where there is none.

    Without a token in the settings one is made and kept in that file of the data folder, so that people give the
    address to their browser once and not after each start.

    Raises:
        Problem: keys, token or port cannot be used, or the file cannot be written.
    """
    ring = settings.key_ring()
    file = settings.data / _ADDRESS_FILE
    chosen = settings.codec_token.get_secret_value() if settings.codec_token else None
    if ring is None or chosen is not None:
        file.unlink(missing_ok=True)
    if ring is None:
        yield None
        return
    port = settings.codec_port or settings.server.ui_port + 1
    token = chosen or _kept_token(file)
    endpoint = safe_endpoint(settings.codec_ip, port, token, origins_of(settings, ui), settings.host_names)
    async with serving(ring, endpoint):
        if chosen is None:
            _keep(endpoint, file)
        yield None if chosen else file


def build_app(ring: KeyRing, endpoint: CodecEndpoint) -> Starlette:
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
async def serving(ring: KeyRing, endpoint: CodecEndpoint) -> AsyncIterator[None]:
    """Serve while the block runs.

    Raises:
        Problem: the port is taken, or the address is not of this machine.
    """
    hosts = KnownHosts.of(endpoint.ip, endpoint.hosts)
    async with server.serving(build_app(ring, endpoint), _listening(endpoint), hosts):
        yield


def _kept_token(file: Path) -> str | None:
    """The token of the address in that file, None where there is none."""
    try:
        found = re.search(r"/([A-Za-z0-9_-]{16,200})\s*$", file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return found[1] if found else None


def _keep(endpoint: CodecEndpoint, file: Path) -> None:
    try:
        write_private(file, endpoint.with_token + "\n")
    except OSError as error:
        raise Problem(f"{file}: cannot be written: {error.strerror}") from None


def _listening(endpoint: CodecEndpoint) -> socket.socket:
    try:
        return server.listen(endpoint.ip, endpoint.port)
    except OSError as error:
        raise Problem(
            f"the codec endpoint cannot listen on {endpoint.ip} port {endpoint.port} ({error.strerror}); "
            "choose another with BIHUAN_CODEC_PORT or BIHUAN_CODEC_IP"
        ) from None


async def _answer(request: Request, token: str, convert: Conversion) -> Response:
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
    converted = Payloads(payloads=await convert(payloads.payloads))
    return Response(MessageToJson(converted, indent=None), media_type="application/json")


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _with_names(origins: Sequence[str]) -> list[str]:
    """The origins as a browser sends them; the loopback address has two names."""
    found: list[str] = []
    for given in origins:
        parts = urlsplit(given.strip())
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise Problem(f"codec_origins: {given!r} is no address of a Web UI; allowed: such as http://127.0.0.1:8233")
        found.append(f"{parts.scheme}://{parts.netloc}")
        if parts.hostname == "127.0.0.1":
            found.append(found[-1].replace("127.0.0.1", "localhost"))
    return found
