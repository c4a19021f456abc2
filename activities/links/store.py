"""What is remembered of the links that were sent: the hash of each, whose it is, and until when (R40).

A row is written with the message that carries the link, in one transaction. Looking at a link changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database, insert_of
from activities.database.tables import SoundJson, archive, case_record, link
from activities.key_ring import KeyRing
from activities.links.token import token_hash
from workflows.domain.vocabulary import LinkPurpose


@dataclass(frozen=True)
class CustomerLink:
    """What a token is good for: the customer of the case `number`, for its `purpose`, in this `cycle` of the case.

    `cycle` is how often the case had been reopened; `expires_at` is of the case's time.
    """

    number: str
    cycle: int
    purpose: LinkPurpose
    expires_at: datetime


@dataclass(frozen=True)
class IssuedLink:
    """A link as a message carries it, made at `at` of the case's time; `key` is a fingerprint."""

    token: str
    number: str
    cycle: int
    purpose: LinkPurpose
    key: str
    at: datetime


async def remember_links(connection: AsyncConnection, issued: Iterable[IssuedLink], valid: timedelta) -> None:
    """Write them down in the caller's transaction. One that another message carried already lasts longer from now on,
    never shorter.
    """
    rows = {
        (hashed := token_hash(one.token)): {
            "hash": hashed,
            "number": one.number,
            "cycle": one.cycle,
            "purpose": one.purpose.value,
            "key": one.key,
            "created_at": one.at,
            "expires_at": one.at + valid,
        }
        for one in issued
    }
    if rows:
        await connection.execute(_upsert(connection.dialect.name), list(rows.values()))


async def find_link(
    database: Database, token: str, now: datetime, *, keys: KeyRing | None = None
) -> CustomerLink | None:
    """What this token is good for at `now`, the case's time.

    None alike, and after the same work, for one that is unknown or cut, has expired, is of an earlier cycle of its
    case, or of a case that is archived or masked. With `keys`, for one made with a key that is no longer among them,
    too: that key was taken out because somebody else may have it.
    """
    hashed = token_hash(token)
    reopened = SoundJson(case_record.c.view)["reopened"].as_integer()
    statement = (
        select(link, reopened.label("reopened"), archive.c.archived_at)
        .join(case_record, case_record.c.number == link.c.number)
        .outerjoin(archive, archive.c.number == link.c.number)
        .where(link.c.hash == hashed)
    )
    async with database.read_brief() as connection:
        row = (await connection.execute(statement)).one_or_none()
    if row is None or row.purpose not in set(LinkPurpose):
        return None
    if row.expires_at <= now or row.cycle != row.reopened or row.archived_at is not None:
        return None
    if keys is not None and keys.find(row.key) is None:
        return None
    return CustomerLink(row.number, row.cycle, LinkPurpose(row.purpose), row.expires_at)


async def note_use(connection: AsyncConnection, token: str, at: datetime) -> None:
    """Somebody acted by this link, at that time of the case; looking at it is no use of it."""
    await connection.execute(update(link).where(link.c.hash == token_hash(token)).values(used_at=at))


async def forget_links(connection: AsyncConnection, number: str) -> None:
    """Of a case whose customer is masked."""
    await connection.execute(delete(link).where(link.c.number == number))


async def count_by_key(database: Database, now: datetime) -> dict[str, int]:
    """Fingerprint of a key -> how many links that have not expired at `now`, the case's time, were made with it."""
    counted = select(link.c.key, func.count()).where(link.c.expires_at > now).group_by(link.c.key)
    async with database.read() as connection:
        return {row[0]: row[1] for row in await connection.execute(counted)}


@cache
def _upsert(dialect: str) -> Insert:
    statement = insert_of(dialect, link)
    given = statement.excluded.expires_at
    later = func.max(link.c.expires_at, given) if dialect == "sqlite" else func.greatest(link.c.expires_at, given)
    return statement.on_conflict_do_update(index_elements=["hash"], set_={"expires_at": later})
