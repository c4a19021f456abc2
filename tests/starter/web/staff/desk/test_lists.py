"""The lists of the desk: everybody finds what is theirs, and nothing of what is not (R30, R49)."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from activities.database.tables import case_record, registration
from activities.queries.monitoring.attention import AttentionReason
from activities.queries.monitoring.sweeps import DriftReason
from starter.services.system import stuck_list
from starter.services.system.stuck import StuckItem
from starter.web.staff.app import PAGES
from starter.web.staff.menu import MENU
from tests.activities.queries.test_customer_view import company
from tests.activities.review.reviewed import called_for
from tests.builders import NUMBER
from tests.starter.web.browser import forms_of
from tests.starter.web.conftest import Portal
from tests.starter.web.staff.desk.dying import die
from tests.starter.web.staff_door import signed_in

_OF_TEMPORAL = {"activity_failing", "task_failing", "paused", "more"}
_LONG = "永" * 1_000 + "تجربة" * 200
_CASES: Mapping[str, dict[str, Any]] = {
    "FB202405060101": {"owner": "tech-001", "status": "in_progress", "priority": "P0", "hours": 3, "name": "早早"},
    "FB202405060102": {"owner": "tech-001", "status": "in_progress", "priority": "P2", "hours": -1, "name": "迟迟"},
    "FB202405060103": {"owner": "tech-002", "status": "dispatched", "priority": "P2", "hours": 30, "name": _LONG},
    "FB202405060104": {"owner": "sales-001", "status": "in_progress", "priority": "P2", "hours": 5, "name": "تجربة"},
}


@pytest.fixture(scope="module")
async def listed(served: Portal) -> Portal:
    """With some cases more, which are copies of the one that is there but for what `_CASES` says; and one that was
    closed, of which there is an article and a review.
    """
    await (await called_for(served.installation.database)).begin()
    await served.installation.directory.load(company())
    async with served.installation.database.begin() as connection:
        given, recorded = [
            dict((await connection.execute(select(table).where(table.c.number == NUMBER))).mappings().one())
            for table in (registration, case_record)
        ]
        for number, said in _CASES.items():
            form, view = copy.deepcopy(given["form"]), copy.deepcopy(recorded["view"])
            form["customer"]["name"] = said["name"]
            due = served.installation.now() + timedelta(hours=said["hours"])
            department = "sales" if said["owner"] == "sales-001" else "technical_support"
            columns = {"owner": said["owner"], "status": said["status"], "priority": said["priority"]}
            columns |= {"department": department, "number": number}
            clock = {"clock": "progress", "due": due.isoformat(), "started": due.isoformat(), "calendar": "always"}
            view |= columns | {"deadlines": [clock], "waiting": None, "assisting": [], "collaborations": []}
            view |= {"receiver": None, "follow_up": None, "escalated_to": None}
            row = {"number": number, "form": form, "intake_key": None, "customer_text": said["name"]}
            await connection.execute(insert(registration).values(given | row))
            await connection.execute(insert(case_record).values(recorded | columns | {"next_due": due, "view": view}))
    return served


async def _numbers(portal: Portal, person: str, path: str) -> list[str]:
    """Of the list that this person is shown, in its order."""
    browser = await signed_in(portal, person)
    text = await browser.open(path)
    assert browser.status == 200, text
    return [part[:14] for part in text.split('href="/desk/cases/')[1:] if part[:14] in _CASES]


async def test_ones_own_cases_come_by_their_next_deadline(portal: Portal, listed: Portal) -> None:
    assert await _numbers(portal, "tech-001", "/desk") == ["FB202405060102", "FB202405060101"]
    assert await _numbers(portal, "tech-001", "/desk?due=late") == ["FB202405060102"]
    assert await _numbers(portal, "tech-001", "/desk?priority=P0") == ["FB202405060101"]


async def test_a_list_has_no_case_that_whoever_looks_may_not_see(portal: Portal, listed: Portal) -> None:
    theirs = ["FB202405060102", "FB202405060101", "FB202405060103"]
    assert await _numbers(portal, "tech-002", "/desk/department") == theirs
    assert await _numbers(portal, "sales-001", "/desk/department") == ["FB202405060104"]
    assert await _numbers(portal, "sales-001", "/desk/department?department=technical_support") == []
    assert await _numbers(portal, "tech-002", "/desk/unclaimed") == ["FB202405060103"]
    assert await _numbers(portal, "sales-001", "/desk/unclaimed") == []
    assert await _numbers(portal, "sales-001", "/desk/stuck") == []
    assert await _numbers(portal, "sales-001", "/desk/cases?q=迟迟") == []
    assert await _numbers(portal, "duty-001", "/desk/cases?q=迟迟") == ["FB202405060102"]


async def test_a_departments_task_that_is_stuck_is_shown_to_whoever_may_read_its_case(
    portal: Portal, listed: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: object) -> tuple[list[StuckItem], str | None]:
        task = StuckItem("FB202405060104/sales", "task_failing", None)
        return [
            task,
            StuckItem("FB202405060101", "task_failing", None),
            StuckItem("mail", "channel_failing", None),
        ], None

    monkeypatch.setattr(stuck_list, "find_stuck", failing)
    monkeypatch.setattr(stuck_list, "_HOLDS", 0.0)
    seen: dict[str, list[str]] = {}
    for person in ("sales-001", "tech-001", "duty-001"):
        text = await (await signed_in(portal, person)).open("/desk/stuck")
        seen[person] = [one for one in ("FB202405060104/sales", "FB202405060101", ">mail<") if one in text]
    assert seen == {
        "sales-001": ["FB202405060104/sales"], "tech-001": ["FB202405060101"],
        "duty-001": ["FB202405060104/sales", "FB202405060101", ">mail<"],
    }  # fmt: skip


async def test_what_is_stuck_is_said_in_words(portal: Portal, listed: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    about = {
        "overdue": "claim", "undeliverable": "replied", "review_late": "measure 2", "review_not_acting": "report",
        "part_late": "sales", "person_left": "owner", "fault": "resolve", "not_archived": "mask",
    }  # fmt: skip
    reasons = {*AttentionReason, *DriftReason, *_OF_TEMPORAL}

    async def failing(*_: object) -> tuple[list[StuckItem], str | None]:
        return [StuckItem("FB202405060101", one, None, about.get(one)) for one in sorted(reasons)], "no worker polls"

    monkeypatch.setattr(stuck_list, "find_stuck", failing)
    monkeypatch.setattr(stuck_list, "_HOLDS", 0.0)
    for person, sees_all in (("tech-001", False), ("director", True)):
        text = await (await signed_in(portal, person)).open("/desk/stuck")
        said = re.findall(r"<h2><a href=.*?</h2>\n<p>(.*?)</p>", text)
        assert len(said) == len(reasons)
        assert not [
            one for one in said if re.search("(?a)[a-z_]{3,}", one.replace("sales", "").replace("Temporal", ""))
        ]
        assert "部门sales" in text and "措施2" in text
        assert ("no worker polls" in text) is sees_all
        assert "可能不全" in text


async def test_a_filter_stands_in_the_address_and_a_wrong_one_is_named(portal: Portal, listed: Portal) -> None:
    browser = await signed_in(portal, "duty-001")
    answer = await browser.client.get("/desk/cases?q=&priority=P2&owner=&status=open")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/cases?priority=P2&status=open")
    found = await _numbers(portal, "duty-001", "/desk/cases?priority=P2&status=open&owner=tech-001")
    assert found == ["FB202405060102"]
    for wrong in ("priority=P9", "status=x", "due=soon", "owner=nobody", "type=x", "cursor=x", "escalated=perhaps"):
        await browser.open(f"/desk/unclaimed?{wrong}")
        assert browser.status == 422, wrong
        assert 'role="alert"' in browser.page.text


async def test_a_whole_number_leads_to_its_case_and_nobody_elses(portal: Portal, listed: Portal) -> None:
    for person, leads in (("tech-001", True), ("sales-001", False)):
        browser = await signed_in(portal, person)
        await browser.open("/desk/cases?q=fb202405060101")
        assert (browser.path == "/desk/cases/FB202405060101") is leads


async def test_endless_names_make_no_endless_page(portal: Portal, listed: Portal) -> None:
    browser = await signed_in(portal, "duty-001")
    text = await browser.open("/desk/cases")
    assert _LONG[:100] not in text
    assert "<bdi>تجربة" in text
    assert len(text.encode()) < 50_000


async def test_articles_are_found_and_read_by_all_and_changed_by_editors_alone(portal: Portal, listed: Portal) -> None:
    agent, head = await signed_in(portal, "tech-001"), await signed_in(portal, "tech-head")
    for path in ("/desk/kb", "/desk/kb?q=网络错误", "/desk/kb/KB0001"):
        text = await agent.open(path)
        assert "KB0001" in text, path
    assert "/change" not in text
    await agent.open("/desk/kb?q=x")
    assert agent.status == 422
    await agent.open("/desk/kb/KB9999")
    assert agent.status == 404
    csrf = forms_of(await agent.open(f"/desk/cases/{NUMBER}"))[0].fields["csrf"]
    text = await agent.post("/desk/kb/KB0001/change", {"do": "publish", "csrf": csrf})
    assert agent.status == 422
    await head.open("/desk/kb/KB0001")
    publish, edit, _ = forms_of(head.page.text)
    text = await head.post(publish.action, {**publish.fields, "do": "publish"})
    assert 'class="notice good"' in text
    text = await head.post(edit.action, {**edit.fields, "do": "edit", "title": "旧页上的标题"})
    assert head.status == 409, "somebody has changed it since"
    edit = next(form for form in forms_of(text) if form.fields.get("title") == "旧页上的标题")
    text = await head.post(edit.action, {**edit.fields, "do": "edit"})
    assert "<h1><bdi>旧页上的标题" in text


async def test_a_review_is_read_and_its_report_written_where_it_is_ones_own(portal: Portal, listed: Portal) -> None:
    head, stranger = await signed_in(portal, "tech-head"), await signed_in(portal, "sales-001")
    assert "FB202405060002" in await head.open("/desk/reviews")
    assert "FB202405060002" not in await stranger.open("/desk/reviews?status=all")
    await head.open("/desk/reviews?status=x")
    assert head.status == 422
    for path in ("", "/report"):
        await stranger.open(f"/desk/reviews/FB202405060002{path}")
        assert stranger.status == 404
    await head.open("/desk/reviews/FB202405060002/report")
    assert (head.status, head.page.headers["content-security-policy"].startswith("default-src 'none'")) == (200, True)
    text = await head.open("/desk/reviews/FB202405060002")
    form = next(form for form in forms_of(text) if form.fields.get("command") == "review")
    typed = {"root_cause": "没有告警", "what0": "加上告警", "owner0": "tech-002 名字", "due0": "2024-06-20T18:00"}
    text = await head.post(form.action, {**form.fields, **typed})
    assert head.status == 503, "no Temporal here: nothing is lost"
    again = next(form for form in forms_of(text) if form.fields.get("command") == "review").fields
    assert (again["root_cause"].strip(), again["what0"], again["owner0"]) == ("没有告警", "加上告警", "tech-002 名字")
    text = await head.post(form.action, {**form.fields, **typed, "due0": "bald"})
    assert head.status == 422
    assert "measures" in text


async def test_reports_are_for_whoever_sees_every_case_and_neither_hold_pages_up_nor_are_lost_with_their_process(
    portal: Portal, listed: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.analysis.report.read_histories", None)  # they are made in another process
    manager, agent = await signed_in(portal, "director"), await signed_in(portal, "tech-001")
    assert 'href="/desk/reports"' not in await agent.open("/desk")
    await agent.open("/desk/reports")
    assert agent.status == 404
    assert "from=2024" in await manager.open("/desk/reports?lang=en") or manager.status == 200
    with monkeypatch.context() as patch:
        patch.setattr("starter.services.analysis_process._made", die)
        await manager.open("/desk/reports?from=2024-05-06&to=2024-05-06")
        assert manager.status == 503
    text = await manager.open("/desk/reports?from=2024-05-06&to=2024-05-06")
    assert manager.status == 200
    assert "<svg" in text
    for wrong in ("from=x&to=2024-05-06", "from=2024-05-07&to=2024-05-06", "from=2024-05-07"):
        await manager.open(f"/desk/reports?{wrong}")
        assert manager.status == 422, wrong


def test_the_menu_leads_to_pages_that_there_are() -> None:
    assert {entry.path for entry in MENU} <= {page.path for page in PAGES}


@pytest.mark.parametrize("path", ["/desk", "/desk/calls", "/desk/cases/FB202405060101"])
async def test_no_page_of_the_staff_leads_out_to_the_customers_pages(portal: Portal, listed: Portal, path: str) -> None:
    browser = await signed_in(portal, "tech-001")
    text = await browser.open(path)
    assert browser.status == 200
    assert text.count('href="/desk"') >= 2
    assert 'href="/"' not in text
