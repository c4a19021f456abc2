"""What the process says while it runs: one line an event, for people or as JSON, always on standard error."""

from __future__ import annotations

import logging
import os
import sys
from typing import Literal

import structlog
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

_FILTER = TelemetryFilter(core_level="WARN", other_level="ERROR")


def configure_logs(
    style: Literal["text", "json"], level: str, *, engine_metrics: PrometheusConfig | None = None
) -> None:
    """Send every logger of the process (Temporal's and SQLAlchemy's too) through one formatter.

    The engine is told of logs and metrics in one go: `engine_metrics` is where it shows its own.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if level == "debug" else _brief,
    ]
    if style == "json":
        shared.append(structlog.stdlib.ExtraAdder())
        last: structlog.typing.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        last = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR"),
            exception_formatter=structlog.dev.plain_traceback,
        )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("bihuan").setLevel(level.upper())
    logging.getLogger("temporalio").setLevel(logging.DEBUG if level == "debug" else logging.WARNING)
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    logging_config = LoggingConfig(filter=_FILTER, forwarding=forwarding)
    telemetry = TelemetryConfig(logging=logging_config, metrics=engine_metrics)
    Runtime.set_default(Runtime(telemetry=telemetry), error_if_already_set=False)


def _brief(logger: object, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:  # noqa: ARG001
    """An exception in one line: its traceback is for who asks for `debug`, and may hold what customers wrote."""
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else sys.exc_info()[1] if info is True else info
    if isinstance(error, BaseException):
        event["error"] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:300]}"
    return event
