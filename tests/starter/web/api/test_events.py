"""Whoever listens is told what happens in their cases, and misses nothing by being away (R45, R47)."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from activities.database.tables import timeline
from activities.database.timeline import write_entries
from activities.organisation.directory import Directory
from activities.queries.feed_reader import FeedReader
from starter.services.feed import feed, listener
from starter.services.feed.listener import Listener, News, StreamEnd, Wanted
from starter.services.identity.sessions import revoke_sessions
from starter.services.identity.tokens import list_tokens, revoke_token
from starter.web.api.schemas import FeedEntry
from starter.web.server import serving_pages
from tests.activities.queries.test_customer_view import company
from tests.activities.samples import event, register_case
from tests.builders import MONDAY, NUMBER
from tests.starter.web.api.conftest import Caller
from tests.starter.web.api.contract import Api
from tests.starter.web.conftest import Portal
from tests.starter.web.listening import Told, listening
from tests.starter.web.staff_door import signed_in
from tests.timeouts import TIMEOUT
from tests.worker.ports import free_ports
from worker.installation.settings import Web
from workflows.domain.event import EventKind
from workflows.domain.vocabulary import TokenRight

_EVENTS = "/events"


async def _note(portal: Portal, text: str) -> None:
    await portal.case.send("note", "tech-001", text=text)


def _said(told: Told) -> str:
    assert told.data is not None
    FeedEntry.model_validate(told.data)
    assert str(told.data["position"]) == told.id
    return f"{told.data['kind']}: {told.data['detail']['text']}"


@pytest.fixture(scope="module")
async def elsewhere(served: Portal) -> str:
    """Another case, which sales took in and no worker has opened yet."""
    return await register_case(served.installation.database, received_by="sales-001")


async def _note_elsewhere(portal: Portal, number: str, sequence: int) -> None:
    note = event(sequence, kind=EventKind.NOTED, text=f"elsewhere {sequence}")
    async with portal.installation.database.begin() as connection:
        await write_entries(connection, timeline, ("number", number), [note], MONDAY)


async def test_what_happens_is_told_and_who_was_away_is_told_what_they_missed(portal: Portal, caller: Caller) -> None:
    owner = await caller("tech-001")
    async with listening(owner.client, _EVENTS) as ear:
        head = ear.answer.headers
        assert head["content-type"].startswith("text/event-stream")
        assert head["x-accel-buffering"] == "no"
        assert head["cache-control"] == "no-store"
        began = await ear.begun()
        await _note(portal, "一")
        told = await ear.next()
        assert _said(told) == "noted: 一"
        assert told.data is not None
        entry = (await owner.get(f"/cases/{NUMBER}/timeline"))["timeline"][-1]
        assert told.data == told.data | entry
        assert (told.data["number"], told.data["owner"], told.data["priority"]) == (NUMBER, "tech-001", "P1")
        assert told.data["next_due"].endswith("+08:00")
    for text in ("二", "三\n\nid: 1\ndata: x", "四\r\nevent: end"):
        await _note(portal, text)
    missed = ["noted: 二", "noted: 三\n\nid: 1\ndata: x", "noted: 四\r\nevent: end"]
    # A browser asks for the address it had, and says besides where it was.
    for last, query in ((ear.last, {}), (None, {"after": str(ear.last)}), (ear.last, {"after": began})):
        async with listening(owner.client, _EVENTS, last, **query) as again:
            assert [_said(await again.next()) for _ in missed] == missed
            await _note(portal, "五")
            missed = [*missed, _said(await again.next())]
            assert missed[-1] == "noted: 五"


async def test_nobody_is_told_of_a_case_that_is_none_of_theirs(portal: Portal, caller: Caller, elsewhere: str) -> None:
    owner, sales, everywhere = await caller("tech-001"), await caller("sales-001"), await caller("duty-001")
    system = await caller(system="shop", rights=[TokenRight.READ])
    async with (
        listening(owner.client, _EVENTS) as ours, listening(sales.client, _EVENTS) as theirs,
        listening(everywhere.client, _EVENTS) as all_, listening(system.client, _EVENTS) as shop,
        listening(everywhere.client, _EVENTS, number=elsewhere.lower()) as one,
        listening(everywhere.client, _EVENTS, department="technical_support") as department,
    ):  # fmt: skip
        await _note(portal, "first")
        await _note_elsewhere(portal, elsewhere, 1)
        await _note(portal, "last")
        await _note_elsewhere(portal, elsewhere, 2)
        for ear in (ours, department):
            assert [_said(await ear.next()) for _ in range(2)] == ["noted: first", "noted: last"]
        for ear in (theirs, one):
            assert [_said(await ear.next()) for _ in range(2)] == ["noted: elsewhere 1", "noted: elsewhere 2"]
        for ear in (all_, shop):
            told = [_said(await ear.next()) for _ in range(4)]
            assert told == ["noted: first", "noted: elsewhere 1", "noted: last", "noted: elsewhere 2"]


async def test_whoever_a_case_is_taken_from_is_told_that_and_nothing_more(
    portal: Portal, caller: Caller, elsewhere: str
) -> None:
    before, colleague = await signed_in(portal, "tech-001"), await caller("tech-002")
    async with listening(before.client, "/desk/events") as ear, listening(colleague.client, _EVENTS) as other:
        began = await ear.begun()
        facts = {"from": "tech-001", "to": "sales-001", "why": "a contract"}
        async with portal.installation.database.begin() as connection:
            taken = event(90, kind=EventKind.HANDED_OVER, **facts)
            await write_entries(connection, timeline, ("number", elsewhere), [taken], MONDAY)
        await _note_elsewhere(portal, elsewhere, 91)
        await _note(portal, "after it")
        told = await ear.next()
        assert told.data is not None
        FeedEntry.model_validate(told.data)
        assert (told.data["number"], told.data["kind"], told.data["detail"]) == (elsewhere, "handed_over", facts)
        assert (told.data["status"], told.data["owner"], told.data["next_due"]) == (None, None, None)
        for one in (ear, other):
            assert _said(await one.next()) == "noted: after it"
    async with listening(before.client, "/desk/events", began) as again:
        assert (await again.next()).data == told.data


async def test_what_was_missed_is_told_to_nobody_else_either(portal: Portal, caller: Caller, elsewhere: str) -> None:
    sales = await caller("sales-001")
    async with listening(sales.client, _EVENTS) as ear:
        began = await ear.begun()
    await _note(portal, "not theirs")
    await _note_elsewhere(portal, elsewhere, 3)
    async with listening(sales.client, _EVENTS, began) as ear:
        assert _said(await ear.next()) == "noted: elsewhere 3"


@pytest.mark.parametrize("last", ["abc", "-1", "1e3", "1.0", "0x10", "9" * 400, "99999999", "12 13", "1' OR 1=1 --"])
async def test_an_id_that_never_was_is_said_so(portal: Portal, caller: Caller, last: str) -> None:
    api = await caller("tech-001")
    for options in ({"headers": {"Last-Event-ID": last}}, {"params": {"after": last}}):
        answer = await api.ask("GET", _EVENTS, **options)
        assert answer.status_code == 422
        assert answer.json()["reason"].startswith(("Last-Event-ID: ", "after: "))


async def test_who_missed_too_much_reads_the_lists_again(
    portal: Portal, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MOST_BEHIND", 2)
    owner, desk = await caller("tech-001"), await signed_in(portal, "tech-001")
    async with listening(owner.client, _EVENTS) as ear:
        began = await ear.begun()
    for text in ("a", "b", "c"):
        await _note(portal, text)
    answer = await owner.ask("GET", _EVENTS, headers={"Last-Event-ID": began})
    assert answer.status_code == 422
    assert "more than 2 steps ago; read the lists again, and begin without it" in answer.json()["reason"]
    # A browser cannot read that: it is told to, once, and goes on.
    async with listening(desk.client, "/desk/events", began) as ear:
        assert (await ear.next()).kind == "reload"
        await _note(portal, "d")
        assert _said(await ear.next()) == "noted: d"


async def test_what_is_asked_for_wrongly_is_named(portal: Portal, caller: Caller) -> None:
    api, sales = await caller("duty-001"), await caller("sales-001")
    blind, nobody = await caller(system="till", rights=[TokenRight.HAND_IN]), Api(portal.address, None)
    for who, query, status in (
        (api, {"nmber": "x"}, 422), (api, {"department": "slaes"}, 422), (api, {"number": "FB209912310001"}, 404),
        (sales, {"number": NUMBER}, 404), (blind, {}, 403), (nobody, {}, 401), (api, {"token": "x"}, 400),
    ):  # fmt: skip
        assert (await who.ask("GET", _EVENTS, params=query)).status_code == status, query
    head = await api.client.head(_EVENTS)
    assert (head.status_code, head.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    await nobody.client.aclose()


async def test_whoever_may_not_come_any_more_is_let_go(
    portal: Portal, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "CHECK_EVERY", 0.0)
    revoked, gone, desk = await caller("tech-001"), await caller("tech-002"), await signed_in(portal, "duty-001")
    whole = company()
    without = whole.model_copy(update={"people": tuple(one for one in whole.people if one.id != "tech-002")})
    directory = Directory(portal.installation.database)
    async with (
        listening(revoked.client, _EVENTS) as first, listening(gone.client, _EVENTS) as second,
        listening(desk.client, "/desk/events") as third,
    ):  # fmt: skip
        await _note(portal, "still told")
        for ear in (first, second, third):
            assert _said(await ear.next()) == "noted: still told"
        own = next(token for token, _ in await list_tokens(portal.settings) if token.person == "tech-001")
        await revoke_token(portal.settings, own.id)
        await revoke_sessions(portal.settings, "duty-001")
        await directory.load(type(whole).model_validate(without.model_dump()))
        try:
            for ear in (first, second, third):
                told = await ear.next()
                assert (told.kind, told.data) == ("end", {"reason": "over"})
                await ear.over()
        finally:
            await directory.load(whole)
    assert (await desk.client.get("/desk/events")).status_code == 401, "no page to sign in at: nobody would see it"


async def test_as_many_as_may_be_listen_and_one_more_waits(
    portal: Portal, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MOST_OF_ONE", 2)
    one, other = await caller("tech-001"), await caller("tech-001")
    async with listening(one.client, _EVENTS), listening(one.client, _EVENTS):
        answer = await one.ask("GET", _EVENTS)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
        assert "2 streams of one token or session are open already" in answer.json()["reason"]
        async with listening(other.client, _EVENTS) as ear:
            assert ear.answer.status_code == 200
            monkeypatch.setattr(feed, "MOST_OF_CALLER", 3)
            answer = await (await caller("tech-001")).ask("GET", _EVENTS)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
            assert "3 streams of one person or system are open already" in answer.json()["reason"]
            monkeypatch.setattr(feed, "MOST", 3)
            answer = await (await caller("duty-001")).ask("GET", _EVENTS)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    status = 429
    async with asyncio.timeout(TIMEOUT):
        while status != 200:  # whoever goes makes room
            async with listening(one.client, _EVENTS) as ear:
                status = ear.answer.status_code


async def test_a_server_that_stops_ends_its_streams_at_once(
    portal: Portal, caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    secret = (await caller("tech-001")).client.headers["Authorization"].partition(" ")[2]
    web = Web(port=free_ports(1)[0])
    async with serving_pages(portal.settings.model_copy(update={"web": web})) as address:
        api = Api(address, secret)
        stream = listening(api.client, _EVENTS)
        ear = await stream.__aenter__()
        await ear.begun()
    told = await ear.next()
    assert (told.kind, told.data) == ("end", {"reason": "stopping"})
    await ear.over()
    await stream.__aexit__(None, None, None)
    await api.client.aclose()
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING], "nobody was cut off"


async def test_who_takes_too_little_is_let_go_and_the_others_are_not_held_up(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "MOST_WAITING", 2)
    bearer: Any = type("Anybody", (), {"person": None})()
    slow, quick = (Listener(bearer, Wanted(), position=0, since=0) for _ in range(2))
    for position in (1, 2, 3):
        step: Any = type("Step", (), {"position": position, "view": None, "number": NUMBER, "shown": {}})()
        news: Any = News(step, None)  # type: ignore[arg-type]
        slow.tell(news, None)
        quick.tell(news, None)
        assert [one.step.position for one in await quick.next(60)] == [position]
    assert (slow.end, quick.end) == (StreamEnd.SLOW, None)
    assert await slow.next(60) == []
    assert slow.position == 0, "they come back with what they had"


async def test_listeners_share_one_question_to_the_record(
    portal: Portal, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    read = FeedReader.read

    async def counted(reader: Any) -> Any:
        nonlocal asked
        asked += 1
        return await read(reader)

    monkeypatch.setattr(FeedReader, "read", counted)
    api = await caller("duty-001")
    async with asyncio.TaskGroup() as together:

        async def listen() -> None:
            async with listening(api.client, _EVENTS) as ear:
                begun.release()
                assert _said(await ear.next()) == "noted: to all"

        begun = asyncio.Semaphore(0)
        for _ in range(10):
            together.create_task(listen())
        for _ in range(10):
            await begun.acquire()
        before = asked
        await _note(portal, "to all")
    assert asked - before < 10
