"""What a shell offers: commands and options without asking, numbers and people of the installation."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from starter.console.commands import SECTIONS
from tests.starter.command_line import bihuan, make_installation
from tests.starter.test_admin import _loaded

_ASKS = r"""
source "$1"; shift
bihuan() { printf '%s\n' "called-$2-1" "called-$2-2"; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bihuan; printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completion")
    make_installation(folder)
    for shell in ("bash", "zsh", "fish"):
        made = bihuan("completion", shell, folder=folder)
        assert made.returncode == 0, made
        (folder / shell).write_text(made.stdout, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("cla", ["claim", "classify"]),
        ("review measure ", ["done", "move"]),
        ("review su", ["submit"]),
        ("claim --de", ["--department"]),
        ("claim ", ["called-numbers-1", "called-numbers-2"]),
        ("review measure done called-numbers-2", ["called-numbers-2"]),
        ("claim FB1 --as ", ["called-people-1", "called-people-2"]),
        ("assign FB1 --to called-people-1", ["called-people-1"]),
        ("open form", []),
        ("nonsense ", []),
    ],
)
def test_bash_offers_what_may_follow(folder: Path, typed: str, offered: list[str]) -> None:
    words = ["bihuan", *typed.split(" ")]
    asked = subprocess.run(
        ["bash", "-c", _ASKS, "bash", str(folder / "bash"), *words], capture_output=True, text=True, check=True
    )
    assert asked.stdout.split() == offered
    assert asked.stderr == ""


def test_every_script_knows_every_command(folder: Path) -> None:
    for shell in ("bash", "zsh", "fish"):
        script = (folder / shell).read_text("utf-8")
        assert [name for section in SECTIONS for name, _ in section.commands if name not in script] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_read_its_script(folder: Path, shell: str) -> None:
    if (program := shutil.which(shell)) is None:
        pytest.skip(f"there is no {shell} here")
    read = subprocess.run([program, "-n", str(folder / shell)], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")


def test_whoever_presses_tab_does_not_wait_for_the_engine_or_a_library_of_the_database(tmp_path: Path) -> None:
    for what in ("numbers", "people"):
        loaded = _loaded(f"from starter.admin import run\nrun(['completion', '{what}'])", tmp_path)
        assert loaded.isdisjoint({"sqlalchemy", "temporalio", "pydantic", "jinja2", "rich"})


def test_another_shell_is_one_line(folder: Path) -> None:
    asked = bihuan("completion", "tcsh", folder=folder)
    assert (asked.returncode, asked.stderr) == (
        1, "bihuan: completion tcsh: allowed: bash, zsh, fish; numbers, people\n",
    )  # fmt: skip
