"""The same lives by the console on the server and from another machine by the API: the same answers and exit codes
(R46).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest

from tests.starter.both_ways import Elsewhere
from tests.starter.command_line import bihuan_beside, intake_form
from tests.starter.end_to_end.desk import SOLUTION, ClosedCase
from tests.starter.installation import Answer, Installation

pytestmark = pytest.mark.xdist_group("end_to_end")

Said = tuple[str, int, str, str]
"""A command, its exit code, standard output and error."""
_OUTSIDE = "director"
"""Above everybody, and owner of nothing."""
_DIFFERENT = ("suggestions",)
"""Of two lives beside each other."""


@dataclass
class Way:
    """Commands that go one way, and what each answered, with what is of this life alone taken out."""

    installation: Installation
    name: str
    folder: Path | None = None
    """Of the other machine; None: this is the server's console."""
    words: dict[str, str] = field(default_factory=dict)
    _raw: list[tuple[str, Answer]] = field(default_factory=list)

    async def say(self, *arguments: str, given: str = "") -> Answer:
        """One command; kept. One that a busy worker has not judged yet is said again, which counts once."""
        answer = await self._run(*arguments, given=given)
        while queued := _queued(answer):
            again = () if "--command-id" in arguments else ("--command-id", queued)
            answer = await self._run(*arguments, *again, given=given)
        self._raw.append((" ".join(arguments), answer))
        return answer

    @property
    def answers(self) -> list[Said]:
        """What was said and answered."""
        return [
            (self._plain(said), answer.code, self._plain(self._sorted(answer.out)), self._plain(answer.err))
            for said, answer in self._raw
        ]

    async def _run(self, *arguments: str, given: str) -> Answer:
        if self.folder is None:
            return await self.installation.run(*arguments, given=given)
        elsewhere = Elsewhere(self.folder, self.installation.pages, self.installation.settings)
        rewritten = await asyncio.to_thread(elsewhere.rewritten, arguments, {})
        environment: Mapping[str, str]
        arguments_, environment = rewritten or (arguments, self.installation.environment)
        assert rewritten is not None, f"{arguments} does not go by the API"
        return Answer(
            *await bihuan_beside(*arguments_, folder=self.folder, environment=environment, given=given.encode())
        )

    async def owned(self, word: str) -> str:
        """Take in a case, which is called `word`, and its owner `owner of WORD`; its number."""
        form = intake_form(intake_key=f"{self.name}-{word}", product="考勤机")
        opened = await self.say("open", "-", "--json", given=json.dumps(form, ensure_ascii=False))
        number: str = opened.value["number"]
        case = await self.installation.until_case(number, lambda case: bool(case["owner"]))
        self.words |= {number: word, case["owner"]: "somebody", f"{self.name}-": ""}
        return number

    def _sorted(self, out: str) -> str:
        """JSON in one order, without what is not compared."""
        try:
            found = json.loads(out)
        except ValueError:
            return out
        if isinstance(found, dict):
            found = {key: value for key, value in found.items() if key not in _DIFFERENT}
        return json.dumps(found, sort_keys=True, ensure_ascii=False, indent=1)

    def _plain(self, text: str) -> str:
        for word, meaning in sorted(self.words.items(), key=lambda one: -len(one[0])):
            text = text.replace(word, meaning)
        text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?([+-]\d\d:\d\d|Z)?", "then", text)
        text = re.sub(r'("command_id": )"[^"]*"', r"\1id", text)
        # A token's command has whose it is before its id.
        text = re.sub(r"(?:(?:somebody|director|followup-\d+):)?(\b[a-z_]+)-[0-9a-f]{16}\b", r"\1-id", text)
        text = re.sub(r'("\w*seconds": )[\d.]+', r"\1some", text)
        return re.sub(r'("via": )"(console|api|system)"', r"\1way", text)


def _queued(answer: Answer) -> str | None:
    """The id of a command that is not judged yet."""
    try:
        found = json.loads(answer.out)
    except ValueError:
        return None
    return found["command_id"] if isinstance(found, dict) and found.get("outcome") == "queued" else None


def _same(local: list[Said], remote: list[Said]) -> None:
    for here, there in zip(local, remote, strict=True):
        first, second = ("\n".join(map(str, one)).splitlines() for one in (here, there))
        assert not list(unified_diff(first, second, "local", "remote", n=1, lineterm="")), here[0]


async def _live(way: Way) -> None:
    """Two customers with one cause, from the call to the closed loop, and what is refused on the way."""
    show, case = way.installation.case, {}
    main, caller = await way.owned("main"), await way.owned("caller")
    for number in (main, caller):
        case[number] = (await show(number))["owner"]
    owner = case[main]

    async def act(command: str, number: str, by: str, *arguments: str) -> None:
        await way.say(command, number, "--as", by, "--json", *arguments)

    await act("claim", main, owner, "--command-id", f"{way.name}-claim")
    await act("claim", main, owner, "--command-id", f"{way.name}-claim")
    await act("reply", main, owner, "--text", "已定位,正在修复")
    await act("progress", main, owner, "--text", "方案测试中", "--step", "1")
    await act("progress", main, owner, "--text", "x", "--step", "99")
    await act("link", caller, case[caller], "--to", main)
    # The main case hears of it by a signal, and refuses in other words before.
    await way.installation.until_case(main, lambda one: bool(one["linked"]))
    await act("link", main, owner, "--to", caller)
    await act("link", caller, case[caller], "--to", "FB209912310001")
    await act("retime", main, _OUTSIDE)
    await act("retime", main, owner)
    await way.say("retime", "--priority", "P0", "--as", _OUTSIDE, "--json", "--command-id", f"{way.name}-P0")
    await way.say("retime", main, "--all", "--as", _OUTSIDE)
    await act("resolve", main, owner, "--cause", "x")
    await act("resolve", main, owner, *SOLUTION)
    await way.installation.until_case(caller, lambda one: bool(one["status"] == "awaiting_confirmation"))
    await act("unlink", caller, case[caller])
    for number in (main, caller):
        follow_up = (await show(number))["follow_up"]
        said = ("--relayed-by", follow_up, "--heard", "telephone")
        await act("confirm", number, "customer", *said)
        await act("rate", number, "customer", *said, "--score", "满意", "--comment", "很快")
        # The record has it a moment before the workflow ends, which would refuse the note itself until then.
        await way.installation.temporal("workflow", "result", "--workflow-id", number)
    await way.installation.until_closed(main)
    await act("note", main, owner, "--text", "太晚了")
    # Not the outbox: what a mail server has taken meanwhile is chance.
    for asked in (("show", main), ("list", "--text", main)):
        await way.say(*asked, "--json")
    await way.say("show", "FB209912310001")


async def test_a_life_has_the_same_answers_from_either_side(installation: Installation, tmp_path: Path) -> None:
    ways = Way(installation, "local"), Way(installation, "remote", tmp_path)
    await asyncio.gather(*map(_live, ways))
    local, remote = (way.answers for way in ways)
    _same(local, remote)
    assert {code for _, code, _, _ in local} == {0, 1, 2}


async def test_what_is_made_of_all_cases_is_the_same_from_either_side(
    installation: Installation, closed_case: ClosedCase, tmp_path: Path
) -> None:
    ways = Way(installation, "local"), Way(installation, "remote", tmp_path)
    number = closed_case.number
    for way in ways:
        for asked in (
            ("report", "--from", "2026-05-11", "--to", "2026-05-11", "--by", "product", "--json"),
            ("report", "--from", "soon", "--to", "2026-05-11"),
            ("report", "--last", "year"),
            ("show", number, "--json"),
            ("review", "list", "--json"),
            ("kb", "search", "同步服务", "--json"),
        ):
            await way.say(*asked)
    _same(*(way.answers for way in ways))


async def test_the_archive_stays_with_whoever_sits_at_the_server(
    installation: Installation, closed_case: ClosedCase
) -> None:
    """A login elsewhere changes nothing about commands that are for the server."""
    here = await installation.run("archive", "list", "--json")
    with_login = {**installation._settings(), "BIHUAN_URL": installation.pages, "BIHUAN_TOKEN": "bh_" + "a" * 52}
    there = Answer(
        *await bihuan_beside("archive", "list", "--json", folder=installation.folder, environment=with_login)
    )
    assert (there.code, there.out) == (here.code, here.out)
    away: Any = await bihuan_beside("show", closed_case.number, folder=installation.folder, environment=with_login)
    assert away[0] == 1
