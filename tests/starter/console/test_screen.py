"""How commands show things."""

from __future__ import annotations

import io

import pytest

from starter.console.screen import print_table, progress_bar, progress_bars


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


_NUMBER = "FB202605110001"


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_number_of_a_case_is_broken_in_two_on_a_narrow_screen(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    link = f"http://127.0.0.1:8233/namespaces/default/workflows/{_NUMBER}%2Freview"
    columns = ("Number", "Why", "Since", "What", "Who", "Error", "Web UI")
    row = (
        _NUMBER, "undeliverable", "2026-05-11 09:00", f"{_NUMBER}/review terminated", "tech-001",
        "the mail server refused it: 550 5.1.1 <the recipient>: user unknown", link,
    )  # fmt: skip
    print_table(columns, [row, ("KB0001", *row[1:])], spare=("Web UI", "Error", "Since", "Who", "What"))
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert max(map(len, lines)) <= width
    assert any(line.strip().startswith(f"{_NUMBER} ") or line.strip() == _NUMBER for line in lines)
    assert not [line for line in lines if line.rstrip().endswith(tuple(_NUMBER[:size] for size in range(2, 14)))]
    assert (f"{_NUMBER}/review" in shown.out) is (width >= 60)
    assert link not in shown.out
    assert shown.err.startswith("bihuan: too narrow for Web UI")
