"""Webhooks built from their settings: their transports, and which events they get (R47)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from activities.channels.channel import HttpChannel
from activities.channels.rate import Pace
from activities.database.database import Database
from activities.delivery.transport import Transport
from activities.webhooks.endpoint import WebhookEndpoint
from activities.webhooks.events import Subscription, Webhooks
from activities.webhooks.network import GuardedNetwork, GuardedTransport
from activities.webhooks.settings import WebhookSettings
from activities.webhooks.switch import Switch, SwitchedChannel
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import WEBHOOK


def build_channel(name: str, settings: WebhookSettings) -> HttpChannel:
    """What sends to one system.

    Raises:
        Problem: the file of its secret cannot be read, or holds something else.
    """
    try:
        keys = settings.keys()
    except Problem as problem:
        raise Problem(f"webhooks.{name}: {problem}") from None
    parts, is_plain = settings.parts, settings.parts.scheme == "http"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return HttpChannel(
        name=f"webhook {name}",
        kind=WEBHOOK,
        vendor=WebhookEndpoint(f"{parts.scheme}://{parts.netloc}", path, keys),
        pace=Pace(settings.rate, (), time.monotonic),
        knows_repeats=True,
        answer_timeout=settings.timeout.total_seconds(),
        one_place=True,
        transport=lambda: GuardedTransport(GuardedNetwork(settings.allow_private, plain=is_plain)),
    )


def build_webhook_transports(settings: Mapping[str, WebhookSettings], database: Database) -> dict[str, Transport]:
    """Name (`Envelope.transport_name`) -> transport.

    Raises:
        Problem: one line a fault.
    """
    built: dict[str, Transport] = {}
    faults: list[str] = []
    for name, one in settings.items():
        try:
            channel = build_channel(name, one)
        except Problem as problem:
            faults.append(str(problem))
            continue
        built[f"{WEBHOOK}:{name}"] = SwitchedChannel(channel, Switch(database, name, one.url.get_secret_value()))
    if faults:
        raise Problem("\n".join(faults))
    return built


def build_webhooks(settings: Mapping[str, WebhookSettings], localized: Callable[[Any], Any]) -> Webhooks:
    """What the systems are told of; `localized` gives JSON with its times in the company's zone."""
    return Webhooks(
        tuple(
            Subscription(name, frozenset(one.events), frozenset(one.departments), contacts=one.contacts)
            for name, one in settings.items()
        ),
        localized,
    )
