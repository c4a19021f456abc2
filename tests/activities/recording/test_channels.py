"""What the policy says of channels, written into the outbox with the step that tells somebody something."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from activities.channels.sms_template import FACTS
from activities.database.database import Database
from activities.database.tables import outbox
from activities.delivery.transport import AddressKind
from activities.messages.renderer import Renderer
from activities.queries.cases import Cases
from tests.activities.recording.test_activity import _Somewhere, recording_of, view
from tests.activities.samples import NUMBER, customer, event, organisation, register_case, to_customer, to_staff
from tests.builders import case_step
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.delivery import DeliveryRule

WAYS = {
    "email": _Somewhere(AddressKind.MAIL),
    "sms": _Somewhere(AddressKind.MOBILE),
    "group": _Somewhere(AddressKind.DINGTALK),
}


def with_mobile(company: Organisation) -> Organisation:
    people = [replace_phone(one) if one.id == "tech-001" else one for one in company.people]
    return company.model_copy(update={"people": tuple(people)})


def replace_phone(person: Any) -> Any:
    return person.model_copy(update={"phone": "13912345678"})


async def columns(database: Database, key: str) -> tuple[Any, Any]:
    async with database.read() as connection:
        row = (await connection.execute(select(outbox.c.facts, outbox.c.others).where(outbox.c.key == key))).one()
    return row.facts, row.others


async def test_a_customer_gets_the_chosen_channel_and_the_message_knows_the_next_and_what_sms_may_say(
    database: Database,
) -> None:
    await register_case(database, customer=customer(preferred_contact="sms"))
    recording = recording_of(database, transports=WAYS, renderer=Renderer())
    await recording.record(case_step(view(), (event(1, to_customer()),)))
    (entry,) = await Cases(database).outbox(NUMBER)
    assert (entry.channel, entry.address) == ("sms", "+8613800138000")
    facts, others = await columns(database, entry.key)
    assert others == [["email", "wangfang@example.com"]]
    assert tuple(facts) == FACTS
    assert all(facts.values())
    assert (facts["number"], facts["product"]) == (NUMBER, "智办公CRM系统")


async def test_staff_get_copies_besides_each_once(database: Database) -> None:
    await register_case(database)
    rules = (DeliveryRule.model_validate({"audience": "staff", "channels": ["group", "mail"], "copies": ["sms"]}),)
    recording = recording_of(database, transports=WAYS, delivery_rules=lambda: rules)
    await recording.directory.load(with_mobile(organisation()))
    step = case_step(view(), (event(1, to_staff("tech-001"), to_staff("tech-002")),))
    for _ in range(2):
        await replace(recording).record(step)
    rows = {entry.key: entry for entry in await Cases(database).outbox(NUMBER)}
    told = f"{NUMBER}:claim_reminder:claim:tech-001"
    assert {key: (one.channel, one.address, one.status) for key, one in rows.items()} == {
        told: ("group", "+8613912345678", "pending"),
        f"{told}#sms": ("sms", "+8613912345678", "pending"),
        f"{NUMBER}:claim_reminder:claim:tech-002": ("email", "", "stored"),
    }


async def test_the_hour_of_the_company_decides_by_which_channel_staff_are_told(database: Database) -> None:
    await register_case(database)
    rules = tuple(
        DeliveryRule.model_validate({"audience": "staff", "channels": [channel], "hours": hours})
        for channel, hours in (("sms", "20:00-08:00"), ("group", "08:00-20:00"))
    )
    now = [datetime(2024, 5, 6, 11, 59, tzinfo=UTC)]  # 19:59 in Shanghai
    recording = recording_of(database, transports=WAYS, delivery_rules=lambda: rules, now=lambda: now[0])
    await recording.directory.load(with_mobile(organisation()))
    await recording.record(case_step(view(), (event(1, to_staff("tech-001")),)))
    now[0] += timedelta(minutes=1)
    await recording.record(case_step(view(), (event(2, to_staff("tech-001", "again")),)))
    assert [one.channel for one in await Cases(database).outbox(NUMBER)] == ["group", "sms"]
