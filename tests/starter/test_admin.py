"""The admin script finds every command, is quick to help and to show, and says what is wrong in one line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from starter.console.commands import DEFAULT_COMMANDS, GROUPS, SECTIONS, function_name
from tests.starter.command_line import BIHUAN, bihuan, bihuan_environment, intake_form, make_installation, refused

_HEAVY = ("pydantic", "sqlalchemy", "temporalio", "jinja2", "holidays", "structlog", "asyncio")
_OTHERS = ("up", "worker", "demo", "open", "import", "show", "list", "stuck", "outbox", "report")
_SIGNALS = (
    "claim", "reply", "classify", "assign", "progress", "escalate", "collaborate", "contribute", "request-info",
    "supply", "resolve", "told", "feedback", "confirm", "refuse", "rate", "note", "acknowledge", "withdraw", "retime",
)  # fmt: skip
_CUSTOMERS = ("supply", "confirm", "refuse", "rate")
_ROOT = Path(__file__).parents[2]


def _loaded(code: str, folder: Path) -> set[str]:
    """Top-level modules in memory after running that code."""
    script = f"import sys\n{code}\nsys.stderr.write(' '.join({{name.partition('.')[0] for name in sys.modules}}))"
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stderr.split())


def test_help_does_not_keep_anybody_waiting(tmp_path: Path) -> None:
    loaded = _loaded("from starter.admin import run\nassert run(['--help']) == 0", tmp_path)
    assert loaded.isdisjoint({*_HEAVY, "cyclopts", "rich"})


def test_help_of_a_command_does_not_wait_for_the_engine(tmp_path: Path) -> None:
    loaded = _loaded("from starter.admin import run\nassert run(['claim', '--help']) == 0", tmp_path)
    assert loaded.isdisjoint({"sqlalchemy", "temporalio", "pydantic", "jinja2", "holidays"})


def test_showing_a_case_does_not_wait_for_the_engine_or_the_database_library(tmp_path: Path) -> None:
    loaded = _loaded("from starter.admin import run\nassert run(['show', 'FB202605110001']) == 1", tmp_path)
    assert loaded.isdisjoint({"sqlalchemy", "temporalio", "jinja2", "holidays", "structlog", "alembic"})


def test_lists_of_the_record_do_not_wait_for_the_engine(tmp_path: Path) -> None:
    loaded = _loaded(
        "from starter.admin import run\nassert run(['list']) == run(['outbox']) == run(['archive', 'list']) == 1",
        tmp_path,
    )
    assert loaded.isdisjoint({"temporalio", "jinja2", "holidays", "httpx2"})


def test_a_list_waits_neither_for_a_policy_nor_for_what_only_other_commands_read() -> None:
    script = (
        "import sys, starter.services.cases.listing\n"
        "late = ('worker.installation.settings', 'workflows.domain.policy.policy', 'workflows.domain.organisation',\n"
        "    'activities.queries.monitoring.attention_query')\n"
        "sys.exit(str([name for name in late if name in sys.modules] or 0))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "0", done.stderr


def test_help_names_every_command_in_one_line(tmp_path: Path) -> None:
    listed = bihuan("--help", folder=tmp_path).stdout
    for name in (*_OTHERS, *_SIGNALS):
        assert sum(line.startswith(f"  {name} ") for line in listed.splitlines()) == 1, name


def test_every_command_is_a_function_with_an_example_and_every_such_function_a_command() -> None:
    """Modules are named as text, so that they are imported late; whoever renames one has to hear of it."""
    for section in SECTIONS:
        module = import_module(section.module)
        names = {function_name(words) for words, _ in section.commands}
        for words, line in section.commands:
            function = getattr(module, function_name(words))
            assert re.search(rf"Example: .*bihuan {words}", function.__doc__), words
            assert line.endswith((".", "!")), words
        examples = {
            name
            for name, one in vars(module).items()
            if getattr(one, "__module__", "") == section.module and "Example: " in (one.__doc__ or "")
        }
        assert examples == names, section.module


def test_every_group_has_commands_and_a_default_is_one_of_them() -> None:
    commands = {words for section in SECTIONS for words, _ in section.commands}
    above = {" ".join(words.split()[:depth]) for words in commands for depth in range(1, len(words.split()))}
    assert set(GROUPS) == above
    assert {f"{group} {name}" for group, name in DEFAULT_COMMANDS.items()} <= commands


def test_help_of_every_signal_has_an_example_that_names_its_sender() -> None:
    from starter.console.cases import customers, retiming, staff

    for name in _SIGNALS:
        module = customers if name in _CUSTOMERS else retiming if name == "retime" else staff
        text = getattr(module, name.replace("-", "_")).__doc__
        assert f"Example: bihuan {name} FB202605110001 --as " in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["clam", "FB202605110001"], "no command 'clam'; did you mean claim?"),
        (["policy", "chek"], "no command 'policy chek'; did you mean policy check?"),
        (["claim", "FB202605110001"], "--as"),
        (["claim"], "NUMBER"),
        (["claim", "FB202605110001", "--as", "a", "--bogus"], "--bogus"),
        (["progress", "FB202605110001", "--as", "a", "--text", "x", "--step", "two"], "two"),
        (["up", "--port", "many"], "many"),
        (["--bogus"], "no command '--bogus'"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(arguments: list[str], words: str, tmp_path: Path) -> None:
    result = refused(*arguments, folder=tmp_path)
    assert result.returncode == 2, result
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


_REWRITING = "\x1b[2J\x9b\u200b\u200e\u202e\u2066"
"""What clears a screen, turns the direction of a line round, or is not seen."""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([f"cl{_REWRITING}"], 2),
        (["claim", "FB202605110001", "--as", "a", f"--x{_REWRITING}"], 2),
        (["up", "--port", f"1{_REWRITING}"], 2),
        (["claim", f"FB{_REWRITING}", "--as", f"a{_REWRITING}"], 1),
        (["show", f"FB{_REWRITING}", "--data", f"x{_REWRITING}"], 1),
        (["policy", "check", f"x{_REWRITING}"], 1),
        (["policy", "check", "own.toml"], 1),
    ],
)
def test_nothing_that_was_typed_or_stands_in_a_file_can_rewrite_the_terminal_of_who_reads_the_error(
    arguments: list[str], code: int, tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text('"k\\u001b[2J\\u202e\\n" = 1\n', "utf-8")
    result = bihuan(*arguments, folder=tmp_path)
    assert result.returncode == code, result
    assert [line for line in result.stderr.splitlines() if not line.isprintable()] == []
    assert set(result.stderr + result.stdout).isdisjoint(_REWRITING.replace("[2J", ""))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "FB202605110001"], "there is no database file"),
        (["list"], "there is no database file"),
        (["claim", " ", "--as", "a"], "the number of the case is empty; allowed: such as FB202605110001"),
        (["show", ""], "the number of the case is empty"),
        (["claim", "FB1", "--as", " "], "--as is empty; allowed: a person's id, customer, or operator"),
        (["open", "nowhere.json"], "nowhere.json: cannot be read: No such file or directory"),
        (["classify", "FB1", "--as", "a", "--priority", "P9", "--why", "x"], "'P0', 'P1', 'P2' or 'P3'"),
        (["classify", "FB1", "--as", "a", "--why", "x"], "give at least one of --type, --subtype, --priority"),
        (["rate", "FB1", "--as", "customer", "--score", "great"], "very_satisfied"),
        (["supply", "FB1", "--as", "customer", "--set", "phone"], "--set phone: expected key=value"),
        (["supply", "FB1", "--as", "customer", "--set", "shoe.size=4"], "unknown form field 'shoe.size'"),
        (["contribute", "FB1", "--as", "a", "--department", "d"], "either --result or --cannot"),
        (["note", "FB1", "--as", "a", "--text", "a\x07b"], "control character U+0007"),
        (["show", "FB1", "--data", "/proc/none"], "there is no database file"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_1(arguments: list[str], words: str, tmp_path: Path) -> None:
    result = refused(*arguments, folder=tmp_path)
    assert result.returncode == 1, result
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_reader_that_has_seen_enough_ends_a_command_quietly(tmp_path: Path) -> None:
    for arguments in (["--help"], ["policy", "due", "--priority", "P1", "--from", "2026-05-11T09:00", "--json"]):
        unread, written = os.pipe()
        os.close(unread)
        result = subprocess.run(
            [*BIHUAN, *arguments], cwd=tmp_path, env=bihuan_environment({}), stdout=written, stderr=subprocess.PIPE,
            check=False,
        )  # fmt: skip
        os.close(written)
        assert (result.returncode, result.stderr) == (0, b"")


def test_a_terminal_that_knows_no_chinese_still_gets_an_answer(tmp_path: Path) -> None:
    result = subprocess.run(
        [*BIHUAN, "policy", "check", "standard"], cwd=tmp_path, env=bihuan_environment({"PYTHONIOENCODING": "ascii"}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result
    assert "\\u" in result.stdout


@pytest.mark.parametrize("command", [("list",), ("show", "FB202605110001"), ("outbox",), ("stuck",), ("db", "upgrade")])
def test_a_misspelt_setting_stops_every_command_before_it_does_anything(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    result = refused(*command, folder=tmp_path, environment={"BIHUAN_DATABSE_URL": "sqlite:///x.db"})
    assert result.returncode == 1
    assert "did you mean BIHUAN_DATABASE_URL?" in result.stderr


def test_a_submission_is_kept_while_temporal_is_down_and_twice_is_one_case(tmp_path: Path) -> None:
    make_installation(tmp_path)
    form = json.dumps(intake_form(intake_key="portal-1"), ensure_ascii=False)
    away = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    first = bihuan("open", "-", "--json", folder=tmp_path, environment=away, given=form)
    again = bihuan("open", "-", "--json", folder=tmp_path, environment=away, given=form)
    assert first.returncode == again.returncode == 0, first.stderr
    number = json.loads(first.stdout)["number"]
    assert json.loads(first.stdout) == {"number": number, "created": True}
    assert json.loads(again.stdout) == {"number": number, "created": False}
    assert "is registered; a worker starts it as soon as Temporal answers" in first.stderr
    shown = bihuan("show", number, "--json", folder=tmp_path, environment=away)
    assert json.loads(shown.stdout)["status"] is None
    assert json.loads(shown.stdout)["received_at"].endswith("+08:00")
    assert "not opened by a worker yet" in bihuan("show", number, folder=tmp_path, environment=away).stdout
    assert number in bihuan("list", folder=tmp_path, environment=away).stdout


def test_an_import_names_the_faulty_line_takes_the_others_and_adds_nothing_twice(tmp_path: Path) -> None:
    make_installation(tmp_path)
    lines = [
        json.dumps(intake_form(), ensure_ascii=False),
        "{broken",
        "",
        json.dumps(intake_form(channel="pigeon")),
        json.dumps(intake_form(product="B")),
    ]
    (tmp_path / "issues.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    away = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    first = bihuan("import", "issues.jsonl", "--json", folder=tmp_path, environment=away)
    assert first.returncode == 1
    assert "bihuan: line 2: is no JSON" in first.stderr
    assert "bihuan: line 4: form: channel: " in first.stderr
    tally = json.loads(first.stdout)
    assert (tally["created"], tally["known"], [fault["line"] for fault in tally["failed"]]) == (2, 0, [2, 4])
    again = json.loads(bihuan("import", "issues.jsonl", "--json", folder=tmp_path, environment=away).stdout)
    assert (again["created"], again["known"]) == (0, 2)


@pytest.mark.parametrize("mounted_on", [None, "bihuan-data"])
@pytest.mark.parametrize("command", ["open", "import"])
def test_what_comes_in_is_not_put_where_nobody_looks_when_the_data_is_not_mounted(
    tmp_path: Path, command: str, mounted_on: str | None
) -> None:
    if mounted_on:
        (tmp_path / mounted_on).mkdir()
    said = refused(command, "-", folder=tmp_path, given=json.dumps(intake_form(), ensure_ascii=False))
    assert (said.returncode, said.stdout) == (1, "")
    assert "start `bihuan up` " in said.stderr
    assert len(said.stderr.splitlines()) == 1
    assert not list(tmp_path.rglob("*.db"))
