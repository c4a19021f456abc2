"""What is said of settings that are not understood: where each was given, what is wrong, and what is allowed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from activities.channels.settings import KINDS
from activities.mailbox.settings import MailboxSettings
from activities.webhooks.settings import EVENTS, WebhookSettings
from worker.installation.config_file import (
    CONFIG_VARIABLE,
    PERSON_VARIABLE,
    PREFIX,
    SECRETS,
    SERVER_VARIABLES,
    config_file,
)
from worker.installation.variables import KNOWN_VARIABLES, unknown_variables
from workflows.domain.problem import Problem

_NAMED: Mapping[str, tuple[type[BaseModel], str]] = {
    "mailboxes": (MailboxSettings, "service"),
    "webhooks": (WebhookSettings, "shop"),
}
"""Groups of which a company chooses the names: what each is, and such a name."""
_HINTS: Mapping[str, str] = {
    "virtual_start": "an ISO 8601 time with offset, such as 2026-05-11T09:00+08:00",
    "speed": "a number above 0; 1 is real time",
    "sweep": "from 10s to 1d, such as 2m",
    "codec_token": "16 to 200 characters, such as `openssl rand -hex 16` prints",
    "files": "a folder, or s3://bucket/prefix",
    "clamd": "tcp://host:port or unix:///path",
    "monitor": "an address and port, such as 127.0.0.1:9464",
    "hosts": "names without scheme and port, with commas between them, such as worker-1.example.com",
    "deployment": "a name without dots, colons and blanks",
    "build_id": "a name without blanks, such as the release or the commit",
    "desk": "idle from 5m to 90d, lifetime from 5m to 366d, such as 12h; mailed_links true or false",
    "oidc": "issuer (https://…), client_id, client_secret or client_secret_file, name, scopes, claim",
    "web": "ip, port, url (such as https://service.example.com), proxies (such as 10.0.0.0/8, 192.168.1.7), "
    "certificate_file and key_file",
}


def refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    """Let no misspelt variable pass for one that is not set.

    Raises:
        Problem: one line a variable that names no setting.
    """
    known = {*KNOWN_VARIABLES, CONFIG_VARIABLE, PERSON_VARIABLE, *SERVER_VARIABLES}
    faults = [f"{name}: no such setting{_did_you_mean(name, known)}" for name in unknown_variables(environment)]
    if faults:
        raise Problem("\n".join(faults))


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; there are: {', '.join(sorted(known))}"


def setting_faults(error: ValidationError, options: Mapping[str, Any], settings: type[BaseModel]) -> Iterable[str]:
    """A line for each fault: where it was given, what is wrong, and what is allowed. `options` were typed."""
    for fault in error.errors(include_url=False):
        keys = [str(part) for part in fault["loc"]]
        if keys[0] == "channels":
            yield _channel_fault(fault, keys, options)
            continue
        if keys[0] in _NAMED:
            yield _named_fault(fault, keys, options)
            continue
        where = _where(keys, options)
        if fault["type"] == "extra_forbidden":
            group = settings.model_fields.get(keys[0])
            within = group.annotation if len(keys) > 1 and group is not None else settings
            names = within.model_fields if isinstance(within, type) and issubclass(within, BaseModel) else {}
            yield f"{where}: no such setting{_did_you_mean(keys[-1], names)}"
            continue
        allowed = _HINTS.get(keys[0])
        # An address may have a password in it.
        is_secret = keys[0] in SECRETS or "@" in str(fault["input"])
        shown = "" if is_secret else f" (got {fault['input']!r})"
        message = fault["msg"].removeprefix("Value error, ")
        yield f"{where}: {message}{shown}" + (f"; allowed: {allowed}" if allowed else "")


def _channel_fault(fault: ErrorDetails, keys: list[str], options: Mapping[str, Any]) -> str:
    """A fault of a channel. Any value may be a secret in the wrong place, so none is repeated."""
    kind = next((key for key in keys[2:3] if key in KINDS), None)
    path = [key for index, key in enumerate(keys) if not (index == 2 and kind) and key != "[key]"]
    where, what, context = _where(path, options), fault["type"], fault.get("ctx", {})
    if what == "extra_forbidden" and kind:
        names = [name for name in KINDS[kind].model_fields if name != "kind"]
        close = get_close_matches(path[-1], names, n=1, cutoff=0.6) if len(path) == 3 else []
        hint = f"; did you mean {close[0]}?" if close else f"; there are: {', '.join(names)}"
        return f"{where}: no such setting{hint if len(path) == 3 else ''}"
    if what in {"union_tag_invalid", "union_tag_not_found"}:
        return f"{where}: kind is missing or not known; allowed: {', '.join(KINDS)}"
    if keys[-1] == "[key]":
        allowed = context.get("expected") or "lower-case letters, digits, - and _, such as sms or robot_support"
        return f"{where}: is no name that can stand here; allowed: {allowed}"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"


def _named_fault(fault: ErrorDetails, keys: list[str], options: Mapping[str, Any]) -> str:
    """A fault of a mailbox or webhook; no value is repeated, as for channels."""
    where = _where([key for key in keys if key != "[key]"], options)
    model, name = _NAMED[keys[0]]
    if fault["type"] == "extra_forbidden":
        return f"{where}: no such setting{_did_you_mean(keys[-1], model.model_fields)}"
    if keys[-1] == "[key]":
        return f"{where}: is no name that can stand here; allowed: lower-case letters, digits, - and _, such as {name}"
    if fault["type"] == "enum":
        return f"{where}: is no event of a case; allowed: {', '.join(EVENTS)}"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"


def _where(keys: list[str], options: Mapping[str, Any]) -> str:
    """Where a setting was given: the option, the variable, or the file and its key."""
    if keys[0] in options:
        return "--" + "-".join(keys).replace("_", "-").removeprefix("server-").removeprefix("web-")
    variable = PREFIX + "__".join(keys).upper()
    upper = {name.upper() for name in os.environ}
    if variable in upper or PREFIX + keys[0].upper() in upper:
        return variable
    return f"{config_file() or 'settings'}: {'.'.join(keys)}"
