"""The first check of a request: who is known to have tried too often is turned away here, at next to no cost (R40).

The first few refusals are ordinary pages, which keep what a person has typed. What comes after them, and after a
moment's wait, is a page without any of that, made before. A link that may be a right one is never turned away.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from activities.links.mark import LINK_PATH
from activities.links.token import TOKEN, read_token
from activities.portal.tries import askers_of
from starter.web.throttling.lane import CrowdedError
from starter.web.throttling.limits import CODES, FORMS, GUESSES, LINKS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from activities.portal.tries import Asker, Limit
    from starter.web.refusals import Refusals
    from starter.web.site import OpenRecord, Site

_log = logging.getLogger("bihuan.web")
_PAUSE: Final = 0.01
"""Seconds before a refusal, as long as a link is looked for: whoever floods gets fewer answers out of a connection."""
_CROWDED: Final = timedelta(seconds=5)
_TELL_EVERY: Final = 60.0


@dataclass
class Gate:
    """An ASGI application around the pages and their log: a flood fills no log."""

    app: ASGIApp
    site: Site
    refusals: Refusals
    _turned_away: Counter[str] = field(default_factory=Counter)
    _told_at: float = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        wait = await self._wait(scope) if scope["type"] == "http" else None
        if wait is None:
            try:
                await self.app(scope, receive, send)
            except CrowdedError:
                wait = _CROWDED
        if wait is not None:
            self._note(scope)
            await self.refusals.send(scope, receive, send, wait)

    async def _wait(self, scope: Scope) -> timedelta | None:
        """How long whoever asks has to wait; None for who may come in."""
        record = self.site.opened
        is_link = scope["path"].startswith(LINK_PATH)
        if record is None or not (is_link or scope["method"] == "POST"):
            return None
        client = scope.get("client")
        askers = askers_of(client[0] if client else "")
        wait = self._spent(record, askers, [[LINKS]] if is_link else [[FORMS]] + [[GUESSES, CODES]] * _is_guess(scope))
        if wait is None:
            return None
        if is_link:
            token = read_token(scope["path"].removeprefix(LINK_PATH))
            return None if TOKEN.fullmatch(token) and await _may_be_ours(record, token) else wait
        await asyncio.sleep(_PAUSE)
        return wait

    def _spent(
        self, record: OpenRecord, askers: Sequence[Asker], ways: Sequence[Sequence[Sequence[Limit]]]
    ) -> timedelta | None:
        """How long to wait where one of the ways has no try left by any limit, and that was said several times."""
        now = self.site.clock()
        for limits in ways:
            waits = [record.tries.wait(one, askers, now) for one in limits]
            if all(waits) and record.tries.has_refused_often(limits[-1], askers, now):
                return min(wait for wait in waits if wait is not None)
        return None

    def _note(self, scope: Scope) -> None:
        """Log once a minute how many were turned away."""
        self._turned_away["link" if scope["path"].startswith(LINK_PATH) else "form"] += 1
        if (now := time.monotonic()) - self._told_at < _TELL_EVERY and self._told_at:
            return
        told, self._told_at = dict(self._turned_away), now
        self._turned_away.clear()
        _log.warning("turned away, too many tries: %s", told)


def _is_guess(scope: Scope) -> bool:
    return bool(scope["path"] == "/case")


async def _may_be_ours(record: OpenRecord, token: str) -> bool:
    """Whether a link may be one of ours; also where the record cannot be asked: the page says so then."""
    try:
        return await record.lookup.knows(token)
    except Exception:  # noqa: BLE001 - whatever it is, the page tells
        return True
