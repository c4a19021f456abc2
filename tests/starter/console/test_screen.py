"""How commands show things."""

from __future__ import annotations

import io

import pytest

from starter.console.screen import progress_bar, progress_bars


class _Terminal(io.StringIO):
    """Somebody watches it."""

    def isatty(self) -> bool:
        return True


def test_a_person_who_watches_sees_how_far_a_command_is(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar("retime", 7) as advance:
        for _ in range(7):
            advance()
    with progress_bars("bihuan.db", "temporal.db") as show:
        show("temporal.db", 30, 40)
        show("bihuan.db", 1200, None)
    shown = terminal.getvalue()
    for part in ("retime", "7/7", "temporal.db", "30/40", "1200/?"):
        assert part in shown


def test_a_program_that_reads_the_answer_gets_no_bars(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("retime", 2) as advance, progress_bars("bihuan.db") as show:
        advance()
        show("bihuan.db", 1, 2)
    assert capsys.readouterr() == ("", "")
