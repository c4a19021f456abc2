"""A mail server refused everybody for a while: what it refused is sent after all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.activities.delivery.mail_server import mail_server
from tests.starter.command_line import intake_form, make_installation, refused
from tests.starter.installation import running

_CUSTOMER = {"name": "王芳", "email": "wangfang@example.com", "preferred_contact": "email", "locale": "zh_CN"}


async def test_messages_that_were_wrongly_refused_reach_everybody_by_one_command(tmp_path: Path) -> None:
    address = str(_CUSTOMER["email"])
    async with mail_server(refused={address}) as mail:
        smtp = {"BIHUAN_SMTP_URL": mail.url(), "BIHUAN_MAIL_FROM": "support@example.com"}
        async with running(tmp_path, **smtp) as office:
            form = json.dumps(intake_form(customer=_CUSTOMER), ensure_ascii=False)
            number = (await office.run("open", "-", "--json", given=form)).value["number"]
            failed = await office.until_outbox(number, lambda rows: any(row["status"] == "failed" for row in rows))
            (row,) = [row for row in failed if row["status"] == "failed"]
            await office.until_case(number, lambda case: [one["key"] for one in case["untold"]] == [row["key"]])
            mail.refused.clear()
            listed = (await office.run("resend", "--all", "--error", "550", "--dry-run", "--json")).value
            assert (listed["dry_run"], listed["messages"]) == (True, [row])
            assert address not in mail.recipients
            none = (await office.run("resend", "--all", "--until", "2020-01-01", "--json")).value
            assert none == {"dry_run": False, "handed_over": 0, "messages": []}
            done = (await office.run("resend", number, "--json")).value
            assert (done["handed_over"], done["messages"]) == (1, [row])

            def is_sent(rows: list[dict[str, Any]]) -> bool:
                (again,) = [one for one in rows if one["key"] == row["key"]]
                return (again["status"], again["attempts"]) == ("sent", row["attempts"] + 1)

            await office.until_outbox(number, is_sent)
            open_again = await office.until_case(number, lambda case: case["reachable"] == "channel")
            assert open_again["untold"] == []
            assert mail.recipients.count(address) == 1
            came_back = await office.run("bounced", row["key"], "--error", f"552 {address} is full")
            assert came_back.out == f"{row['key']} came back; its case hears of it now\n"
            by_person = await office.until_case(number, lambda case: case["reachable"] == "by_person")
            assert [one["key"] for one in by_person["untold"]] == [row["key"]]
            twice = await office.run("bounced", row["key"], "--error", "552")
            assert twice.err == f"bihuan: {row['key']}: is failed; allowed: a message that was sent\n"
            await office.run("resend", number)
            await office.until_case(number, lambda case: case["reachable"] == "channel")
            again = await office.run("resend", number, "--key", row["key"])
            assert (again.code, again.out) == (1, "")
            assert again.err.startswith(f"bihuan: {row['key']}: nothing to send again (1 sent); allowed: ")
            assert (await office.run("resend", "--all")).out.endswith(
                "0 are sent again; bihuan outbox shows how that ends\n"
            )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "which messages? allowed: the number of a case, or --all"),
        (["FB202605110001", "--all"], 2, "which messages? allowed: the number of a case, or --all"),
        (["FB202605110001"], 1, "FB202605110001: there is no such case; bihuan list shows the cases"),
        (["--all", "--key", "k"], 1, "k: there is no such message; bihuan outbox --status failed shows which failed"),
        (["--all", "--since", "x"], 1, "--since x: allowed: a day such as 2026-05-11, or a time such as "),
    ],
)
def test_what_cannot_be_sent_again_is_said_in_a_line(shared: Path, arguments: list[str], code: int, said: str) -> None:
    answer = refused("resend", *arguments, folder=shared)
    assert (answer.returncode, answer.stdout, len(answer.stderr.splitlines())) == (code, "", 1)
    assert answer.stderr.startswith(f"bihuan: {said}")


@pytest.fixture(scope="module")
def shared(shared_folder: Path) -> Path:
    make_installation(shared_folder)
    return shared_folder
