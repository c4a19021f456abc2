"""Connecting to an endpoint at an address that was looked at: the very one that its name led to (R47).

A name is resolved once, and what it leads to is what is connected to: a second answer of its DNS cannot lead
elsewhere. Proxies that the environment names are not used, since they would resolve the name themselves.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from typing import Any

import httpcore2
import httpx2

from activities.channels.http import trusted
from activities.webhooks.addresses import Reach


class GuardedNetwork(httpcore2.AsyncNetworkBackend):
    """TCP to addresses within reach alone; `plain`: what goes there is not encrypted."""

    def __init__(self, reach: Reach, *, plain: bool) -> None:
        self._reach, self._plain = reach, plain
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as the backend has it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of the host that is within reach and answers.

        Raises:
            httpcore2.ConnectError, httpcore2.ConnectTimeout: there is none.
        """
        try:
            async with asyncio.timeout(timeout):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise httpcore2.ConnectTimeout from None
        except (OSError, UnicodeError) as unknown:
            why = getattr(unknown, "strerror", None) or type(unknown).__name__
            raise httpcore2.ConnectError(f"the name is not found: {why}") from None
        error: Exception = httpcore2.ConnectError("the name leads nowhere")
        for address in dict.fromkeys(str(one[4][0]) for one in found):
            if fault := self._reach.fault(address, plain=self._plain):
                error = httpcore2.ConnectError(fault)
                continue
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as failed:
                error = failed
        raise error


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """HTTP over a guarded network."""

    def __init__(self, network: GuardedNetwork) -> None:
        super().__init__(verify=trusted(), trust_env=False)
        # It has no argument for the network; a test sees that nothing else is connected to.
        self._pool = httpcore2.AsyncConnectionPool(ssl_context=trusted(), network_backend=network)
