"""The demonstration's mailbox keeps what is sent, for whom it is and as it was written."""

from __future__ import annotations

from email.message import EmailMessage

import aiosmtplib

from starter.demo.mailbox import open_mailbox


async def test_a_mail_is_kept_as_it_was_written_for_each_of_its_recipients() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "service@example.com", "Wang <wang@example.com>, li@example.com"
    mail["Subject"] = "您的问题"
    mail.set_content("第一行\n.\n..一行以点开头\n")
    async with open_mailbox() as mailbox:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=mailbox.port, use_tls=False, start_tls=False) as client:
            await client.send_message(mail)
            await client.send_message(mail)
        for address in ("wang@example.com", "li@example.com"):
            assert mailbox.letters(address) == ["您的问题\n第一行\n.\n..一行以点开头\n"] * 2
        assert mailbox.letters("zhao@example.com") == []
