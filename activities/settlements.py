"""What was settled when a case opened: kept, so that no case ever has two owners by being asked twice (R12)."""

from __future__ import annotations

from sqlalchemy import exists, func, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database import insert_into, lock_for_choice
from activities.tables import case_record, settlement
from workflows.domain.terms import Settlement


class Settlements:
    """All methods work inside the caller's `Database.begin()`: read loads, choose, put, in one transaction."""

    async def get(self, connection: AsyncConnection, number: str) -> Settlement | None:
        """What was settled for that case before, or None."""
        body = await connection.scalar(select(settlement.c.body).where(settlement.c.number == number))
        return None if body is None else Settlement.model_validate(body)

    async def put(self, connection: AsyncConnection, number: str, settled: Settlement) -> Settlement:
        """Keep it, unless there is one already: what is returned is the one that stands.

        Raises:
            sqlalchemy.exc.IntegrityError: the number is not registered.
        """
        if settled.dispatch is not None:
            # Whoever asked for the loads is alone here. What has been recorded since need not be looked at again.
            recorded = exists().where(case_record.c.number == settlement.c.number)
            chosen = update(settlement).where(settlement.c.owner.is_not(None), recorded)
            await connection.execute(chosen.values(owner=None))
        written = await connection.execute(
            insert_into(connection, settlement)
            .values(
                number=number,
                owner=settled.dispatch.owner if settled.dispatch else None,
                body=settled.model_dump(mode="json"),
            )
            .on_conflict_do_nothing(index_elements=["number"])
        )
        if written.rowcount == 1:
            return settled
        return await self.get(connection, number) or settled

    async def loads(self, connection: AsyncConnection) -> dict[str, int]:
        """Open cases of each owner who has any, those included that are settled but not recorded yet.

        Until the transaction ends nobody else gets an answer, so that two cases at once do not both
        choose the person who was free.
        """
        await lock_for_choice(connection)
        recorded = select(case_record.c.owner.label("owner")).where(
            case_record.c.closed_at.is_(None), case_record.c.owner.is_not(None)
        )
        settled = (
            select(settlement.c.owner.label("owner"))
            .outerjoin(case_record, case_record.c.number == settlement.c.number)
            .where(case_record.c.number.is_(None), settlement.c.owner.is_not(None))
        )
        owned = union_all(recorded, settled).subquery()
        rows = await connection.execute(select(owned.c.owner, func.count().label("cases")).group_by(owned.c.owner))
        return {row.owner: row.cases for row in rows}
