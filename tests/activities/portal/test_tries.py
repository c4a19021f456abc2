"""Tries are counted by who asks, for all processes together, on either database (R40)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from activities.database.database import Database
from activities.database.tables import web_tries
from activities.portal.tries import Asker, Limit, Tries, askers_of
from tests.builders import MONDAY


async def test_a_thousand_addresses_of_one_network_are_one_asker(either: Database) -> None:
    tries, limit = Tries(either), [Limit("guess", 10, timedelta(minutes=15))]
    near = [askers_of(f"2001:db8:1:2::{place:x}") for place in range(1, 30)]
    taken = [await tries.take(limit, one, MONDAY) is None for one in near]
    assert taken == [True] * 10 + [False] * 19
    wide = [askers_of(f"2001:db8:1:{net:x}::1") for net in range(0x10, 0x60)]
    allowed = sum([await tries.take(limit, one, MONDAY) is None for one in wide])
    assert allowed == 40 - 10 - 19 or allowed <= 40
    assert await tries.take(limit, askers_of("2001:db8:2::1"), MONDAY) is None
    assert len({tuple(askers_of(text)) for text in ("198.51.100.7", "::ffff:198.51.100.7")}) == 1
    assert askers_of("198.51.100.7") != askers_of("198.51.100.8")
    assert askers_of("nonsense") == askers_of("") == [Asker.of("unknown")]


async def test_a_spent_asker_waits_to_the_end_of_the_span_in_every_process(either: Database) -> None:
    limit, asker = [Limit("guess", 2, timedelta(minutes=15))], askers_of("198.51.100.7")
    processes = [Tries(either), Tries(either)]
    at = MONDAY + timedelta(minutes=5)
    assert [await process.take(limit, asker, at) for process in processes] == [None, None]
    assert [await process.take(limit, asker, at) for process in processes] == [timedelta(minutes=10)] * 2
    assert await processes[0].take(limit, asker, MONDAY + timedelta(minutes=15)) is None
    await processes[0].sweep(MONDAY + timedelta(days=2))


async def test_a_whole_provider_s_addresses_leave_no_more_rows_than_it_may_try(either: Database) -> None:
    tries, limit = Tries(either), [Limit("link", 2, timedelta(hours=1))]
    addresses = [f"2001:db8:{place >> 8:x}:{place & 255:x}::1" for place in range(0, 0x10000, 0x100)]
    taken = [await tries.take(limit, askers_of(address), MONDAY) is None for address in addresses]
    assert Counter(taken) == {True: 128, False: 128}
    async with either.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(web_tries)) in range(129 * 3 + 1)
    await tries.sweep(MONDAY + timedelta(hours=3))
    async with either.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(web_tries)) == 0


async def test_who_is_known_to_have_spent_all_is_forgotten_before_memory_fills(
    either: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.portal.tries._MOST_KNOWN", 10)
    tries, limit = Tries(either), [Limit("link", 0, timedelta(hours=1))]
    known = [askers_of(f"10.{place}.0.1") for place in range(30)]
    for askers in known:
        assert await tries.take(limit, askers, MONDAY) is not None
    assert [tries.wait(limit, askers, MONDAY) is not None for askers in known].count(True) <= 10
    assert tries.wait(limit, known[-1], MONDAY) is not None
    assert tries.wait(limit, known[-1], MONDAY + timedelta(hours=1)) is None
