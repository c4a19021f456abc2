"""The metrics of a worker process: of the record (`activities.queries.monitoring.metrics`), the process, the SDK."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from activities.queries.monitoring.metrics import STANDING, TOTALS, Figure, Reader, read_figures
from worker.installation.installation import Installation
from worker.installation.version import installed_version

_TIMEOUT = 5.0
"""Seconds for everything the database is asked in one scrape; Prometheus itself gives up after ten."""
_SDK_TIMEOUT = 2.0


@dataclass
class _CachedFigures:
    """Figures that were read at a moment of the monotonic clock (`at`) and stay fresh for so many seconds."""

    readers: Sequence[Reader]
    seconds: float
    figures: list[Figure] = field(default_factory=list)
    at: float | None = None

    def is_fresh(self) -> bool:
        return self.at is not None and time.monotonic() - self.at < self.seconds


class RecordFigures(Collector):
    """The figures of one installation's record, cached, so that many scrapes cost the database no more than one.

    Where the database does not answer, the only figure is `bihuan_record_readable 0`: an old number would look like a
    present one.
    """

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._cached = (_CachedFigures(STANDING, 5.0), _CachedFigures(TOTALS, 60.0))
        self._readable = False
        self._one_at_a_time = asyncio.Lock()

    async def refresh(self) -> None:
        """Read again what is no longer fresh; never raises."""
        try:
            async with asyncio.timeout(_TIMEOUT), self._one_at_a_time:
                for cached in self._cached:
                    if not cached.is_fresh():
                        await self._read(cached)
        except Exception:  # noqa: BLE001 - each driver has errors of its own; that it failed is the answer
            self._readable = False
        else:
            self._readable = True

    async def _read(self, cached: _CachedFigures) -> None:
        async with self._installation.database.read() as connection:
            cached.figures = await read_figures(connection, self._installation.now(), cached.readers)
        cached.at = time.monotonic()

    def collect(self) -> Iterable[Metric]:
        """What `refresh` read."""
        yield GaugeMetricFamily(
            "bihuan_record_readable", "Whether the database answered this scrape.", value=float(self._readable)
        )
        if self._readable:
            yield from (_family(figure) for cached in self._cached for figure in cached.figures)


class Metrics:
    """Everything for `/metrics`. `exporter` is where the SDK serves its own metrics, `build_id` the worker's."""

    def __init__(self, *, exporter: str | None, build_id: str | None) -> None:
        self._exporter = exporter
        self._registry = CollectorRegistry()
        self._record: RecordFigures | None = None
        ProcessCollector(registry=self._registry)
        self._registry.register(_Build(build_id or ""))

    def watch(self, installation: Installation) -> None:
        """Show the figures of this record from now on."""
        if self._record is not None:
            self._registry.unregister(self._record)
        self._record = RecordFigures(installation)
        self._registry.register(self._record)

    async def text(self) -> bytes:
        """All metrics in Prometheus' text format, within seven seconds whatever the database does."""
        if self._record is not None:
            await self._record.refresh()
        sdk = await asyncio.to_thread(_fetch, self._exporter) if self._exporter else b""
        return generate_latest(self._registry) + sdk


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
    connection = http.client.HTTPConnection(host, int(port), timeout=_SDK_TIMEOUT)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read()
    except OSError:
        return b""
    finally:
        connection.close()
