"""Serves the pages: alone by `bihuan web`, or beside everything else in `bihuan up`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

from starter.web.app import build_app
from starter.web.site import Site
from worker.installation.settings import Settings, Web
from worker.web.host_check import KnownHosts
from worker.web.server import listen, serving
from worker.web.tls import ServerCertificate
from workflows.domain.problem import Problem


@asynccontextmanager
async def serving_pages(
    settings: Settings, *, embedded: bool = False, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AsyncIterator[str]:
    """Serve while the block runs; yields the address. The record and Temporal are reached when they are needed.

    `embedded`: Temporal is the server of `bihuan up`, whatever the environment names.

    Raises:
        Problem: the port is taken, the address is not of this machine, or a file of the company's, or that of the
            certificate, is not well-formed.
    """
    certificate = web_certificate(settings.web)
    site = Site(settings, embedded, clock)
    web = settings.web
    names = [*settings.host_names, *([urlsplit(web.url).hostname or ""] if web.url else [])]
    hosts = KnownHosts.of(web.ip, names)
    listener = _listening(web.ip, web.port)
    async with serving(build_app(site), listener, hosts, proxies=web.trusted_proxies, certificate=certificate):
        sweeping = asyncio.create_task(site.keep_swept())
        try:
            host = f"[{web.ip}]" if ":" in web.ip else web.ip
            yield f"{'https' if certificate else 'http'}://{host}:{web.port}"
        finally:
            # Streams do not end by themselves: the server would wait for them as long as it waits for anybody.
            await site.feed.stop()
            sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await sweeping
    await site.close()


def web_certificate(web: Web) -> ServerCertificate | None:
    """What the pages speak TLS with; None where a proxy does, or nobody.

    Raises:
        Problem: it is none, or not whole.
    """
    if web.certificate_file is None or web.key_file is None:
        return None
    return ServerCertificate(web.certificate_file, web.key_file)


def _listening(ip: str, port: int) -> socket.socket:
    try:
        return listen(ip, port)
    except OSError as error:
        raise Problem(
            f"the pages cannot listen on {ip} port {port} ({(error.strerror or '').partition(' (')[0]}); "
            "choose another with --web-port or BIHUAN_WEB__PORT"
        ) from None
