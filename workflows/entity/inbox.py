"""Signals as they come in, read without ever raising: what cannot be read is kept with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from temporalio import workflow
from temporalio.common import RawValue

from workflows.domain.commands.command import Command, parse_command
from workflows.domain.problem import Problem
from workflows.entity.input import ReceivedSignal

LARGEST_PAYLOAD: Final = 500_000
"""Bytes; the largest command that makes sense, a review's report with 20 measures, has 350,000."""
_DEEPEST: Final = 20
"""Objects and lists within one another. JSON can be read 200 deep, and travels within other objects later."""


class UnreadSignal:
    """A signal as the server delivered it. Hundreds may come at once, and the SDK gives a workflow two seconds at a
    time: each is read when it is its turn.
    """

    def __init__(self, name: str, args: Sequence[RawValue], default_id: str, place: int) -> None:
        self._name, self._args, self._default_id = name, args, default_id
        self._read: ReceivedSignal | None = None
        self._place = place
        self.size = sum(len(arg.payload.data) for arg in args)

    def read(self) -> ReceivedSignal:
        """What is in it; never raises."""
        if self._read is None:
            read = read_signal(self._name, self._args, self._default_id)
            self._read, self._args = read.model_copy(update={"place": self._place}), ()
        return self._read


def read_signal(name: str, args: Sequence[RawValue], default_id: str) -> ReceivedSignal:
    """A signal by name and raw payloads; `default_id` stands in where no `command_id` was given."""
    payload: Any = None
    problem = None
    size = sum(len(arg.payload.data) for arg in args)
    try:
        if len(args) != 1:
            problem = f"{name}: takes one JSON object, {len(args)} arguments came"
        elif size > LARGEST_PAYLOAD:
            problem = f"{name}: its payload has {size} bytes; allowed: at most {LARGEST_PAYLOAD}"
        else:
            payload = workflow.payload_converter().from_payload(args[0].payload)
    except Exception as error:  # noqa: BLE001 - an unreadable payload must not fail the workflow task
        # Not in the error's own words, which hold what came.
        problem = f"{name}: its payload cannot be read ({type(error).__name__}); allowed: one JSON object"
    if problem is None and not isinstance(payload, dict):
        problem = f"{name}: takes one JSON object, not {type(payload).__name__}"
    if problem is None and _is_deep(payload):
        problem = f"{name}: its payload is nested too deeply; allowed: {_DEEPEST} objects and lists within one another"
    values = payload if isinstance(payload, dict) else {}
    return ReceivedSignal(
        name=name,
        command_id=_text(values, "command_id", default_id),
        by=_text(values, "by", "?"),
        payload=None if problem else values,
        problem=problem,
        size=size,
    )


def command_of(signal: ReceivedSignal, known: Mapping[str, type[Command]]) -> Command:
    """The command that a signal carries; `known`: the commands an object takes, by name.

    Raises:
        Problem: it is no command; the text says why.
    """
    if signal.problem is not None:
        raise Problem(signal.problem)
    try:
        return parse_command(signal.name, signal.payload, signal.command_id, known)
    except Problem:
        raise
    except Exception as error:  # whatever reading it raises, it is this one signal that is refused
        raise Problem(f"{signal.name}: it cannot be read as a command ({type(error).__name__})") from error


def _is_deep(payload: Any) -> bool:
    level = [payload]
    for _ in range(_DEEPEST):
        level = [inner for one in level for inner in _inside(one) if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _text(values: dict[str, Any], key: str, default: str) -> str:
    value = values.get(key)
    return value[:200] if isinstance(value, str) and value else default


def read(signal: ReceivedSignal | UnreadSignal) -> ReceivedSignal:
    """A signal that has been read, whether or not it was before."""
    return signal.read() if isinstance(signal, UnreadSignal) else signal
