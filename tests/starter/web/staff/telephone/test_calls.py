"""The calls to make: whom, about what, by when, with a number to tap and a form for the result (R21, R23, R43, R49)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from activities.database.tables import case_record, outbox
from tests.activities.queries.test_customer_view import PHONE
from tests.builders import NUMBER
from tests.starter.web.conftest import Portal
from tests.starter.web.staff_door import action_form, signed_in

_CALLS = "/desk/calls"


async def test_the_follow_up_specialist_calls_with_one_tap_and_takes_down_the_answer(portal: Portal) -> None:
    follower = await signed_in(portal, "followup-001")
    text = await follower.open(_CALLS)
    assert 'href="tel:+86-138-0013-8000"' in text
    assert f'href="/desk/cases/{NUMBER}"' in text
    assert '<time class="clock' in text
    confirm, refuse = action_form(follower, "confirm"), action_form(follower, "refuse")
    assert confirm is not None
    assert refuse is not None
    assert (confirm.fields["heard"], confirm.fields["back"]) == ("telephone", "calls")
    text = await follower.post(refuse.action, {**refuse.fields, "why": "还是不行"})
    assert (follower.status, "还是不行" in text) == (503, True), "without Temporal nothing that was typed is lost"
    for person in ("tech-001", "sales-001"):
        other = await signed_in(portal, person)
        assert NUMBER not in await other.open(_CALLS)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_whoever_has_to_tell_the_customer_reads_what(portal: Portal, language: str) -> None:
    async with portal.installation.database.begin() as connection:
        mine = case_record.c.number == NUMBER
        view: Any = await connection.scalar(select(case_record.c.view).where(mine))
        key, said = (
            await connection.execute(select(outbox.c.key, outbox.c.text).where(outbox.c.message == "replied"))
        ).one()
        due = portal.installation.now() - timedelta(hours=1)
        clock = {"clock": "feedback", "due": due.isoformat(), "started": due.isoformat(), "calendar": "always"}
        untold = [{"message": "replied", "key": key, "at": due.isoformat(), "why": "no_way"}]
        changed = {**view, "untold": untold, "deadlines": [*view["deadlines"], clock]}
        await connection.execute(update(case_record).where(mine).values(view=changed))
    try:
        owner = await signed_in(portal, "tech-001", **{"Accept-Language": language})
        await owner.client.get(f"{_CALLS}?lang={'en' if language == 'en' else 'zh_CN'}")
        text = await owner.open(_CALLS)
    finally:
        async with portal.installation.database.begin() as connection:
            await connection.execute(update(case_record).where(mine).values(view=view))
    assert "在查同步任务" in said
    assert "在查同步任务" in text
    assert 'class="clock late"' in text
    assert PHONE in text.replace("+86", "")
    assert text.index('value="told"') < text.index('value="note"')


async def test_what_is_typed_into_the_address_says_nothing_of_others_cases(portal: Portal) -> None:
    seller = await signed_in(portal, "sales-001")
    for query in (f"did=sales-001:x&what=told&number={NUMBER}", "did=tech-001:x&what=told&number=x", "did=%01&number="):
        text = await seller.open(f"{_CALLS}?{query}")
        assert seller.status == 200
        assert NUMBER not in text.replace(query, "").partition("<main")[2]
