"""The weekly report that a Schedule starts, on a real server, worker and mail server (R29)."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pytest

from activities.analysis.activity import ReportActivities
from activities.policy.loading import load_policy
from tests.activities.delivery.mail_server import mail_server
from tests.starter.installation import Installation, kept_running

pytestmark = pytest.mark.xdist_group("end_to_end")

_ANSWER = timedelta(seconds=20)
"""A third of what it is, and still far more than a mail server beside it needs."""
_DIRECTOR, _BOARD, _GONE = "director@example.com", "board@example.com", "gone@example.com"


def own_policy(folder: Path, *recipients: str) -> Path:
    import activities.policy

    assert activities.policy.__file__
    shipped = Path(activities.policy.__file__).with_name("standard.toml").read_text("utf-8")
    named = ", ".join(f'"{recipient}"' for recipient in recipients)
    path = folder / "policy.toml"
    path.write_text(shipped.replace("recipients = []", f"recipients = [{named}]"), "utf-8")
    assert load_policy(path).report.recipients == recipients
    return path


def known_to_be_sent(installation: Installation) -> set[str]:
    with closing(sqlite3.connect(installation.data / "bihuan.db")) as connection:
        rows = connection.execute(
            "SELECT key FROM installation WHERE key LIKE 'report_mail/%' AND value ->> 'status' = 'sent'"
        ).fetchall()
    return {key.rpartition("/")[2] for (key,) in rows}


def _wait_less() -> None:
    """A mail that a killed worker had in hand is sent again once the mail server's time to answer is over."""
    patch("worker.composition_root.ReportActivities", partial(ReportActivities, send_timeout=_ANSWER)).start()


async def test_everybody_gets_the_weekly_report_once_though_the_worker_is_killed_between_two_mails(
    tmp_path: Path,
) -> None:
    installation = Installation(tmp_path, prepare=_wait_less)
    policy = own_policy(tmp_path, "director", _GONE, _BOARD)
    async with mail_server(held={_BOARD}, refused={_GONE}) as mail:
        installation.environment = {
            "BIHUAN_SMTP_URL": mail.url(), "BIHUAN_MAIL_FROM": "support@example.com", "BIHUAN_POLICY": str(policy),
        }  # fmt: skip
        async with kept_running(installation):
            await installation.until(
                lambda: any("scheduled bihuan-report-weekly" in line for line in installation.said)
            )
            await installation.temporal("schedule", "trigger", "--schedule-id", "bihuan-report-weekly")
            await installation.until(lambda: known_to_be_sent(installation) == {"director"} and mail.busy.is_set())
            await installation.down(signal.SIGKILL)
            mail.held.clear()
            await installation.up()
            await installation.until(lambda: known_to_be_sent(installation) == {"director", _BOARD})

            assert mail.recipients == [_DIRECTOR, _BOARD]
            (folder,) = (installation.data / "reports").iterdir()
            for one in mail.mails:
                assert one["Subject"].startswith(f"客户问题分析报告 {folder.name}（")
                (file,) = one.iter_attachments()
                assert file.get_payload(decode=True) == (folder / "report.html").read_bytes()
            assert len({one["Message-ID"] for one in mail.mails}) == 2

            (stuck,) = (await installation.run("stuck", "--json")).value
            assert (stuck["number"], stuck["reason"], stuck["what"], stuck["who"], stuck["link"]) == (
                folder.name, "undeliverable", "report", _GONE, None,
            )  # fmt: skip
            assert "550 5.1.1 <the recipient>: user unknown" in stuck["error"]

            by_hand = await installation.run("report", "--last", "week", "--mail")
            assert by_hand.code == 1
            said = by_hand.err.splitlines()[1:]
            assert (
                said[1]
                == f"bihuan: {_GONE}: refused, the mail server refused it: 550 5.1.1 <the recipient>: user unknown"
            )
            assert [line.partition(", sent before")[0] for line in (said[0], said[2])] == [
                "bihuan: director: known", f"bihuan: {_BOARD}: known",
            ]  # fmt: skip
            assert mail.recipients == [_DIRECTOR, _BOARD]
