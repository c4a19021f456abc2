"""A page reads by the connections that its process has open, and finds what a command finds that opens its own."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from pydantic import JsonValue

from activities.database import postgresql_driver, reader
from activities.database.database import Database
from activities.database.installation import InstallationValues
from activities.database.reader import Reader, kept_open, read_remembered, reading_through
from activities.queries.case_record import read_case_record
from activities.review.reading import list_reviews, read_review
from tests.activities.review.reviewed import approved


async def test_a_page_opens_no_connection_of_its_own_and_shows_the_same(
    either: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = (await approved(either)).number
    values: dict[str, JsonValue] = {"zone": "Asia/Shanghai", "digits": "42", "virtual_time": {"speed": 1}, "none": None}
    for key, value in values.items():
        await InstallationValues(either).put(key, value)

    async def read() -> list[Any]:
        address = either.address
        return [
            await read_remembered(address), await read_case_record(address, number), await list_reviews(address),
            await read_review(address, number),
        ]  # fmt: skip

    by_its_own = await read()
    async with either.reader():
        pass  # One is open from now on.
    _open_no_more(monkeypatch)
    with reading_through(either):
        assert await read() == by_its_own


@pytest.mark.parametrize("through", [True, False], ids=["a page", "a command"])
async def test_whoever_waits_sees_what_was_written_meanwhile_by_one_connection(
    either: Database, monkeypatch: pytest.MonkeyPatch, through: bool
) -> None:
    written = InstallationValues(either)
    await written.put("zone", "Asia/Shanghai")

    async def zone(by: Reader) -> str:
        (row,) = await by.rows("SELECT CAST(value AS TEXT) AS value FROM installation WHERE key = $1", "zone")
        return str(row["value"])

    with reading_through(either) if through else nullcontext():
        async with kept_open(either.address) as read:
            async with read() as by:
                assert "Shanghai" in await zone(by)
            _open_no_more(monkeypatch)
            await written.put("zone", "Asia/Tokyo")
            async with read() as by:
                assert "Tokyo" in await zone(by)


def _open_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((reader, "_connected"), (postgresql_driver, "connect")):
        monkeypatch.setattr(module, name, None)
