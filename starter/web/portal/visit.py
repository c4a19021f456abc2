"""One request of a customer: to which case they were let in, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from activities.links.store import CustomerLink, find_link
from activities.portal.sessions import new_cookie
from activities.portal.tries import provider_of
from starter.web.visit import WebVisit
from workflows.domain.vocabulary import LinkPurpose, Locale, Via

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from starlette.responses import Response

    from activities.portal.sessions import Session


@dataclass
class Visit(WebVisit):
    """A visitor of the customers' pages."""

    cookie_base = "bihuan"

    session: Session | None = None
    case_locale: Locale | None = None
    """The language of the case that is shown, where the visitor has not chosen one."""

    async def know(self) -> None:
        """Open the record, and find the session of the cookie.

        Raises:
            Problem: the record cannot be read now.
        """
        await super().know()
        if not self.fresh:
            self.session = await self.record.sessions.find(self.cookie, self.now())

    @property
    def own_locale(self) -> Locale | None:
        """The case's own."""
        return self.case_locale

    def values(self) -> dict[str, object]:
        """Whether there is a session."""
        return {"session": self.session}

    def turn(self) -> AbstractAsyncContextManager[None]:
        """What a stranger tries is done in turn.

        Raises:
            CrowdedError: too many from there wait already.
        """
        return self.site.lane.turn(provider_of(self.address))

    async def enter(
        self, number: str, path: str, *, via: Via, purpose: LinkPurpose | None, cycle: int | None = None
    ) -> Response:
        """Let the visitor in to a case under a new cookie, and show them that page.

        Raises:
            Problem: the record cannot be written now.
        """
        self.cookie, self.fresh = new_cookie(), True
        await self.record.sessions.begin(self.cookie, number, via=via, purpose=purpose, cycle=cycle, now=self.now())
        return self.redirect(path)

    async def find_link(self, token: str) -> CustomerLink | None:
        """What a link of a message is good for; None alike for every one that is good for nothing.

        Raises:
            Problem: the record cannot be read now.
        """
        installation = self.installation
        return await find_link(installation.database, token, installation.now(), keys=self.site.link_keys)
