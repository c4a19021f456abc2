"""Tokens for the shared record of `tests.starter.web.conftest`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from starter.services.identity.tokens import make_token
from tests.starter.web.api.contract import Api
from tests.starter.web.conftest import Portal

Caller = Callable[..., Awaitable[Api]]
"""The API as a person, or a `system`, sees it; `rights` and `expires_at` as tokens have them."""


@pytest.fixture
async def caller(portal: Portal) -> AsyncIterator[Caller]:
    opened: list[Api] = []

    async def call(person: str | None = None, *, language: str = "en", **options: Any) -> Api:
        made = {"system": None, "now": portal.now(), **options}
        _, secret = await make_token(portal.settings, person=person, **made)
        opened.append(Api(portal.address, secret, language=language))
        return opened[-1]

    yield call
    for one in opened:
        await one.client.aclose()
