"""Signals as they come in, read without ever raising: what cannot be read is kept with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

from workflows.domain.commands.command import Command, parse_command
from workflows.domain.problem import Problem
from workflows.entity.input import ReceivedSignal


def read_signal(name: str, args: Sequence[RawValue], default_id: str) -> ReceivedSignal:
    """A signal by name and raw payloads; `default_id` stands in where no `command_id` was given."""
    payload: Any = None
    problem = None
    try:
        if len(args) == 1:
            payload = workflow.payload_converter().from_payload(args[0].payload)
        else:
            problem = f"{name}: takes one JSON object, {len(args)} arguments came"
    except Exception as error:  # noqa: BLE001 - an unreadable payload must not fail the workflow task
        problem = f"{name}: its payload cannot be read ({error})"
    if problem is None and not isinstance(payload, dict):
        problem = f"{name}: takes one JSON object, not {type(payload).__name__}"
    values = payload if isinstance(payload, dict) else {}
    return ReceivedSignal(
        name=name,
        command_id=_text(values, "command_id", default_id),
        by=_text(values, "by", "?"),
        payload=None if problem else values,
        problem=problem,
        size=sum(len(arg.payload.data) for arg in args),
    )


def command_of(signal: ReceivedSignal, known: Mapping[str, type[Command]]) -> Command:
    """The command that a signal carries; `known`: the commands an object takes, by name.

    Raises:
        Problem: it is no command; the text says why.
    """
    if signal.problem is not None:
        raise Problem(signal.problem)
    return parse_command(signal.name, signal.payload, signal.command_id, known)


def _text(values: dict[str, Any], key: str, default: str) -> str:
    value = values.get(key)
    return value[:200] if isinstance(value, str) and value else default
