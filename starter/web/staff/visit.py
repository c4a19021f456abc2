"""One request of the staff: who is signed in, and the way to sign in for everybody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from activities.portal.sessions import new_cookie
from starter.services.identity.sessions import begin_session, find_signed_in
from starter.web.staff.back import safe_back
from starter.web.staff.menu import menu_of
from starter.web.visit import WebVisit
from workflows.domain.vocabulary import Locale, SignInWay

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from workflows.domain.organisation.organisation import Person

StaffPage = Callable[["StaffVisit"], Awaitable["Response"]]
_AGENT: Final = "user-agent"


@dataclass
class StaffVisit(WebVisit):
    """`who` is signed in, where somebody is; `lifetime`: seconds that the cookie of who has just signed in is kept;
    `told_up_to`: the newest step that was told when the page was asked for, where anybody listens.
    """

    cookie_base = "bihuan-desk"

    who: Bearer | None = None
    lifetime: int | None = None
    told_up_to: int = 0

    async def know(self) -> None:
        """Open the record, and find out who it is.

        Raises:
            Problem: the record cannot be read now.
        """
        self.told_up_to = self.site.feed.position
        await super().know()
        if not self.fresh:
            self.who = await find_signed_in(self.installation, self.cookie, self.now())

    @property
    def person(self) -> Person | None:
        """Who is signed in, as the organisation has them."""
        who = self.who
        if who is None or who.organisation is None or who.person is None:
            return None
        return who.organisation.person(who.person)

    @property
    def own_locale(self) -> Locale | None:
        """The person's."""
        return self.person.locale if self.person is not None else None

    def values(self) -> dict[str, object]:
        """Who it is."""
        who = self.who
        sees_all = who is not None and who.sees_all
        return {"person": self.person, "menu": menu_of(who), "speed": self._speed(), "sees_all": sees_all}

    def _speed(self) -> float:
        """How many times as fast as the wall clock the cases' time runs now: clocks on a page go on with it."""
        if self._record is None:
            return 1.0
        now, second = self.now(), timedelta(seconds=1)
        time = self.installation.time
        return (time.virtual(now + second) - time.virtual(now)) / second

    async def let_in(self, person: str, way: SignInWay, back: str) -> Response:
        """Sign that person in under a new cookie, whatever cookie came, and show them that page.

        Raises:
            Problem: the record cannot be written now.
        """
        agent = self.request.headers.get(_AGENT, "")
        self.cookie, self.fresh = new_cookie(), True
        self.lifetime = int(self.installation.settings.desk.lifetime.total_seconds())
        await begin_session(self.installation, self.cookie, person, way, agent, self.address, self.now())
        return self.redirect(safe_back(back))

    def forget(self, answer: Response) -> Response:
        """Let the browser forget the cookie as well."""
        answer.delete_cookie(self._cookie_name, secure=self.is_secure, httponly=True, samesite="lax")
        return answer

    @property
    def _cookie_age(self) -> int | None:
        return self.lifetime


def signed_in(page: Callable[[StaffVisit, Bearer], Awaitable[Response]]) -> StaffPage:
    """The page for somebody who is signed in; others are shown the way to sign in, which leads back to it.

    What somebody sent meanwhile is kept in a page, to be sent again.
    """

    async def answer(visit: StaffVisit) -> Response:
        if visit.who is not None:
            return await page(visit, visit.who)
        if visit.request.method in {"GET", "HEAD"}:
            return visit.redirect(sign_in_path(visit))
        posted = await visit.form()
        kept = {name: text for name, text in posted.texts.items() if name != "csrf"}
        # Forms lead to an address below their page.
        back = safe_back(visit.request.url.path.rpartition("/")[0])
        # Of files nothing is kept, and the form has no more than what makes it one command.
        kept = kept if kept.keys() - {"once"} else {}
        return visit.page("staff/again.html", 401, kept=kept, sign_in=f"/sign-in?to={quote(back, safe='/')}")

    return answer


def sign_in_path(visit: StaffVisit) -> str:
    """The address of the sign-in page, which leads back to this page."""
    url = visit.request.url
    asked = f"{url.path}?{url.query}" if url.query else url.path
    return f"/sign-in?to={quote(safe_back(asked), safe='/')}"
