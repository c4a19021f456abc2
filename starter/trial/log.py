"""A log of cases, one JSON object a line: what came in, who did what, and when.

    {"at": "2026-05-11T09:00", "key": "A-1", "open": {…intake form…}}
    {"at": "2026-05-11T09:20", "key": "A-1", "signal": "reply", "by": "owner", "with": {"text": "在查"}}

Times without an offset are on the company's wall clock. `with` holds the keys of the signal; `by` is a person's id,
`customer`, or a placeholder such as `owner` (see `starter.trial.actors`); `via` is how it came, left out where that was
the console. Lines may come in any order; those
that open a case go before others of the same moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from activities.document_text import parse_json_object
from activities.intake.form import Form, parse_form
from workflows.domain.commands.case import COMMANDS
from workflows.domain.commands.command import Command, parse_command
from workflows.domain.formats import moment_of
from workflows.domain.model import Json
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem

_OPENING = frozenset({"at", "key", "open"})
_SIGNAL = frozenset({"at", "key", "signal", "by", "via", "with"})
_OWN_PLACE = ("at", "by", "via", "command_id")
"""Keys of a command that are not allowed under `with`: the line has them itself, or they are made."""


@dataclass(frozen=True)
class LogEntry:
    """One line: a form that opens the case `key`, or a command to it whose `by` is as the log says."""

    line: int
    at: datetime
    key: str
    form: Form | None = None
    command: Command | None = None


@dataclass
class Log:
    """The entries in the order of time, and by its number what is wrong with each line that could not be read."""

    entries: list[LogEntry] = field(default_factory=list)
    faults: dict[int, str] = field(default_factory=dict)

    def without(self, lines: Iterable[int]) -> list[LogEntry]:
        """The entries without those lines, and without all signals to cases that these lines would have opened."""
        left_out = set(lines)
        gone = {entry.key for entry in self.entries if entry.form is not None and entry.line in left_out}
        return [entry for entry in self.entries if entry.line not in left_out and entry.key not in gone]


def read_log(lines: Iterable[str], policy: Policy, organisation: Organisation) -> Log:
    """Every line checked, forms against the policy.

    A type, subtype or first receiver that is not known here is left out of its form: an older log may name what another
    policy had.
    """
    log = Log()
    unreadable: set[str] = set()
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        values: Any = None
        try:
            values = parse_json_object(text)
            log.entries.append(_entry(number, values, policy, organisation))
        except Problem as problem:
            log.faults[number] = "; ".join(str(problem).splitlines())
            if isinstance(values, dict) and "open" in values and isinstance(values.get("key"), str):
                unreadable.add(values["key"])
    log.entries.sort(key=lambda entry: (entry.at, entry.form is None, entry.line))
    _drop_out_of_order(log, unreadable)
    return log


def _drop_out_of_order(log: Log, unreadable: set[str]) -> None:
    """Keep what comes in order: a case opens once and first; signals to a case whose opening is at fault go too."""
    opening = {entry.key: entry for entry in reversed(log.entries) if entry.form is not None}
    kept: list[LogEntry] = []
    for entry in log.entries:
        first = opening.get(entry.key)
        if first is entry:
            kept.append(entry)
        elif entry.form is not None and first is not None:
            log.faults[entry.line] = f"key {entry.key!r} is opened already by line {first.line}; allowed: once"
        elif first is None:
            if entry.key not in unreadable:
                log.faults[entry.line] = f"key {entry.key!r} is opened by no line"
        elif entry.at < first.at:
            log.faults[entry.line] = f"key {entry.key!r} is opened later, by line {first.line}"
        else:
            kept.append(entry)
    log.entries = kept


def _entry(number: int, values: dict[str, Any], policy: Policy, organisation: Organisation) -> LogEntry:
    if ("open" in values) == ("signal" in values):
        raise Problem("has to have either open (an intake form) or signal (its name)")
    allowed = _OPENING if "open" in values else _SIGNAL
    if unknown := sorted(values.keys() - allowed):
        raise Problem(f"{unknown[0]}: unknown key; allowed: {', '.join(sorted(allowed))}")
    key = values.get("key")
    if not isinstance(key, str) or not key.strip():
        raise Problem("key: is missing; allowed: a text that names the case")
    try:
        at = moment_of(values.get("at"), policy.calendar.zone)
    except ValueError as error:
        raise Problem(f"at: {error}") from None
    if "open" in values:
        return LogEntry(number, at, key, form=_form(values["open"], at, policy, organisation))
    return LogEntry(number, at, key, command=_command(number, values))


def _command(number: int, values: dict[str, Any]) -> Command:
    by, given, name = values.get("by"), values.get("with", {}), values["signal"]
    if not isinstance(by, str) or not by.strip():
        raise Problem("by: is missing; allowed: a person's id, customer, or a part such as owner")
    if not isinstance(name, str):
        raise Problem("signal: is no text; allowed: the name of a signal, such as reply")
    if isinstance(given, dict) and (double := [key for key in _OWN_PLACE if key in given]):
        raise Problem(f"with.{double[0]}: is not said here; allowed: the signal's own keys")
    how = {"via": values["via"]} if "via" in values else {}
    payload = {**given, "by": by, **how} if isinstance(given, dict) else given
    return parse_command(name.replace("-", "_"), payload, f"line-{number}", COMMANDS)


def _form(raw: Any, at: datetime, policy: Policy, organisation: Organisation) -> Form:
    if not isinstance(raw, dict):
        raise Problem("open: is no intake form; allowed: a JSON object with its keys")
    return parse_form(_as_known_here(raw, policy, organisation), now=at, policy=policy, organisation=None)


def _as_known_here(raw: Json, policy: Policy, organisation: Organisation) -> Json:
    form = dict(raw)
    kind, subtype, receiver = form.get("type"), form.get("subtype"), form.get("received_by")
    known = policy.type_named(kind) if isinstance(kind, str) else None
    if isinstance(kind, str) and known is None:
        form["type"] = form["subtype"] = None
    elif known is not None and isinstance(subtype, str) and known.subtype_named(subtype) is None:
        form["subtype"] = None
    if isinstance(receiver, str) and organisation.person(receiver) is None:
        form["received_by"] = None
    return form
