"""The link reaches its customer whole, is the same when its message goes again, and stays with the customer alone."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import select, text

from activities.database.database import Database
from activities.database.tables import metadata, outbox
from activities.delivery.activity import DeliveryActivities
from activities.delivery.mail import Smtp
from activities.delivery.outbox import Outbox
from activities.delivery.transport import Transports
from activities.key_ring import Key, KeyRing
from activities.links.mark import LinkMark, Portal
from activities.links.store import CustomerLink, find_link
from activities.messages.renderer import Renderer
from activities.messages.samples import CUSTOMER_FACTS, notice
from activities.messages.ways import PURPOSES
from activities.organisation.directory import Directory
from activities.queries.cases import Cases
from activities.recording.activity import RecordingActivities
from tests.activities.delivery.mail_server import MailServer, mail_server
from tests.activities.samples import NUMBER, customer, event, organisation, register_case, to_customer
from tests.builders import MINUTE, MONDAY, case_step, open_case
from workflows.domain.case.view import CaseView
from workflows.domain.event import Message, Notice
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Audience, Contact, LinkPurpose
from workflows.ports import Delivery

LATER = MONDAY + 3 * MINUTE
OLD, NEW = Key("2026-10", bytes(range(32))), Key("2026-11", bytes(32))
URL = "https://kundendienst.gesellschaft-mit-langem-namen.example.com:8443"
PORTAL = Portal(URL, KeyRing((OLD,)))
ADDRESS = "wangfang@example.com"


def transports(server: MailServer) -> Transports:
    return {Contact.EMAIL: replace(Smtp.from_url(server.url(), "support@example.com"), now=lambda: LATER)}


def recording(database: Database, server: MailServer, portal: Portal = PORTAL) -> RecordingActivities:
    return RecordingActivities(
        database=database, directory=Directory(database), renderer=Renderer(), labels=dict, calendar=Calendar,
        transports=transports(server), portal=portal, now=lambda: LATER,
    )  # fmt: skip


def delivering(database: Database, server: MailServer, portal: Portal = PORTAL) -> DeliveryActivities:
    return DeliveryActivities(database=database, transports=transports(server), portal=portal, now=lambda: LATER)


def view(**changes: object) -> CaseView:
    return open_case()[0].view().model_copy(update=changes)


@pytest.fixture
async def record(database: Database) -> Database:
    """A case whose customer prefers mail."""
    await Directory(database).load(organisation(name="云舟"))
    assert await register_case(database, customer=customer(preferred_contact="email")) == NUMBER
    return database


async def write(recorder: RecordingActivities, *told: Notice, sequence: int = 1, reopened: int = 0) -> Delivery:
    """Record one step that tells these."""
    step = case_step(view(reopened=reopened, sequence=sequence), (event(sequence, *told),))
    waiting = (await recorder.record(step)).undelivered
    return Delivery(number=NUMBER, keys=tuple(waiting))


def a_result(key: str = "r1") -> Notice:
    return notice(Message.RESULT).model_copy(update={"key": key})


def parts(mail: EmailMessage) -> tuple[str, str]:
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and html is not None
    return plain.get_content(), html.get_content()


def token_in(mail: EmailMessage) -> str:
    """The token of its one link, which stands whole and alone on one line, and behind the button."""
    plain, html = parts(mail)
    lines = [line for line in plain.split("\n") if "/l/" in line]
    assert len(lines) == 1
    address, _, token = lines[0].partition("/l/")
    assert address == URL
    assert html.count(f'href="{URL}/l/{token}"') == 1
    assert html.count(token) == 1
    assert "[link" not in plain + html
    return token


async def everything(database: Database) -> str:
    found = []
    async with database.read() as connection:
        for table in metadata.tables:
            found += [repr(tuple(row)) for row in await connection.execute(text(f"SELECT * FROM {table}"))]
    return "\n".join(found)


@pytest.mark.parametrize("message", PURPOSES)
async def test_the_link_of_every_message_arrives_whole_and_opens_the_case(record: Database, message: Message) -> None:
    async with mail_server() as server:
        told = notice(message)
        await delivering(record, server).deliver(await write(recording(record, server), told))
    token = token_in(server.mails[0])
    found = await find_link(record, token, LATER)
    assert found == CustomerLink(NUMBER, 0, PURPOSES[message], LATER + timedelta(days=30))
    assert token not in await everything(record)
    assert str(server.mails[0]["Subject"]).count("link") == 0


async def test_in_one_cycle_every_message_for_a_purpose_has_the_same_link_and_after_reopening_another(
    record: Database,
) -> None:
    async with mail_server() as server:
        recorder, deliverer = recording(record, server), delivering(record, server)
        await deliverer.deliver(await write(recorder, a_result(), notice(Message.QUESTIONNAIRE)))
        reminder = notice(Message.CONFIRMATION_REMINDER)
        await deliverer.deliver(await write(recorder, reminder, sequence=2))
        again = [one.model_copy(update={"key": "again"}) for one in (a_result(), notice(Message.QUESTIONNAIRE))]
        await deliverer.deliver(await write(recorder, *again, sequence=3, reopened=1))
    confirm, rate, reminded, confirm_again, rate_again = map(token_in, server.mails)
    assert reminded == confirm
    assert len({confirm, rate, confirm_again, rate_again}) == 4
    assert await find_link(record, confirm, LATER) is None
    assert await find_link(record, rate, LATER) is None
    asked = await find_link(record, rate_again, LATER)
    assert asked == CustomerLink(NUMBER, 1, LinkPurpose.RATE, LATER + timedelta(days=30))


async def test_a_message_sent_again_has_the_same_link_whatever_the_key_is_by_then(record: Database) -> None:
    async with mail_server(answers=["550 5.7.1 rejected"]) as server:
        delivery = await write(recording(record, server), a_result())
        await delivering(record, server).deliver(delivery)
        await Outbox(record).resend(delivery.keys, now=LATER)
        rotated = Portal(URL, KeyRing((NEW, OLD)))
        await delivering(record, server, rotated).deliver(delivery)
        await delivering(record, server, rotated).deliver(
            await write(recording(record, server, rotated), notice(Message.QUESTIONNAIRE), sequence=2)
        )
    token, by_new_key = map(token_in, server.mails)
    assert token == PORTAL_TOKEN
    for one in (token, by_new_key):
        assert await find_link(record, one, LATER, keys=KeyRing((NEW, OLD))) is not None


PORTAL_TOKEN = PORTAL.issued(LinkMark.new(0, LinkPurpose.CONFIRM, OLD.fingerprint), NUMBER, ADDRESS, MONDAY).token  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("portal", "line", "lacking"),
    [
        (Portal(URL, KeyRing((NEW,))), URL, f"the link key {OLD.fingerprint} is not configured"),
        (Portal(URL), URL, f"the link key {OLD.fingerprint} is not configured"),
        (
            Portal("", KeyRing((OLD,))),
            f"（链接暂时无法提供：请与我们联系，并提供问题编号 {NUMBER}）",
            "BIHUAN_WEB__URL is not set",
        ),
    ],
)
async def test_a_message_whose_key_is_gone_arrives_without_a_link_and_somebody_is_told(
    record: Database, portal: Portal, line: str, lacking: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with mail_server() as server:
        delivery = await write(recording(record, server), a_result())
        await delivering(record, server, portal).deliver(delivery)
    plain, html = parts(server.mails[0])
    assert line in plain.split("\n")
    assert "/l/" not in plain + html
    assert "[link" not in plain + html
    assert html.count(f'href="{URL}"') == (1 if portal.url else 0)
    assert html.count("href=") == (1 if portal.url else 0)
    said = f"sent without its link: {lacking} here"
    (entry,) = await Cases(record).outbox()
    assert (entry.status, entry.error) == ("sent", said)
    assert f"{entry.key}: {said}" in caplog.text


async def test_what_a_server_says_of_a_message_is_kept_without_the_token(
    record: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[dict[str, str]] = []

    async def hear(**facts: str) -> None:
        told.append(facts)

    spam = f"554 5.7.1 blocked: message has {URL}/l/{PORTAL_TOKEN.upper()} in it"
    later = spam.replace("554 5.7.1 blocked", "451 4.7.1 try later")
    async with mail_server(answers=[later, spam]) as server:
        deliverer = replace(delivering(record, server), on_failed=hear)
        delivery = await write(recording(record, server), a_result())
        with pytest.raises(Exception, match="try later") as put_off:
            await deliverer.deliver(delivery)
        await deliverer.deliver(delivery)
    (entry,) = await Cases(record).outbox()
    assert entry.error == f"the mail server refused it: {spam.replace(PORTAL_TOKEN.upper(), '…')}"
    ours = "\n".join(one.getMessage() for one in caplog.records if one.name != "mail.log")  # the sink's own
    for said in (str(put_off.value), repr(told), ours, await everything(record)):
        assert PORTAL_TOKEN not in said.lower()
    assert told[0]["error"] == entry.error


async def test_a_text_of_a_customers_that_looks_like_a_mark_stays_what_it_is(record: Database) -> None:
    async with mail_server() as server:
        recorder = recording(record, server)
        told = to_customer(message=Message.PROGRESSED, text="[link 0123456789abcdef]\n\n[link]")
        await delivering(record, server).deliver(await write(recorder, told))
    plain, html = parts(server.mails[0])
    assert "\n[link 0123456789abcdef]\n\n[link]\n" in plain
    assert "[link 0123456789abcdef]" in html
    assert plain.count("/l/") == html.count("/l/") == 1


async def test_who_gets_short_messages_gets_the_portals_address_and_no_link(database: Database) -> None:
    await register_case(database)
    async with mail_server() as server:
        recorder = replace(recording(database, server), transports={Contact.SMS: transports(server)[Contact.EMAIL]})
        told = [notice(message).model_copy(update={"key": message.value}) for message in CUSTOMER_FACTS]
        await write(recorder, *told)
    async with database.read() as connection:
        rows = (await connection.execute(select(outbox))).all()
    assert len(rows) == len(CUSTOMER_FACTS)
    for row in rows:
        assert (row.channel, row.link) == ("sms", None)
        assert row.short.endswith(f" {URL}")
        assert NUMBER in row.short
        assert "[link" not in row.short + row.text + row.html
    assert " link" not in await everything(database)


async def test_a_person_who_tells_a_customer_never_holds_the_customers_link(record: Database) -> None:
    async with mail_server() as server:
        recorder = recording(record, server)
        (key,) = (await write(recorder, a_result())).keys
        untold = {"untold": [{"message": "result", "key": key}], "due": LATER.isoformat(), "why": "undeliverable"}
        task = Notice(
            message=Message.FEEDBACK_DUE, audience=Audience.STAFF, recipient="tech-001", key="t1",
            facts={"solution": "x", **untold},
        )  # fmt: skip
        by_hand = notice(Message.QUESTIONNAIRE).model_copy(update={"by_person": True})
        await write(recorder, task, by_hand, sequence=2)
    rows = {row.message: row for row in await Cases(record).outbox()}
    assert "[link" in rows["result"].text
    assert "[link" not in rows["feedback_due"].text + rows["feedback_due"].html
    assert f"> {URL}" in rows["feedback_due"].text
    assert "[link" not in rows["questionnaire"].text
    assert URL in rows["questionnaire"].text.split("\n")


async def test_where_nothing_is_configured_no_message_and_no_row_speaks_of_links(record: Database) -> None:
    for portal in (Portal(), Portal("", KeyRing((OLD,)))):
        async with mail_server() as server:
            told = a_result(portal.url + str(bool(portal.keys)))
            await delivering(record, server, portal).deliver(await write(recording(record, server, portal), told))
        plain, html = parts(server.mails[0])
        assert "http" not in plain + html
        assert "链接" not in plain + html
    async with record.read() as connection:
        assert set(await connection.scalars(select(outbox.c.link))) == {None}
        assert (await connection.execute(text("SELECT * FROM link"))).all() == []


async def test_a_step_that_is_not_written_leaves_no_link(record: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(RecordingActivities, "_mark_told", fail)
    async with mail_server() as server:
        with pytest.raises(RuntimeError):
            await write(recording(record, server), a_result())
    async with record.read() as connection:
        assert (await connection.execute(text("SELECT * FROM link"))).all() == []
        assert (await connection.execute(select(outbox))).all() == []
