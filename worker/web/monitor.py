"""The monitoring endpoint of a worker: `/live`, `/ready` and `/metrics`."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from temporalio.runtime import PrometheusConfig

from worker.embedded.ports import free_port
from worker.installation.installation import Installation
from worker.installation.settings import Settings
from worker.monitoring.health import Health
from worker.web.host_check import KnownHosts
from worker.web.server import listen, serving
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from worker.monitoring.metrics import Metrics


@dataclass
class Monitor:
    """What it serves. `metrics` is None where no address is set: then nothing is collected."""

    metrics: Metrics | None = None
    health: Health = field(default_factory=Health)

    def watch(self, installation: Installation) -> None:
        """Show the figures of this installation's record from now on."""
        if self.metrics is not None:
            self.metrics.watch(installation)


@asynccontextmanager
async def open_monitor(settings: Settings, exporter: PrometheusConfig | None = None) -> AsyncIterator[Monitor]:
    """A monitor, served at `settings.monitor` (if set) while the block runs.

    Raises:
        Problem: the address is not of this machine, or not free.
    """
    if settings.monitor is None:
        yield Monitor()
        return
    from worker.monitoring.metrics import Metrics

    address = exporter.bind_address if exporter is not None else None
    monitor = Monitor(Metrics(exporter=address, build_id=settings.build_id))
    hosts = KnownHosts.of(settings.monitor.rpartition(":")[0], settings.host_names)
    async with serving(build_app(monitor), _listening(settings.monitor), hosts):
        yield monitor


def sdk_exporter(settings: Settings) -> PrometheusConfig | None:
    """Where the SDK's core serves its own metrics, for the monitor to fetch: a free port of the loopback address, with
    names and units as Prometheus recommends them. None without a monitor.
    """
    if settings.monitor is None:
        return None
    return PrometheusConfig(
        bind_address=f"127.0.0.1:{free_port()}", counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
    )


def build_app(monitor: Monitor) -> Starlette:
    """The endpoint as an application for any ASGI server."""
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    def answer(question: str, problems: list[str], facts: dict[str, Any]) -> Response:
        body = {question: not problems, "problems": problems, **facts}
        return JSONResponse(body, status_code=503 if problems else 200)

    async def live(request: Request) -> Response:  # noqa: ARG001
        return answer("live", monitor.health.liveness(), {"phase": monitor.health.phase.value})

    async def ready(request: Request) -> Response:  # noqa: ARG001
        return answer("ready", monitor.health.readiness(), monitor.health.facts())

    async def metrics(request: Request) -> Response:  # noqa: ARG001
        shown = await monitor.metrics.text() if monitor.metrics is not None else b""
        return Response(shown, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    return Starlette(routes=[Route("/live", live), Route("/ready", ready), Route("/metrics", metrics)])


def _listening(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    try:
        return listen(host.strip("[]"), int(port))
    except (OSError, OverflowError) as error:
        why = (error.strerror or "").partition(" (")[0] if isinstance(error, OSError) else "no such port"
        raise Problem(f"monitor {address}: cannot be listened on ({why}); choose another with BIHUAN_MONITOR") from None
