"""What a customer writes back is their word to its case, and is open until the case has judged it (R42)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from activities.database.tables import case_record, correction, timeline
from activities.delivery.outbox import Outbox
from activities.delivery.transport import Envelope
from activities.files.ledger import FileLedger
from activities.mailbox.inbox import MailState
from tests.activities.mailbox.interpretation.test_reading import _raw
from tests.activities.mailbox.known import AGENT, LI_NA, WANG, A, B
from tests.activities.mailbox.way_in import NOW, THREADS, WayIn, answer, mail, real
from workflows.domain.vocabulary import EventKind


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


async def test_files_of_an_answer_are_attached_to_its_case(way: WayIn) -> None:
    taken = await way.intake.take(real(_raw("aliyun-mail.eml")), "service", "7:1")

    assert [name for _, name, _ in way.sent] == ["customer_wrote", "attach"]
    attached: Any = way.sent[1][2]["files"]
    row = await FileLedger(way.intake.database).one(attached[0]["id"])
    assert row is not None and row.number is None and taken.number == A
