"""A web server inside another process: it serves while a block runs, and leaves signals to that process."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING

from worker.web.host_check import HostCheck, KnownHosts

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from worker.web.tls import ServerCertificate

_STOP_WITHIN = 2
"""Seconds for requests in progress to finish."""


def listen(ip: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        OSError: it is taken, or the address is not of this machine.
    """
    listener = socket.create_server((ip, port), family=socket.AF_INET6 if ":" in ip else socket.AF_INET)
    # What is accepted inherits it. asyncio sets it by itself only on sockets that say they are TCP, which these do not:
    # the body of an answer would wait for the acknowledgement of its head, which a receiver puts off for 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
    return listener


@asynccontextmanager
async def serving(
    app: ASGIApp,
    listener: socket.socket,
    hosts: KnownHosts,
    *,
    proxies: Sequence[str] = (),
    certificate: ServerCertificate | None = None,
) -> AsyncIterator[None]:
    """Serve what comes to `listener` for one of `hosts` while the block runs; it is closed at the end.

    `proxies` are the addresses and networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; with a
    `certificate` it speaks TLS and nothing else.
    """
    import uvicorn

    class Server(uvicorn.Server):
        """Does not install signal handlers."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        HostCheck(app, hosts),
        log_config=None,
        access_log=False,
        lifespan="off",
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        server_header=False,
        timeout_graceful_shutdown=_STOP_WITHIN,
        ssl_context_factory=(lambda *_: certificate.context) if certificate else None,
    )
    # Its lines would hold the token of the codec endpoint.
    logging.getLogger("uvicorn.access").disabled = True
    server = Server(config)
    with listener:
        running = asyncio.create_task(server.serve(sockets=[listener]))
        renewing = asyncio.create_task(certificate.keep_renewed()) if certificate else None
        try:
            yield
        finally:
            if renewing is not None:
                renewing.cancel()
                with suppress(asyncio.CancelledError):
                    await renewing
            server.should_exit = True
            await running
