"""The address a supervisor and a monitoring system ask: `/live`, `/ready` and `/metrics`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from worker.health import Health
from worker.metrics import Metrics
from worker.settings import Settings
from workflows.domain.problem import Problem


@dataclass
class Monitor:
    """What is shown; where nobody wants to see it, it costs nothing."""

    metrics: Metrics
    health: Health = field(default_factory=Health)

    def app(self) -> Starlette:
        """For any ASGI server."""
        return Starlette(
            routes=[
                Route("/live", self._live),
                Route("/ready", self._ready),
                Route("/metrics", self._metrics),
            ]
        )

    async def _live(self, request: Request) -> Response:  # noqa: ARG002
        return _answer("live", self.health.liveness(), {"phase": self.health.phase.value})

    async def _ready(self, request: Request) -> Response:  # noqa: ARG002
        return _answer("ready", self.health.readiness(), self.health.facts())

    async def _metrics(self, request: Request) -> Response:  # noqa: ARG002
        return Response(await self.metrics.text(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


@asynccontextmanager
async def open_monitor(settings: Settings, exporter: str | None = None) -> AsyncIterator[Monitor]:
    """A monitor, served at `settings.monitor` until the block ends if that names an address.

    Raises:
        Problem: the address is not of this machine, or not free.
    """
    monitor = Monitor(Metrics(exporter=exporter, build_id=settings.build_id))
    if settings.monitor is None:
        yield monitor
        return
    with _listening(settings.monitor) as listener:
        server = _Server(
            uvicorn.Config(
                monitor.app(), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield monitor
        finally:
            server.should_exit = True
            await serving


def free_exporter(settings: Settings) -> str | None:
    """Where the engine can put its own metrics, on loopback, for the monitor to fetch; None without a monitor."""
    if settings.monitor is None:
        return None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """The process has a way of its own to end: the worker drains first, and is watched while it does."""
        yield


@contextmanager
def _listening(address: str) -> Generator[socket.socket, None, None]:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, int(port)), family=family)
    except OSError as error:
        raise Problem(f"monitor {address}: cannot be listened on ({error.strerror}); choose another") from None
    with listener:
        yield listener


def _answer(question: str, problems: list[str], facts: dict[str, Any]) -> Response:
    return JSONResponse({question: not problems, "problems": problems, **facts}, status_code=503 if problems else 200)
