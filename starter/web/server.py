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
from worker.installation.settings import Settings
from worker.web.host_check import KnownHosts
from worker.web.server import listen, serving
from workflows.domain.problem import Problem


@asynccontextmanager
async def serving_pages(
    settings: Settings, *, embedded: bool = False, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AsyncIterator[str]:
    """Serve while the block runs; yields the address. The record and Temporal are reached when they are needed.

    `embedded`: Temporal is the server of `bihuan up`, whatever the environment names.

    Raises:
        Problem: the port is taken, the address is not of this machine, or a file of the company's is not well-formed.
    """
    site = Site(settings, embedded, clock)
    web = settings.web
    names = [*settings.host_names, *([urlsplit(web.url).hostname or ""] if web.url else [])]
    hosts = KnownHosts.of(web.ip, names)
    async with serving(build_app(site), _listening(web.ip, web.port), hosts, proxies=web.trusted_proxies):
        sweeping = asyncio.create_task(site.keep_swept())
        try:
            host = f"[{web.ip}]" if ":" in web.ip else web.ip
            yield f"http://{host}:{web.port}"
        finally:
            # Streams do not end by themselves: the server would wait for them as long as it waits for anybody.
            await site.feed.stop()
            sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await sweeping
    await site.close()


def _listening(ip: str, port: int) -> socket.socket:
    try:
        return listen(ip, port)
    except OSError as error:
        raise Problem(
            f"the pages cannot listen on {ip} port {port} ({(error.strerror or '').partition(' (')[0]}); "
            "choose another with --web-port or BIHUAN_WEB__PORT"
        ) from None
