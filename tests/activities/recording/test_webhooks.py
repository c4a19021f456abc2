"""What happens in a case becomes a row for each system that wants to hear of it, with the step that tells it (R47)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event as sqlalchemy_event

from activities.database.database import Database
from activities.queries.cases import Cases, OutboxEntry
from activities.webhooks.events import Subscription, Webhooks
from tests.activities.recording.test_activity import recording_of, view
from tests.activities.samples import NUMBER, event, register_case, to_customer
from tests.builders import MONDAY, case_step
from workflows.domain.event import Event, EventKind
from workflows.ports import Recorded

SHANGHAI = ZoneInfo("Asia/Shanghai")


def localized(value: Any) -> Any:
    return {**value, "at": MONDAY.astimezone(SHANGHAI).isoformat()} if "at" in value else value


def told(*subscriptions: Subscription) -> Webhooks:
    return Webhooks(subscriptions, localized)


async def record(database: Database, webhooks: Webhooks, *events: Event, **changes: Any) -> Recorded:
    recording = recording_of(database, webhooks=webhooks)
    return await recording.record(case_step(view(**changes), events))


async def rows(database: Database) -> list[OutboxEntry]:
    return [one for one in await Cases(database).outbox(NUMBER) if one.channel == "webhook"]


@pytest.fixture
async def registered(database: Database) -> Database:
    await register_case(database)
    return database


async def test_a_system_hears_of_an_event_once_however_often_its_step_is_written(registered: Database) -> None:
    shop, progressed = told(Subscription("shop")), event(1, to_customer(), text="已定位原因")
    answers = [await record(registered, shop, progressed) for _ in range(2)]
    (row,) = await rows(registered)
    assert answers[0].undelivered == answers[1].undelivered == (row.key,)
    shown = row.as_json()
    assert (row.key, row.status) == (f"{NUMBER}:webhook:1-20240506010000000000:shop", "pending")
    assert (shown["event"], shown["recipient"], shown["channel"]) == ("progressed", "shop", "webhook")
    said = json.loads(row.text)
    assert (said["type"], said["timestamp"]) == ("progressed", "2024-05-06T09:00:00+08:00")
    assert {key: said["data"][key] for key in ("number", "status", "priority", "department", "owner")} == {
        "number": NUMBER, "status": "dispatched", "priority": "P1", "department": "technical_support",
        "owner": "tech-001",
    }  # fmt: skip
    assert said["data"]["entry"] == {
        "sequence": 1, "at": MONDAY.isoformat(), "kind": "progressed", "by": "tech-001", "via": "console",
        "detail": {"text": "已定位原因"},
    }  # fmt: skip


async def test_an_entry_that_takes_anothers_place_after_a_reset_is_told_as_well(registered: Database) -> None:
    await record(registered, told(Subscription("shop")), event(1))
    later = event(1).model_copy(update={"at": MONDAY + timedelta(minutes=5)})
    await record(registered, told(Subscription("shop")), later, updated_at=later.at)
    assert len(await rows(registered)) == 2


async def test_no_system_learns_who_the_customer_is_unless_its_settings_say_so(registered: Database) -> None:
    both = told(Subscription("shop"), Subscription("crm", contacts=True))
    moved = {"customer.phone": "+8613911112222", "description.steps": "打13911112222问王芳"}
    said = event(2, text="已致电王芳 13800138000 / wangfang@example.com")
    await record(registered, both, event(1, kind=EventKind.SUPPLIED, fields=moved), said)
    found = {(one.recipient, one.sequence): one.text for one in await rows(registered)}
    hidden = found["shop", 1] + found["shop", 2]
    assert not any(word in hidden for word in ("王芳", "139111", "138001", "wangfang"))
    assert "已致电[客户] [电话] / [邮箱]" in hidden
    assert json.loads(found["crm", 2])["data"]["customer"]["phone"] == "+8613911112222"
    assert "已致电王芳" in found["crm", 2]


async def test_a_system_hears_of_what_it_asked_for_alone(registered: Database) -> None:
    some = told(
        Subscription("closing", events=frozenset({EventKind.CLOSED})),
        Subscription("sales", departments=frozenset({"sales"})),
        Subscription("support", departments=frozenset({"technical_support"})),
    )
    await record(registered, some, event(1), event(2, kind=EventKind.CLOSED))
    assert [(one.recipient, one.sequence) for one in await rows(registered)] == [
        ("support", 1), ("closing", 2), ("support", 2),
    ]  # fmt: skip
    await record(registered, some, event(3), assisting=("sales",), sequence=3)
    assert [one.recipient for one in await rows(registered)][-2:] == ["sales", "support"]


async def test_a_step_costs_nothing_where_no_system_wants_to_hear_of_it(registered: Database) -> None:
    asked: list[str] = []
    sqlalchemy_event.listen(
        registered.engine.sync_engine, "before_cursor_execute", lambda *about: asked.append(str(about[2]))
    )
    counts = []
    for sequence, system in enumerate((None, Subscription("shop", events=frozenset({EventKind.CLOSED}))), start=1):
        asked.clear()
        await record(registered, told(*[system] if system else []), event(sequence), sequence=sequence)
        counts.append([one for one in asked if "outbox" in one or "form" in one])
    assert counts == [[], []]
