"""The `settlement` table: terms and owner chosen at opening, kept so that a retry answers the same owner (R12)."""

from __future__ import annotations

from functools import cache

from sqlalchemy import bindparam, exists, func, select, union_all, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import insert_of, lock_for_choice
from activities.database.tables import case_record, settlement
from workflows.domain.terms import Settlement

# Made once: making a statement anew costs more than carrying it out.
_BODY = select(settlement.c.body).where(settlement.c.number == bindparam("of"))
_FORGET = (
    update(settlement)
    .where(settlement.c.owner.is_not(None), exists().where(case_record.c.number == settlement.c.number))
    .values(owner=None)
)
_OWNED = union_all(
    select(case_record.c.owner.label("owner")).where(
        case_record.c.closed_at.is_(None), case_record.c.owner.is_not(None)
    ),
    select(settlement.c.owner.label("owner"))
    .outerjoin(case_record, case_record.c.number == settlement.c.number)
    .where(case_record.c.number.is_(None), settlement.c.owner.is_not(None)),
).subquery()
_LOADS = select(_OWNED.c.owner, func.count().label("cases")).group_by(_OWNED.c.owner)


class Settlements:
    """All methods work inside the caller's `Database.begin()`: read loads, choose, put, in one transaction."""

    async def get(self, connection: AsyncConnection, number: str) -> Settlement | None:
        """What was settled for that case before, or None."""
        body = await connection.scalar(_BODY, {"of": number})
        return None if body is None else Settlement.model_validate(body)

    async def put(self, connection: AsyncConnection, number: str, settled: Settlement) -> Settlement:
        """Keep it, unless there is one already: what is returned is the one that stands.

        Raises:
            sqlalchemy.exc.IntegrityError: the number is not registered.
        """
        if settled.dispatch is not None:
            # The transaction that asked for the loads is alone here: settlements that are recorded by now can be
            # forgotten.
            await connection.execute(_FORGET)
        row = {
            "number": number,
            "owner": settled.dispatch.owner if settled.dispatch else None,
            "body": settled.model_dump(mode="json"),
        }
        written = await connection.execute(_insert(connection.dialect.name), row)
        if written.rowcount == 1:
            return settled
        return await self.get(connection, number) or settled

    async def loads(self, connection: AsyncConnection) -> dict[str, int]:
        """Open cases of each owner who has any, those included that are settled but not recorded yet.

        Until the transaction ends nobody else gets an answer, so that two cases at once do not both
        choose the person who was free.
        """
        await lock_for_choice(connection)
        rows = await connection.execute(_LOADS)
        return {row.owner: row.cases for row in rows}


@cache
def _insert(dialect: str) -> Insert:
    return insert_of(dialect, settlement).on_conflict_do_nothing(index_elements=["number"])
