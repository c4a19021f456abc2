"""How often somebody tried something, counted by who asks and never by whom it is about (R40).

A limit on a case's number would be a weapon: whoever guesses numbers could keep their customers out.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.sql.dml import ReturningInsert

from activities.database.database import Database, insert_of
from activities.database.tables import web_tries

_WIDER: Final = 4
"""How much more than one address a network of a whole household or company may try."""
_WIDEST: Final = 64
"""The same of a provider's network (/16, with IPv6 /32): whoever has all addresses of one tries no more than so often,
and leaves so many rows.
"""
_KEPT: Final = timedelta(hours=2)
"""Longer than any span."""
_MOST_KNOWN: Final = 10_000
_TOLD: Final = 5
"""How often somebody without tries left gets the long answer."""


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
        """The name of its rows."""
        return f"{self.kind}:{int(self.span.total_seconds())}"


@dataclass(frozen=True)
class Asker:
    """Whoever tries, by a hash; a whole network may try `share` times as often as one address."""

    hash: str
    share: int = 1

    @classmethod
    def of(cls, text: str, share: int = 1) -> Asker:
        """The asker of an address, network or session; the record keeps none of these."""
        return cls(hashlib.sha256(f"asker:{text}".encode()).hexdigest(), share)


def askers_of(address: str, session: str | None = None) -> list[Asker]:
    """An IPv4 address; of an IPv6 one its /64, in which everybody can take any address, and its /56; of both the
    network of a whole provider; the session.

    What is no address is one asker all together.
    """
    return [*_askers_of(address), *([Asker.of(session)] if session else [])]


@lru_cache(maxsize=4096)
def _askers_of(address: str) -> tuple[Asker, ...]:
    return tuple(Asker.of(text, share) for text, share in _networks(address))


def _networks(address: str) -> list[tuple[str, int]]:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        found = None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    if found is None:
        return [("unknown", 1)]
    if found.version == 4:
        return [(str(found), 1), (_network(found, 16), _WIDEST)]
    return [(_network(found, 64), 1), (_network(found, 56), _WIDER), (_network(found, 32), _WIDEST)]


def _network(address: ipaddress.IPv4Address | ipaddress.IPv6Address, bits: int) -> str:
    return str(ipaddress.ip_network((address, bits), strict=False))


def provider_of(address: str) -> str:
    """The widest network that address is counted with."""
    return _askers_of(address)[-1].hash


@dataclass
class Tries:
    """Counts tries, for all web processes together."""

    database: Database
    _spent: dict[tuple[str, str], _Spent] = field(default_factory=dict)
    """Askers without tries left, so that the record is not asked about them again. The oldest are forgotten first."""

    def wait(self, limits: Sequence[Limit], askers: Sequence[Asker], now: datetime) -> timedelta | None:
        """How long an asker has to wait who is known here to have no tries left; None for everybody else."""
        spent = [limit for limit, _ in self._known(limits, askers, now)]
        return _wait(spent, now) if spent else None

    def has_refused_often(self, limits: Sequence[Limit], askers: Sequence[Asker], now: datetime) -> bool:
        """Whether one of these askers was told several times already that they have none left."""
        return any(spent.told >= _TOLD for _, spent in self._known(limits, askers, now))

    async def take(self, limits: Sequence[Limit], askers: Sequence[Asker], now: datetime) -> timedelta | None:
        """Count one try. None where it is within every limit; else how long to wait, and nothing is counted."""
        if known := self._known(limits, askers, now):
            for _, spent in known:
                spent.told += 1
            return _wait([limit for limit, _ in known], now)
        over: list[Limit] = []
        async with self.database.begin() as connection:
            # In one order, so that no two processes wait for each other.
            rows = sorted(((asker, limit) for limit in limits for asker in askers), key=lambda row: row[0].hash)
            statement = _count(connection.dialect.name)
            for asker, limit in rows:
                row = {"kind": limit.name, "asker": asker.hash, "since": limit.since(now), "tries": 1}
                tries = await connection.scalar(statement, row)
                if tries is not None and tries > limit.most * asker.share:
                    over.append(limit)
                    self._remember(asker, limit, now)
        return _wait(over, now) if over else None

    async def give_back(self, limits: Sequence[Limit], askers: Sequence[Asker], now: datetime) -> None:
        """Uncount a try that was right: only wrong ones count."""
        async with self.database.begin() as connection:
            for limit in limits:
                mine = (web_tries.c.kind == limit.name) & (web_tries.c.since == limit.since(now))
                mine &= web_tries.c.asker.in_([asker.hash for asker in askers])
                await connection.execute(update(web_tries).where(mine).values(tries=web_tries.c.tries - 1))

    async def sweep(self, now: datetime) -> None:
        """Forget what no limit asks for any more."""
        async with self.database.begin() as connection:
            await connection.execute(delete(web_tries).where(web_tries.c.since < now - _KEPT))

    def _known(self, limits: Sequence[Limit], askers: Sequence[Asker], now: datetime) -> list[tuple[Limit, _Spent]]:
        found = []
        for limit in limits:
            since = limit.since(now)
            for asker in askers:
                spent = self._spent.get((limit.name, asker.hash))
                if spent is not None and spent.since == since:
                    found.append((limit, spent))
        return found

    def _remember(self, asker: Asker, limit: Limit, now: datetime) -> None:
        key, since = (limit.name, asker.hash), limit.since(now)
        before = self._spent.pop(key, None)
        if len(self._spent) >= _MOST_KNOWN:
            del self._spent[next(iter(self._spent))]
        self._spent[key] = before if before is not None and before.since == since else _Spent(since)


@dataclass
class _Spent:
    """A span, by its beginning, in which no try is left; `told` is how often that was said."""

    since: datetime
    told: int = 0


@cache
def _count(dialect: str) -> ReturningInsert[int]:
    counted = insert_of(dialect, web_tries).on_conflict_do_update(
        index_elements=["kind", "asker", "since"], set_={"tries": web_tries.c.tries + 1}
    )
    return counted.returning(web_tries.c.tries)


def _wait(limits: Sequence[Limit], now: datetime) -> timedelta:
    return max(limit.since(now) + limit.span - now for limit in limits)
