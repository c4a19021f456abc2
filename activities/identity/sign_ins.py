"""Sign-ins that have begun: one-time links, and states of the company's sign-on; each is good once, for minutes (R45).

The record has hashes alone: nobody who reads it can sign in with it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update

from activities.database.database import Database
from activities.database.tables import sign_in
from workflows.domain.vocabulary import SignInWay

LIFE: Final = timedelta(minutes=15)
"""For a mail to arrive and be read, and for a sign-on with a second factor."""
_KEPT: Final = timedelta(hours=1)
_SECRET: Final = re.compile(r"[a-z2-7]{52}")


@dataclass(frozen=True)
class SignIn:
    """A sign-in that is good now. `same_browser`: it comes from the browser that asked for it.

    Attributes:
        person: whose link it is; None for a sign-on, which says who it is.
        back: the page that was asked for.
        nonce, verifier: of a sign-on.
    """

    way: SignInWay
    person: str | None
    back: str
    same_browser: bool
    nonce: str = ""
    verifier: str = ""


def new_secret() -> str:
    """256 random bits in letters that survive lower case, as mail programs make of links."""
    return base64.b32encode(secrets.token_bytes(32)).decode().rstrip("=").lower()


class SignIns:
    """Reads and writes sign-ins that have begun."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self,
        way: SignInWay,
        *,
        browser: str,
        back: str,
        now: datetime,
        person: str | None = None,
        nonce: str | None = None,
        verifier: str | None = None,
    ) -> str:
        """Begin one; the answer is the secret of its link, or its state. `browser` is the cookie of who asked."""
        secret = new_secret()
        row: dict[str, Any] = {
            "hash": _hash(secret), "way": way.value, "person": person, "browser": _browser(browser), "back": back,
            "nonce": nonce, "verifier": verifier, "created_at": now, "expires_at": now + LIFE,
        }  # fmt: skip
        async with self._database.begin() as connection:
            await connection.execute(insert(sign_in).values(row))
        return secret

    async def of_person(self, person: str, since: datetime) -> int:
        """How many links that person was sent since then."""
        mine = (sign_in.c.person == person) & (sign_in.c.created_at > since)
        async with self._database.read_brief() as connection:
            return int(await connection.scalar(select(func.count()).select_from(sign_in).where(mine)) or 0)

    async def find(self, secret: str, browser: str, now: datetime) -> SignIn | None:
        """A sign-in that is good now, without using it up; None alike for unknown, used and expired."""
        if not _SECRET.fullmatch(secret):
            return None
        async with self._database.read_brief() as connection:
            row = (await connection.execute(select(sign_in).where(_good(secret, now)))).one_or_none()
        return _of(row, browser) if row is not None else None

    async def use(self, secret: str, browser: str, now: datetime) -> SignIn | None:
        """Use it up; of many who come with it at once one has it. None as in `find`."""
        if not _SECRET.fullmatch(secret):
            return None
        statement = update(sign_in).where(_good(secret, now)).values(used_at=now).returning(*sign_in.c)
        async with self._database.begin() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return _of(row, browser) if row is not None else None

    async def sweep(self, now: datetime) -> None:
        """Forget those that are over."""
        async with self._database.begin() as connection:
            await connection.execute(delete(sign_in).where(sign_in.c.expires_at < now - _KEPT))


def _good(secret: str, now: datetime) -> Any:
    return (sign_in.c.hash == _hash(secret)) & sign_in.c.used_at.is_(None) & (sign_in.c.expires_at > now)


def _of(row: Any, browser: str) -> SignIn:
    same = secrets.compare_digest(row.browser, _browser(browser))
    return SignIn(SignInWay(row.way), row.person, row.back, same, row.nonce or "", row.verifier or "")


def _hash(secret: str) -> str:
    return hashlib.sha256(f"sign-in:{secret}".encode()).hexdigest()


def _browser(cookie: str) -> str:
    return hashlib.sha256(f"browser:{cookie}".encode()).hexdigest()
