"""What a monitoring system scrapes: the record in figures (`activities.queries.metrics`), the process, and the engine's own."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from activities.queries.metrics import STANDING, TOTALS, Figure, Reader, read_figures
from worker.installation.installation import Installation

_PATIENCE = 5.0
"""Seconds for everything the database is asked in one scrape; Prometheus itself gives up after ten."""
_ENGINE_PATIENCE = 2.0


@dataclass
class _Kept:
    """Figures that were read `at` (monotonic) and are good for `seconds`."""

    readers: Sequence[Reader]
    seconds: float
    figures: list[Figure] = field(default_factory=list)
    at: float | None = None

    def is_fresh(self) -> bool:
        return self.at is not None and time.monotonic() - self.at < self.seconds


class RecordFigures(Collector):
    """The figures of one installation, never asked more often than they are good for, however many scrape.

    Where the database does not answer there is no figure at all but `bihuan_record_readable 0`: an old number looks
    like a good one.
    """

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._kept = (_Kept(STANDING, 5.0), _Kept(TOTALS, 60.0))
        self._readable = False
        self._one_at_a_time = asyncio.Lock()

    async def refresh(self) -> None:
        """Ask the database for what is no longer fresh; never raises."""
        try:
            async with asyncio.timeout(_PATIENCE), self._one_at_a_time:
                for kept in self._kept:
                    if not kept.is_fresh():
                        await self._read(kept)
        except Exception:  # noqa: BLE001 - each driver has errors of its own; that it failed is the answer
            self._readable = False
        else:
            self._readable = True

    async def _read(self, kept: _Kept) -> None:
        async with self._installation.database.read() as connection:
            kept.figures = await read_figures(connection, self._installation.now(), kept.readers)
        kept.at = time.monotonic()

    def collect(self) -> Iterable[Metric]:
        """What `refresh` read."""
        yield GaugeMetricFamily(
            "bihuan_record_readable", "Whether the database answered this scrape.", value=float(self._readable)
        )
        if self._readable:
            yield from (_family(figure) for kept in self._kept for figure in kept.figures)


class Metrics:
    """Everything for `/metrics`. `exporter` is where the engine's own metrics are, `build_id` the worker's."""

    def __init__(self, *, exporter: str | None, build_id: str | None) -> None:
        self._exporter = exporter
        self._registry = CollectorRegistry()
        self._record: RecordFigures | None = None
        ProcessCollector(registry=self._registry)
        self._registry.register(_Build(build_id or ""))

    def watch(self, installation: Installation) -> None:
        """Show this record's figures from now on, none that were read before."""
        if self._record is not None:
            self._registry.unregister(self._record)
        self._record = RecordFigures(installation)
        self._registry.register(self._record)

    async def text(self) -> bytes:
        """In Prometheus' text format, bounded in time whatever is the matter with the database."""
        if self._record is not None:
            await self._record.refresh()
        engine = await asyncio.to_thread(_fetch, self._exporter) if self._exporter else b""
        return generate_latest(self._registry) + engine


class _Build(Collector):
    def __init__(self, build_id: str) -> None:
        self._build_id = build_id

    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily("bihuan_build_info", "Which release runs.", labels=("version", "build_id"))
        family.add_metric((installed_version(), self._build_id), 1)
        yield family


def _family(figure: Figure) -> Metric:
    kind = CounterMetricFamily if figure.counter else GaugeMetricFamily
    family = kind(figure.name, figure.help, labels=figure.labels)
    for labels, value in sorted(figure.values.items()):
        family.add_metric(labels, value)
    return family


def _fetch(address: str) -> bytes:
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=_ENGINE_PATIENCE)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read()
    except OSError:
        return b""
    finally:
        connection.close()


def installed_version() -> str:
    """Of bihuan itself."""
    try:
        return version("bihuan")
    except PackageNotFoundError:
        return "unknown"
