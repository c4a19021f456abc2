"""Access tokens of apps at chat platforms: asked for once, kept while they hold, and anew where one is refused (R44).

Each process has its own. All three platforms answer everybody who asks with the same token until that nears its end,
and leave the one before valid, so processes do not take tokens from each other; none is written anywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

import httpx2

from activities.channels.http import HttpResponse, Request, ask
from activities.delivery.transport import PermanentDeliveryError, TemporaryDeliveryError, UnknownOutcomeError

_EARLY: Final = 300.0
"""Seconds before its end from which on a token is asked for anew."""
_REFUSED_FOR: Final = 60.0
"""Seconds for which a refused login is not tried again: platforms shut out whoever keeps on."""


class TokenRefusedError(TemporaryDeliveryError):
    """The token does not hold any more; nothing was sent."""


@dataclass(frozen=True)
class AccessToken:
    """`lifetime` in seconds."""

    value: str = field(repr=False)
    lifetime: float


@runtime_checkable
class TokenVendor(Protocol):
    """A vendor that wants a token with each request."""

    @property
    def token_endpoint(self) -> str:
        """The address that is asked for a token, without anything secret."""

    def token_request(self) -> Request:
        """The request for a token."""

    def read_token(self, answer: HttpResponse) -> AccessToken:
        """What it answers.

        Raises:
            DeliveryError: no token.
        """

    def with_token(self, request: Request, token: str) -> Request:
        """A request that bears it."""


@dataclass
class AccessTokens:
    """The tokens of one app. `clock`: seconds that only go forward."""

    vendor: TokenVendor
    clock: Callable[[], float]
    _token: AccessToken | None = None
    _until: float = 0.0
    _refusal: str | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, client: httpx2.AsyncClient, *, instead_of: str | None = None) -> str:
        """A token that holds, as far as is known; another one where `instead_of` was refused. All who ask at once share
        it.

        Raises:
            DeliveryError: the login was refused, or put off; nothing was sent.
        """
        async with self._asking:
            known, now = self._token, self.clock()
            if known is not None and now < self._until and known.value != instead_of:
                return known.value
            if self._refusal is not None and now < self._until:
                raise PermanentDeliveryError(self._refusal)
            try:
                answer = await ask(client, self.vendor.token_endpoint, self.vendor.token_request())
                found = self.vendor.read_token(answer)
            except UnknownOutcomeError as error:
                raise TemporaryDeliveryError(f"login: {error}") from None
            except PermanentDeliveryError as error:
                self._token, self._refusal, self._until = None, f"login: {error}", now + _REFUSED_FOR
                raise PermanentDeliveryError(self._refusal) from None
            self._token, self._refusal = found, None
            self._until = now + max(found.lifetime - _EARLY, found.lifetime / 2)
            return found.value
