"""`bihuan review submit` and what else people do with a review (R27)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.starter.command_line import make_installation, refused


@pytest.mark.parametrize("line", ["告警阈值下调; tech-002; soon", "告警阈值下调；tech-002；soon"])
def test_a_measure_typed_with_the_semicolons_of_a_chinese_keyboard_is_understood(line: str, tmp_path: Path) -> None:
    make_installation(tmp_path)
    typed = ("FB202405060001", "--as", "tech-001", "--root-cause", "连接池没有上限告警", "--measure", line)
    result = refused("review", "submit", *typed, folder=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert "due 'soon' is no time" in result.stderr
