"""A one-time code is good once, for a while, and for the session that asked for it, on either database (R40)."""

from __future__ import annotations

from datetime import timedelta

from activities.database.database import Database
from activities.portal.codes import Codes, new_code
from tests.activities.samples import register_case
from tests.builders import MONDAY, NUMBER


async def test_a_code_is_good_for_its_session_for_ten_minutes_five_tries_and_once(either: Database) -> None:
    await register_case(either)
    codes = Codes(either)

    async def sent(session: str) -> str:
        code = new_code()
        async with either.begin() as connection:
            await codes.request(connection, code, session, NUMBER, MONDAY)
        digits = await codes.make(code, MONDAY)
        assert digits is not None
        assert len(digits) == 6
        return digits

    digits = await sent("a")
    assert not await codes.use("b", digits, MONDAY)
    assert not await codes.use("a", "", MONDAY)
    assert not await codes.use("a", digits, MONDAY + timedelta(minutes=10))
    assert await codes.use("a", digits, MONDAY + timedelta(minutes=9)) == NUMBER
    assert not await codes.use("a", digits, MONDAY + timedelta(minutes=9))
    digits = await sent("c")
    wrong = f"{(int(digits) + 1) % 1_000_000:06}"
    assert not any([await codes.use("c", wrong, MONDAY) for _ in range(5)])
    assert not await codes.use("c", digits, MONDAY)
    # One that is asked for and whose message is not on its way yet is good for nothing.
    async with either.begin() as connection:
        await codes.request(connection, waiting := new_code(), "d", NUMBER, MONDAY)
    assert not await codes.use("d", "", MONDAY)
    assert await codes.make(waiting, MONDAY + timedelta(hours=2)) is None
    await codes.sweep(MONDAY + timedelta(days=1))
    assert await codes.make(waiting, MONDAY) is None
