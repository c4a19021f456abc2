"""Logging of a process: one line an event on standard error, for people or as JSON."""

from __future__ import annotations

import logging
import os
import sys
import traceback
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

from activities.privacy.redaction import error_chain, safe_message
from workflows.domain.problem import printable

_FILTER = TelemetryFilter(core_level="WARN", other_level="ERROR")


def configure_logs(style: Literal["text", "json"], level: str, *, sdk_metrics: PrometheusConfig | None = None) -> None:
    """Send every logger of the process (Temporal's and SQLAlchemy's too) through one formatter.

    Numbers and ids are logged, never contacts or texts, at any level: of an error only the words that are safe to show
    (`activities.privacy.redaction`); `debug` adds the traceback.

    `sdk_metrics` is where the SDK's core serves its own metrics: it takes logging and metrics in one configuration.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _in_full if level == "debug" else _brief,
        _printable,
    ]
    if style == "json":
        shared.append(structlog.stdlib.ExtraAdder())
        last: structlog.typing.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        last = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR"))
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_redact_arguments)
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
    # At debug it logs the results of activities, which hold texts.
    logging.getLogger("temporalio.worker._activity").setLevel(logging.INFO)
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    logging_config = LoggingConfig(filter=_FILTER, forwarding=forwarding)
    telemetry = TelemetryConfig(logging=logging_config, metrics=sdk_metrics)
    Runtime.set_default(Runtime(telemetry=telemetry), error_if_already_set=False)


def _redact_arguments(record: logging.LogRecord) -> bool:
    """Replace errors among the arguments of a message by words that are safe to show."""
    if isinstance(record.args, tuple):
        record.args = tuple(safe_message(one) if isinstance(one, BaseException) else one for one in record.args)
    return True


def _brief(logger: object, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:  # noqa: ARG001
    """An error in one line, without its traceback."""
    error = _error_of(event)
    if error is not None:
        event["error"] = _named(error)[:300]
    return event


def _in_full(logger: object, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:  # noqa: ARG001
    """An error and its causes, each with its traceback and the words that are safe to show."""
    error = _error_of(event)
    if error is not None:
        parts = ["".join(traceback.format_tb(one.__traceback__)) + _named(one) for one in error_chain(error)]
        event["exception"] = "\nwhich came of\n".join(parts)
    return event


def _printable(logger: object, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:  # noqa: ARG001
    """Texts of a log line without what could rewrite a terminal."""
    return {key: printable(value) if isinstance(value, str) else value for key, value in event.items()}


def _error_of(event: structlog.typing.EventDict) -> BaseException | None:
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else sys.exc_info()[1] if info is True else info
    return error if isinstance(error, BaseException) else None


def _named(error: BaseException) -> str:
    words, name = safe_message(error), type(error).__name__
    return words if words.startswith(name) else f"{name}: {words}"
