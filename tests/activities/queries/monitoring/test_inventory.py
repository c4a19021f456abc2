"""What the record says is open is read in full, whatever the number of cases, and alike on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from activities.database.database import Database
from activities.database.tables import case_record, outbox, registration, review
from activities.queries.monitoring import inventory
from activities.queries.monitoring.inventory import Inventory
from tests.activities.samples import register_case
from tests.builders import MONDAY

LATER = MONDAY + timedelta(hours=1)
PART = {"workflow_id": "", "status": "open"}


async def _case(database: Database, key: str, *, parts: tuple[dict[str, Any], ...] = (), **changes: Any) -> str:
    number = await register_case(database, intake_key=key)
    row = {
        "sequence": 3, "status": "dispatched", "priority": "P2", "type": "technical", "owner": "tech-001",
        "escalation_level": 0, "acknowledged": True, "breached": False, "next_due": LATER, "opened_at": MONDAY,
        "updated_at": MONDAY, "view": {"collaborations": list(parts)},
    }  # fmt: skip
    async with database.begin() as connection:
        await connection.execute(case_record.insert().values(number=number, **(row | changes)))
    return number


async def _message(database: Database, number: str, key: str, **changes: Any) -> None:
    words = ("event", "message", "audience", "channel", "address", "name", "locale", "subject", "text", "html", "short")
    row = dict.fromkeys(words, "x") | {"recipient": "customer", "sequence": 1, "attempts": 0, "created_at": MONDAY}
    async with database.begin() as connection:
        await connection.execute(outbox.insert().values(number=number, key=key, **(row | changes)))


async def test_every_open_case_is_looked_at_whatever_the_size_of_a_portion(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "_PORTION", 2)
    numbers = [await _case(database, f"k{index}") for index in range(5)]
    closed = await _case(database, "closed", status="closed", closed_at=MONDAY)
    fresh = await _case(database, "fresh", updated_at=LATER)
    bare = await register_case(database, intake_key="bare")
    async with database.begin() as connection:
        await connection.execute(registration.update().where(registration.c.number == bare).values(started_at=MONDAY))
    found = [portion async for portion in Inventory(database).open_cases(LATER)]
    assert [len(portion) for portion in found] == [2, 2, 1]
    assert [number for portion in found for number in portion] == numbers
    assert [one async for one in Inventory(database).unopened(LATER)] == [[bare]]
    assert [one async for one in Inventory(database).unopened(MONDAY)] == []
    rows = await Inventory(database).cases([closed, fresh, bare, "FB1"])
    assert {number: (row.sequence, row.is_closed, row.due) for number, row in rows.items()} == {
        closed: (3, True, LATER),
        fresh: (3, False, LATER),
        bare: (None, False, None),
    }


async def test_open_tasks_and_reviews_are_found_in_cases_that_have_them(database: Database) -> None:
    asked = await _case(database, "asked", parts=(PART | {"workflow_id": "a/1"}, PART | {"status": "done"}))
    await _case(database, "answered", parts=(PART | {"status": "done"},))
    reviewed = await _case(database, "over", status="closed", parts=(PART | {"workflow_id": "b/1"},))
    facts = {"reason": "priority", "department": "x", "type": "technical", "sequence": 0, "opened_at": MONDAY}
    async with database.begin() as connection:
        await connection.execute(
            review.insert().values(
                id=f"{reviewed}/review", number=reviewed, status="writing", subject={}, updated_at=MONDAY, **facts
            )
        )
    present = Inventory(database)
    assert await present.open_tasks() == {"a/1": asked}
    assert await present.open_tasks(of=[reviewed]) == {}
    assert await present.open_reviews(LATER) == {f"{reviewed}/review": reviewed}
    assert await present.open_reviews(MONDAY) == {}
    assert await present.open_reviews(LATER, of=[asked]) == {}


async def test_a_message_in_somebodys_hands_is_not_taken_from_them(database: Database) -> None:
    number = await _case(database, "one")
    claimed = {"status": "sending", "claimed_by": "w"}
    await _message(database, number, "waits", status="pending")
    await _message(database, number, "young", status="pending", created_at=LATER)
    await _message(database, number, "held", claimed_until=LATER, **claimed)
    await _message(database, number, "dropped", claimed_until=MONDAY, **claimed)
    await _message(database, number, "sent", status="sent")
    before = now = MONDAY + timedelta(minutes=1)
    found = [row.key async for portion in Inventory(database).unheld(before, now) for row in portion]
    assert found == ["dropped", "waits"]


async def test_a_failure_that_its_case_was_never_told_of_is_found_again(database: Database) -> None:
    number = await _case(database, "k")
    await _message(database, number, "unheard", status="failed")
    await _message(database, number, "heard", status="failed", reported_at=MONDAY)
    await _message(database, number, "told", status="told")
    found = [row.key async for page in Inventory(database).unheld(LATER, LATER) for row in page]
    assert found == ["unheard"]
