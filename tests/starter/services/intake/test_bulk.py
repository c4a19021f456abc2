"""What comes in line by line: whatever is the matter with one, or with the record for a while, the others go in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from starter.services.intake.bulk import BulkIntake, IntakeStoppedError
from starter.services.intake.submissions import Intake
from tests.record import execute
from tests.starter.command_line import bihuan, bihuan_environment, intake_form, make_installation, make_record, refused
from tests.starter.forked import fork
from worker.installation.installation import open_installation
from worker.installation.settings import IsolatedSettings

_AWAY = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}


def _line(product: str, **changes: object) -> str:
    return json.dumps(intake_form(product=product, **changes), ensure_ascii=False)


_BAD = {
    b'{"product": "\\ud83d"}': "product: holds half a character, U+D83D; allowed: whole ones",
    b'{"\\ud83d": 1}': "\N{REPLACEMENT CHARACTER}: the key holds half a character",
    b'{"product": "\xff"}': "is no UTF-8 at byte 14; allowed: JSON saved as UTF-8",
    b'{"product": ' + b"9" * 5_000 + b"}": "product: is a number that is too long; allowed: at most 18 digits",
    b"[" * 100_000: "is nested too deeply (at character 51); allowed: 50 levels",
    b'{"product": "a", "product": "b"}': "product: is given twice; allowed: once",
    b'{"product": "' + b"x" * 1_000_000 + b'"}': "is too long; allowed: at most 1,000,000 bytes",
}


def test_no_line_whatever_it_holds_keeps_the_next_one_out(tmp_path: Path) -> None:
    make_installation(tmp_path)
    lines = [line for bad in _BAD for line in (bad, _line(f"产品{bad[:9]!r}{len(bad)}").encode())]
    (tmp_path / "issues.jsonl").write_bytes(b"\n".join(lines))
    done = bihuan("import", "issues.jsonl", "--json", folder=tmp_path, environment=_AWAY)
    tally = json.loads(done.stdout)
    assert (done.returncode, tally["created"], tally["stopped"]) == (1, len(_BAD), None)
    assert [fault["line"] for fault in tally["failed"]] == list(range(1, 2 * len(_BAD), 2))
    for fault, said in zip(tally["failed"], _BAD.values(), strict=True):
        assert fault["error"].startswith(said)


def test_no_line_of_a_log_keeps_the_others_out_of_a_trial(tmp_path: Path) -> None:
    good = {"at": "2026-05-11T09:00", "key": "A", "open": intake_form()}
    (tmp_path / "past.jsonl").write_bytes(b"\n".join([*_BAD, json.dumps(good).encode()]))
    answer = json.loads(bihuan("trial", "past.jsonl", "--json", folder=tmp_path).stdout)
    assert answer["trial"]["cases"] == 1
    assert [fault["line"] for fault in answer["faulty_lines"]] == list(range(1, len(_BAD) + 1))


@pytest.mark.parametrize("command", [["import"], ["trial"], ["open"], ["org", "load"], ["policy", "check"]])
def test_nobody_waits_for_a_pipe_that_was_named_instead_of_a_file(
    tmp_path: Path, command: list[str], installed: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = refused(*command, str(tmp_path / "pipe"), folder=installed)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"bihuan: {tmp_path / 'pipe'}: cannot be read: is a pipe; allowed: an ordinary file\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    make_installation(folder)
    return folder


class _Register:
    """Fails so many times, then takes what comes."""

    def __init__(self, intake: Intake, failures: int, error: Exception) -> None:
        self._accept: Callable[[Any], Any] = intake.accept
        self._failures, self._error = failures, error

    async def accept(self, raw: Any) -> Any:
        if self._failures:
            self._failures -= 1
            raise self._error
        return await self._accept(raw)


_HICCUP = OperationalError("INSERT", {}, Exception("the server is shutting down"))


@pytest.mark.parametrize("error", [_HICCUP, ConnectionRefusedError("refused")])
async def test_a_record_that_is_away_for_a_moment_costs_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    settings = IsolatedSettings(data=tmp_path)
    make_record(tmp_path)
    async with open_installation(settings, prepare=True) as installation:
        intake = Intake(installation, None)
        monkeypatch.setattr(intake, "accept", _Register(intake, 2, error).accept)
        bulk = BulkIntake(intake)
        await bulk.take(1, _line("甲"))
        await bulk.take(2, _line("乙"))
    assert (bulk.tally.created, bulk.tally.failed, bulk.tally.last) == (2, [], 2)


async def test_a_record_that_stays_away_is_said_so_after_what_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_record(tmp_path)
    async with open_installation(IsolatedSettings(data=tmp_path), prepare=True) as installation:
        intake = Intake(installation, None)
        bulk = BulkIntake(intake, patience=0.0)
        await bulk.take(1, _line("甲"))
        monkeypatch.setattr(intake, "accept", _Register(intake, 1, _HICCUP).accept)
        with pytest.raises(IntakeStoppedError, match="the record does not answer: the server is shutting down"):
            await bulk.take(2, _line("乙"))
    assert (bulk.tally.created, bulk.tally.last) == (1, 1)


async def test_a_fault_of_one_form_in_the_record_is_no_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_record(tmp_path)
    async with open_installation(IsolatedSettings(data=tmp_path), prepare=True) as installation:
        intake = Intake(installation, None)
        monkeypatch.setattr(intake, "accept", _Register(intake, 1, UnicodeEncodeError("utf-8", "x", 0, 1, "no")).accept)
        bulk = BulkIntake(intake)
        await bulk.take(1, _line("甲"))
        await bulk.take(2, _line("乙"))
    assert (bulk.tally.created, [line for line, _ in bulk.tally.failed]) == (1, [1])


def test_whoever_ends_an_import_hears_what_went_in_and_how_to_go_on(tmp_path: Path) -> None:
    make_installation(tmp_path)
    given, giving = os.pipe()
    with (tmp_path / "out").open("w+") as out, (tmp_path / "err").open("w+") as err:
        process = fork(
            ["import", "-"], folder=tmp_path, environment=bihuan_environment(_AWAY),
            stdin=given, stdout=out.fileno(), stderr=err.fileno(),
        )  # fmt: skip
    os.close(given)
    os.write(giving, "\n".join([_line("甲"), "{", _line("乙"), ""]).encode())
    url = f"sqlite:///{tmp_path / 'bihuan-data' / 'bihuan.db'}"
    until = datetime.now(UTC).timestamp() + 120
    while len(execute(url, "SELECT number FROM registration")) < 2:
        assert process.returncode is None
        assert datetime.now(UTC).timestamp() < until
    process.send_signal(signal.SIGINT)
    assert process.join() == 130
    os.close(giving)
    assert (tmp_path / "out").read_text("utf-8") == "2 new, 0 known already, 1 failed\n"
    said = (tmp_path / "err").read_text("utf-8")
    assert said.startswith("bihuan: line 2: is no JSON: ")
    assert "bihuan: interrupted: stopped after line 3; import the same file again to go on" in said


def test_whoever_submits_twice_is_told_so_and_a_second_issue_under_a_used_key_is_refused(tmp_path: Path) -> None:
    make_installation(tmp_path)

    def opened(given: str) -> subprocess.CompletedProcess[str]:
        return bihuan("open", "-", folder=tmp_path, environment=_AWAY, given=given)

    first, again = opened(_line("甲")), opened(_line("甲"))
    number = first.stdout.split()[0]
    assert again.stdout.startswith(f"{number} is this submission already")
    keyed = opened(_line("乙", intake_key="k")).stdout.split()[0]
    denied = refused("open", "-", folder=tmp_path, environment=_AWAY, given=_line("丙", intake_key="k"))
    assert (denied.returncode, denied.stdout) == (1, "")
    assert denied.stderr.startswith(f"bihuan: intake_key: 'k' is {keyed}, which came in with another content; allowed")
