"""The systems that are told of events: which there are, and an event to try one (R47)."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from activities.channels.address import place
from activities.channels.http import ask, http_client
from activities.database.database import Database
from activities.delivery.transport import DeliveryError, Envelope
from activities.webhooks.build import build_channel
from activities.webhooks.events import PING, body
from activities.webhooks.settings import WebhookSettings
from activities.webhooks.switch import Switch
from worker.installation.company_time import CompanyTime
from worker.installation.settings import Settings
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import WEBHOOK


@dataclass(frozen=True)
class WebhookInfo:
    """A system as people see it; empty `events` or `departments` mean all of them."""

    name: str
    place: str
    events: tuple[str, ...]
    departments: tuple[str, ...]
    contacts: bool
    allow_private: str
    secrets: int
    rate: tuple[str, ...]


@dataclass(frozen=True)
class Ping:
    """What came of an event that was sent at once. `error` is one line; None where the system took it."""

    name: str
    id: str
    status: int | None
    seconds: float
    error: str | None

    @property
    def is_taken(self) -> bool:
        """Whether the system answered 2xx."""
        return self.error is None


def list_webhooks(settings: Settings) -> list[WebhookInfo]:
    """All webhooks, in the order of the settings.

    Raises:
        Problem: the file of a secret cannot be read, or holds something else.
    """
    return [_described(name, one) for name, one in settings.webhooks.items()]


async def ping(settings: Settings, name: str) -> Ping:
    """Send the system a signed event `ping`, without the outbox; one that takes it is told of events again where it
    had said that it is gone.

    Raises:
        Problem: there is no such system, or its secret cannot be read.
    """
    webhook = settings.webhooks.get(name)
    if webhook is None:
        there_are = ", ".join(settings.webhooks) or "none"
        raise Problem(f"webhook {name}: there is none of that name; there are: {there_are}")
    channel, envelope = build_channel(name, webhook), _envelope(name)
    began, status, error = time.monotonic(), None, None
    try:
        _, request = channel.written(envelope)
        async with http_client(channel.transport()) as client:
            answer = await ask(client, channel.vendor.endpoint, request, channel.answer_timeout)
        status = answer.status
        channel.vendor.judge(answer)
    except DeliveryError as failed:
        error = str(failed)
    tried = Ping(name, envelope.key, status, round(time.monotonic() - began, 3), error)
    if tried.is_taken:
        await _turn_on(settings, name, webhook)
    return tried


async def _turn_on(settings: Settings, name: str, webhook: WebhookSettings) -> None:
    """A system can be tried before there is a record, too."""
    with suppress(Problem):
        database = Database.open(settings.database)
        try:
            await database.ready()
            switch = Switch(database, name, webhook.url.get_secret_value())
            if await switch.off_since() is not None:
                await switch.turn(on=True)
        finally:
            await database.close()


def _described(name: str, one: WebhookSettings) -> WebhookInfo:
    channel = build_channel(name, one)
    return WebhookInfo(
        name=name,
        place=place(channel.vendor.endpoint),
        events=tuple(map(str, one.events)),
        departments=one.departments,
        contacts=one.contacts,
        allow_private=str(one.allow_private),
        secrets=len(one.keys()),
        rate=tuple(map(str, one.rate)),
    )


def _envelope(name: str) -> Envelope:
    now = datetime.now(UTC)
    text = body(PING, now, {"system": name}, CompanyTime().localized)
    return Envelope(
        key=f"{PING}-{uuid4().hex}",
        number="",
        message=WEBHOOK,
        recipient=name,
        channel=WEBHOOK,
        address="",
        name="",
        locale="",
        subject=PING,
        text=text,
        html="",
        short="",
    )
