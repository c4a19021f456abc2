"""Whole cases on a real server, worker and mail server, by commands that are processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from activities.delivery.mail import Smtp
from starter.services.cases.commands import CommandResult, send
from tests.activities.delivery.mail_server import MailServer, mail_server
from tests.activities.files import made
from tests.starter.command_line import intake_form
from tests.starter.installation import TIMEOUT, Answer, Installation, gap_free, refusals, running
from workflows.domain.vocabulary import Via

pytestmark = pytest.mark.xdist_group("end_to_end")

_SENDER = "智办公客服 <support@example.com>"
_SHOWN = {
    "number", "status", "priority", "type", "subtype", "department", "owner", "escalation_level", "reopened",
    "breaches", "deadlines", "resolution",
}  # fmt: skip
_SENT = {"key", "number", "event", "audience", "recipient", "channel", "status", "attempts", "subject", "sent_at"}
_SOLUTION = ("--cause", "同步服务连接超时", "--solution", "已重启同步服务并调整超时", "--verified", "yes")


@dataclass
class Desk:
    """An installation with its mail server, and the cases that came in at first: intake key -> number."""

    installation: Installation
    mail: MailServer
    numbers: dict[str, str]


@dataclass
class ClosedCase:
    """One case from the call to the closed loop, and what each command answered."""

    number: str
    owner: str
    opened: dict[str, Any]
    outcomes: dict[str, dict[str, Any]]
    closed: dict[str, Any]


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """An installation where it is Monday morning, whatever the day of the test."""
    async with (
        mail_server() as mail,
        running(
            tmp_path_factory.mktemp("desk"),
            BIHUAN_SMTP_URL=mail.url(),
            BIHUAN_MAIL_FROM=_SENDER,
            BIHUAN_VIRTUAL_START="2026-05-11T09:00+08:00",
        ) as installation,
    ):
        yield Desk(installation, mail, await _take_in(installation))


@pytest.fixture(scope="module")
def installation(desk: Desk) -> Installation:
    return desk.installation


_MAILED = ("life", "repeat", "gone", "killed", "corrected")
_SPOKEN = ("strange", "by-hand", "locked", "stopped")
_MARKUP = "<script>alert(1)</script>[red]王芳[/red]"


async def _take_in(installation: Installation) -> dict[str, str]:
    """Open all cases by one command, which is quicker than a process for each."""
    forms = [_mailed(f"{key}@example.com", intake_key=key) for key in _MAILED]
    forms += [intake_form(intake_key=key) for key in _SPOKEN]
    forms.append(_mailed("markup@example.com", name=_MARKUP, intake_key="markup"))
    lines = "\n".join(json.dumps(form, ensure_ascii=False) for form in forms)
    assert (await installation.run("import", "-", "--json", given=lines)).value["created"] == len(forms)
    listed = (await installation.run("list", "--json")).value
    numbers = {case["form"]["intake_key"]: case["number"] for case in listed}
    for number in numbers.values():
        await installation.until_case(number, lambda case: bool(case["owner"]))
    return numbers


@pytest.fixture(scope="module")
async def closed_case(desk: Desk) -> ClosedCase:
    """The standard case, by commands alone."""
    installation, number = desk.installation, desk.numbers["life"]
    opened: dict[str, Any] = (await installation.run("show", number, "--json")).value
    owner = opened["owner"]
    steps: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("claim", owner, ("--command-id", "claim-1")),
        ("reply", owner, ("--text", "已定位到同步服务异常,正在修复")),
        ("progress", owner, ("--text", "方案测试中", "--step", "1")),
        ("resolve", owner, _SOLUTION),
        ("confirm", "customer", ()),
        ("rate", "customer", ("--score", "非常满意", "--comment", "处理很快")),
    )
    outcomes = {name: await installation.send(name, number, by, *arguments) for name, by, arguments in steps}
    await installation.until_case(number, lambda case: bool(case["status"] == "closed"))
    return ClosedCase(number, owner, opened, outcomes, (await installation.run("show", number, "--json")).value)


def _mailed(address: str, *, name: str = "王芳", **changes: object) -> dict[str, object]:
    """A form of a customer who reads mail."""
    return intake_form(customer={"name": name, "kind": "individual", "email": address, "locale": "zh_CN"}, **changes)


async def test_a_customer_gets_one_number_by_file_or_pipe_however_often_the_form_is_sent(
    installation: Installation,
) -> None:
    form = json.dumps(intake_form(intake_key="double-click"), ensure_ascii=False)
    (installation.folder / "form.json").write_text(form, "utf-8")
    first = (await installation.run("open", "form.json", "--json")).value
    again, piped = await asyncio.gather(
        installation.run("open", "form.json", "--json"), installation.run("open", "-", "--json", given=form)
    )
    assert first == {"number": first["number"], "created": True}
    assert first["number"].startswith("FB20260511")
    assert again.value == piped.value == {"number": first["number"], "created": False}
    assert gap_free(await installation.until_case(first["number"], lambda case: bool(case["owner"])))


async def test_what_a_customer_attaches_reaches_the_owner_and_a_case_that_is_closed_takes_nothing(
    installation: Installation,
) -> None:
    for name, content in {"屏幕.png": made.picture("PNG"), "log.txt": b"ERROR\n", "again.txt": b"ERROR 2\n"}.items():
        (installation.folder / name).write_bytes(content)
    form = json.dumps(intake_form(intake_key="with-files"), ensure_ascii=False)
    opened = (await installation.run("open", "-", "--json", "--attach", "屏幕.png", given=form)).value
    number = opened["number"]
    before = installation.numbers()
    (installation.folder / "setup.exe").write_bytes(made.PROGRAM)
    other = json.dumps(intake_form(intake_key="with-a-program"), ensure_ascii=False)
    bad = await installation.run("open", "-", "--attach", "屏幕.png", "setup.exe", given=other)
    assert (bad.code, bad.out, len(bad.err.splitlines())) == (1, "", 1)
    assert bad.err.startswith("bihuan: setup.exe: files of this kind are not taken")
    assert installation.numbers() == before
    owner = (await installation.until_case(number, lambda case: bool(case["owner"])))["owner"]
    attached = await installation.run("attach", number, "log.txt", "--as", "customer", "--json", "--command-id", "a-1")
    assert attached.value["outcome"] in {"accepted", "queued"}, attached
    case = await installation.until_case(number, lambda case: case["timeline"][-1]["kind"] == "attached")
    (entry,) = case["timeline"][-1]["detail"]["files"]
    assert (entry["name"], entry["size"], entry["type"]) == ("log.txt", 6, "text")
    told = await installation.until_outbox(number, lambda rows: any(row["event"] == "attached" for row in rows))
    assert [row["recipient"] for row in told if row["event"] == "attached"] == [owner]
    again = await installation.run("attach", number, "again.txt", "--as", "customer", "--json", "--command-id", "a-1")
    assert again.value["outcome"] == "accepted"
    await installation.send("withdraw", number, "customer", "--why", "不需要了")
    await installation.until_case(number, lambda case: bool(case["status"] == "closed"))
    refused = await installation.run("attach", number, "again.txt", "--as", "customer")
    assert (refused.code, refused.err) == (1, f"bihuan: {number} is closed; a new issue needs a new case\n")
    shown = (await installation.run("show", number, "--json")).value
    assert [(one["name"], one["via"]) for one in shown["files"]] == [("屏幕.png", "console"), ("log.txt", "console")]
    assert shown["form"]["attachments"] == ["屏幕.png"]
    stored = (path.read_bytes() for path in (installation.data / "files").glob("??/*"))
    assert sorted(stored) == sorted([made.picture("PNG"), b"ERROR\n"])


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
    smtp = Smtp.from_url(desk.mail.url(), _SENDER)
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
    assert _refused(answer, f"bihuan: {closed_case.number} is closed (satisfied) since 2026-05-11 ")
    assert await installation.case(closed_case.number) == closed_case.closed


async def test_a_customer_corrects_by_their_link_what_closed_the_case_and_nobody_else_does(desk: Desk) -> None:
    installation, number = desk.installation, desk.numbers["corrected"]
    owner = (await installation.case(number))["owner"]
    await installation.send("resolve", number, owner, *_SOLUTION)
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


async def test_a_number_that_never_was_is_one_line_whatever_is_asked_of_it(installation: Installation) -> None:
    unknown = "FB199901010001"
    answers = await asyncio.gather(
        installation.run("claim", unknown, "--as", "tech-001", "--json"),
        installation.run("show", unknown, "--json"),
        installation.run("outbox", unknown, "--json"),
    )
    for answer in answers:
        assert _refused(answer, f"bihuan: {unknown}: there is no such case")


async def test_who_may_not_act_is_told_why_and_the_attempt_stays_on_the_case(desk: Desk) -> None:
    installation, number = desk.installation, desk.numbers["strange"]
    owner = (await installation.case(number))["owner"]
    arguments = ("--command-id", "not-mine", "--json")
    answer, stranger, rating = await asyncio.gather(
        installation.run("resolve", number, "--as", "agent-001", *_SOLUTION, *arguments),
        installation.run("claim", number, "--as", "nobody-999"),
        installation.run("rate", number, "--as", owner, "--score", "满意"),
    )
    reason = "resolve is for the owner or a superior of the owner or a duty manager; agent-001 is "
    assert answer.code == stranger.code == rating.code == 1
    assert json.loads(answer.out)["outcome"] == "rejected"
    assert reason in json.loads(answer.out)["reason"]
    assert f"{number} resolve rejected: {reason}" in answer.err
    assert stranger.err == f"bihuan: {number} claim rejected: nobody-999 is not in the organisation\n"
    assert f"{number} rate rejected: rate is for the customer or " in rating.err
    case = await installation.until_case(number, lambda case: len(refusals(case)) == 3)
    assert refusals(case)["not-mine"] == json.loads(answer.out)["reason"]
    assert (case["status"], gap_free(case)) == ("dispatched", True)


async def test_an_agent_whose_line_broke_repeats_the_command_and_it_counts_once(desk: Desk) -> None:
    installation, number = desk.installation, desk.numbers["repeat"]
    owner = (await installation.case(number))["owner"]
    first = await installation.send(
        "reply", f" {number.lower()}", owner, "--text", "正在处理", "--command-id", "reply-1"
    )
    assert await installation.send("reply", number, owner, "--text", "正在处理", "--command-id", "reply-1") == first
    assert first["number"] == number
    changed = await installation.run(
        "note", number, "--as", owner, "--text", "别的", "--command-id", "reply-1", "--json"
    )
    assert changed.value["command_id"] == "reply-1"
    case = await installation.case(number)
    assert [entry["kind"] for entry in case["timeline"]].count("replied") == 1
    assert "noted" not in {entry["kind"] for entry in case["timeline"]}
    assert [row["event"] for row in await installation.outbox(number)].count("replied") == 1


async def test_no_signal_sent_by_hand_vanishes_or_harms_the_case(desk: Desk) -> None:
    installation, number = desk.installation, desk.numbers["by-hand"]
    owner = (await installation.case(number))["owner"]
    await installation.signal(number, "claim", json.dumps("hello"))
    await installation.signal(number, "claim")
    await installation.signal(number, "claim", "{}", "{}")
    await installation.signal(number, "claim", '{"by": "x"}', meta="encoding=binary/encrypted")
    await installation.signal(number, "fly", json.dumps({"by": owner}))
    refused_with: dict[str, tuple[str, dict[str, object], str]] = {
        "no-keys": ("resolve", {}, "resolve: cause: is missing; solution: is missing"),
        "no-enum": ("classify", {"priority": "P9", "why": "?"}, "classify: priority: Input should be 'P0', 'P1'"),
        "much": ("note", {"text": "长" * 34_000}, "note: text: String should have at most 4000 characters"),
        "bell": ("note", {"text": "a\x07b"}, "note: text: control character U+0007 is not allowed"),
        "more": ("claim", {"shoe": 4}, "claim: shoe: unknown key; allowed: command_id, by, at"),
        "early": ("confirm", {"by": "customer"}, ""),
        "late": ("rate", {"by": "customer", "score": "satisfied"}, "there is nothing to rate yet"),
    }
    for command_id, (name, fields, _) in refused_with.items():
        payload = {"command_id": command_id, "by": owner, **fields}
        await installation.signal(number, name, json.dumps(payload, ensure_ascii=False))
        await installation.signal(number, name, json.dumps(payload, ensure_ascii=False))
    await installation.signal(number, "claim", json.dumps({"by": owner}))
    case = await installation.until_case(number, lambda case: bool(case["status"] == "in_progress"))
    reasons = refusals(case)
    for command_id, (_, _, reason) in refused_with.items():
        assert reasons.pop(command_id).startswith(reason), command_id
    assert [reason.split(";")[0].split("(")[0] for reason in reasons.values()] == [
        "claim: takes one JSON object, not str",
        "claim: takes one JSON object, 0 arguments came",
        "claim: takes one JSON object, 2 arguments came",
        "claim: its payload cannot be read ",
        "unknown signal 'fly'",
    ]
    assert gap_free(case)
    assert (await installation.run("stuck", "--json")).code == 0
    assert "操作被拒绝" in (await installation.run("show", number)).out


async def test_a_result_that_no_mail_server_takes_becomes_a_duty_to_call_the_customer(desk: Desk) -> None:
    installation, number, address = desk.installation, desk.numbers["gone"], "gone@example.com"
    owner = (await installation.case(number))["owner"]
    await installation.until_outbox(number, lambda rows: all(row["status"] == "sent" for row in rows))
    desk.mail.refused.add(address)
    await installation.send("resolve", number, owner, *_SOLUTION)
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


_BAD_FORMS: dict[str, tuple[dict[str, object], str]] = {
    "six attachments": ({"attachments": list("123456")}, "attachments: are 6; allowed: at most 5"),
    "no contact": ({"customer": {"name": "王芳"}}, "customer: has no contact; allowed: at least one of phone"),
    "unknown type": ({"type": "魔法"}, "type: '魔法' is not known; allowed: technical 技术类"),
    "unknown channel": ({"channel": "pigeon"}, "channel: 'pigeon' is not known; allowed: hotline"),
    "future": ({"occurred_at": "2026-05-12T09:00+08:00"}, "occurred_at: '2026-05-12T09:00+08:00' is in the future"),
    "phone": ({"customer": {"name": "王芳", "phone": "12"}}, "customer.phone: '12' is no phone number"),
    "long": ({"description": {"symptom": "长" * 34_000}}, "description: is 102000 bytes long; allowed: at most"),
    "bell": ({"product": "a\x07b"}, "product: holds the control character U+0007"),
    "unknown key": ({"shoe": 4}, "shoe: is not known; allowed: intake_key, channel, customer"),
}


async def test_an_import_takes_the_good_lines_names_the_bad_ones_and_adds_nothing_twice(
    installation: Installation,
) -> None:
    before = installation.numbers()
    bad = {f"form: {said}": json.dumps(intake_form(**form), ensure_ascii=False) for form, said in _BAD_FORMS.values()}
    bad |= {
        "is no JSON: ": '{"channel": "portal"',
        "is nested too deeply": "[" * 100_000,
        "is no JSON object but [1, 2]": "[1, 2]",
    }
    good = [json.dumps(intake_form(product=product), ensure_ascii=False) for product in ("产品一", "产品二")]
    (installation.folder / "issues.jsonl").write_text("\n".join([good[0], "", *bad.values(), good[1]]), "utf-8")
    first = await installation.run("import", "issues.jsonl", "--json")
    again = await installation.run("import", "issues.jsonl", "--json")
    tallies = [json.loads(answer.out) for answer in (first, again)]
    assert (first.code, again.code) == (1, 1)
    assert [(tally["created"], tally["known"]) for tally in tallies] == [(2, 0), (0, 2)]
    assert len(tallies[0]["failed"]) == len(bad)
    for line, (said, fault) in enumerate(zip(bad, tallies[0]["failed"], strict=True), start=3):
        assert fault["line"] == line
        assert fault["error"].startswith(said)
        assert f"bihuan: line {line}: {said}" in first.err
    assert len(first.err.splitlines()) == len(bad)
    assert len(installation.numbers() - before) == 2


async def test_a_form_that_is_wrong_gets_one_line_and_leaves_nothing_behind(installation: Installation) -> None:
    before = installation.numbers()
    good = json.dumps(intake_form(), ensure_ascii=False)
    (installation.folder / "empty.json").write_bytes(b"")
    (installation.folder / "gb.json").write_bytes(good.encode("gb18030"))
    asked = {
        "form: attachments: are 6; allowed: at most 5": installation.run(
            "open", "-", given=json.dumps(intake_form(attachments=list("123456")))
        ),
        "form: is no JSON: ": installation.run("open", "-", given=good[:-1]),
        "form: is no JSON object but []": installation.run("open", "-", given="[]"),
        "empty.json: is empty; allowed: one JSON object": installation.run("open", "empty.json"),
        "gb.json: is no UTF-8 at byte ": installation.run("open", "gb.json"),
        "nowhere.json: cannot be read: No such file or directory": installation.run("open", "nowhere.json"),
        ".: cannot be read: is a folder; allowed: an ordinary file": installation.run("open", "."),
        "standard input: is too long; allowed: at most 1,000,000 bytes": installation.run(
            "open", "-", given=" " * 2_000_000
        ),
    }
    for said, answer in zip(asked, await asyncio.gather(*asked.values()), strict=True):
        assert _refused(answer, f"bihuan: {said}")
    assert installation.numbers() == before


async def test_markup_in_a_name_is_a_name_everywhere(desk: Desk) -> None:
    installation, number = desk.installation, desk.numbers["markup"]
    assert _MARKUP in (await installation.run("show", number)).out
    await installation.until_outbox(number, lambda rows: all(row["status"] == "sent" for row in rows))
    (mail,) = [mail for mail in desk.mail.mails if "markup@example.com" in mail["To"]]
    html = mail.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()


async def test_what_is_said_while_everything_is_killed_is_neither_lost_nor_doubled(desk: Desk) -> None:
    installation, number = desk.installation, desk.numbers["killed"]
    owner = (await installation.case(number))["owner"]
    notes = [json.dumps({"command_id": f"note-{index}", "by": owner, "text": f"备注 {index}"}) for index in range(8)]
    await asyncio.gather(*(installation.signal(number, "note", note) for note in notes[:4]))
    assert await installation.down(signal.SIGKILL) == -signal.SIGKILL
    try:
        await asyncio.gather(*(installation.signal(number, "note", note) for note in notes[2:6]))
        waiting = await installation.run("claim", number, "--as", owner, "--command-id", "claim-1", "--json")
        assert (waiting.code, waiting.value["outcome"]) == (0, "queued")
        assert "no worker has answered yet; the server keeps the command" in waiting.value["reason"]
    finally:
        await installation.up()
    await installation.until_case(number, lambda case: bool(case["status"] == "in_progress"))
    restarts = sum("the Temporal server ended" in line for line in installation.said)
    os.kill(installation.server_pid, signal.SIGKILL)
    await installation.until(lambda: sum("the Temporal server ended" in line for line in installation.said) > restarts)
    reply = ("reply", number, "--as", owner, "--text", "已恢复", "--command-id", "reply-1", "--json")
    async with asyncio.timeout(TIMEOUT):
        while (await installation.run(*reply)).code != 0:  # noqa: ASYNC110 - the server has to be back
            await asyncio.sleep(0.3)
    await asyncio.gather(*(installation.signal(number, "note", note) for note in notes[4:]))
    case = await installation.until_case(
        number, lambda case: len([entry for entry in case["timeline"] if entry["kind"] == "noted"]) >= len(notes)
    )
    assert sorted(entry["detail"]["text"] for entry in case["timeline"] if entry["kind"] == "noted") == [
        f"备注 {index}" for index in range(8)
    ]
    kinds = [entry["kind"] for entry in case["timeline"]]
    assert (kinds.count("claimed"), kinds.count("replied"), gap_free(case)) == (1, 1, True)
    rows = await installation.until_outbox(number, lambda rows: all(row["status"] == "sent" for row in rows))
    assert len({row["key"] for row in rows}) == len(rows)
    assert [row["event"] for row in rows].count("replied") == 1


async def test_a_record_that_was_locked_for_a_while_strands_no_case_also_after_a_crash(desk: Desk) -> None:
    installation, number = desk.installation, desk.numbers["locked"]
    owner = (await installation.case(number))["owner"]
    with closing(sqlite3.connect(installation.data / "bihuan.db", isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        await installation.signal(number, "claim", json.dumps({"by": owner}))
        stuck = await installation.until_stuck(number, "activity_failing", "database is locked")
        assert stuck["what"].split(",")[0] == "record"
        holder.execute("ROLLBACK")
    assert gap_free(await installation.until_case(number, lambda case: bool(case["status"] == "in_progress")))
    await installation.down(signal.SIGKILL)
    await installation.up()
    # The server waits for what the killed worker had in hand, so the answer may be that the command is queued.
    assert (await installation.run("reply", number, "--as", owner, "--text", "已恢复")).code == 0
    assert gap_free(
        await installation.until_case(number, lambda case: "replied" in {one["kind"] for one in case["timeline"]})
    )
    left = [item["reason"] for item in (await installation.run("stuck", "--json")).value if item["number"] == number]
    assert left == ["untold"]  # this customer has a telephone alone


async def test_a_planned_stop_loses_nothing_and_who_calls_meanwhile_is_served_afterwards(
    desk: Desk, closed_case: ClosedCase
) -> None:
    installation, number = desk.installation, desk.numbers["stopped"]
    before = await installation.case(number)
    assert await installation.down() == 0
    assert installation.said[-1] == "bihuan: stopped"
    try:
        registered = await installation.run(
            "open", "-", "--json", given=json.dumps(intake_form(intake_key="while-down"))
        )
        assert registered.value["created"] is True
        late = registered.value["number"]
        assert f"{late} is registered; a worker starts it as soon as Temporal answers" in registered.err
        unreachable = await installation.run("claim", number, "--as", before["owner"])
        assert _refused(unreachable, "bihuan: cannot reach Temporal at ")
        assert (await installation.case(late))["status"] is None
        assert await installation.case(number) == before
    finally:
        await installation.up()
    opened = await installation.until_case(late, lambda case: bool(case["owner"]))
    assert gap_free(opened)
    await installation.send("claim", number, before["owner"])
    assert await installation.case(closed_case.number) == closed_case.closed
    assert "satisfied" in await installation.temporal("workflow", "result", "--workflow-id", closed_case.number)


def _refused(answer: Answer, said: str) -> bool:
    """Whether it is one line on standard error that begins so, nothing on standard output, and exit 1."""
    assert (answer.code, answer.out) == (1, ""), answer
    assert answer.err.count("\n") == 1, answer
    assert answer.err.startswith(said), answer
    return True
