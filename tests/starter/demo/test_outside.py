"""What surrounds bihuan in the demonstration keeps what it is given, and is read as the real thing is."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage

import aiosmtplib
import pytest

from activities.channels.build import build_channels
from activities.mailbox.errors import MailboxLoginError
from activities.mailbox.imap import ImapMailbox
from activities.mailbox.settings import MailboxSettings
from starter.demo.outside.correspondent import Correspondent, Letter
from starter.demo.outside.mail_server import SERVICE, MailServer, open_mail_server
from starter.demo.outside.sms_gateway import open_sms_gateway
from tests.activities.channels.made import envelope

LETTER = Letter("秦岚", "qinlan@example.net", "请教", "怎样导入?")


async def send(server: MailServer, mail: EmailMessage, times: int = 1) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=server.port, use_tls=False, start_tls=False) as client:
        for _ in range(times):
            await client.send_message(mail)


def written(to: str, text: str, **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SERVICE, to, "您的问题 [FB202606150001]"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def settings(server: MailServer, password: str = "") -> MailboxSettings:
    inbox = server.service
    given = {"host": "127.0.0.1", "port": inbox.port, "tls": "none", "user": inbox.user}
    return MailboxSettings.model_validate(
        {"address": SERVICE, "password": password or inbox.password, "poll": 5} | given
    )


async def test_a_mail_is_kept_as_it_was_written_for_each_of_its_recipients() -> None:
    mail = written("Wang <wang@example.com>, li@example.com", "第一行\n.\n..一行以点开头\n")
    async with open_mail_server() as server:
        await send(server, mail, times=2)
        for address in ("wang@example.com", "li@example.com"):
            assert server.letters(address) == ["您的问题 [FB202606150001]\n第一行\n.\n..一行以点开头\n"] * 2
        assert server.letters("zhao@example.com") == []


async def test_a_mail_that_comes_just_before_somebody_waits_for_one_is_told_at_once() -> None:
    async with open_mail_server() as server:
        mailbox = await asyncio.to_thread(ImapMailbox, settings(server))
        try:
            assert await asyncio.to_thread(mailbox.waiting, None) == []
            await send(server, written(SERVICE, "好了\n"))
            assert await asyncio.to_thread(mailbox.wait, 60)
        finally:
            await asyncio.to_thread(mailbox.close)


async def test_what_is_written_to_the_service_is_read_over_imap_once() -> None:
    async with open_mail_server() as server:
        mailbox = await asyncio.to_thread(ImapMailbox, settings(server))
        try:
            assert (await asyncio.to_thread(mailbox.waiting, None), mailbox.tells) == ([], True)
            told = asyncio.create_task(asyncio.to_thread(mailbox.wait, 60))
            await send(server, written(f"service+r.abc@{SERVICE.partition('@')[2]}", "好了\n"))
            await send(server, written("wang@example.com", "不是给我们的\n"))
            assert await told
            assert await asyncio.to_thread(mailbox.waiting, None) == [1]
            raw = await asyncio.to_thread(mailbox.fetch, 1)
            assert raw == server.service.mails[0]
            await asyncio.to_thread(mailbox.mark, [1])
            assert await asyncio.to_thread(mailbox.waiting, 1) == []
            assert await asyncio.to_thread(mailbox.fetch, 2) is None
        finally:
            await asyncio.to_thread(mailbox.close)
        with pytest.raises(MailboxLoginError, match="refused the login"):
            await asyncio.to_thread(ImapMailbox, settings(server, "wrong"))


async def test_who_only_writes_mails_answers_to_the_address_and_under_the_ids_of_what_came() -> None:
    async with open_mail_server() as server:
        writing = asyncio.create_task(Correspondent(server, LETTER, look=0.01).write())
        await send(server, written(LETTER.sender, "受理\n", Message_ID="<1@x>", References="<0@x>"))
        assert await writing == "FB202606150001"
        await send(server, written(LETTER.sender, "结果\n", Message_ID="<2@x>", Reply_To="service+r.t@example.com"))
        answering = asyncio.create_task(Correspondent(server, LETTER, look=0.01).answer("受理", "收到,谢谢"))
        await send(server, written(LETTER.sender, "您写道: 收到,谢谢\n"))
        await answering
        answer = server.mails_to(SERVICE)[-1]
        assert (answer["In-Reply-To"], answer["References"]) == ("<1@x>", "<0@x> <1@x>")
        assert "> 受理" in answer.get_content()


async def test_a_short_message_is_on_the_telephone_it_was_sent_to() -> None:
    async with open_sms_gateway() as gateway:
        channel = build_channels({"sms": gateway.settings()})["sms"]
        async with channel.connect() as connection:
            await connection.send(envelope())
        (text,) = gateway.texts["+8613800138000"]
        assert "FB202405060001" in text
        assert not channel.carries("result")
