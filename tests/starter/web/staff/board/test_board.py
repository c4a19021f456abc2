"""The board and the managers' page: who sees which numbers, and that each leads to its cases (R45, R49)."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta
from typing import Any

import pytest

from activities.queries.daily import DayCount
from starter.web.rendering.pages import shipped_words
from starter.web.staff.board.lines import fitting, short_number
from starter.web.staff.board.picture import draw
from tests.activities.queries.test_cases import write
from tests.activities.samples import register_case
from tests.builders import HOUR, NUMBER
from tests.starter.web.conftest import Portal
from tests.starter.web.staff_door import signed_in
from workflows.domain.clock import Breach, Deadline
from workflows.domain.vocabulary import ClockName, Locale, Priority, Status

_LARGEST = 100_000


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize("path", ["/board", "/board/now", "/desk/now"])
async def test_who_may_read_the_case_finds_it_and_nobody_else_learns_of_it(
    portal: Portal, path: str, locale: Locale
) -> None:
    words = shipped_words(locale)
    for person, count in (("tech-001", 1), ("director", 1), ("sales-001", 0)):
        browser = await signed_in(portal, person, **{"Accept-Language": "en" if locale is Locale.EN else "zh"})
        await browser.client.get(f"/desk?lang={locale}")
        text = await browser.open(path)
        assert browser.status == 200, text
        assert len(text.encode()) < _LARGEST
        assert (NUMBER in text) == bool(count), person
        assert ("owner=tech-001" in text) == bool(count), person
        if path != "/desk/now":
            assert words["board"]["of"].format(count=count) in text
    assert words["board"]["days"] in text or path == "/desk/now"


async def test_what_the_script_loads_is_the_same_without_the_frame_and_new_when_it_has_heard_something(
    portal: Portal,
) -> None:
    browser = await signed_in(portal, "director")
    page = await browser.open("/board")
    part, heard = await browser.open("/board/now"), await browser.open("/board/now?heard=1")
    assert "<html" in page
    assert "<html" not in part
    first, second = (re.search(r'datetime="([^"]+)"', text) for text in (part, heard))
    assert first is not None
    assert second is not None
    assert first[1] < second[1]


async def test_every_number_leads_to_so_many_cases(portal: Portal) -> None:
    await _some(portal)
    for person, open_ in (("director", 6), ("tech-head", 5), ("sales-head", 2)):
        browser = await signed_in(portal, person)
        await browser.open("/board/now?heard=1")
        found = re.findall(r'href="(/desk/cases\?[^"]+)"[^>]*>(\d+)</a>', await browser.open("/desk/now"))
        numbers = {html.unescape(address): int(number) for address, number in found}
        assert numbers["/desk/cases?status=open"] == open_
        kinds = {tuple(sorted(re.findall(r"[?&](\w+)=", one))) for one in numbers}
        assert {
            ("status",),
            ("owner", "status"),
            ("department", "status"),
            ("due", "status"),
            ("late", "status"),
        } <= kinds
        for address, number in numbers.items():
            text = await browser.open(address)
            assert text.count('<strong class="priority') == number, (person, address)
        tiles = re.findall(r'<li[^>]*><a href="([^"]+)">.*?<b>(\d+)</b>', await browser.open("/board"))
        assert len(tiles) == 6
        for address, number in tiles:
            text = await browser.open(html.unescape(address))
            assert text.count('<strong class="priority') == int(number), (person, address)


async def _some(portal: Portal) -> None:
    """Late ones and others, of two departments; a promise made good, and a case that has closed."""
    database, now = portal.installation.database, portal.installation.now()
    missed = Breach(clock=ClockName.RESPONSE, due=now - HOUR, at=now)
    due = tuple(
        (Deadline(clock=ClockName.PROGRESS, started=now, due=now + hours * HOUR, next=now),) for hours in (-1, 3, 5)
    )
    waits = {"escalation_level": 1, "escalated_to": "tech-head", "acknowledged": False}
    cases: list[dict[str, Any]] = [
        {"deadlines": due[0]},
        {"deadlines": due[1], "breaches": (missed,), "responded_at": now, "priority": Priority.P0},
        {"deadlines": due[2], "breaches": (missed,), "owner": "tech-002", **waits},
        {"deadlines": due[1], "owner": "sales-001", "department": "sales", "group": "sales"},
        {"deadlines": due[2], "breaches": (missed,), "owner": "sales-001", "assisting": ("sales",)},
        {"deadlines": due[0], "status": Status.CLOSED, "closed_at": now},
    ]  # fmt: skip
    for place, changes in enumerate(cases):
        number = await register_case(database, intake_key=f"board {place}")
        await write(database, number, **changes)


async def test_the_board_s_script_and_style_are_files_of_ours(portal: Portal) -> None:
    browser = portal.browser()
    for path, kind in (("/board.js", "text/javascript"), ("/board.css", "text/css")):
        answer = await browser.client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        assert "unsafe-inline" not in answer.headers["content-security-policy"]


def test_names_fit_and_numbers_are_what_people_say() -> None:
    assert short_number("FB202611270042") == "1127-0042"
    assert short_number("X") == "X"
    assert fitting("技术支持部", 10) == "技术支持部"
    assert fitting("技术支持部门", 10) == "技术支持…"
    assert fitting("Technical\nSupport", 14) == "Technical Su…"


def test_a_picture_of_nothing_and_of_much_stays_in_its_frame() -> None:
    first = date(2026, 5, 1)
    for counts in ([DayCount()] * 30, [DayCount(day * 37, day, day * 40) for day in range(30)]):
        picture = draw([(first + timedelta(days=place), count) for place, count in enumerate(counts)])
        assert len(picture.columns) == 30
        assert all(0 <= one.y <= one.y + one.height <= 220 and one.x + one.width <= 600 for one in picture.columns)
        assert picture.labelled[-1].day == first + timedelta(days=29)
    assert picture.total == DayCount(37 * 435, 435, 40 * 435)
    assert picture.ticks[-1][0] == 2000
