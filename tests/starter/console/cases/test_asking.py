"""`bihuan open` at a terminal asks for the form, question by question (R1, R3)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.starter.command_line import bihuan, make_installation, refused
from tests.starter.console.terminal import typed

_AWAY = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
_FORM = [
    ("channel: ", "1\n"), ("customer's name: ", "\n"), ("this is needed", "王芳\n"), ("company", "青禾书店\n"),
    ("phone number", "12\n"), ("is no phone number", "13800138000\n"), ("WeChat", "\n"), ("e-mail", "\n"),
    ("other contact", "\n"), ("preferred contact", "2\n"), ("product", "收银台\n"), ("type (", "99\n"),
    ("there is no such choice", "1\n"), ("goes wrong: ", "小票打不出来\n"), ("steps", "\n"), ("you expected", "\n"),
    ("happened instead", "\n"), ("time it happened", "2026-05-11 09:30\n"), ("normal use", "yes\n"),
    ("business", "\n"), ("hoped-for", "2\n"),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asking")
    make_installation(folder)
    return folder


def _listed(folder: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(bihuan("list", "--json", folder=folder).stdout)
    return found


def test_a_form_is_asked_shown_and_then_registered(folder: Path) -> None:
    before = len(_listed(folder))
    answers = [*_FORM, ("(y registers", "y\n")]
    code, screen = typed("open", folder=folder, answers=answers, environment=_AWAY, bare=True)
    assert code == 0, screen
    assert "this will be registered" in screen.lower()
    number = screen[screen.index("FB") :][:14]
    assert len(_listed(folder)) == before + 1
    form = json.loads(bihuan("show", number, "--json", folder=folder).stdout)["form"]
    assert (
        form["customer"] | {"kind": "company", "phone": "13800138000", "preferred_contact": "sms"} == form["customer"]
    )
    assert (form["channel"], form["type"], form["hoped_for"]) == ("hotline", "technical", "24小时内")
    assert (form["impact"]["blocks_normal_use"], form["occurred_at"]) == (True, "2026-05-11T01:30:00Z")
    shown = bihuan("show", number, folder=folder, environment={"BIHUAN_LOCALE": "en"}).stdout
    assert "phone number: 13800138000" in shown
    assert "hoped-for time: within 24 hours" in shown


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([("channel: ", "1\n"), ("customer's name: ", "\x03")], 130),
        ([("channel: ", "1\n"), ("customer's name: ", "\x04")], 1),
        ([*_FORM, ("(y registers", "n\n")], 1),
    ],
    ids=["Ctrl-C", "Ctrl-D", "dropped"],
)
def test_what_is_broken_off_leaves_nothing(folder: Path, answers: list[tuple[str, str]], code: int) -> None:
    before = _listed(folder)
    assert typed("open", folder=folder, answers=answers, environment=_AWAY)[0] == code
    assert _listed(folder) == before


def test_without_a_terminal_nothing_is_asked(folder: Path) -> None:
    asked = refused("open", folder=folder)
    assert (asked.returncode, asked.stdout) == (1, "")
    assert asked.stderr.startswith("bihuan: open: there is no form; allowed: a file, - for standard input")
