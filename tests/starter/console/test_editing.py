"""`--edit`: a text is written in the sender's editor, and is not lost where it cannot be sent."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from starter.console.editing import edited
from tests.starter.command_line import make_installation, refused
from workflows.domain.problem import Problem


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("editing")
    make_installation(folder)
    return folder


def _editor(folder: Path, script: str) -> str:
    """An editor with a blank in its path, which is given what to do with the file `$1`."""
    path = folder / "my editor.sh"
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o700)
    return f"'{path}' --wait"


_WRITES = 'for last; do :; done; { echo 定位中; echo "# 二"; cat "$last"; } > "$last.n"; mv "$last.n" "$last"'


def test_what_cannot_be_sent_is_kept_for_its_writer_alone(folder: Path) -> None:
    environment = {"EDITOR": _editor(folder, _WRITES), "TMPDIR": str(folder), "TEMPORAL_ADDRESS": "127.0.0.1:1"}
    failed = refused("note", "FB1", "--edit", "--as", "tech-001", folder=folder, environment=environment)
    assert failed.returncode == 1
    assert len(failed.stderr.splitlines()) == 2
    found = re.search(r"what you wrote is kept in (.*)", failed.stderr)
    assert found is not None, failed.stderr
    kept = Path(found[1])
    assert kept.read_text("utf-8") == "定位中\n# 二\n"
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("true", "note: the text is empty; nothing was sent"),
        ('for last; do :; done; : > "$last"', "note: the text is empty; nothing was sent"),
        ("exit 3", "ended with 3; nothing was sent"),
    ],
)
def test_an_empty_text_or_an_editor_that_fails_sends_nothing_and_leaves_nothing(
    folder: Path, script: str, said: str
) -> None:
    there = set(folder.glob("bihuan-*"))
    environment = {"EDITOR": _editor(folder, script), "TMPDIR": str(folder)}
    failed = refused("note", "FB1", "--edit", "--as", "tech-001", folder=folder, environment=environment)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert said in failed.stderr
    assert len(failed.stderr.splitlines()) == 1
    assert set(folder.glob("bihuan-*")) == there


def test_a_text_is_typed_or_edited_one_of_both(folder: Path) -> None:
    for command, option in (
        ("reply", "--text"),
        ("resolve", "--cause"),
        ("request-info", "--text"),
        ("note", "--text"),
    ):
        missing = refused(command, "FB1", "--as", "tech-001", folder=folder)
        assert missing.returncode == 2
        assert f"{command}: {option} is missing; allowed: {option} TEXT, or --edit" in missing.stderr


_KEYS = {"cause": "why.", "solution": "what.", "cautions": "mind."}


def test_several_texts_are_written_under_their_headings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = 'for last; do :; done; sed -i "s/^>>> cause.*/&\\n缓存\\n过期/; s/^>>> solution.*/&\\n已更新/" "$last"'
    monkeypatch.setenv("EDITOR", _editor(tmp_path, script))
    with edited("resolve", "FB1", _KEYS, {"cautions": "先备份"}) as written:
        written.is_sent = True
    assert written.texts == {"cause": "缓存\n过期", "solution": "已更新", "cautions": "先备份"}


def test_what_stands_above_the_first_heading_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDITOR", _editor(tmp_path, _WRITES))
    with pytest.raises(Problem, match="stands above the first heading"), edited("resolve", "FB1", _KEYS, {}):
        pass
    kept = Path(capsys.readouterr().err.strip().rpartition(" ")[2])
    assert "定位中" in kept.read_text("utf-8")
