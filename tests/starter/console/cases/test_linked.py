"""Three callers and one cause, by nothing but commands: one solution answers all, also when everything is killed."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.starter.command_line import intake_form
from tests.starter.installation import Installation, gap_free, running

pytestmark = pytest.mark.xdist_group("linked")

_SOLUTION = ("--cause", "证书过期", "--solution", "已更换证书", "--verified", "yes")


@pytest.fixture(scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    async with running(
        tmp_path_factory.mktemp("linked"), BIHUAN_VIRTUAL_START="2026-05-11T09:00+08:00"
    ) as installation:
        yield installation


async def _callers(office: Installation, name: str) -> list[dict[str, Any]]:
    """Three customers with the same complaint, each with an owner."""
    found = []
    for count in range(3):  # one after the other: only a case that is open already can be pointed out to the next
        given = json.dumps(intake_form(intake_key=f"{name}-{count}"), ensure_ascii=False)
        number = (await office.run("open", "-", "--json", given=given)).value["number"]
        found.append(await office.until_case(number, lambda case: bool(case["owner"])))
    return found


async def _linked(office: Installation, name: str) -> list[str]:
    main, *others = await _callers(office, name)
    for case in others:
        await office.send("link", case["number"], case["owner"], "--to", f" {main['number'].lower()}")
    await office.until_case(main["number"], lambda case: len(case["linked"]) == 2)
    return [case["number"] for case in (main, *others)]


async def test_an_agent_is_told_how_to_link_and_one_solution_then_answers_all(office: Installation) -> None:
    main, *others = await _callers(office, "plain")
    number, last = main["number"], others[-1]["number"]
    shown = (await office.run("show", last)).out
    assert f"bihuan link {last} --as {others[-1]['owner']} --to " in shown
    mails = (await office.run("outbox", last, "--full", "--json")).value
    (mail,) = [mail for mail in mails if mail["event"] == "dispatched"]
    assert f"bihuan link {last} --as {others[-1]['owner']} --to " in mail["text"]
    for case in others:
        await office.send("link", case["number"], case["owner"], "--to", number)
    await office.until_case(number, lambda case: len(case["linked"]) == 2)
    chain = await office.run("link", number, "--to", last, "--as", main["owner"])
    assert (chain.code, chain.out) == (1, "")
    assert f"{number} is the main case of {others[0]['number']}, {last}; link {last} to it instead" in chain.err
    await office.send("resolve", number, main["owner"], *_SOLUTION)
    for case in (main, *others):
        done = await office.until_case(case["number"], lambda case: bool(case["status"] == "awaiting_confirmation"))
        assert done["owner"] == case["owner"]
        assert [row["event"] for row in await office.outbox(case["number"])].count("result") == 1
    await office.send("refuse", last, "customer", "--why", "还是不行")
    left = await office.until_case(number, lambda case: len(case["linked"]) == 1)
    assert left["status"] == "awaiting_confirmation"
    for case in (main, others[0]):
        await office.send("rate", case["number"], "customer", "--score", "satisfied")
        await office.until_case(case["number"], lambda case: bool(case["status"] == "closed"))
    alone = await office.case(last)
    assert (alone["linked_to"], alone["status"], alone["reopened"]) == (None, "dispatched", 1)
    assert "unlinked" in {entry["kind"] for entry in alone["timeline"]}
    again = await office.run("link", last, "--to", number, "--as", alone["owner"])
    assert f"{number} is closed (satisfied); allowed: an open case" in again.err
    articles = (await office.run("kb", "list", "--json")).value
    assert [article["number"] for article in articles] == [number], "one solution is one article"


async def test_a_solution_given_while_everything_is_killed_reaches_every_caller_once(office: Installation) -> None:
    numbers = await _linked(office, "killed")
    owner = (await office.case(numbers[0]))["owner"]
    sent = ("resolve", numbers[0], "--as", owner, "--command-id", "fix", *_SOLUTION)
    assert await office.down(signal.SIGKILL) == -signal.SIGKILL
    first = await office.run(*sent, "--json")
    assert first.value["outcome"] == "queued"
    os.kill(office.server_pid, signal.SIGKILL)
    await office.up()
    await office.run(*sent)
    for number in numbers:
        case = await office.until_case(number, lambda case: bool(case["status"] == "awaiting_confirmation"))
        assert [entry["kind"] for entry in case["timeline"]].count("resolved") == 1
        assert [row["event"] for row in await office.outbox(number)].count("result") == 1
        assert gap_free(case)
