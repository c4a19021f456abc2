"""Cases from the call to the closed loop and after, by commands alone, with every mail on the way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from activities.delivery.mail import Smtp
from starter.services.cases.commands import send
from starter.services.results import CommandResult
from tests.starter.end_to_end.desk import SENDER, SOLUTION, ClosedCase, Desk, refused
from tests.starter.installation import Installation, gap_free
from workflows.domain.vocabulary import Via

pytestmark = pytest.mark.xdist_group("end_to_end")

_SHOWN = {
    "number", "status", "priority", "type", "subtype", "department", "owner", "escalation_level", "reopened",
    "breaches", "deadlines", "resolution",
}  # fmt: skip
_SENT = {"key", "number", "event", "audience", "recipient", "channel", "status", "attempts", "subject", "sent_at"}


async def test_agents_bring_a_case_from_the_call_to_the_closed_loop_by_commands_alone(closed_case: ClosedCase) -> None:
    assert closed_case.opened["status"] == "dispatched"
    for name, outcome in closed_case.outcomes.items():
        assert outcome == {
            "number": closed_case.number,
            "command": name,
            "command_id": outcome["command_id"],
            "outcome": "accepted",
            "reason": None,
        }
    assert closed_case.outcomes["claim"]["command_id"] == "claim-1"
    assert (closed_case.closed["resolution"], closed_case.closed["satisfaction"]) == ("satisfied", "very_satisfied")
    assert closed_case.closed["deadlines"] == []
    assert gap_free(closed_case.closed)


async def test_programs_find_the_keys_they_were_promised(installation: Installation, closed_case: ClosedCase) -> None:
    listed, sent, due = await asyncio.gather(
        installation.run("list", "--json"),
        installation.run("outbox", closed_case.number, "--json"),
        installation.run("policy", "due", "--priority", "P1", "--from", "2026-05-11T09:00", "--json"),
    )
    assert {*_SHOWN, "timeline"} <= set(closed_case.closed)
    of_list = next(case for case in listed.value if case["number"] == closed_case.number)
    assert of_list == {key: value for key, value in closed_case.closed.items() if key not in {"timeline", "files"}}
    assert {key for key, value in closed_case.opened.items() if str(value).endswith("Z")} == set()
    assert closed_case.opened["received_at"].endswith("+08:00")
    assert set(closed_case.opened["deadlines"][0]) >= {"clock", "due"}
    assert all(set(row) >= _SENT for row in sent.value)
    assert set(due.value) == {"priority", "from", "clocks"}
    assert due.value["clocks"]["response"]["due"] == "2026-05-11T10:00:00+08:00"


async def test_the_customer_and_the_staff_are_mailed_everything_exactly_once(
    desk: Desk, closed_case: ClosedCase
) -> None:
    rows = await desk.installation.until_outbox(
        closed_case.number, lambda rows: all(row["status"] == "sent" for row in rows)
    )
    keys = [row["key"] for row in rows]
    assert len(set(keys)) == len(keys)
    smtp = Smtp.from_url(desk.mail.url(), SENDER)
    mailed = [mail["Message-ID"] for mail in desk.mail.mails]
    assert [mailed.count(smtp.message_id(key)) for key in keys] == [1] * len(keys)
    notified = {row["event"] for row in rows if row["recipient"] == "customer"}
    assert notified == {"created", "replied", "progressed", "result", "questionnaire", "closed"}
    assert {"dispatched", "duty_alert"} <= {row["event"] for row in rows if row["audience"] == "staff"}
    assert desk.mail.recipients.count("life@example.com") == len(notified)


async def test_a_closed_case_takes_no_command_and_says_since_when(
    installation: Installation, closed_case: ClosedCase
) -> None:
    answer = await installation.run("note", closed_case.number, "--as", "operator", "--text", "太晚了", "--json")
    assert refused(answer, f"bihuan: {closed_case.number} is closed (satisfied) since 2026-05-11 ")
    assert await installation.case(closed_case.number) == closed_case.closed


async def test_a_customer_corrects_by_their_link_what_closed_the_case_and_nobody_else_does(desk: Desk) -> None:
    installation, number = desk.installation, desk.numbers["corrected"]
    owner = (await installation.case(number))["owner"]
    await installation.send("resolve", number, owner, *SOLUTION)
    await _by_link(installation, number, "rate", score="very_satisfied")
    closed = await installation.until_case(number, lambda case: bool(case["status"] == "closed"))
    assert (await _by_link(installation, number, "rate", score="very_satisfied")).outcome == "accepted"
    answer = await installation.run("rate", number, "--as", "customer", "--score", "不满意", "--json")
    assert (answer.code, "is closed (satisfied)" in answer.err) == (1, True), answer
    quiet = await installation.case(number)
    # For a moment after it closed the case itself says no, which is on record.
    happened = [entry for entry in quiet["timeline"] if entry["kind"] != "rejected"]
    assert happened == closed["timeline"], "known already, or refused: nothing has happened"
    assert (await _by_link(installation, number, "rate", score="satisfied")).outcome == "accepted"
    noted = await installation.until_case(number, lambda case: bool(case["satisfaction"] == "satisfied"))
    assert (noted["status"], noted["closed_at"]) == ("closed", closed["closed_at"])
    assert (await _by_link(installation, number, "refuse", why="又坏了", command_id="again")).outcome == "accepted"
    assert (await _by_link(installation, number, "refuse", why="又坏了", command_id="again")).outcome == "accepted"
    opened = await installation.until_case(number, lambda case: bool(case["status"] == "dispatched"))
    assert (opened["reopened"], opened["closed_at"], opened["resolution"]) == (1, None, None)
    assert {one["clock"] for one in opened["deadlines"]} >= {"claim", "response", "resolution"}
    await installation.send("note", number, opened["owner"], "--text", "再看一遍")
    assert gap_free(await installation.until_case(number, lambda case: case["timeline"][-1]["kind"] == "noted"))
    shown = await installation.run("show", number)
    assert "customer（链接）" in shown.out or "customer (link)" in shown.out


async def _by_link(installation: Installation, number: str, name: str, **fields: Any) -> CommandResult:
    """A word of the customer's as the portal sends it."""
    command_id = fields.pop("command_id", None)
    return await send(installation.settings, name, number, fields, by="customer", via=Via.LINK, command_id=command_id)


async def test_a_result_that_no_mail_server_takes_becomes_a_duty_to_call_the_customer(desk: Desk) -> None:
    installation, number, address = desk.installation, desk.numbers["gone"], "gone@example.com"
    owner = (await installation.case(number))["owner"]
    await installation.until_outbox(number, lambda rows: all(row["status"] == "sent" for row in rows))
    desk.mail.refused.add(address)
    await installation.send("resolve", number, owner, *SOLUTION)
    case = await installation.until_case(
        number, lambda case: any(one["clock"] == "feedback" for one in case["deadlines"])
    )
    assert (case["status"], case["waiting"]["who"]) == ("awaiting_confirmation", owner)
    rows = await installation.until_outbox(number, lambda rows: "feedback_due" in {row["event"] for row in rows})
    result = next(row for row in rows if row["event"] == "result")
    assert (result["status"], result["attempts"]) == ("failed", 1)
    assert address not in result["error"]
    assert next(row["recipient"] for row in rows if row["event"] == "feedback_due") == owner
    stuck = next(item for item in (await installation.run("stuck", "--json")).value if item["number"] == number)
    assert set(stuck) == {"number", "reason", "since", "what", "who", "error", "link", "todo"}
    assert (stuck["reason"], stuck["what"], stuck["who"]) == ("untold", "result", owner)
    assert stuck["link"].endswith(f"/namespaces/default/workflows/{number}")
    await installation.send("told", number, owner, "--text", "已电话告知")
    case = await installation.until_case(number, lambda case: not case["untold"])
    assert "feedback" not in {one["clock"] for one in case["deadlines"]}
    assert (case["reachable"], case["waiting"]["clock"]) == ("by_person", "follow_up")
