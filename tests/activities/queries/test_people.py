"""What belongs to somebody who has left (R35)."""

from __future__ import annotations

from typing import Any

from activities.database.database import Database
from activities.database.url import DatabaseUrl
from activities.organisation.directory import Directory
from activities.organisation.loading import sample_organisation
from activities.queries.cases import Cases
from activities.queries.monitoring.attention import AttentionReason
from activities.queries.people import has_left
from tests.activities.queries.test_cases import write
from tests.activities.samples import NUMBER, register_case
from tests.builders import MINUTE, MONDAY
from tests.workflows.domain.collaboration.test_aggregate import asked
from workflows.domain.organisation.organisation import Organisation

SAMPLE = sample_organisation()


def without(person: str, replaced_by: str) -> Organisation:
    return Organisation.model_validate_json(SAMPLE.model_dump_json().replace(f'"{person}"', f'"{replaced_by}"'))


async def test_a_case_whose_owner_has_left_is_found_and_who_is_there_may_go_on(
    database: Database, database_url: str
) -> None:
    await register_case(database)
    directory, address = Directory(database), DatabaseUrl.parse(database_url)
    await directory.load(SAMPLE)
    await write(database, NUMBER, owner="tech-001")
    assert await Cases(database).attention(MONDAY + MINUTE) == []
    assert not await has_left(address, "tech-001")
    await directory.load(without("tech-001", "tech-009"))
    (found,) = await Cases(database).attention(MONDAY + MINUTE)
    assert (found.number, found.reason, found.what, found.who) == (
        NUMBER, AttentionReason.PERSON_LEFT, "owner", "tech-001",
    )  # fmt: skip
    assert await has_left(address, "tech-001")
    assert not await has_left(address, "tech-009")
    assert not await has_left(address, "nobody"), "whom nobody ever knew is the case's to judge"


async def test_an_escalation_that_waits_for_somebody_who_has_left_is_found(database: Database) -> None:
    await register_case(database)
    await Directory(database).load(without("tech-lead", "new-lead"))
    escalated: dict[str, Any] = {"escalation_level": 1, "escalated_to": "tech-lead", "acknowledged": False}
    await write(database, NUMBER, owner="tech-001", **escalated)
    found = {one.reason: (one.what, one.who) for one in await Cases(database).attention(MONDAY + MINUTE)}
    assert found[AttentionReason.PERSON_LEFT] == ("escalation", "tech-lead")


async def test_a_departments_task_of_somebody_who_has_left_is_found(database: Database) -> None:
    await register_case(database)
    await Directory(database).load(without("sales-001", "sales-009"))
    _, task, _ = asked()
    await write(database, NUMBER, owner="tech-001", collaborations=(task.view(),))
    (found,) = await Cases(database).attention(MONDAY + MINUTE)
    assert (found.reason, found.what, found.who) == (AttentionReason.PERSON_LEFT, "sales", "sales-001")
