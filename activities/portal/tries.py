"""How often somebody tried something, counted by who asks and never by whom it is about (R40).

A limit on a case's number would be a weapon: whoever guesses numbers could keep their customers out.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, update

from activities.database.database import Database, insert_into
from activities.database.tables import web_tries

_WIDER = 4
"""How much more than one address a network of a whole household or company may try."""
_KEPT = timedelta(days=1)
_MOST_KNOWN = 10_000


@dataclass(frozen=True)
class Limit:
    """At most `most` tries of a kind within `span`, by one asker."""

    kind: str
    most: int
    span: timedelta

    def since(self, now: datetime) -> datetime:
        """Beginning of the span that holds `now`."""
        seconds = int(self.span.total_seconds())
        return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)

    @property
    def name(self) -> str:
        """Of its rows."""
        return f"{self.kind}:{int(self.span.total_seconds())}"


@dataclass(frozen=True)
class Asker:
    """One who tries, and how many times what one address may they may: a whole network may more."""

    hash: str
    share: int = 1

    @classmethod
    def of(cls, text: str, share: int = 1) -> Asker:
        """From an address, network or session; the record keeps none of these."""
        return cls(hashlib.sha256(f"asker:{text}".encode()).hexdigest(), share)


def askers_of(address: str, session: str | None = None) -> list[Asker]:
    """An IPv4 address; of an IPv6 one its /64, in which everybody can take any address, and its /56; the session.

    What is no address is one asker all together.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        found = None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    if found is None:
        askers = [Asker.of("unknown")]
    elif found.version == 4:
        askers = [Asker.of(str(found))]
    else:
        near, wide = (ipaddress.ip_network((found, bits), strict=False) for bits in (64, 56))
        askers = [Asker.of(str(near)), Asker.of(str(wide), _WIDER)]
    return askers + ([Asker.of(session)] if session else [])


@dataclass
class Tries:
    """Counts tries, for all web processes together."""

    database: Database
    _spent: set[tuple[str, str, datetime]] = field(default_factory=set)
    """Who has none left: asked again and again, the record is left alone."""

    async def take(self, limits: Sequence[Limit], askers: Sequence[Asker], now: datetime) -> timedelta | None:
        """Count one try. None where it is within every limit; else how long to wait, and nothing is counted."""
        spent = [limit for limit in limits for asker in askers if self._key(limit, asker, now) in self._spent]
        if spent:
            return _wait(spent, now)
        over: list[Limit] = []
        async with self.database.begin() as connection:
            for limit in limits:
                for asker in askers:
                    statement = insert_into(connection, web_tries).values(
                        kind=limit.name, asker=asker.hash, since=limit.since(now), tries=1
                    )
                    statement = statement.on_conflict_do_update(
                        index_elements=["kind", "asker", "since"], set_={"tries": web_tries.c.tries + 1}
                    )
                    tries = await connection.scalar(statement.returning(web_tries.c.tries))
                    if tries is not None and tries > limit.most * asker.share:
                        over.append(limit)
                        self._remember(self._key(limit, asker, now))
        return _wait(over, now) if over else None

    async def give_back(self, limits: Sequence[Limit], askers: Sequence[Asker], now: datetime) -> None:
        """That try was right: only wrong ones count."""
        async with self.database.begin() as connection:
            for limit in limits:
                mine = (web_tries.c.kind == limit.name) & (web_tries.c.since == limit.since(now))
                mine &= web_tries.c.asker.in_([asker.hash for asker in askers])
                await connection.execute(update(web_tries).where(mine).values(tries=web_tries.c.tries - 1))

    async def sweep(self, now: datetime) -> None:
        """Forget what no limit asks for any more."""
        async with self.database.begin() as connection:
            await connection.execute(delete(web_tries).where(web_tries.c.since < now - _KEPT))

    def _key(self, limit: Limit, asker: Asker, now: datetime) -> tuple[str, str, datetime]:
        return limit.name, asker.hash, limit.since(now)

    def _remember(self, key: tuple[str, str, datetime]) -> None:
        if len(self._spent) >= _MOST_KNOWN:
            self._spent.clear()
        self._spent.add(key)


def _wait(limits: Sequence[Limit], now: datetime) -> timedelta:
    return max(limit.since(now) + limit.span - now for limit in limits)
