"""A channel that carries nothing is seen before people miss its messages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from activities.database.database import Database
from activities.queries.monitoring.channel_health import FailingChannel, find_failing_channels
from activities.queries.monitoring.metrics import TOTALS, read_figures
from tests.activities.delivery.outgoing import NOW, put
from tests.activities.samples import register_case

DOWN: dict[str, Any] = {"status": "pending", "attempts": 2, "error": "sms cannot be reached"}


async def failing(record: Database, minutes: int = 10) -> list[FailingChannel]:
    async with record.read() as connection:
        return await find_failing_channels(connection, NOW + timedelta(minutes=minutes))


async def test_a_channel_is_named_that_failed_several_times_and_carried_nothing(database: Database) -> None:
    await register_case(database)
    moved = {"status": "sent", "tried": [{"channel": "sms", "error": "no"}]}
    await put(database, "a", "b", channel="sms", **DOWN)
    assert await failing(database) == []
    await put(database, "c", channel="email", **moved)
    await put(database, "new", channel="sms")
    await put(database, "group", "group2", "group3", channel="group", **DOWN)
    await put(database, "grouped", channel="group", status="sent")
    assert await failing(database) == [FailingChannel("sms", NOW, "no")]
    assert await failing(database, minutes=61) == []
    async with database.read() as connection:
        figures = {one.name: dict(one.values) for one in await read_figures(connection, NOW, TOTALS)}
    assert figures["bihuan_notifications_moved"] == {("email",): 0.0, ("sms",): 1.0}
    await put(database, "d", channel="sms", status="sent")
    assert await failing(database) == []
