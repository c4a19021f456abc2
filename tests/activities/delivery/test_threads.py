"""The mails of one case are one thread, and an answer to any of them leads back to the case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage

import pytest

from activities.delivery.mail import Smtp
from activities.delivery.threads import MailThreads
from activities.delivery.transport import Envelope
from activities.mailbox.interpretation.meaning import understand
from activities.mailbox.interpretation.threading import OwnAddresses
from tests.activities.delivery.mail_server import mail_server

NUMBER, OTHER = "FB202611260001", "FB202611260002"
MAILBOX = Address("", "support", "example.com")
SECRET = b"made up for this test"
THREADS = MailThreads("example.com", SECRET, MAILBOX)


def envelope(
    key: str, number: str = NUMBER, subject: str = "您的问题有新进展", follows: tuple[str, ...] = ()
) -> Envelope:
    return Envelope(
        key=key, number=number, message="progressed", recipient="customer", channel="email", address="wang@example.cn",
        name="王小明", locale="zh_CN", subject=subject, text="正文\n", html="<p>正文</p>", short="", follows=follows,
    )  # fmt: skip


def smtp(url: str = "smtp://localhost") -> Smtp:
    return Smtp.from_url(url, "闭环客服 <service@example.com>")


async def sent(server_of: Smtp, *envelopes: Envelope) -> list[EmailMessage]:
    async with mail_server() as server:
        sender = replace(server_of, host="127.0.0.1", port=server.port)
        async with sender.connect() as connection:
            for one in envelopes:
                await connection.send(one)
        return server.mails


class Cases:
    """What an installation knows of its own mails without looking anything up."""

    async def find_by_token(self, token: str) -> str | None:
        return next((number for number in (NUMBER, OTHER) if THREADS.reply_token(number) == token), None)

    async def find_by_message_ids(self, ids: Sequence[str]) -> dict[str, str]:
        return {id_: number for id_ in ids if (number := THREADS.case_of(id_))}

    async def contacts_of(self, number: str) -> set[str] | None:
        return {NUMBER: {"wang@example.cn"}, OTHER: {"li@example.cn"}}.get(number)

    async def is_staff(self, address: str) -> bool:
        return False


def ids(mail: EmailMessage, header: str) -> list[str]:
    return str(mail[header]).split()


async def test_a_reader_sees_the_mails_of_one_case_as_one_thread_from_the_first_on() -> None:
    first = envelope("created")
    follows = smtp().message_id("created", NUMBER)
    mails = await sent(smtp(), first, envelope("progressed", follows=(follows,)), envelope("other", OTHER))

    roots = [ids(mail, "References")[0] for mail in mails]
    assert roots[0] == roots[1] != roots[2]
    assert ids(mails[1], "References") == [roots[0], follows]
    assert [ids(mail, "In-Reply-To") for mail in mails] == [[roots[0]], [follows], [roots[2]]]
    assert mails[0]["Message-ID"] == follows
    assert len({mail["Message-ID"] for mail in mails} | {roots[0], roots[2]}) == 5


async def test_no_robot_answers_a_mail_and_one_that_comes_back_is_known() -> None:
    (mail,) = await sent(smtp(), envelope("a"))

    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["Auto-Submitted"] == "auto-generated"
    own = OwnAddresses(frozenset({"support@example.com"}))
    meaning = await understand(mail.as_bytes(), Cases(), own)
    assert (meaning.kind, meaning.case, meaning.answerable) == ("auto", None, False)


async def test_without_a_mailbox_nobody_is_asked_to_answer_to_one() -> None:
    (mail,) = await sent(smtp(), envelope("a"))

    assert mail["Reply-To"] is None


@pytest.mark.parametrize("way", ["reply address", "reply address in capitals", "references", "other message id"])
async def test_an_answer_leads_back_to_its_case(way: str) -> None:
    (mail,) = await sent(replace(smtp(), mailbox=MAILBOX, secret=SECRET), envelope("a"))
    reply_to = mail["Reply-To"].addresses[0].addr_spec
    answer = EmailMessage()
    answer["From"], answer["Subject"] = "wang@example.cn", "Re: "
    if way.startswith("reply address"):
        answer["To"] = reply_to.upper() if way.endswith("capitals") else reply_to
    else:
        answer["To"] = "support@example.com"
        answer["In-Reply-To"] = "<given-by-a-relay@example.org>" if way.startswith("other") else mail["Message-ID"]
        answer["References"] = f"{mail['References']} {answer['In-Reply-To']}"
    answer.set_content("还没修好。")

    meaning = await understand(answer.as_bytes(), Cases(), OwnAddresses(frozenset({"support@example.com"})))

    assert (meaning.kind, meaning.case, meaning.text) == ("reply", NUMBER, "还没修好。")
    assert meaning.by == ("token" if way.startswith("reply") else "references")


def test_nobody_can_make_up_an_id_or_a_reply_address_of_a_case() -> None:
    genuine = THREADS.root(NUMBER)

    assert THREADS.case_of(genuine) == THREADS.case_of(genuine.strip("<>").upper()) == NUMBER
    assert THREADS.case_of(THREADS.message_id("a", NUMBER)) == NUMBER
    for made_up in (
        genuine.replace("0001", "0002"), genuine.replace("@example.com", "@example.org"), f"<{NUMBER}@example.com>",
        MailThreads("example.com", b"another").root(NUMBER), MailThreads("example.com").root(NUMBER), "", "<>",
    ):  # fmt: skip
        assert THREADS.case_of(made_up) is None
    assert MailThreads("example.com").case_of(MailThreads("example.com").root(NUMBER)) is None
    token = THREADS.reply_token(NUMBER)
    assert len(token) == 38 and token == token.lower()
    assert THREADS.case_of_token(token) == THREADS.case_of_token(token.upper()) == NUMBER
    assert {
        THREADS.case_of_token(made_up)
        for made_up in ("", "a" * 38, token[:-1], THREADS.reply_token(OTHER)[:12] + token[12:], "\u0131" * 38)
    } == {None}
    assert MailThreads("example.com", b"another").case_of_token(token) is None
    assert MailThreads("example.com").case_of_token(token) is None
    assert token not in (THREADS.reply_token(OTHER), MailThreads("example.com", b"another").reply_token(NUMBER))
    with pytest.raises(ValueError, match="needs a secret"):
        MailThreads("example.com", b"", MAILBOX)


def test_ids_of_others_cannot_add_headers_and_a_thread_does_not_grow_for_ever() -> None:
    long = tuple(f"<{count}@example.cn>" for count in range(50))
    hostile = ("<a@b>\r\nBcc: x@example.org", "<a b@c>", "<" + "x" * 900 + "@y>", "<ä@b>", "no brackets@x")
    raw = smtp().message(envelope("a", follows=long + hostile))
    mail = message_from_bytes(raw)

    references = str(mail["References"]).split()
    assert references[1:] == [f"<{count}@example.cn>" for count in range(41, 50)]
    assert mail["In-Reply-To"] == "<49@example.cn>"
    assert "Bcc" not in mail
    assert max(map(len, raw.split(b"\r\n"))) < 998


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("已受理", f"[{NUMBER}] 已受理"),
        (f"[{NUMBER}] 已受理", f"[{NUMBER}] 已受理"),
        (f"已受理（编号 {NUMBER}）", f"已受理（编号 [{NUMBER}]）"),
    ],
)
def test_a_subject_has_the_number_in_brackets_once(subject: str, shown: str) -> None:
    assert THREADS.subject(NUMBER, subject) == shown
    assert THREADS.subject("20261101..20261130", "报告") == "报告"
