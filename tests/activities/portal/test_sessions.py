"""A session is its cookie's alone, ends by itself, and the record cannot be turned into a cookie (R40)."""

from __future__ import annotations

from sqlalchemy import select

from activities.database.database import Database
from activities.database.tables import web_session
from activities.portal.sessions import LIFE, Sessions, new_cookie
from tests.activities.samples import register_case
from tests.builders import MONDAY, NUMBER
from workflows.domain.vocabulary import LinkPurpose, Via


async def test_a_session_lives_for_its_time_and_is_kept_as_a_hash(either: Database) -> None:
    await register_case(either)
    sessions, cookie = Sessions(either), new_cookie()
    await sessions.begin(cookie, NUMBER, via=Via.LINK, purpose=LinkPurpose.RATE, cycle=2, now=MONDAY)
    found = await sessions.find(cookie, MONDAY + LIFE / 2)
    assert found is not None
    assert (found.number, found.via, found.purpose, found.cycle) == (NUMBER, Via.LINK, LinkPurpose.RATE, 2)
    await sessions.remember(found, {"steps": {"rate": "x"}})
    again = await sessions.find(cookie, MONDAY)
    assert again is not None
    assert again.state == {"steps": {"rate": "x"}}
    assert await sessions.find(new_cookie(), MONDAY) is None
    assert await sessions.find(found.id, MONDAY) is None
    assert await sessions.find(cookie, MONDAY + LIFE) is None
    async with either.read() as connection:
        assert cookie not in str((await connection.execute(select(web_session))).all())
    await sessions.revoke(found, MONDAY)
    assert await sessions.find(cookie, MONDAY) is None
    await sessions.sweep(MONDAY + 2 * LIFE)
    async with either.read() as connection:
        assert (await connection.execute(select(web_session))).all() == []
