"""Connects to Temporal: to what the standard `TEMPORAL_*` variables or profile name, else to the embedded server."""

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
from temporalio.service import RPCError

from worker.encryption.codec import data_converter
from worker.installation.settings import Settings
from worker.temporal._tls import explain
from worker.temporal.endpoint import Endpoint
from worker.temporal.pausing import read_paused_workflows
from workflows.domain.problem import Problem

read_paused_workflows()
_TIMEOUT = timedelta(seconds=5)
DEFAULT_ADDRESS = "localhost:7233"
"""Where Temporal is looked for when nothing names a server."""


@dataclass(frozen=True)
class Target:
    """What to connect to, and how a person would name it."""

    config: ClientConnectConfig
    embedded: Endpoint | None = None

    @property
    def address(self) -> str:
        """Host and port."""
        return self.config.get("target_host", DEFAULT_ADDRESS)


class TemporalUnreachableError(Problem):
    """There is no connection to `target`: what is the matter, and what to do, apart and together as the text."""

    def __init__(self, target: Target, what: str, todo: str | None, text: str) -> None:
        super().__init__(text)
        self.target, self.what, self.todo = target, what, todo or "correct that setting"


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
        return Target(ClientConnectConfig(**{**config, "target_host": DEFAULT_ADDRESS}))
    embedded = ClientConnectConfig(**{"namespace": endpoint.namespace, **config, "target_host": endpoint.address})
    return Target(embedded, endpoint)


async def connect(settings: Settings, *, endpoint: Endpoint | None = None, within: timedelta = _TIMEOUT) -> Client:
    """A connected client that speaks Pydantic, encrypted where there are keys.

    Raises:
        TemporalUnreachableError: nobody answers in that time, or not as a Temporal server, or with an error of TLS.
        Problem: the settings of the connection, or the encryption keys, are not well-formed; one line.
    """
    converter = data_converter(settings.key_ring())
    _keep_quiet()
    target = find_target(settings, endpoint)
    options: dict[str, Any] = {name: value for name, value in target.config.items() if name != "target_host"}
    try:
        async with asyncio.timeout(within.total_seconds()):
            return await Client.connect(target.address, **options, data_converter=converter)
    except (RuntimeError, OSError, TimeoutError, RPCError, ValueError) as error:
        raise _unreachable(target, settings, error) from None


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
    """Turn the SDK core's own log off, which would go to standard output, unless this process has configured it."""
    with suppress(RuntimeError):
        Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=None)))


def _unreachable(target: Target, settings: Settings, error: Exception) -> TemporalUnreachableError:
    what = f"cannot reach Temporal at {target.address}"
    if target.embedded is None and (reason := explain(error, target.config)) is not None:
        return TemporalUnreachableError(target, f"{what}: {reason.what}", reason.todo, f"{what}: {reason}")
    what = f"{what} ({'no answer' if isinstance(error, TimeoutError) else _first_line(error)})"
    if target.embedded is not None:
        todo = f"is `bihuan up` (pid {target.embedded.pid}) still running on {settings.data}?"
    elif target.address == DEFAULT_ADDRESS:
        todo = "start one with `bihuan up`, or set TEMPORAL_ADDRESS"
    else:
        todo = "check TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and TLS settings"
    return TemporalUnreachableError(target, what, todo, f"{what}; {todo}")


def _first_line(error: Exception) -> str:
    text = str(error)
    for mark in ("Connection refused", "dns error"):
        if mark in text:
            return mark.lower()
    return text.splitlines()[0][:160] if text else type(error).__name__
