"""What cannot be sent to somebody fails alone, and no text of a customer becomes anything but a body."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from email.headerregistry import Address

import pytest
from temporalio.exceptions import ApplicationError

from activities.database.database import Database
from activities.delivery.headers import plain_text
from activities.delivery.mail import Smtp
from activities.delivery.transport import Envelope
from activities.messages.routing import route_to_customer
from tests.activities.delivery.mail_server import mail_server
from tests.activities.delivery.outgoing import SENDER, Case, delivering, entries, put
from tests.activities.samples import NUMBER
from workflows.domain.vocabulary import Contact
from workflows.ports import Delivery


async def test_an_address_that_cannot_be_written_in_a_mail_fails_alone(record: Database) -> None:
    async with mail_server() as server:
        await put(record, "b")
        await put(record, "a", address="two\nlines@example.com")
        await delivering(record, server).deliver(Delivery(number=NUMBER, keys=("a", "b")))
    assert {key: entry.status for key, entry in (await entries(record)).items()} == {"a": "failed", "b": "sent"}


@pytest.mark.parametrize("address", ["林晓@example.com", "a@b@example.com", "a@-.example"])
async def test_an_address_that_no_server_serves_holds_up_nobody_behind_it(record: Database, address: str) -> None:
    async with mail_server() as server:
        case = Case()
        await put(record, "a", address=address)
        await put(record, "b", "c")
        await delivering(record, server, on_failed=case.hear).deliver(Delivery(number=NUMBER, keys=("a", "b", "c")))
    assert server.recipients == ["b@example.com", "c@example.com"]
    assert [facts["key"] for facts in case.told] == ["a"]
    assert case.told[0]["error"].startswith("the mail address cannot be used: ")


async def test_a_customer_with_an_international_domain_gets_mail_from_a_server_that_knows_only_ascii(
    record: Database,
) -> None:
    async with mail_server() as server:
        await delivering(record, server).deliver(await put(record, "a", address="linxiao@例子.中国"))
    assert server.recipients == ["linxiao@xn--fsqu00a.xn--fiqs8s"]
    assert server.mails[0]["To"].addresses[0].addr_spec == "linxiao@xn--fsqu00a.xn--fiqs8s"


async def test_a_message_too_large_for_the_server_fails_alone(record: Database) -> None:
    async with mail_server(largest=9_000) as server:
        case = Case()
        await put(record, "large", text="长" * 20_000)
        await put(record, "b")
        await delivering(record, server, on_failed=case.hear).deliver(Delivery(number=NUMBER, keys=("large", "b")))
    assert server.recipients == ["b@example.com"]
    assert [(facts["key"], "552" in facts["error"]) for facts in case.told] == [("large", True)]


async def test_a_message_at_which_the_server_closes_does_not_keep_the_others_back_for_ever(record: Database) -> None:
    async with mail_server(answers=["421 4.3.2 closing"]) as server:
        delivery = await put(record, "a", "b")
        with pytest.raises(ApplicationError, match="2 of 2"):
            await delivering(record, server).deliver(delivery)
        server.answers = ["250 OK", "421 4.3.2 closing"]
        with pytest.raises(ApplicationError, match="1 of 2"):
            await delivering(record, server).deliver(delivery)
    assert server.recipients == ["b@example.com"]


_HEADERS = sorted(
    (
        "Message-ID", "Date", "From", "To", "Subject", "Auto-Submitted", "X-Auto-Response-Suppress", "X-Bihuan-Loop",
        "Content-Language", "MIME-Version", "Content-Type",
    )
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "=?utf-8?q?A=0D=0AReply-To:_evil@evil.org=0D=0AContent-Type:_text/html=0D=0A=0D=0A=3Ch1=3EPay=3C/h1=3E?=",
        "=?utf-8?q?A=0D=0AX-Evil:1?= 请问如何打印",
        "=?utf-8?b?QQ0KWC1FdmlsOiAx?= =?utf-8?q?b?=",
        "=?us-ascii?q?x?=",
        *(
            f"A{mark}X-Evil: 1"
            for mark in ("\r\n", "\n", "\r", "\v", "\f", "\x1c", "\x1e", "\x85", "\u2028", "\u2029", "\0")
        ),
        "A\r\n\r\n<h1>Pay here</h1>",
        'a@b.example, "Boss" <boss@example.com>, (x) \\',
        "王芳" * 90,
        "half \ud83d an emoji",
    ],
    ids=ascii,
)
def test_no_text_of_a_customer_becomes_a_header_a_recipient_or_a_body(text: str) -> None:
    envelope = Envelope(
        key=f"FB1:{text}", number="FB1", message="created", recipient="customer", channel="email",
        address="wang@example.com", name=text, locale="zh_CN", subject=text, text="正文\n", html="<p>正文</p>",
        short="",
    )  # fmt: skip
    raw = Smtp.from_url("smtp://localhost", SENDER).message(envelope)
    mail = message_from_bytes(raw, policy=policy.default)
    assert sorted(mail.keys()) == _HEADERS
    assert [one.addr_spec for one in mail["To"].addresses] == ["wang@example.com"]
    assert mail["Subject"].split() == plain_text(text).split()
    plain = mail.get_body(("plain",))
    assert plain is not None and plain.get_content() == "正文\n"
    assert not mail.defects
    assert raw.isascii() and b"\n" not in raw.replace(b"\r\n", b"")


async def test_a_mail_that_cannot_be_written_is_given_up_at_once_and_the_reason_is_told(record: Database) -> None:
    async with mail_server() as server:
        case = Case()
        delivery = await put(record, "a", "b")
        broken = replace(Smtp.from_url(server.url(), SENDER), sender=Address("x", "support", "bihuan.example\xa0"))
        await delivering(record, server, transports={Contact.EMAIL: broken}, on_failed=case.hear).deliver(delivery)
    assert [facts["error"].partition(":")[0] for facts in case.told] == ["the mail cannot be written"] * 2


async def test_a_subject_of_several_lines_cannot_add_headers(record: Database) -> None:
    async with mail_server() as server:
        await delivering(record, server).deliver(await put(record, "a", subject="x\r\nBcc: all@example.com"))
    assert server.mails[0]["Subject"] == f"[{NUMBER}] x Bcc: all@example.com"
    assert server.mails[0]["Bcc"] is None


def test_a_customer_without_any_contact_can_still_be_answered_in_the_portal() -> None:
    assert route_to_customer({"customer": {"name": "王芳", "other": "QQ 12345"}}, {}).channel == Contact.PORTAL
