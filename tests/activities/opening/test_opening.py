"""Terms and owner of a case when it opens, on a real database (R5, R8-R13)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.exceptions import ApplicationError

from activities.database.database import Database
from activities.database.tables import settlement
from activities.delivery.transport import AddressKind
from activities.intake.form import parse_form
from activities.intake.register import Register
from activities.opening.activity import OpeningActivities
from activities.opening.store import Settlements
from activities.organisation.directory import Directory
from activities.organisation.loading import sample_organisation
from activities.policy.loading import load_policy
from activities.queries.cases import Cases
from tests.activities.intake.test_form import filled
from tests.activities.recording.test_activity import recording_of
from tests.builders import case_step
from workflows.domain.case.aggregate import Case
from workflows.domain.formats import Days, Weekday
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.terms import DispatchRequest, Lookup, MainCase, SuppliedForm
from workflows.domain.vocabulary import ClockName, Priority, Reachable

NOW = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
POLICY, SAMPLE = load_policy("standard"), sample_organisation()


@pytest.fixture
async def settling(database: Database) -> OpeningActivities:
    directory = Directory(database)
    await directory.load(SAMPLE)
    return OpeningActivities(database, POLICY, directory, now=lambda: NOW)


async def register(settling: OpeningActivities, **changes: Any) -> str:
    raw = filled(**({"intake_key": None} | changes))
    form = parse_form(raw, now=NOW, policy=settling.policy, organisation=SAMPLE)
    registered = await Register(settling.database).register(form, received_at=NOW, day=date(2026, 5, 11))
    return registered.number


async def test_a_case_opens_with_type_priority_terms_and_one_owner(settling: OpeningActivities) -> None:
    settled = await settling.settle(await register(settling))
    opening = settled.opening
    assert (opening.type, opening.subtype, opening.priority) == ("technical", "登录异常", Priority.P1)
    assert opening.reasons == ("form → technical/登录异常", "主要功能受损,无法正常使用 → P1")
    assert (opening.accepted_at, opening.received_at, opening.received_by) == (NOW, NOW, "agent-001")
    assert opening.by_phone and opening.tested and len(opening.playbook) == 4
    assert settled.dispatch is not None and settled.dispatch.owner == "tech-001"
    terms = settled.terms
    assert (terms.duty_managers, terms.follow_up, terms.head) == (("duty-001",), "followup-001", "tech-lead")
    assert terms.levels[Priority.P1].clocks[ClockName.RESPONSE].within == 3_600
    assert set(terms.calendar.official_years) >= {2025, 2026}
    assert {day.year for day in terms.calendar.off} == {2025, 2026, 2027, 2028}
    assert {"agent-001", "service-lead", "director", "duty-001", "followup-head", "tech-lead"} <= set(settled.people)


async def test_a_case_asked_about_twice_never_gets_a_second_owner(settling: OpeningActivities) -> None:
    number = await register(settling)
    first = await settling.settle(number)
    await settling.settle(await register(settling))
    assert await settling.settle(number) == first


async def test_cases_that_open_at_once_are_spread_over_the_group(settling: OpeningActivities) -> None:
    numbers = [await register(settling) for _ in range(6)]
    settled = await asyncio.gather(*(settling.settle(number) for number in numbers))
    owners = sorted(one.dispatch.owner for one in settled if one.dispatch)
    assert owners == ["tech-001", "tech-001", "tech-002", "tech-002", "tech-003", "tech-003"]


async def test_an_incomplete_case_waits_for_the_customer_unless_it_is_urgent(settling: OpeningActivities) -> None:
    waiting = await settling.settle(await register(settling, description__steps=None, impact={}))
    assert waiting.opening.priority is Priority.P2
    assert waiting.opening.missing == ("description.steps",)
    assert waiting.dispatch is None
    assert waiting.terms.head == "tech-lead"
    urgent = await settling.settle(await register(settling, description__steps=None))
    assert urgent.opening.missing == ("description.steps",)
    assert urgent.dispatch is not None


async def test_a_case_that_cannot_open_says_why_and_opens_once_the_policy_is_mended(
    settling: OpeningActivities,
) -> None:
    number = await register(settling, description__steps=None, impact={})
    never = POLICY.calendar.model_copy(update={"weekend": tuple(Weekday), "country": ""})
    broken = replace(settling, policy=POLICY.model_copy(update={"calendar": never}))
    with pytest.raises(Problem, match=f"{number} cannot open under the policy standard: not enough working time"):
        await broken.settle(number)
    assert (await settling.settle(number)).opening.missing == ("description.steps",)


async def test_the_customers_own_time_is_kept_beside_the_time_of_acceptance(settling: OpeningActivities) -> None:
    number = await register(settling, received_at="2026-05-11T08:45+08:00")
    opening = (await settling.settle(number)).opening
    assert opening.received_at == datetime(2026, 5, 11, 0, 45, tzinfo=UTC)
    assert opening.accepted_at == NOW


async def test_an_unknown_number_is_not_tried_for_ever(settling: OpeningActivities) -> None:
    with pytest.raises(ApplicationError, match="FB202605119999 is not registered") as caught:
        await settling.settle("FB202605119999")
    assert caught.value.non_retryable


async def test_without_an_organisation_a_case_waits_and_says_what_to_do(
    settling: OpeningActivities, database: Database
) -> None:
    number = await register(settling)
    bare = OpeningActivities(database, POLICY, _Nobody(database), now=lambda: NOW)
    with pytest.raises(Problem, match="bihuan org load"):
        await bare.settle(number)


class _Nobody(Directory):
    async def current(self, within: object = None) -> Organisation | None:
        return None


async def test_a_command_learns_who_people_departments_and_types_are(settling: OpeningActivities) -> None:
    number = await register(settling)
    answer = await settling.consult(
        Lookup(
            number=number,
            at=NOW,
            people=("sales-001", "agent-999"),
            departments=("product", "legal"),
            types=("service/退款", "交易类", "magic", "service/魔法"),
        )
    )
    assert answer.people["sales-001"].superior == "sales-lead"
    assert "agent-999" not in answer.people
    assert answer.heads == {"product": "product-head"}
    assert answer.people["product-head"].department == "product"
    assert (answer.types["service/退款"].subtype, answer.types["交易类"].type) == ("退款", "transaction")
    assert answer.problems == (
        "agent-999 is not in the organisation",
        "department 'legal' is not in the organisation; "
        "allowed: customer_service, technical_support, after_sales, sales, product",
        "type 'magic' is not in the policy; "
        "allowed: technical, service, transaction, enquiry, suggestion, other",
        "subtype '魔法' of service is not in the policy; "
        "allowed: 服务态度, 响应速度, 流程体验, 退换货, 退款, 赔偿",
    )  # fmt: skip


async def test_a_case_to_be_linked_to_is_known_by_its_record(settling: OpeningActivities) -> None:
    main, follower = await register(settling), await register(settling, product="收银台")
    asked = Lookup(number=follower, at=NOW, main=main)
    unknown = await settling.consult(asked)
    assert unknown.main is None
    assert unknown.problems == (f"{main}: there is no such open case; bihuan list --open shows them",)
    case, events = Case.open(main, await settling.settle(main), NOW)
    recorded = case_step(case.view().model_copy(update={"linked_to": "FB1"}), events)
    await recording_of(settling.database).record(recorded)
    answer = await settling.consult(asked)
    assert (answer.product, answer.problems) == ("收银台", ())
    assert answer.main == MainCase(
        number=main,
        status=case.status,
        linked_to="FB1",
        leads=("tech-001", "tech-lead", "tech-head", "director"),
        product="调度平台",
    )


async def test_a_case_counts_once_for_its_owner_before_and_after_it_is_recorded(settling: OpeningActivities) -> None:
    recorded, last = await register(settling), await register(settling)
    case, events = Case.open(recorded, await settling.settle(recorded), NOW)
    await recording_of(settling.database).record(case_step(case.view(), events))
    await settling.settle(last)
    async with settling.database.begin() as connection:
        loads = await Settlements().loads(connection)
        still = await connection.execute(select(settlement.c.number).where(settlement.c.owner.is_not(None)))
    assert sum(loads.values()) == 2
    assert [number for (number,) in still] == [last], "what is recorded is not looked through again"


async def test_a_handover_finds_another_owner_or_says_why_not(settling: OpeningActivities) -> None:
    number = await register(settling)
    request = DispatchRequest(type="technical", priority=Priority.P2, exclude=("tech-001",))
    found = await settling.consult(Lookup(number=number, at=NOW, dispatch=request))
    assert found.dispatch is not None and found.dispatch.owner == "tech-002"
    nobody = request.model_copy(update={"person": "agent-999"})
    missed = await settling.consult(Lookup(number=number, at=NOW, dispatch=nobody))
    assert missed.dispatch is None
    assert missed.problems == ("agent-999 is not in the organisation; allowed: the id of one of its people",)


async def test_an_open_case_can_take_up_a_changed_policy(settling: OpeningActivities) -> None:
    number = await register(settling)
    await settling.settle(number)
    data = POLICY.model_dump(mode="json")
    data["name"] = "changed"
    data["calendar"]["extra_holidays"] = ["2026-05-12"]
    settling.policy = Policy.model_validate(data)
    answer = await settling.consult(Lookup(number=number, at=datetime(2027, 3, 1, tzinfo=UTC), terms=True))
    assert answer.terms is not None
    assert (answer.terms.policy, answer.terms.head) == ("changed", "tech-lead")
    assert date(2026, 5, 12) in answer.terms.calendar.off
    assert {day.year for day in answer.terms.calendar.off} == {2025, 2026, 2027, 2028, 2029}
    assert set(answer.terms.duty_managers) <= set(answer.people)


class _Somewhere:
    """A transport nobody calls."""

    takes = AddressKind.MAIL
    knows_repeats = True

    def carries(self, message: str) -> bool:
        return True

    def connect(self) -> Any:
        raise AssertionError


async def test_whether_a_channel_leads_to_the_customer_is_settled_at_the_opening(settling: OpeningActivities) -> None:
    phone, both = ({"name": "林晓", "phone": "13912345678", **more} for more in ({}, {"email": "l@example.com"}))
    unset = await register(settling, customer=phone)
    assert (await settling.settle(unset)).opening.reachable is Reachable.CHANNEL
    settling.transports = {"email": _Somewhere()}
    number = await register(settling, customer=phone)
    assert (await settling.settle(number)).opening.reachable is Reachable.BY_PERSON
    assert (await settling.settle(await register(settling, customer=both))).opening.reachable is Reachable.CHANNEL
    corrected = Lookup(number=number, at=NOW, supplied=SuppliedForm(fields={"customer.email": "l@example.com"}))
    assert (await settling.consult(corrected)).reachable is Reachable.CHANNEL
    assert (await settling.consult(Lookup(number=number, at=NOW, people=("agent-001",)))).reachable is None


async def test_a_step_that_was_judged_by_people_who_have_changed_is_not_written_and_says_how(
    settling: OpeningActivities,
) -> None:
    number = await register(settling)
    case, events = Case.open(number, await settling.settle(number), NOW)
    recording = recording_of(settling.database, consult=settling.consult)
    step = case_step(case.view(), events).model_copy(update={"lookup": case.involved(NOW)})
    people = tuple(
        one.model_copy(update={"away": (Days(first=date(2026, 5, 11), last=date(2026, 5, 11)),)})
        if one.id == "tech-lead"
        else one
        for one in SAMPLE.people
    )
    await settling.directory.load(SAMPLE.model_copy(update={"people": people}))
    refused = await recording.record(step)
    assert refused.people is not None and {key: one.away for key, one in refused.people.people.items()} == {
        "tech-lead": True
    }
    assert await Cases(settling.database).outbox(number) == []
    case.renew(refused.people, NOW)
    again = await recording.record(step.model_copy(update={"view": case.view(), "lookup": case.involved(NOW)}))
    assert again.people is None
    assert await Cases(settling.database).outbox(number)
