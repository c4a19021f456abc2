"""Who may not act, repeats a command or sends anything by hand harms no case, and is told why."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.starter.end_to_end.desk import SOLUTION, Desk, refused
from tests.starter.installation import Installation, gap_free, refusals

pytestmark = pytest.mark.xdist_group("end_to_end")


async def test_a_number_that_never_was_is_one_line_whatever_is_asked_of_it(installation: Installation) -> None:
    unknown = "FB199901010001"
    answers = await asyncio.gather(
        installation.run("claim", unknown, "--as", "tech-001", "--json"),
        installation.run("show", unknown, "--json"),
        installation.run("outbox", unknown, "--json"),
    )
    for answer in answers:
        assert refused(answer, f"bihuan: {unknown}: there is no such case")


async def test_who_may_not_act_is_told_why_and_the_attempt_stays_on_the_case(desk: Desk) -> None:
    installation, number = desk.installation, desk.numbers["strange"]
    owner = (await installation.case(number))["owner"]
    arguments = ("--command-id", "not-mine", "--json")
    answer, stranger, rating = await asyncio.gather(
        installation.run("resolve", number, "--as", "agent-001", *SOLUTION, *arguments),
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
