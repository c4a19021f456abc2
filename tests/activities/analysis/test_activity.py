"""The report that comes by itself: written, and mailed once to everybody who is named (R29)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.analysis.activity import ReportActivities
from activities.analysis.ledger import ReportLedger
from activities.database.database import Database
from activities.delivery.mail import Smtp
from activities.delivery.transport import TemporaryDeliveryError, Transports
from activities.organisation.directory import Directory
from activities.policy.loading import load_policy
from activities.queries.cases import Cases
from benchmarks.made_up import write
from tests.activities.delivery.mail_server import MailServer, mail_server
from tests.activities.samples import organisation
from workflows.domain.formats import Days
from workflows.domain.policy.reports import ReportRules
from workflows.domain.vocabulary import Contact
from workflows.ports import ReportMail, ReportMailed

WEEK = Days(first=date(2026, 4, 13), last=date(2026, 4, 19))
NOW = datetime(2026, 4, 20, 0, tzinfo=UTC)


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running


@pytest.fixture
async def busy(database: Database) -> Database:
    await Directory(database).load(organisation(name="智办公"))
    await write(database, 60, datetime(2026, 4, 1, tzinfo=UTC), 20)
    return database


def reporting(database: Database, folder: Path, server: MailServer | None, **rules: Any) -> ReportActivities:
    shipped = load_policy("standard")
    transport: Transports = {Contact.EMAIL: Smtp.from_url(server.url(), "support@example.com")} if server else {}
    return ReportActivities(
        database=database,
        directory=Directory(database),
        policy=shipped.model_copy(
            update={"report": ReportRules.model_validate({**shipped.report.model_dump(mode="json"), **rules})}
        ),
        folder=folder,
        transports=transport,
        now=lambda: NOW,
    )


async def mailed(reports: ReportActivities, recipient: str) -> ReportMailed:
    answer: ReportMailed = await ActivityEnvironment().run(
        reports.mail_report, ReportMail(days=WEEK, recipient=recipient)
    )
    return answer


async def written(reports: ReportActivities) -> Path:
    answer = await ActivityEnvironment().run(reports.write_report, WEEK)
    return Path(answer.folder)


def attached(mail: EmailMessage) -> EmailMessage:
    (file,) = mail.iter_attachments()
    assert isinstance(file, EmailMessage)
    return file


async def test_a_manager_finds_the_findings_in_the_mail_and_the_report_attached(
    busy: Database, tmp_path: Path, server: MailServer
) -> None:
    reports = reporting(busy, tmp_path / "reports", server, recipients=["tech-head"], by=["product"])
    folder = await written(reports)
    assert folder == tmp_path / "reports" / "2026-W16"
    assert {"report.html", "report.json", "headline.csv", "by_product.csv"} <= {path.name for path in folder.iterdir()}
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    assert await mailed(reports, "tech-head") == ReportMailed(recipient="tech-head", status="sent")
    (mail,) = server.mails
    assert server.recipients == ["head@example.com"]
    assert mail["Subject"] == "客户问题分析报告 2026-W16（2026-04-13 至 2026-04-19）"
    assert mail["To"] == "周主管 <head@example.com>"
    said = json.loads((folder / "report.json").read_text("utf-8"))["summary"]["zh_CN"]
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        assert said in body.get_content()
        assert "首次响应按时率" in body.get_content() and "（上期 " in body.get_content()
    file = attached(mail)
    assert (file.get_filename(), file.get_content_type()) == ("客户问题分析报告 2026-W16.html", "text/html")
    assert file.get_payload(decode=True) == (folder / "report.html").read_bytes()


async def test_a_mail_in_english_says_so_throughout(busy: Database, tmp_path: Path, server: MailServer) -> None:
    reports = reporting(busy, tmp_path, server, locale="en")
    await written(reports)
    await mailed(reports, "board@example.com")
    (mail,) = server.mails
    assert mail["Subject"].startswith("Customer issue analysis report 2026-W16")
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().rstrip().endswith("This message was sent automatically.")
    assert mail["Content-Language"] == "en"
    assert attached(mail).get_filename() == "customer issue report 2026-W16.html"


async def test_nobody_gets_the_same_report_twice(busy: Database, tmp_path: Path, server: MailServer) -> None:
    reports = reporting(busy, tmp_path, server)
    await written(reports)
    await mailed(reports, "tech-head")
    again = await mailed(reporting(busy, tmp_path, server), "tech-head")
    assert (again.status, again.reason) == ("known", "sent before, at 2026-04-20T00:00:00+00:00")
    assert (await mailed(reports, "tech-001")).status == "sent"
    assert server.recipients == ["head@example.com", "lilei@example.com"]


async def test_a_second_copy_after_a_lost_answer_bears_the_same_id(
    busy: Database, tmp_path: Path, server: MailServer
) -> None:
    reports = reporting(busy, tmp_path, server)
    await written(reports)
    server.answers = [None]
    with pytest.raises(TemporaryDeliveryError):
        await mailed(reports, "tech-head")
    assert (await mailed(reports, "tech-head")).status == "sent"
    assert (await mailed(reports, "tech-001")).status == "sent"
    first, second, other = (mail["Message-ID"] for mail in server.mails)
    assert first == second != other


async def test_one_who_is_refused_is_named_with_the_reason_and_can_be_tried_again(
    busy: Database, tmp_path: Path, server: MailServer
) -> None:
    reports = reporting(busy, tmp_path, server)
    await written(reports)
    server.refused = {"gone@example.com"}
    answer = await mailed(reports, "gone@example.com")
    said = "the mail server refused it: 550 5.1.1 <the recipient>: user unknown"
    assert (answer.status, answer.reason) == ("refused", said)
    assert (await mailed(reports, "tech-002")).reason == "has no mail address"
    assert (await mailed(reports, "tech-009")).reason == "is nobody in the organisation"
    shown = [(item.number, item.reason, item.who, item.error) for item in await Cases(busy).attention(NOW)]
    assert ("2026-W16", "undeliverable", "gone@example.com", said) in shown
    server.refused = set()
    assert (await mailed(reports, "gone@example.com")).status == "sent"
    assert "gone@example.com" not in {item.who for item in await Cases(busy).attention(NOW)}


async def test_what_may_pass_is_tried_again(busy: Database, tmp_path: Path, server: MailServer) -> None:
    reports = reporting(busy, tmp_path, server)
    await written(reports)
    server.answers = ["451 4.7.1 head@example.com: greylisted, come back"]
    with pytest.raises(TemporaryDeliveryError, match=r"put it off: 451 4.7.1 the recipient: greylisted") as caught:
        await mailed(reports, "tech-head")
    waiting = [item for item in await Cases(busy).attention(NOW) if item.what == "report"]
    assert [(item.reason, item.who, item.error) for item in waiting] == [
        ("undelivered", "tech-head", str(caught.value))
    ]
    assert (await mailed(reports, "tech-head")).status == "sent"


async def test_without_a_mail_server_it_is_written_and_said_so(busy: Database, tmp_path: Path) -> None:
    reports = reporting(busy, tmp_path, None)
    assert (await written(reports) / "report.html").exists()
    answer = await mailed(reports, "tech-head")
    assert (answer.status, answer.reason) == (
        "unsent", "no mail server is configured (BIHUAN_SMTP_URL); the report is only written",
    )  # fmt: skip


async def test_a_worker_on_another_machine_makes_the_report_again_to_send_it(
    busy: Database, tmp_path: Path, server: MailServer
) -> None:
    here, there = reporting(busy, tmp_path / "here", server), reporting(busy, tmp_path / "there", server)
    folder = await written(here)
    await mailed(there, "tech-head")
    assert (folder / "report.json").read_bytes() == (tmp_path / "there" / folder.name / "report.json").read_bytes()
    assert attached(server.mails[0]).get_payload(decode=True) is not None


async def test_a_manager_gets_one_mail_though_somebody_mails_the_report_while_the_schedule_does(
    busy: Database, tmp_path: Path
) -> None:
    async with mail_server(waits=True) as server:
        reports = reporting(busy, tmp_path, server)
        await written(reports)
        first = asyncio.ensure_future(mailed(reports, "tech-head"))
        await server.busy.wait()
        second = asyncio.ensure_future(mailed(reporting(busy, tmp_path, server), "tech-head"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(second), 0.5)
        assert not [item for item in await Cases(busy).attention(NOW) if item.what == "report"]
        server.go_on.set()
        assert [(await one).status for one in (first, second)] == ["sent", "known"]
    assert len(server.mails) == 1


async def test_a_report_whose_sender_was_killed_is_sent_by_the_next_one(
    busy: Database, tmp_path: Path, server: MailServer
) -> None:
    reports = reporting(busy, tmp_path, server)
    await written(reports)
    long_ago = datetime(2026, 4, 19, tzinfo=UTC)
    assert await ReportLedger(busy).claim("2026-W16", "tech-head", now=long_ago, until=long_ago + timedelta(minutes=1))
    assert (await mailed(reports, "tech-head")).status == "sent"


async def test_a_report_made_by_several_at_once_is_whole(busy: Database, tmp_path: Path) -> None:
    folders = await asyncio.gather(*(written(reporting(busy, tmp_path, None)) for _ in range(4)))
    assert len(set(folders)) == 1
    assert json.loads((folders[0] / "report.json").read_text("utf-8"))
    assert not [path for path in folders[0].iterdir() if path.name.startswith(".")]
