"""Who guesses is slowed down; the customer whose number is guessed is not (R40)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from activities.database.database import Database
from activities.portal.codes import Codes, new_code
from activities.portal.sessions import session_id
from activities.portal.tries import Asker, Limit, Tries, askers_of
from starter.web.limits import GUESSES
from starter.web.server import serving_pages
from tests.activities.queries.test_customer_view import PHONE
from tests.activities.samples import register_case
from tests.builders import MONDAY, NUMBER
from tests.starter.web.browser import Browser
from tests.starter.web.conftest import Portal
from tests.worker.ports import free_ports
from worker.installation.settings import Web
from workflows.domain.vocabulary import LinkPurpose

LIMITED = "操作次数过多"


async def _guess(browser: Browser, contact: str = "13900000000", number: str = NUMBER) -> int:
    await browser.open("/case")
    await browser.send("/case", number=number, contact=contact)
    return browser.status


async def test_ten_wrong_tries_are_slowed_down_and_the_customer_s_link_works_all_the_same(portal: Portal) -> None:
    stranger = portal.browser()
    seen = Counter([await _guess(stranger) for _ in range(14)])
    assert seen == {404: 10, 200: 4}
    # Past that, right and wrong have one answer, and only a code that was sent to the customer lets in.
    assert stranger.path == "/case/proof"
    wrong = stranger.page.text.partition("<main")[2].partition("csrf")[0]
    assert await _guess(stranger, PHONE) == 200
    assert (stranger.path, stranger.page.text.partition("<main")[2].partition("csrf")[0]) == ("/case/proof", wrong)
    assert NUMBER not in stranger.page.text
    assert "验证码不正确或已失效" in await stranger.send("/case/proof", code="123456")
    assert NUMBER not in await stranger.open("/case")
    assert await _guess(stranger, PHONE) == 429
    assert LIMITED in stranger.page.text
    assert stranger.form("/case").fields["contact"] == PHONE
    customer = portal.browser()
    assert NUMBER in await customer.open(await portal.link(LinkPurpose.SEE))
    portal.later(minutes=16)
    assert await _guess(stranger, PHONE) == 200


async def test_past_the_limit_the_code_that_was_sent_lets_in_to_act(portal: Portal) -> None:
    browser = portal.browser()
    await browser.open("/case/proof")
    codes, code = Codes(portal.installation.database), new_code()
    session = session_id(browser.client.cookies["bihuan"])
    async with portal.installation.database.begin() as connection:
        await codes.request(connection, code, session, NUMBER, portal.now())
    digits = await codes.make(code, portal.now())
    page = await browser.send("/case/proof", code=f"{digits}")
    assert browser.path == "/case"
    assert 'value="confirm"' in page


async def test_right_answers_do_not_count(portal: Portal) -> None:
    seen = {await _guess(portal.browser(), PHONE) for _ in range(15)}
    assert seen == {200}


async def test_thirty_an_hour(portal: Portal) -> None:
    stranger = portal.browser()
    seen: Counter[int] = Counter()
    for _ in range(4):
        seen += Counter([await _guess(stranger) for _ in range(10)])
        portal.later(minutes=15)
    assert seen[404] in {30, 40}  # where the hour turned in between
    assert sum(seen.values()) == 40


async def test_wrong_links_are_slowed_down_and_right_ones_never(portal: Portal) -> None:
    stranger = portal.browser()
    statuses = [(await stranger.client.get(f"/l/{place:032}")).status_code for place in range(63)]
    assert Counter(statuses) == {404: 60, 429: 3}
    assert NUMBER in await stranger.open(await portal.link(LinkPurpose.SEE))


@pytest.mark.parametrize(("proxies", "believed"), [(None, False), ("10.0.0.0/8", False), ("127.0.0.1, ::1", True)])
async def test_a_forwarded_address_is_believed_of_named_proxies_only(
    portal: Portal, proxies: str | None, believed: bool
) -> None:
    web = Web(port=free_ports(1)[0], proxies=proxies)
    settings = portal.settings.model_copy(update={"web": web})
    seen: Counter[int] = Counter()
    portal.later(hours=1)
    async with serving_pages(settings, clock=portal.now) as address:
        for place in range(13):
            browser = Browser(address, **{"X-Forwarded-For": f"203.0.113.9, 198.51.100.{place}"})
            seen[await _guess(browser)] += 1
            await browser.close()
    assert seen == ({404: 13} if believed else {404: 10, 200: 3})


async def test_a_thousand_addresses_of_one_network_are_one_asker(database: Database) -> None:
    tries, limit = Tries(database), [Limit("guess", 10, timedelta(minutes=15))]
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


async def test_a_spent_asker_waits_to_the_end_of_the_span_in_every_process(database: Database) -> None:
    limit, asker = [Limit("guess", 2, timedelta(minutes=15))], askers_of("198.51.100.7")
    processes = [Tries(database), Tries(database)]
    at = MONDAY + timedelta(minutes=5)
    assert [await process.take(limit, asker, at) for process in processes] == [None, None]
    assert [await process.take(limit, asker, at) for process in processes] == [timedelta(minutes=10)] * 2
    assert await processes[0].take(limit, asker, MONDAY + timedelta(minutes=15)) is None
    await processes[0].sweep(MONDAY + timedelta(days=2))


async def test_a_code_is_good_for_its_session_for_ten_minutes_five_tries_and_once(database: Database) -> None:
    await register_case(database)
    codes = Codes(database)

    async def sent(session: str) -> str:
        code = new_code()
        async with database.begin() as connection:
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
    async with database.begin() as connection:
        await codes.request(connection, waiting := new_code(), "d", NUMBER, MONDAY)
    assert not await codes.use("d", "", MONDAY)
    assert await codes.make(waiting, MONDAY + timedelta(hours=2)) is None
    await codes.sweep(MONDAY + timedelta(days=1))
    assert await codes.make(waiting, MONDAY) is None


def test_the_limits_are_those_of_the_design() -> None:
    assert [(limit.most, limit.span) for limit in GUESSES] == [
        (10, timedelta(minutes=15)),
        (30, timedelta(hours=1)),
    ]
