"""Whether tokens and sessions are still valid, for streams that stay open long (R45)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from activities.identity.staff_sessions import StaffSessions
from activities.identity.tokens import Tokens
from starter.services.identity.sessions import session_state
from starter.services.identity.tokens import token_state
from workflows.domain.vocabulary import Via

if TYPE_CHECKING:
    from datetime import datetime

    from starter.services.identity.bearer import Bearer
    from worker.installation.installation import Installation


async def still_good(
    installation: Installation, bearers: Collection[Bearer], now: datetime
) -> frozenset[tuple[Via, str]]:
    """The `via` and `key` of the bearers that would be let in again, in two queries for all of them.

    To stay is no use of a session: one that lies idle ends.
    """
    organisation = await installation.directory.current()
    keys = {via: {bearer.key for bearer in bearers if bearer.via is via} for via in (Via.API, Via.DESK)}
    good: set[tuple[Via, str]] = set()
    if keys[Via.API]:
        for token in await Tokens(installation.database).named(keys[Via.API]):
            if token_state(token, organisation, now) == "good":
                good.add((Via.API, token.id))
    if keys[Via.DESK]:
        for session in await StaffSessions(installation.database).named(keys[Via.DESK]):
            if session_state(session, organisation, installation.settings, now) == "good":
                good.add((Via.DESK, session.id))
    return frozenset(good)
