"""Robots, bounces and floods open nothing that nobody asked for, and nobody is mailed in a loop (R42)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from activities.database.tables import outbox
from activities.mailbox.inbox import MailState
from tests.activities.mailbox.known import LI_NA, US, WANG, A
from tests.activities.mailbox.way_in import NOW, WayIn, answer, bounced, mail, sent_message


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
