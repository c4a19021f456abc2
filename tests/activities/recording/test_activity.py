"""Steps written down: all of a step or nothing, once, whatever happens in between (R14)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError

from activities.database.database import Database
from activities.database.tables import case_record, outbox, registration, timeline
from activities.delivery.transport import AddressKind
from activities.intake.register import Register
from activities.messages.renderer import RenderContext, Rendered, Renderer
from activities.organisation.directory import Directory
from activities.queries.cases import Cases
from activities.recording.activity import RecordingActivities
from tests.activities.samples import (
    NUMBER,
    customer,
    event,
    organisation,
    register_case,
    to_customer,
    to_staff,
)
from tests.builders import MINUTE, MONDAY, case_step, command, open_case
from workflows.domain.case.view import CaseView
from workflows.domain.event import EventKind, Message, Notice
from workflows.domain.problem import Problem
from workflows.domain.time.calendar import Calendar
from workflows.domain.time.virtual_time import VirtualTime
from workflows.domain.vocabulary import Contact, Status
from workflows.ports import Record, Recorded, StepMarker

LATER = MONDAY + 3 * MINUTE


@dataclass(frozen=True)
class _Somewhere:
    """A transport nobody calls: recording only asks whether there is one."""

    takes: AddressKind
    knows_repeats: bool = True

    def carries(self, message: str) -> bool:
        return True

    def connect(self) -> Any:
        raise AssertionError


class Words(Renderer):
    """The shipped templates, replaced by what a test can read back."""

    def render(self, notice: Notice, context: RenderContext) -> Rendered:
        said = f"{notice.message.value} for {context.recipient.name} in {context.recipient.locale.value}"
        text = f"{context.form['product']} · {context.company.get('name')} · {context.labels}"
        return Rendered(subject=said, text=text, html=f"<p>{said}</p>", short=said)


def recording_of(database: Database, **changes: Any) -> RecordingActivities:
    plain = RecordingActivities(
        database=database,
        directory=Directory(database),
        renderer=Words(),
        labels=lambda: {"technical": {"zh_CN": "技术类"}, "tech": {"zh_CN": "?"}},
        calendar=Calendar,
        now=lambda: LATER,
    )
    return replace(plain, **changes)


@pytest.fixture
async def recording(database: Database) -> RecordingActivities:
    """Recording for a case that is registered, in a company without mail."""
    assert await register_case(database) == NUMBER
    return recording_of(database)


def view(**changes: Any) -> CaseView:
    case, _ = open_case()
    return case.view().model_copy(update=changes)


async def test_what_is_said_to_one_customer_is_never_written_under_another_ones_name(
    database: Database, recording: RecordingActivities
) -> None:
    case, events = open_case()
    step = case_step(case.view(), events)
    with pytest.raises(Problem, match=f"{NUMBER}: the record has another submission under this number"):
        await recording.record(step.model_copy(update={"intake": "another"}))
    assert await Cases(database).outbox(NUMBER) == []
    await recording.record(step.model_copy(update={"intake": await Register(database).fingerprint(NUMBER)}))
    assert await Cases(database).outbox(NUMBER) != []


async def test_a_case_and_its_timeline_can_be_read_as_they_happened(
    database: Database, recording: RecordingActivities
) -> None:
    case, events = open_case()
    await recording.record(case_step(case.view(), events))
    replied = case.handle(command("reply", "tech-001", text="在查"), MONDAY + MINUTE)
    await recording.record(case_step(case.view(), replied))
    file = await Cases(database).get(NUMBER)
    assert file is not None and file.view is not None
    assert CaseView.model_validate(file.view) == case.view()
    happened = [*events, *replied]
    assert [entry["sequence"] for entry in file.timeline] == list(range(1, len(happened) + 1))
    assert [entry["kind"] for entry in file.timeline] == [one.kind.value for one in happened]
    assert file.timeline[0]["at"] == MONDAY.isoformat()
    assert file.timeline[0]["recorded_at"] == LATER.isoformat()


async def test_a_step_written_twice_is_there_once(database: Database, recording: RecordingActivities) -> None:
    step = case_step(view(), (event(1, to_customer(), to_staff()), event(2)))
    first = await recording.record(step)
    again = await replace(recording, now=lambda: LATER + timedelta(hours=1)).record(step)
    assert first == again
    assert await _count(database) == {"case_record": 1, "timeline": 2, "outbox": 2}
    async with database.read() as connection:
        assert set(await connection.scalars(select(timeline.c.recorded_at))) == {LATER}
        assert set(await connection.scalars(select(outbox.c.created_at))) == {LATER}


async def test_a_step_is_answered_with_its_marker_for_replays_to_judge_by(
    database: Database, recording: RecordingActivities
) -> None:
    marker = StepMarker(signals=3, at=MONDAY, lookup=True)
    for events in ((event(1),), ()):
        assert (await recording.record(Record(view=view(), events=events, marker=marker))).marker == marker
    assert await _count(database) == {"case_record": 1, "timeline": 1, "outbox": 0}


async def test_a_step_in_which_nothing_happened_writes_nothing(
    database: Database, recording: RecordingActivities
) -> None:
    asked = StepMarker(signals=0, at=MONDAY, judged=False)
    assert await recording.record(Record(view=view(), events=(), marker=asked)) == Recorded(marker=asked)
    assert await _count(database) == {"case_record": 0, "timeline": 0, "outbox": 0}


async def test_a_step_that_cannot_be_written_leaves_nothing_half_written(
    database: Database, recording: RecordingActivities, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr("activities.delivery.outbox.Outbox.add", full)
    supplied = event(1, to_customer(), kind=EventKind.SUPPLIED, fields={"product": "else"})
    with pytest.raises(OperationalError):
        await recording.record(case_step(view(), (supplied,)))
    assert await _count(database) == {"case_record": 0, "timeline": 0, "outbox": 0}
    form = await Register(database).form(NUMBER)
    assert form is not None and form["product"] == "智办公CRM系统"


async def test_a_message_is_not_lost_when_the_worker_dies_between_writing_and_delivering(
    database: Database, recording: RecordingActivities
) -> None:
    step = case_step(view(), (event(1, to_customer()),))
    with_mail = replace(recording, transports={"sms": _Somewhere(AddressKind.MOBILE)})

    async def killed(number: str, keys: Sequence[str]) -> Sequence[str]:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await replace(with_mail, start_deliveries=killed).record(step)
    assert (await with_mail.record(step)).undelivered == (f"{NUMBER}:progressed:c1:customer",)


async def test_what_nobody_takes_over_stays_with_the_case(recording: RecordingActivities) -> None:
    taken: list[tuple[str, list[str]]] = []

    async def take_first(number: str, keys: Sequence[str]) -> Sequence[str]:
        taken.append((number, list(keys)))
        return keys[1:]

    async def down(number: str, keys: Sequence[str]) -> Sequence[str]:
        raise ConnectionError("no server")

    step = case_step(view(), (event(1, to_customer("a"), to_customer("b")),))
    keys = [f"{NUMBER}:progressed:{fact}:customer" for fact in ("a", "b")]
    with_sms = replace(recording, transports={"sms": _Somewhere(AddressKind.MOBILE)})
    assert (await replace(with_sms, start_deliveries=take_first).record(step)).undelivered == (keys[1],)
    assert taken == [(NUMBER, keys)]
    assert (await replace(with_sms, start_deliveries=down).record(step)).undelivered == tuple(keys)


async def test_a_late_repetition_does_not_turn_a_case_back(database: Database, recording: RecordingActivities) -> None:
    opened, closed = view(), view(status=Status.CLOSED, updated_at=LATER, sequence=2, closed_at=LATER)
    early = event(1, kind=EventKind.SUPPLIED, fields={"product": "first", "description.steps": "1. 打开"})
    late = event(2, kind=EventKind.SUPPLIED, fields={"product": "second"})
    await recording.record(case_step(opened, (early,)))
    await recording.record(case_step(closed, (late,)))
    await recording.record(case_step(opened, (early,)))
    file = await Cases(database).get(NUMBER)
    assert file is not None and file.view is not None
    assert file.view["status"] == "closed"
    assert file.form["product"] == "second"
    assert file.form["description"] == {
        "symptom": "点击保存后提示网络错误", "steps": "1. 打开", "expected": None, "actual": None
    }  # fmt: skip
    assert len(file.timeline) == 2


async def test_a_workflow_that_was_reset_goes_on_writing(database: Database, recording: RecordingActivities) -> None:
    await recording.record(case_step(view(sequence=7, updated_at=MONDAY), (event(7, text="lost"),)))
    again = view(sequence=7, updated_at=LATER, status=Status.IN_PROGRESS)
    await recording.record(case_step(again, (event(7, kind=EventKind.NOTED, text="kept"),)))
    file = await Cases(database).get(NUMBER)
    assert file is not None and file.view is not None
    assert file.view["status"] == "in_progress"
    assert [entry["detail"] for entry in file.timeline] == [{"text": "kept"}]


async def test_a_worker_that_stood_still_does_not_undo_what_another_one_has_written_meanwhile(
    database: Database, recording: RecordingActivities
) -> None:
    stale = case_step(view(), (event(1, to_customer("stale")), event(2, to_staff())))
    judged_again = event(1, to_customer("again")).model_copy(update={"at": LATER})
    await recording.record(case_step(view(updated_at=LATER), (judged_again,)))
    assert (await recording.record(stale)).undelivered == ()
    file = await Cases(database).get(NUMBER)
    assert file is not None
    assert [(entry["sequence"], entry["at"]) for entry in file.timeline] == [(1, LATER.isoformat())]
    assert await _count(database) == {"case_record": 1, "timeline": 1, "outbox": 1}


async def test_a_supplied_address_is_where_the_next_message_goes(
    database: Database, recording: RecordingActivities
) -> None:
    fields = {"customer.email": "new@example.com", "customer.phone": "+8613900139000"}
    step = case_step(view(), (event(1, to_customer(), kind=EventKind.SUPPLIED, fields=fields),))
    await recording.record(step)
    entry = (await Cases(database).outbox(NUMBER))[0]
    assert (entry.channel, entry.address) == ("sms", "+8613900139000")
    async with database.read() as connection:
        row = (await connection.execute(select(registration.c.customer_phone, registration.c.customer_email))).one()
    assert tuple(row) == ("+8613900139000", "new@example.com")


_TAKES = {Contact.EMAIL: AddressKind.MAIL, Contact.SMS: AddressKind.MOBILE, Contact.WECHAT: AddressKind.WECOM}


@pytest.mark.parametrize(
    ("preferred", "transports", "went"),
    [
        ("email", {Contact.EMAIL}, ("email", "wangfang@example.com", "pending")),
        ("sms", {Contact.EMAIL, Contact.SMS}, ("sms", "+8613800138000", "pending")),
        ("sms", {Contact.EMAIL}, ("email", "wangfang@example.com", "pending")),
        ("wechat", {Contact.EMAIL, Contact.WECHAT}, ("email", "wangfang@example.com", "pending")),
        ("phone", set(), ("sms", "+8613800138000", "stored")),
        ("email", set(), ("email", "wangfang@example.com", "stored")),
        ("portal", {Contact.SMS}, ("sms", "+8613800138000", "pending")),
        ("portal", {Contact.WECHAT}, ("portal", "", "failed")),
        (None, set(), ("email", "wangfang@example.com", "stored")),
    ],
)
async def test_a_message_goes_the_way_the_customer_prefers_or_one_that_reaches_them(
    database: Database, preferred: str | None, transports: set[Contact], went: tuple[str, str, str]
) -> None:
    await register_case(database, customer=customer(preferred_contact=preferred))
    recording = recording_of(
        database, transports={channel.value: _Somewhere(_TAKES[channel]) for channel in transports}
    )
    await recording.record(case_step(view(), (event(1, to_customer()),)))
    entry = (await Cases(database).outbox(NUMBER))[0]
    assert (entry.channel, entry.address, entry.status) == went


async def test_staff_read_in_their_own_language_and_a_stranger_costs_nothing(
    database: Database, recording: RecordingActivities
) -> None:
    await recording.directory.load(organisation(name="智办公"))
    with_mail = replace(recording, transports={"email": _Somewhere(AddressKind.MAIL)})
    people = ["tech-001", "tech-002", "nobody-007"]
    notices = [to_staff(person) for person in people]
    recorded = await with_mail.record(case_step(view(), (event(1, *notices),)))
    entries = {entry.recipient: entry for entry in await Cases(database).outbox(NUMBER)}
    assert {one: (entry.status, entry.address, entry.subject) for one, entry in entries.items()} == {
        "tech-001": ("pending", "lilei@example.com", "claim_reminder for Li Lei in en"),
        "tech-002": ("stored", "", "claim_reminder for 韩梅梅 in zh_CN"),
        "nobody-007": ("stored", "", "claim_reminder for nobody-007 in zh_CN"),
    }
    assert recorded.undelivered == (f"{NUMBER}:claim_reminder:claim:tech-001",)
    # The company's own word for a group goes before the policy's.
    assert "智办公" in entries["tech-001"].text
    assert "技术类" in entries["tech-001"].text
    assert "'tech': {'zh_CN': '技术支持', 'en': 'Technical support'}" in entries["tech-001"].text


async def test_a_template_that_fails_does_not_stop_the_case(database: Database, recording: RecordingActivities) -> None:
    class Broken(Renderer):
        def render(self, notice: Notice, context: RenderContext) -> Rendered:
            raise RuntimeError("line 3:\nunknown filter")

    step = case_step(view(), (event(1, to_customer()),))
    await replace(recording, renderer=Broken()).record(step)
    entry = (await Cases(database).outbox(NUMBER))[0]
    assert entry.subject == f"{NUMBER} · progressed"
    assert entry.error == "not rendered: RuntimeError: line 3: unknown filter"


async def test_the_shipped_templates_are_what_customers_get(database: Database, recording: RecordingActivities) -> None:
    await replace(recording, renderer=Renderer()).record(case_step(view(), (event(1, to_customer()),)))
    entry = (await Cases(database).outbox(NUMBER))[0]
    assert NUMBER in entry.text
    assert "已定位原因" in entry.text
    assert entry.error is None


async def test_a_case_nobody_registered_is_not_recorded(database: Database) -> None:
    with pytest.raises(IntegrityError):
        await recording_of(database).record(case_step(view(), (event(1),)))


async def test_times_are_the_cases_own(database: Database, recording: RecordingActivities) -> None:
    fast = VirtualTime(speed=60, real_start=LATER - MINUTE, virtual_start=MONDAY)
    await replace(recording, time=fast).record(case_step(view(), (event(1, to_customer()),)))
    entry = (await Cases(database).outbox(NUMBER))[0]
    assert entry.created_at == MONDAY + timedelta(hours=1)


async def _count(database: Database) -> dict[str, int]:
    async with database.read() as connection:
        return {
            table.name: await connection.scalar(select(func.count()).select_from(table)) or 0
            for table in (case_record, timeline, outbox)
        }


def by_person(key: str, message: Message) -> Notice:
    return to_customer(key, message).model_copy(update={"by_person": True})


def asked_to_tell(key: str, *messages: str) -> Notice:
    untold = [{"message": one.split(":")[1], "key": one} for one in messages]
    facts = {"due": LATER.isoformat(), "solution": None, "why": "no_way", "untold": untold}
    return to_staff(key=key).model_copy(update={"message": Message.FEEDBACK_DUE, "facts": facts})


async def test_what_no_channel_brings_is_untold_until_a_person_told_it_and_the_task_says_it_word_by_word(
    database: Database,
) -> None:
    await register_case(database, customer=customer(email=None))
    recording = recording_of(database, renderer=Renderer(), transports={"email": _Somewhere(AddressKind.MAIL)})
    await recording.directory.load(organisation())
    first, second = f"{NUMBER}:progressed:a:customer", f"{NUMBER}:replied:b:customer"
    step = (event(1, by_person("a", Message.PROGRESSED)), event(2, asked_to_tell("t1", first)))
    await recording.record(case_step(view(sequence=2), step))
    step = (event(3, by_person("b", Message.REPLIED)), event(4, asked_to_tell("t2", first, second)))
    await recording.record(case_step(view(sequence=4), step))
    rows = {entry.key: entry for entry in await Cases(database).outbox(NUMBER)}
    assert (rows[first].status, rows[second].status) == ("untold", "untold")
    task = rows[f"{NUMBER}:feedback_due:t2:tech-001"].text
    assert task.count("> 尊敬的王芳：") == 2
    assert "> 已定位原因" in task.replace("> > ", "> ")
    told = event(5, kind=EventKind.FEEDBACK_GIVEN, messages=["progressed"])
    await recording.record(case_step(view(sequence=5), (told,)))
    rows = {entry.key: entry for entry in await Cases(database).outbox(NUMBER)}
    assert (rows[first].status, rows[first].sent_at, rows[second].status) == ("told", MONDAY, "untold")


async def test_a_message_whose_way_is_gone_when_it_is_written_is_reported_to_its_case(database: Database) -> None:
    await register_case(database, customer=customer(email=None))
    recording = recording_of(database, transports={"email": _Somewhere(AddressKind.MAIL)})
    recorded = await recording.record(case_step(view(), (event(1, to_customer()),)))
    (entry,) = await Cases(database).outbox(NUMBER)
    assert (entry.status, entry.error) == ("failed", "no way to the customer: sms is not set up, or unknown")
    assert recorded.undelivered == (entry.key,)


async def test_a_message_to_a_customer_that_cannot_be_rendered_is_not_sent_empty(database: Database) -> None:
    await register_case(database)
    recording = recording_of(database, renderer=_Speechless(), transports={"email": _Somewhere(AddressKind.MAIL)})
    recorded = await recording.record(case_step(view(), (event(1, to_customer()),)))
    (entry,) = await Cases(database).outbox(NUMBER)
    assert (entry.status, entry.error) == ("failed", "not rendered: ValueError: no words")
    assert recorded.undelivered == (entry.key,)


class _Speechless(Renderer):
    def render(self, notice: Notice, context: RenderContext) -> Rendered:
        raise ValueError("no words")
