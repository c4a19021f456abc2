"""No mail is lost and none is taken in twice; each becomes what it is (R42)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from activities.database.tables import incoming_mail
from activities.mailbox.inbox import MailState
from tests.activities.databases import SQLITE_OR_DRILL
from tests.activities.mailbox.interpretation.test_reading import _expected, _raw
from tests.activities.mailbox.known import AGENT, LI_NA, A, B
from tests.activities.mailbox.way_in import NOW, WayIn, answer, mail, real


async def test_a_mail_becomes_a_case_of_its_sender_with_what_they_wrote(way: WayIn) -> None:
    taken = await way.intake.take(mail(sender="Li Na <li.na@example.com>"), "service", "7:1")

    form = await way.form(taken.number)
    assert taken.kind == "new" and way.started == [taken.number]
    assert form["customer"]["email"] == LI_NA and form["customer"]["name"] == "Li Na"  # type: ignore[index,call-overload]
    assert form["description"]["symptom"] == "设备故障\n\n设备停机了，请尽快处理。"  # type: ignore[index,call-overload]
    assert (form["channel"], form["intake_key"]) == ("email", f"mail:{taken.id}")


async def test_the_same_mail_is_one_case_and_the_same_id_with_other_content_is_another_mail(way: WayIn) -> None:
    first = await way.intake.take(mail(), "service", "7:1")
    again = await way.intake.take(b"Received: by another way\r\n" + mail(), "other", "8:9")
    other = await way.intake.take(mail("另一台设备也停了。"), "service", "7:2")

    assert again == first
    assert other.number != first.number
    assert await way.cases() == 2


async def test_two_processes_on_one_mailbox_take_a_mail_once(way: WayIn) -> None:
    taken = await asyncio.gather(*(way.intake.take(mail(), "service", "7:1") for _ in range(4)))

    assert len({one.number for one in taken}) == 1
    assert await way.cases() == await way.count() == 1


async def test_a_foreign_number_in_the_subject_opens_a_case_of_its_own(way: WayIn) -> None:
    taken = await way.intake.take(mail(sender=LI_NA, subject=f"Re: [{A}] 同样的问题"), "service", "7:1")

    assert taken.kind == "new" and taken.number not in {A, B}
    assert f"names {A}" in taken.note and way.sent == []


async def test_files_of_a_new_issue_are_its_own_and_what_is_no_file_of_ours_is_named(way: WayIn) -> None:
    taken = await way.intake.take(real(_raw("att-raw-utf8.eml")), "service", "7:1")

    names = await way.files(taken.number)
    assert len(names) == 1
    assert (await way.form(taken.number))["attachments"] == names


async def test_a_mail_of_staff_is_a_note_and_what_they_hand_on_names_them(way: WayIn) -> None:
    await way.intake.take(answer("请关闭", sender=AGENT), "service", "7:1")
    taken = await way.intake.take(mail(sender=AGENT, message_id="<2@x.cn>"), "service", "7:2")

    assert [(number, name, payload["by"]) for number, name, payload in way.sent] == [(A, "note", "agent-001")]
    form = await way.form(taken.number)
    assert form["received_by"] == "agent-001"
    assert form["customer"]["email"] is None, "the customer is somebody else"  # type: ignore[index,call-overload]


async def test_a_mail_that_cannot_be_read_is_kept_as_it_came_and_a_person_is_told(way: WayIn) -> None:
    raw = mail() + b"\r\n" * 13_000_000
    taken = await way.intake.take(raw, "service", "7:1")

    assert (taken.kind, taken.state) == ("refuse", MailState.ASIDE)
    assert "larger than" in taken.note
    with way.intake.reception.store.open(str(taken.sha256)) as kept:
        assert kept.read() == raw


@SQLITE_OR_DRILL
@pytest.mark.parametrize(
    "name",
    ["expected.jsonl", *(pytest.param(name, marks=pytest.mark.drill) for name in ("more.jsonl", "others.jsonl"))],
)
async def test_every_mail_of_every_program_is_taken_in_as_what_it_is(way: WayIn, name: str) -> None:
    seen: dict[str, str] = {}
    for turn, expected in enumerate(_expected(name)):
        raw = real(_raw(expected["file"]))
        taken = await way.intake.take(raw, "service", f"7:{turn}")
        again = await way.intake.take(raw, "service", f"7:{turn}")
        assert again.id == taken.id
        seen[expected["file"]] = taken.kind
        if taken.kind == "new":
            assert taken.number is not None or taken.state is MailState.ASIDE, expected["file"]
            assert taken.state is MailState.DONE, (expected["file"], taken.note)
        if taken.kind == "reply":
            assert taken.number in {A, B}
    assert len(seen) > 40
    assert await way.cases() == await _of_kind(way, "new")


async def _of_kind(way: WayIn, kind: str) -> int:
    async with way.intake.database.read() as connection:
        return len(list(await connection.scalars(select(incoming_mail.c.id).where(incoming_mail.c.kind == kind))))


async def test_many_mails_take_a_bounded_number_of_statements_each(way: WayIn) -> None:
    counted = []
    engines = [way.intake.database._writing, way.intake.database._reading_brief]
    for engine in engines:
        event.listen(engine.sync_engine, "before_cursor_execute", lambda *_: counted.append(1))
    for turn in range(30):
        await way.intake.take(mail(f"问题 {turn}", sender=f"c{turn}@x.cn", message_id=f"<{turn}@x>"), "s", f"7:{turn}")

    assert await way.cases() == 30
    assert len(counted) / 30 <= 30, len(counted)


async def test_mails_of_no_case_are_given_up_after_a_month_and_those_of_a_masked_case_with_it(way: WayIn) -> None:
    taken = await way.intake.take(mail(auto_submitted="auto-replied"), "service", "7:1")
    assert await way.intake.inbox.forget_before(NOW) == set()
    gone = await way.intake.inbox.forget_before(NOW + timedelta(days=31))
    assert gone == {taken.sha256}
    await way.intake.reception.discard(gone)
    with pytest.raises(FileNotFoundError):
        way.intake.reception.store.open(str(taken.sha256))
    assert (await way.intake.take(mail(auto_submitted="auto-replied"), "service", "7:1")).id == taken.id
