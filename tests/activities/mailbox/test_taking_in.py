"""No mail is lost and none is taken in twice; each becomes what it is, and nobody is mailed in a loop (R42)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from activities.database.database import Database
from activities.database.tables import case_record, correction, file, incoming_mail, outbox, registration, timeline
from activities.delivery.outbox import Outbox
from activities.delivery.transport import Envelope
from activities.files.ledger import FileLedger
from activities.mailbox.inbox import MailState
from activities.mailbox.taking_in import MailIntake
from tests.activities.databases import SQLITE_OR_DRILL
from tests.activities.mailbox.interpretation.test_reading import _expected, _raw
from tests.activities.mailbox.known import AGENT, LI_NA, US, WANG, A, B
from tests.activities.mailbox.way_in import NOW, THREADS, WayIn, answer, bounced, mail, real, sent_message, way_in
from workflows.domain.vocabulary import EventKind


@pytest.fixture
async def way(database: Database, tmp_path: Path) -> WayIn:
    return await way_in(database, tmp_path)


async def closed(way: WayIn, number: str, *, correctable_for: timedelta | None = None) -> None:
    async with way.intake.database.begin() as connection:
        await connection.execute(
            insert(case_record).values(
                number=number, sequence=9, status="closed", priority="P2", type="technical", escalation_level=0,
                acknowledged=True, breached=False, opened_at=NOW, updated_at=NOW, closed_at=NOW, view={},
            )
        )  # fmt: skip
        if correctable_for is not None:
            await connection.execute(insert(correction).values(number=number, until=NOW + correctable_for, input={}))


async def judged(way: WayIn, number: str, *, refused: str | None = None) -> None:
    """The case has judged every command that it was sent."""
    async with way.intake.database.begin() as connection:
        for sequence, (_, _, payload) in enumerate(way.sent, 1):
            kind = EventKind.REJECTED if refused else EventKind.CUSTOMER_WROTE
            await connection.execute(
                insert(timeline).values(
                    number=number, sequence=sequence, at=NOW, recorded_at=NOW, kind=kind.value,
                    by="customer",
                    detail={"reason": refused} if refused else {}, command_id=payload["command_id"],
                )
            )  # fmt: skip


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


async def test_an_answer_is_the_customers_word_and_never_consent(way: WayIn) -> None:
    taken = await way.intake.take(answer("可以，已解决，谢谢！"), "service", "7:1")

    [(number, name, payload)] = way.sent
    assert (taken.kind, number, name) == ("reply", A, "customer_wrote")
    assert (payload["by"], payload["via"], payload["text"]) == ("customer", "mail", "可以，已解决，谢谢！")
    assert payload["acknowledge"] is True
    assert await way.cases() == 0


async def test_an_answer_without_references_belongs_to_its_case_by_the_address_it_was_sent_to(way: WayIn) -> None:
    address = f"support+R.{THREADS.reply_token(A).upper()}@example.com"
    taken = await way.intake.take(mail("型号 NSX250F", sender=WANG, to=address, subject="x"), "service", "7:1")

    assert (taken.number, taken.evidence) == (A, "token")


async def test_a_foreign_number_in_the_subject_opens_a_case_of_its_own(way: WayIn) -> None:
    taken = await way.intake.take(mail(sender=LI_NA, subject=f"Re: [{A}] 同样的问题"), "service", "7:1")

    assert taken.kind == "new" and taken.number not in {A, B}
    assert f"names {A}" in taken.note and way.sent == []


async def test_our_answers_hang_below_the_customers_own_mails_in_their_program(way: WayIn) -> None:
    first = await way.intake.take(mail(message_id="<First.1@Example.CN>"), "service", "7:1")
    number = str(first.number)
    root = THREADS.root(number)
    again = answer(references=f"{root} <x@y>", sender=LI_NA, subject="Re:", message_id="<2@example.cn>")
    way.now += timedelta(minutes=1)
    second = await way.intake.take(again, "service", "7:2")
    assert second.number == number
    box = Outbox(way.intake.database)

    ours = await box.answered_by(envelope(number))
    assert THREADS.headers(number, ours.follows) == {
        "In-Reply-To": "<2@example.cn>",
        "References": f"{root}\r\n <First.1@Example.CN>\r\n <2@example.cn>",
    }
    for other in (envelope(number, recipient=AGENT), envelope(number, channel="sms"), envelope(A)):
        assert (await box.answered_by(other)).follows == ()


def envelope(number: str, *, recipient: str = "customer", channel: str = "email") -> Envelope:
    return Envelope(
        key="k", number=number, message="replied", recipient=recipient, channel=channel, address=LI_NA, name="",
        locale="en", subject="", text="", html="", short="",
    )  # fmt: skip


async def test_an_answer_stays_open_until_its_case_has_judged_it(way: WayIn) -> None:
    taken = await way.intake.take(answer(), "service", "7:1")
    assert taken.state is MailState.OPEN
    assert await way.intake.settle() == 1 and len(way.sent) == 1, "it is not sent twice"
    await judged(way, A)
    assert await way.intake.settle() == 0
    found = await way.intake.inbox.find(taken.id)
    assert found is not None and (found.state, found.sends) == (MailState.DONE, None)


async def test_words_that_the_case_refuses_are_kept_for_a_person(way: WayIn) -> None:
    taken = await way.intake.take(answer(), "service", "7:1")
    await way.intake.settle()
    await judged(way, A, refused="not now")
    await way.intake.settle()

    [aside] = await way.intake.inbox.aside()
    assert aside.id == taken.id and "the case refused: not now" in aside.note
    assert await way.intake.inbox.see_to(taken.id, NOW)
    assert not await way.intake.inbox.aside()


async def test_an_answer_to_a_closed_case_is_a_case_of_its_own_that_names_it(way: WayIn) -> None:
    await closed(way, A)
    taken = await way.intake.take(answer("又坏了。"), "service", "7:1")

    assert taken.number not in {A, B} and way.sent == []
    assert (await way.form(taken.number))["description"]["symptom"].endswith(f"又坏了。\n\n→ {A}")  # type: ignore[index,union-attr,call-overload]


async def test_an_answer_to_a_case_that_its_customer_may_still_correct_belongs_to_it(way: WayIn) -> None:
    await closed(way, A, correctable_for=timedelta(days=7))
    taken = await way.intake.take(answer("谢谢！"), "service", "7:1")
    assert (taken.number, await way.cases()) == (A, 0)
    assert [(number, name) for number, name, _ in way.sent] == [(A, "customer_wrote")]

    way.now = NOW + timedelta(days=8)
    later = await way.intake.take(answer("又坏了。", message_id="<8@example.cn>"), "service", "7:2")
    assert later.number not in {A, B} and len(way.sent) == 1, "then it is a case of its own"
    assert A in str((await way.form(later.number))["description"])


async def test_an_answer_that_comes_while_the_case_closes_is_not_lost(way: WayIn) -> None:
    way.over.add(A)
    taken = await way.intake.take(answer("又坏了。"), "service", "7:1")
    found = await way.intake.inbox.find(taken.id)

    assert found is not None and found.state is MailState.DONE
    assert found.number not in {A, B} and way.started == [found.number]
    assert A in str((await way.form(found.number))["description"])


async def test_files_of_a_new_issue_are_its_own_and_what_is_no_file_of_ours_is_named(way: WayIn) -> None:
    taken = await way.intake.take(real(_raw("att-raw-utf8.eml")), "service", "7:1")

    names = await way.files(taken.number)
    assert len(names) == 1
    assert (await way.form(taken.number))["attachments"] == names


async def test_files_of_an_answer_are_attached_to_its_case(way: WayIn) -> None:
    taken = await way.intake.take(real(_raw("aliyun-mail.eml")), "service", "7:1")

    assert [name for _, name, _ in way.sent] == ["customer_wrote", "attach"]
    attached: Any = way.sent[1][2]["files"]
    row = await FileLedger(way.intake.database).one(attached[0]["id"])
    assert row is not None and row.number is None and taken.number == A


async def test_a_mail_of_staff_is_a_note_and_what_they_hand_on_names_them(way: WayIn) -> None:
    await way.intake.take(answer("请关闭", sender=AGENT), "service", "7:1")
    taken = await way.intake.take(mail(sender=AGENT, message_id="<2@x.cn>"), "service", "7:2")

    assert [(number, name, payload["by"]) for number, name, payload in way.sent] == [(A, "note", "agent-001")]
    form = await way.form(taken.number)
    assert form["received_by"] == "agent-001"
    assert form["customer"]["email"] is None, "the customer is somebody else"  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    "fields",
    [{"auto_submitted": "auto-replied"}, {"list_id": "<x.example.org>"}, {"x_bihuan_loop": US}, {"sender": US}],
)
async def test_robots_lists_and_our_own_mails_are_recorded_and_start_nothing(
    way: WayIn, fields: dict[str, str]
) -> None:
    taken = await way.intake.take(mail(**fields), "service", "7:1")

    assert taken.kind in {"auto", "list"} and taken.state is MailState.DONE
    assert (way.sent, way.started, await way.cases(), await way.count()) == ([], [], 0, 1)


async def test_a_mail_that_cannot_be_read_is_kept_as_it_came_and_a_person_is_told(way: WayIn) -> None:
    raw = mail() + b"\r\n" * 13_000_000
    taken = await way.intake.take(raw, "service", "7:1")

    assert (taken.kind, taken.state) == ("refuse", MailState.ASIDE)
    assert "larger than" in taken.note
    with way.intake.reception.store.open(str(taken.sha256)) as kept:
        assert kept.read() == raw


async def bounce(way: WayIn, key: str, action: str = "failed") -> Any:
    return await way.intake.take(bounced(key, action), "service", "7:9")


async def statuses(way: WayIn) -> dict[str, str]:
    async with way.intake.database.read() as connection:
        return {row.key: row.status for row in await connection.execute(select(outbox.c.key, outbox.c.status))}


async def test_a_bounce_makes_the_message_it_is_about_undeliverable_and_no_other(way: WayIn) -> None:
    await sent_message(way.intake.database, f"{A}:created:open:customer")
    await sent_message(way.intake.database, f"{A}:result:r1:customer")
    taken = await bounce(way, f"{A}:created:open:customer")

    assert (taken.kind, taken.number) == ("bounce", A)
    assert await statuses(way) == {f"{A}:created:open:customer": "failed", f"{A}:result:r1:customer": "sent"}
    assert way.delivered == [f"{A}:created:open:customer"] and way.sent == []


async def test_a_delay_leaves_the_address_good(way: WayIn) -> None:
    await sent_message(way.intake.database, f"{A}:created:open:customer")
    await bounce(way, f"{A}:created:open:customer", "delayed")

    assert await statuses(way) == {f"{A}:created:open:customer": "sent"}


async def test_a_bounce_that_only_names_a_number_is_for_a_person_since_anybody_can_write_one(way: WayIn) -> None:
    await sent_message(way.intake.database, f"{A}:created:open:customer")
    raw = (
        f"From: MAILER-DAEMON@example.cn\r\nTo: {US}\r\nReturn-Path: <>\r\nSubject: Undelivered [{A}]\r\n"
        "Message-ID: <b@example.cn>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
        "--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        f"Final-Recipient: rfc822; {WANG}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--x--\r\n"
    )
    taken = await way.intake.take(raw.encode(), "service", "7:9")

    assert (taken.kind, taken.state) == ("bounce", MailState.ASIDE), taken
    assert set((await statuses(way)).values()) == {"sent"}


async def test_two_autoresponders_that_answer_each_other_come_to_an_end(way: WayIn) -> None:
    """The worst kind: it bears no header of a robot, and its words are a person's."""
    acknowledged = 0
    for turn in range(30):
        way.now = NOW + turn * timedelta(minutes=3)
        await way.intake.take(
            answer(f"感谢来信，编号 {turn}。", message_id=f"<{turn}@example.cn>"), "service", f"7:{turn}"
        )
        acknowledged += bool(way.sent[-1][2]["acknowledge"])

    assert acknowledged == 20, "10 an hour to an address, and this took an hour and a half"


async def test_one_who_opens_case_after_case_is_answered_ten_times_an_hour(way: WayIn) -> None:
    reached = []
    for turn in range(15):
        taken = await way.intake.take(mail(f"问题 {turn}", message_id=f"<{turn}@x.cn>"), "service", f"7:{turn}")
        reached.append((await way.form(taken.number))["customer"]["email"] == LI_NA)  # type: ignore[index,call-overload]

    assert reached == [True] * 10 + [False] * 5, "then a person sees to it, and nothing is mailed"


async def test_a_forged_sender_gets_no_mail(way: WayIn) -> None:
    taken = await way.intake.take(mail(authentication_results="mx.example.com; dmarc=fail"), "service", "7:1")

    customer: Any = (await way.form(taken.number))["customer"]
    assert (customer["email"], customer["other"]) == (None, LI_NA)


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


class Killed(BaseException):
    """As a kill: nothing is cleaned up by those who catch errors."""


STEPS = (
    "look", "_keep", "_receive", "_register", "_follow_up", "start", "signal",
)  # fmt: skip


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_it_loses_no_mail_and_takes_none_twice(
    way: WayIn, step: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails = [real(_raw("att-raw-utf8.eml")), real(_raw("aliyun-mail.eml"))]
    genuine = getattr(MailIntake, step, None) or getattr(way.intake, step)
    killed: list[str] = []

    async def dying(*given: Any, **named: Any) -> Any:
        if not killed and when == "before":
            killed.append(step)
            raise Killed
        done = await genuine(*given, **named)
        if not killed:
            killed.append(step)
            raise Killed
        return done

    for place, raw in enumerate(mails):
        killed.clear()
        with monkeypatch.context() as patched:
            if hasattr(MailIntake, step):
                patched.setattr(MailIntake, step, dying)
            else:
                object.__setattr__(way.intake, step, dying)
            with suppress(Killed):
                await way.intake.take(raw, "service", f"7:{place}")
            if not hasattr(MailIntake, step):
                object.__setattr__(way.intake, step, genuine)
        taken = await way.intake.take(raw, "service", f"7:{place}")
        assert (await way.intake.take(raw, "service", f"7:{place}")).id == taken.id
    await way.intake.settle()

    assert (await way.cases(), await way.count()) == (1, 2)
    commands = [payload["command_id"] for _, name, payload in way.sent if name == "customer_wrote"]
    assert len(set(commands)) == 1, "however often it is sent, it is one command"
    async with way.intake.database.read() as connection:
        rows = (await connection.execute(select(file.c.number).where(file.c.number.is_not(None)))).all()
        unstarted = await connection.scalar(
            select(registration.c.started_at).where(registration.c.number.not_in([A, B]))
        )
    assert len(rows) == 1, "the new case has its file, once"
    assert way.started or unstarted is None, "what was not started is started by a sweep"


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
