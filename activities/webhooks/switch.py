"""Webhooks switched off since their system answered 410, until a test event is taken again (R47)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import JsonValue

from activities.channels.channel import HttpChannel
from activities.database.database import Database
from activities.database.installation import InstallationValues
from activities.delivery.transport import AddressKind, Envelope, PermanentDeliveryError, TransportConnection
from activities.webhooks.endpoint import EndpointGoneError

_PREFIX: Final = "webhook_off:"


@dataclass(frozen=True)
class Switch:
    """The switch of one system's webhook, kept in the record for all workers; a new address is on again."""

    database: Database
    name: str
    url: str

    async def off_since(self) -> datetime | None:
        """When it answered 410; None where it is on."""
        kept = await self._values.get(self._key)
        if not isinstance(kept, dict) or kept.get("url") != self._fingerprint:
            return None
        return datetime.fromisoformat(str(kept["at"]))

    async def turn(self, *, on: bool) -> None:
        """Note it."""
        off: JsonValue = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "url": self._fingerprint}
        await self._values.put(self._key, {} if on else off)

    @property
    def _values(self) -> InstallationValues:
        return InstallationValues(self.database)

    @property
    def _key(self) -> str:
        return f"{_PREFIX}{self.name}"

    @property
    def _fingerprint(self) -> str:
        return hashlib.sha256(self.url.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SwitchedChannel:
    """A `Transport` that asks the switch first, and turns it off where the system says that it is gone."""

    channel: HttpChannel
    switch: Switch

    @property
    def takes(self) -> AddressKind:
        """As the channel."""
        return self.channel.takes

    @property
    def knows_repeats(self) -> bool:
        """As the channel."""
        return self.channel.knows_repeats

    def carries(self, message: str) -> bool:
        """As the channel."""
        return self.channel.carries(message)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[TransportConnection]:
        """Connects at the first event."""
        async with self.channel.connect() as connection:
            yield _Switched(connection, self.switch)


@dataclass(frozen=True)
class _Switched:
    connection: TransportConnection
    switch: Switch

    async def send(self, envelope: Envelope) -> None:
        if (since := await self.switch.off_since()) is not None:
            on = f"bihuan webhook test {self.switch.name} turns it on again"
            raise PermanentDeliveryError(f"it answered on {since:%Y-%m-%d} that it is gone (status 410); {on}")
        try:
            await self.connection.send(envelope)
        except EndpointGoneError:
            await self.switch.turn(on=False)
            raise
