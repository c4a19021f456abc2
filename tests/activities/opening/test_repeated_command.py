"""A command is one command for as long as its case is kept: the record knows what became of it (R14)."""

from __future__ import annotations

from activities.database.database import Database
from activities.opening.activity import OpeningActivities
from starter.services.cases.commands import send
from tests.activities.opening.test_opening import NOW, register, settling
from tests.activities.recording.test_activity import recording_of
from tests.builders import DAY, RESOLUTION, case_step, command
from worker.installation.settings import Settings
from workflows.domain.case.aggregate import Case
from workflows.domain.event import EventKind
from workflows.domain.terms import Judged, Lookup

__all__ = ["settling"]


async def closed_case(settling: OpeningActivities) -> Case:
    """A case that the customer's rating closed, with every step in the record."""
    number, recording = await register(settling), recording_of(settling.database)
    case, events = Case.open(number, await settling.settle(number), NOW)
    owner = case.owner or ""
    for name, by, fields in (
        ("reply", owner, {"text": "在查"}),
        ("confirm", "customer", {}),
        ("resolve", owner, RESOLUTION),
        ("confirm", "customer", {"text": "好了"}),
        ("rate", "customer", {"score": "satisfied"}),
    ):
        sent = command(name, by, command_id=f"{name}-{len(events)}", **fields)
        events += case.handle(sent, NOW + DAY)
    assert case.is_closed
    await recording.record(case_step(case.view(), events))
    return case


async def test_a_command_that_closed_its_case_is_answered_with_what_became_of_it_when_it_is_sent_again(
    settling: OpeningActivities, database: Database
) -> None:
    case = await closed_case(settling)
    address = database.address
    settings = Settings(database_url=address.dsn or f"sqlite:///{address.path}")
    (rated,) = [command_id for command_id in case.outcomes if command_id.startswith("rate")]
    again = await send(settings, "rate", case.number, {"score": "satisfied"}, by="customer", command_id=rated)
    assert (again.outcome, again.reason) == ("accepted", None)
    refused = next(key for key, outcome in case.outcomes.items() if not outcome.accepted)
    again = await send(settings, "confirm", case.number, {}, by="customer", command_id=refused)
    assert (again.outcome, again.reason) == ("rejected", case.outcomes[refused].reason)


async def test_a_case_that_has_forgotten_a_command_learns_from_the_record_what_became_of_it(
    settling: OpeningActivities,
) -> None:
    number, recording = await register(settling), recording_of(settling.database)
    case, events = Case.open(number, await settling.settle(number), NOW)
    first = command("reply", case.owner or "", text="在查")
    events += case.handle(first, NOW)
    for index in range(250):
        events += case.handle(command("note", case.owner or "", text=f"{index}"), NOW)
    await recording.record(case_step(case.view(), events))

    lookup = case.needs(first)
    assert lookup is not None
    facts = await settling.consult(lookup)
    assert facts.judged == Judged()
    assert case.handle(first, NOW, facts) == []
    assert case.outcomes[first.command_id].accepted
    unknown = await settling.consult(Lookup(number=number, at=NOW, command_id="never sent"))
    assert unknown.judged is None


def test_every_event_of_a_command_names_it_and_what_time_brings_names_none() -> None:
    from tests.builders import HOUR, MONDAY, open_case

    case, _ = open_case()
    events = case.handle(command("reply", "tech-001", command_id="r1", text="在查"), MONDAY + HOUR)
    by_time = [event for event in events if event.kind in {EventKind.WARNED, EventKind.LAPSED, EventKind.ESCALATED}]
    assert by_time
    assert {event.command_id for event in by_time} == {None}
    assert {event.command_id for event in events if event not in by_time} == {"r1"}
