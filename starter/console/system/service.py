"""`bihuan up`, `bihuan worker`, `bihuan web`: everything in one process tree, a worker alone, the pages alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from cyclopts import Parameter
from temporalio.runtime import PrometheusConfig

from starter.console.screen import DataFolder, say
from starter.services.system.schema import upgrade_schema
from starter.web.server import serving_pages
from worker.embedded.lock import DataLock
from worker.embedded.restore import check_stores, refuse_half_restored
from worker.embedded.server import EmbeddedServer
from worker.installation.installation import Installation
from worker.installation.link_keys import make_link_keys
from worker.installation.settings import Settings, load_settings
from worker.monitoring.logs import configure_logs
from worker.monitoring.systemd import notify_service_manager
from worker.process import run_worker, stop_on_signals
from worker.temporal.endpoint import Endpoint
from worker.web.codec_server import beside_server
from worker.web.monitor import sdk_exporter

Speed = Annotated[
    float | None, Parameter(help="How many times as fast as the wall clock; for trials, fixed when the data is new.")
]
AcceptLoss = Annotated[
    bool,
    Parameter(
        negative=(),
        help="Serve a record that is older than Temporal, or a store without the other, all the same: what is missing "
        "is lost.",
    ),
]


async def up(
    *,
    port: Annotated[int | None, Parameter(help="Of Temporal's front end (7233).")] = None,
    ui_port: Annotated[int | None, Parameter(help="Of Temporal's Web UI (8233).")] = None,
    web_port: Annotated[int | None, Parameter(help="Of the pages for customers (8080).")] = None,
    data: DataFolder = None,
    speed: Speed = None,
    accept_loss: AcceptLoss = False,
) -> int:
    """Run everything here until Ctrl-C: Temporal server, Web UI, worker and pages. The data folder survives restarts.

    Example: bihuan up --data ./bihuan-data --port 7233 --ui-port 8233
    """
    settings = load_settings(
        data=data, speed=speed, server=_given(port=port, ui_port=ui_port), web=_given(port=web_port)
    )
    exporter = _configure(settings)
    stop = stop_on_signals()
    with DataLock(settings.data):
        await check_stores(settings, accept_loss=accept_loss)
        if settings.database_url is None and not (settings.data / "bihuan.db").exists():
            # Before the server makes its own file: killed in between, the folder would have one without the other.
            await upgrade_schema(settings)
        make_link_keys(settings, datetime.now(UTC))
        server = EmbeddedServer(settings.data, settings.server)
        async with serving_pages(settings, embedded=True) as pages, beside_server(settings, server.ui) as codec_address:
            if codec_address is not None:
                say(f"to read encrypted payloads in the Web UI, give it the address in {codec_address} (docs/keys.md)")
            try:
                await server.start()
                watch = asyncio.create_task(server.watch(say))
                try:
                    await _run_beside(server, pages, settings, stop, exporter, accept_loss=accept_loss)
                finally:
                    watch.cancel()
            finally:
                await server.stop()
    say("stopped")
    return 0


async def worker(*, data: DataFolder = None, speed: Speed = None, accept_loss: AcceptLoss = False) -> int:
    """Run a worker alone, against the Temporal that TEMPORAL_ADDRESS or a profile names.

    Example: TEMPORAL_ADDRESS=temporal.example.com:7233 bihuan worker
    """
    settings = load_settings(data=data, speed=speed)
    refuse_half_restored(settings.data)
    exporter = _configure(settings)
    stop = stop_on_signals()
    await run_worker(
        settings,
        ready=lambda installation: _announce(installation, "worker ready"),
        stop=stop,
        exporter=exporter,
        accept_loss=accept_loss,
    )
    say("stopped")
    return 0


async def web(
    *,
    ip: Annotated[str | None, Parameter(help="Address to listen on (127.0.0.1).")] = None,
    port: Annotated[int | None, Parameter(help="Port (8080).")] = None,
    data: DataFolder = None,
) -> int:
    """Serve the pages for customers alone: as many of these as you like, beside workers and behind a proxy.

    Example: BIHUAN_WEB__URL=https://service.example.com bihuan web --port 8080
    """
    settings = load_settings(data=data, web=_given(ip=ip, port=port))
    refuse_half_restored(settings.data)
    configure_logs(settings.log_format, settings.log_level)
    stop = stop_on_signals()
    async with serving_pages(settings) as address:
        say(
            f"pages ready at {address}{f', for customers {settings.web.url}' if settings.web.url else ''}. Ctrl-C stops"
        )
        notify_service_manager("READY=1")
        await stop.wait()
        notify_service_manager("STOPPING=1")
    say("stopped")
    return 0


def _configure(settings: Settings) -> PrometheusConfig | None:
    """Logs and metrics of the process; answers where the engine shows its own."""
    exporter = sdk_exporter(settings)
    configure_logs(settings.log_format, settings.log_level, sdk_metrics=exporter)
    return exporter


async def _run_beside(
    server: EmbeddedServer,
    pages: str,
    settings: Settings,
    stop: asyncio.Event,
    exporter: PrometheusConfig | None,
    *,
    accept_loss: bool,
) -> None:
    def ready(installation: Installation) -> None:
        _announce(installation, f"ready: Temporal at {server.address}, Web UI {server.ui}, pages {pages}")

    endpoint = Endpoint.read(settings.data)
    await run_worker(settings, ready=ready, stop=stop, endpoint=endpoint, exporter=exporter, accept_loss=accept_loss)


def _announce(installation: Installation, text: str) -> None:
    settings, time = installation.settings, installation.time
    shown = f"; speed {time.speed:g}, it is {installation.local(installation.now()):%Y-%m-%d %H:%M} there"
    say(f"{text}, data {settings.data}, policy {settings.policy}{'' if time.is_real else shown}. Ctrl-C stops")
    if settings.smtp_url is None and not settings.channels:
        say("no mail server is set: messages stay in the outbox, and no case asks a person to call (BIHUAN_SMTP_URL)")


def _given(**options: Any) -> dict[str, Any] | None:
    """A group of settings, of which the environment and the file say the rest; None where no option was given."""
    return {name: value for name, value in options.items() if value is not None} or None
