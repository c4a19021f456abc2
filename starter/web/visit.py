"""One request of somebody with a browser: in which language they read, what they posted, and how they are answered."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self
from urllib.parse import urlencode, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from activities.portal.sessions import new_cookie
from activities.portal.tries import askers_of
from starter.web.forms.form import SMALL, Posted, read_form
from starter.web.rendering.language import asked_for
from starter.web.rendering.pages import LANGUAGES
from workflows.domain.problem import Problem
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Locale

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from starlette.requests import Request

    from activities.portal.tries import Limit
    from starter.web.site import OpenRecord, Site
    from worker.installation.installation import Installation

_LANGUAGE: Final = "bihuan-language"
_COOKIE_LENGTH: Final = 64
_YEAR: Final = 365 * 86400
_SECURE_PREFIX: Final = "__Host-"
"""Such a cookie is of this host alone, and was set over https."""


@dataclass
class WebVisit:
    """`cookie` is what the visitor's browser holds, or a new one that the answer sets."""

    cookie_base: ClassVar[str]
    """Name of the cookie, without its prefix."""

    site: Site
    request: Request
    cookie: str = ""
    fresh: bool = False
    zone: str = "Asia/Shanghai"
    posted: Posted | None = None
    """The form, once it was read."""
    _record: OpenRecord | None = None

    @classmethod
    def of(cls, site: Site, request: Request) -> Self:
        """Read the cookie."""
        visit = cls(site, request)
        held = request.cookies.get(visit._cookie_name, "")
        known = len(held) == _COOKIE_LENGTH and held.isascii() and held.isalnum()
        visit.cookie, visit.fresh = (held, False) if known else (new_cookie(), True)
        return visit

    async def know(self) -> None:
        """Open the record, and find out who it is.

        Raises:
            Problem: the record cannot be read now.
        """
        self._record = await self.site.record()
        self.zone = self._record.installation.policy.calendar.zone
        await self.site.know_company()

    @property
    def record(self) -> OpenRecord:
        """The record of this site.

        Raises:
            Problem: it was not opened, see `know`.
        """
        if self._record is None:
            raise Problem("the record is not open")
        return self._record

    @property
    def installation(self) -> Installation:
        """The installation; raises as `record` does."""
        return self.record.installation

    async def form(self, *, largest: int = SMALL, files: int = 0) -> Posted:
        """The form that was posted, read once.

        Raises:
            HTTPException: it is too large, cut, or no form.
        """
        if self.posted is None:
            self.posted = await read_form(self.request, largest=largest, files=files)
        return self.posted

    def now(self) -> datetime:
        """The wall clock."""
        return self.site.clock()

    @property
    def is_secure(self) -> bool:
        """Whether the visitor's browser speaks https, be it to a proxy."""
        url = self.site.settings.web.url or ""
        proxied = url.startswith("https://") and urlsplit(url).netloc == self.request.headers.get("host")
        return proxied or self.request.url.scheme == "https"

    @property
    def csrf(self) -> str:
        """What a form of ours carries: nobody knows it who cannot read the cookie."""
        return hashlib.sha256(f"form:{self.cookie}".encode()).hexdigest()

    def believes(self, token: str) -> bool:
        """Whether a form came from a page that this visitor was given."""
        return not self.fresh and hmac.compare_digest(token.encode(), self.csrf.encode())

    @property
    def address(self) -> str:
        """The address that the request comes from."""
        return self.request.client.host if self.request.client else ""

    async def allowed(self, limits: Sequence[Limit]) -> timedelta | None:
        """Count one try; answers how long to wait where there were too many.

        Raises:
            Problem: the record cannot be written now.
        """
        return await self.record.tries.take(limits, askers_of(self.address), self.now())

    async def give_back(self, limits: Sequence[Limit]) -> None:
        """Uncount one try."""
        await self.record.tries.give_back(limits, askers_of(self.address), self.now())

    @cached_property
    def chosen(self) -> Locale | None:
        """The language that the visitor has chosen."""
        wanted = self.request.cookies.get(_LANGUAGE)
        return Locale(wanted) if wanted in set(Locale) else None

    @property
    def own_locale(self) -> Locale | None:
        """The language of whoever it is, or of what is shown, where they have chosen none."""
        return None

    @property
    def locale(self) -> Locale:
        """Chosen, else what is known of them, else what the browser asks for, else the settings'."""
        return (
            self.chosen
            or self.own_locale
            or asked_for(self.request.headers.get("accept-language", ""))
            or self.site.settings.locale
        )

    @property
    def words(self) -> Any:
        """The texts of the pages."""
        return self.site.pages.words(self.locale)

    def values(self) -> dict[str, object]:
        """What every page of this kind of visitor has besides."""
        return {}

    def page(self, template: str, status: int = 200, **values: object) -> Response:
        """A page, with everything that each has."""
        locale, site = self.locale, self.site
        company = site.company
        names = (company.get("name_en"), company.get("name")) if locale is Locale.EN else (company.get("name"), "")
        name = site.look.names.get(locale) or next(filter(None, names), "") or self.words["site"]["name"]
        html = site.pages.render(
            template,
            locale,
            {
                "look": site.look,
                "company": company,
                "name": name,
                "csrf": self.csrf,
                "path": self.request.url.path,
                "queried": self._queried(),
                "other": Locale.EN if locale is Locale.ZH_CN else Locale.ZH_CN,
                "can_switch": self.request.method == "GET",
                "privacy": bool(site.look.paragraphs(locale)),
                "calendar": Calendar(zone=self.zone),
                "at": self._record.installation.now() if self._record is not None else self.now(),
                **self.values(),
                **values,
            },
        )
        return self._with_cookie(HTMLResponse(html, status, headers={"Content-Language": LANGUAGES[locale]}))

    def redirect(self, path: str) -> Response:
        """Show another page; always by GET."""
        return self._with_cookie(RedirectResponse(path, 303))

    def choose(self, locale: Locale) -> Response:
        """The same page in that language, from now on."""
        queried = self._queried()
        answer = self.redirect(f"{self.request.url.path}?{queried}" if queried else self.request.url.path)
        answer.set_cookie(_LANGUAGE, locale.value, max_age=_YEAR, secure=self.is_secure, httponly=True, samesite="lax")
        return answer

    def _queried(self) -> str:
        """What stands behind the question mark, without the language."""
        return urlencode([pair for pair in self.request.query_params.multi_items() if pair[0] != "lang"])

    @property
    def _cookie_name(self) -> str:
        return f"{_SECURE_PREFIX if self.is_secure else ''}{self.cookie_base}"

    @property
    def _cookie_age(self) -> int | None:
        """Seconds that the browser keeps a new cookie, without an end of its own by default: a telephone whose clock
        is wrong would drop it at once.
        """
        return None

    def _with_cookie(self, answer: Response) -> Response:
        if self.fresh and self.request.method != "HEAD":
            answer.set_cookie(
                self._cookie_name, self.cookie, max_age=self._cookie_age, secure=self.is_secure, httponly=True,
                samesite="lax",
            )  # fmt: skip
        return answer
