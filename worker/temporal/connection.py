"""The way to Temporal: standard `TEMPORAL_*` variables or profile, else the embedded server of the data folder."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from temporalio.client import Client
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode

from worker.encryption.codec import data_converter
from worker.installation.settings import Settings
from worker.temporal.endpoint import Endpoint
from worker.temporal.tls import explain
from workflows.domain.problem import Problem

_PATIENCE = timedelta(seconds=5)
_DEFAULT_ADDRESS = "localhost:7233"


@dataclass(frozen=True)
class Target:
    """What to connect to, and how a person would name it."""

    config: ClientConnectConfig
    embedded: Endpoint | None = None

    @property
    def address(self) -> str:
        """Host and port."""
        return self.config.get("target_host", _DEFAULT_ADDRESS)

    @property
    def namespace(self) -> str:
        """The namespace all cases live in."""
        return self.config.get("namespace", "default")


def find_target(settings: Settings, endpoint: Endpoint | None = None) -> Target:
    """What the environment names, else the server that `bihuan up` runs on the same data folder.

    An `endpoint` that is given goes before both: `bihuan up` works with its own server.

    Raises:
        Problem: the TOML profile, or a file it or a variable names, cannot be read.
    """
    if endpoint is not None:
        return Target(ClientConnectConfig(target_host=endpoint.address, namespace=endpoint.namespace), endpoint)
    try:
        config = ClientConfig.load_client_connect_config()
    except (RuntimeError, ValueError) as error:
        raise Problem(f"Temporal profile: {error}") from None
    except OSError as error:
        raise Problem(f"Temporal settings: {error.filename}: {error.strerror}; check the TEMPORAL_* paths") from None
    if config.get("target_host"):
        return Target(config)
    endpoint = Endpoint.read(settings.data)
    if endpoint is None:
        return Target(ClientConnectConfig(**{**config, "target_host": _DEFAULT_ADDRESS}))
    embedded = ClientConnectConfig(**{"namespace": endpoint.namespace, **config, "target_host": endpoint.address})
    return Target(embedded, endpoint)


async def connect(settings: Settings, *, endpoint: Endpoint | None = None, patience: timedelta = _PATIENCE) -> Client:
    """A connected client that speaks Pydantic, encrypted where there are keys.

    Raises:
        Problem: nobody answers within `patience`, or not as a Temporal server, or a key is wrong; one line.
    """
    converter = data_converter(settings.key_ring())
    _keep_quiet()
    target = find_target(settings, endpoint)
    options: dict[str, Any] = {name: value for name, value in target.config.items() if name != "target_host"}
    try:
        async with asyncio.timeout(patience.total_seconds()):
            return await Client.connect(target.address, **options, data_converter=converter)
    except (RuntimeError, OSError, TimeoutError, RPCError, ValueError) as error:
        raise Problem(_unreachable(target, settings, error)) from None


def is_unavailable(error: RPCError) -> bool:
    """Whether the server did not answer at all, as opposed to answering no."""
    return error.status in {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED}


def web_ui(settings: Settings) -> str | None:
    """Base address of the Web UI, if it is known."""
    if settings.web_ui:
        return settings.web_ui.rstrip("/")
    if os.environ.get("TEMPORAL_ADDRESS"):
        return None
    endpoint = Endpoint.read(settings.data)
    return endpoint.ui if endpoint else None


@cache
def _keep_quiet() -> None:
    """The engine's own log would go to standard output, into the answer of a command; who configured it keeps it."""
    with suppress(RuntimeError):
        Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=None)))


def _unreachable(target: Target, settings: Settings, error: Exception) -> str:
    if target.embedded is None and (reason := explain(error, target.config)) is not None:
        return f"cannot reach Temporal at {target.address}: {reason}"
    said = "no answer" if isinstance(error, TimeoutError) else _first_line(error)
    if target.embedded is not None:
        hint = f"is `bihuan up` (pid {target.embedded.pid}) still running on {settings.data}?"
    elif target.address == _DEFAULT_ADDRESS:
        hint = "start one with `bihuan up`, or set TEMPORAL_ADDRESS"
    else:
        hint = "check TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and TLS settings"
    return f"cannot reach Temporal at {target.address} ({said}); {hint}"


def _first_line(error: Exception) -> str:
    text = str(error)
    for mark in ("Connection refused", "dns error"):
        if mark in text:
            return mark.lower()
    return text.splitlines()[0][:160] if text else type(error).__name__
