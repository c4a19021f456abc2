"""Errors name the option that somebody typed, whatever the key of the signal is called."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import Argument

from starter.admin import build_app, run
from starter.console.commands import SECTIONS
from starter.console.options import CommandOptions
from tests.starter.command_line import make_installation
from workflows.domain.commands.case import COMMANDS
from workflows.domain.commands.review import REVIEW_COMMANDS

_ROOT = Path(__file__).parents[3]
_SENDING = ("starter.console.cases.staff", "starter.console.cases.customers", "starter.console.reviews.work")
_FAULTY = "a\x07b"
"""No text of a command may hold a control character."""
_GIVEN = {
    "--text": "x", "--why": "x", "--to": "x", "--department": "x", "--duty": "x", "--cause": "x", "--solution": "x",
    "--score": "满意", "--root-cause": "x", "--measure": "x; tech-001; 2099-01-01", "--as": "x",
}  # fmt: skip
_READ_BY_THE_COMMAND = {"--data", "--contact", "--locale"}
_NEEDED_TOO = {
    ("progress", "--text"), ("supply", "--text"), ("contribute", "--result"), ("reply", "--text"),
    ("request-info", "--text"), ("resolve", "--cause"), ("resolve", "--solution"), ("note", "--text"),
}  # fmt: skip
"""Options without which these commands say first that something is missing."""


def _arguments(words: str) -> list[Argument]:
    app = build_app()
    for word in words.split():
        app = app[word]
    return [argument for argument in app.assemble_argument_collection() if not argument.children]


def _typed(words: str, faulty: str) -> list[str]:
    """The command with everything it needs, and one option that is at fault."""
    tokens = words.split()
    for argument in _arguments(words):
        option = argument.name
        if option == faulty:
            tokens += [option, _FAULTY]
        elif (words, option) in _NEEDED_TOO and faulty != "--cannot":
            tokens += [option, "x"]
        elif option.startswith("--") and (argument.required or option in {"--as", "--root-cause", "--measure"}):
            tokens += [option, _GIVEN[option]]
        elif not option.startswith("--") and argument.required:
            tokens.append("1" if option == "MEASURE" else "FB202605110001")
    return tokens


def _options() -> Iterator[tuple[str, str]]:
    for section in SECTIONS:
        for words, _ in section.commands if section.module in _SENDING else ():
            for argument in _arguments(words):
                is_text = argument.hint not in {bool, int, int | None}
                if is_text and argument.name.startswith("--") and argument.name not in _READ_BY_THE_COMMAND:
                    yield words, argument.name


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    make_installation(folder)
    return folder


@pytest.mark.parametrize(("words", "option"), list(_options()))
def test_an_error_of_a_command_names_the_option_and_no_key(
    words: str, option: str, installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(installed)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    assert run(_typed(words, option)) == 1
    error = capsys.readouterr().err
    assert re.match(rf"bihuan: ({words}: )?{option}[: ]", error), error
    keys = {key for model in (*COMMANDS.values(), *REVIEW_COMMANDS.values()) for key in model.model_fields}
    shown = set(re.findall(r"\w+", error))
    assert not {key for key in keys if "_" in key} & shown


def test_all_commands_that_send_something_are_tried() -> None:
    assert len({words for words, _ in _options()}) >= 27


@pytest.mark.parametrize(
    ("command", "keys", "reason", "reworded"),
    [
        ("resolve", "verified verified_note", "say why, with `verified_note`", "say why, with --verified-note"),
        ("resolve", "verified", "say whether: `verified` yes, no or not_applicable",
         "say whether: --verified yes, no or not_applicable"),
        ("resolve", "why_open", "resolve: why_open: is long; cause: is missing",
         "resolve: --why-open: is long; cause: is missing"),
        ("resolve", "why_open", "it needs why_open", "it needs --why-open"),
        ("collaborate", "due", "due 2026-05-12 09:00 is in the past", "--due 2026-05-12 09:00 is in the past"),
        ("escalate", "department", "unknown department sales", "unknown --to-department sales"),
        ("assign", "department", "department 'x' is not known; why", "--department 'x' is not known; why"),
        ("request_info", "fields", "request_info: fields.1: is too long", "request-info: --field 2: is too long"),
        ("supply", "fields", "supply: fields.customer.phone: is too long", "supply: --set customer.phone: is too long"),
        ("classify", "type subtype", "classify: give at least one of type, subtype, priority",
         "classify: give at least one of --type, --subtype, priority"),
        ("move_measure", "owner due", "move_measure: give owner, due, or both", "review x: give --to, --due, or both"),
        ("name_author", "author", "name_author is for the head; a is nobody", "review x is for the head; a is nobody"),
        ("note", "text", "the text of a main case; text stays", "the text of a main case; text stays"),
        ("link", "to", "unlink it first with `unlink`", "unlink it first with `unlink`"),
    ],
)  # fmt: skip
def test_a_refusal_by_the_rules_names_options(command: str, keys: str, reason: str, reworded: str) -> None:
    typed = "review x" if command in {"move_measure", "name_author"} else None
    assert CommandOptions.of(command, keys.split(), typed=typed).reworded(reason) == reworded


def test_keys_of_a_report_file_stay_as_they_stand_in_it(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(installed)
    file = tmp_path / "report.toml"
    measures = "[[measures]]\nwhat = 'x'\nowner = 'x'\ndue = 2099-01-01\n"
    file.write_text(f'what_happened = "x"\n{measures}', "utf-8")
    assert run(["review", "submit", "FB202605110001", str(file), "--as", "x"]) == 1
    assert "the report lacks root_cause" in capsys.readouterr().err
    file.write_text(f'root_cause = "a\\u0007b"\n{measures}', "utf-8")
    assert run(["review", "submit", "FB202605110001", str(file), "--as", "x"]) == 1
    assert "review submit: root_cause: control character" in capsys.readouterr().err
    assert run(["review", "submit", "FB202605110001", "--as", "x"]) == 1
    assert "the report lacks --root-cause, --measure (at least one)" in capsys.readouterr().err


def test_every_key_the_rules_ask_for_is_an_option_or_a_command() -> None:
    """A rule that names a key which nobody can type would leave the sender without a way on."""
    commands = {words for section in SECTIONS for words, _ in section.commands}
    keys = {key for model in (*COMMANDS.values(), *REVIEW_COMMANDS.values()) for key in model.model_fields}
    options = {option for _, option in _options()}
    asked = set()
    for file in (_ROOT / "workflows" / "domain").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
                asked |= {word for text in texts if isinstance(text, str) for word in re.findall(r"`(\w+)`", text)}
    assert len(asked) >= 5
    for word in asked - commands:
        assert word in keys
        assert f"--{word.replace('_', '-')}" in options
