"""A channel over HTTP as a transport: at its vendor's pace, with the vendor's own request and reading of the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

import httpx2

from activities.channels.address import place
from activities.channels.http import HttpResponse, Request, ask, http_client
from activities.channels.phone import mobile_number
from activities.channels.rate import Pace
from activities.channels.token import AccessTokens, TokenRefusedError
from activities.delivery.transport import (
    AddressKind,
    DeliveryError,
    Envelope,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    TransportConnection,
    UnknownOutcomeError,
    UnreachableError,
)

_PATIENCE = 3.0
"""Seconds for which a delivery waits for a message's moment; for a longer wait the message is put off."""
_SKEW = timedelta(minutes=5)
"""By how much a clock may differ from the vendor's; signatures are refused from a quarter of an hour on."""


class Vendor(Protocol):
    """How one vendor is asked, and what its answers mean."""

    @property
    def endpoint(self) -> str:
        """The address without anything secret in it."""

    @property
    def takes(self) -> AddressKind:
        """What it has to know of a person."""

    def request(self, envelope: Envelope, address: str, at: datetime) -> Request:
        """What it is asked at that moment (signatures hold for minutes).

        Raises:
            PermanentDeliveryError: it cannot carry this message.
        """

    def judge(self, answer: HttpResponse) -> None:
        """Return where the message was taken.

        Raises:
            DeliveryError: it was not, or nobody knows.
        """

    def words(self, envelope: Envelope) -> str:
        """What the person reads.

        Raises:
            PermanentDeliveryError: it cannot carry this message.
        """


@dataclass(frozen=True)
class HttpChannel:
    """A `Transport`. `messages` are those that it can say, None: all."""

    name: str
    kind: str
    vendor: Vendor = field(repr=False)
    pace: Pace = field(repr=False)
    messages: Collection[str] | None = None
    knows_repeats: bool = False
    tokens: AccessTokens | None = field(default=None, repr=False)
    """Of an app."""
    answer_timeout: float | None = None
    """Seconds; None: the ordinary ones."""
    one_place: bool = False
    """Whether all messages go to one place: where one gets no answer, others are not tried at once."""
    transport: Callable[[], httpx2.AsyncBaseTransport | None] = field(default=lambda: None, repr=False)
    """What connects, where that is not done in the ordinary way."""

    @property
    def takes(self) -> AddressKind:
        """What it has to know of a person."""
        return self.vendor.takes

    def carries(self, message: str) -> bool:
        """Whether it can say this message at all."""
        return self.messages is None or message in self.messages

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[TransportConnection]:
        """Connects at the first message."""
        async with http_client(self.transport()) as client:
            yield _Connection(self, client)

    def written(self, envelope: Envelope) -> tuple[str, Request]:
        """What the person would read, and what the vendor would be asked for that.

        Raises:
            PermanentDeliveryError: it cannot carry this message, or not to that address.
        """
        address = envelope.address
        if self.takes is AddressKind.MOBILE:
            mobile = mobile_number(address)
            if mobile is None:
                raise PermanentDeliveryError("no short message reaches that number; it is no mobile")
            address = mobile
        if not self.carries(envelope.message):
            raise PermanentDeliveryError(f"{self.name} has no template for {envelope.message}")
        return self.vendor.words(envelope), self.vendor.request(envelope, address, datetime.now(UTC))

    async def check(self) -> tuple[str, timedelta | None]:
        """Ask the host for nothing in particular, and log an app in; answers where it is, and how far its clock is
        ahead of this one.

        Raises:
            DeliveryError: it cannot be reached, or refuses the login.
        """
        endpoint = self.vendor.endpoint
        scheme, _, rest = endpoint.partition("://")
        async with http_client(self.transport()) as client:
            answer = await ask(client, f"{scheme}://{rest.partition('/')[0]}/", Request(b"", method="HEAD"))
            if self.tokens is not None:
                await self.tokens.get(client)
        try:
            there = parsedate_to_datetime(answer.headers.get("date", ""))
        except ValueError:
            return place(endpoint), None
        skew = there - datetime.now(UTC) if there.tzinfo else None
        return place(endpoint), skew if skew is not None and abs(skew) > _SKEW else None


class _Connection:
    def __init__(self, channel: HttpChannel, client: httpx2.AsyncClient) -> None:
        self._channel = channel
        self._client = client

    async def send(self, envelope: Envelope) -> None:
        channel = self._channel
        channel.written(envelope)  # what cannot be said takes no turn
        while wait := channel.pace.wait(envelope.key, envelope.address):
            if wait > _PATIENCE:
                raise TemporaryDeliveryError(f"{channel.name} is not to be asked so often", timedelta(seconds=wait))
            await asyncio.sleep(wait)
        # Written once more: a signature holds from its own moment.
        _, request = channel.written(envelope)
        try:
            if channel.tokens is None:
                await self._ask(request)
            else:
                await self._ask_with_token(request, channel.tokens)
        except UnknownOutcomeError as error:
            if not channel.knows_repeats:
                raise
            later = UnreachableError if channel.one_place else TemporaryDeliveryError
            raise later(f"{error}; it is known there when it comes again") from None

    async def _ask_with_token(self, request: Request, tokens: AccessTokens) -> None:
        """A token may be refused before its time; then nothing was sent, and another is asked for, once."""
        token = await self._token(tokens)
        try:
            await self._ask(tokens.vendor.with_token(request, token))
        except TokenRefusedError:
            token = await self._token(tokens, instead_of=token)
            await self._ask(tokens.vendor.with_token(request, token))

    async def _token(self, tokens: AccessTokens, *, instead_of: str | None = None) -> str:
        with self._named():
            return await tokens.get(self._client, instead_of=instead_of)

    async def _ask(self, request: Request) -> None:
        answer = await ask(self._client, self._channel.vendor.endpoint, request, self._channel.answer_timeout)
        with self._named():
            self._channel.vendor.judge(answer)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except DeliveryError as error:
            # Most vendors repeat numbers; what the answer was is of use, whose it was is not.
            error.args = (f"{self._channel.name}: {error}",)
            raise
