"""A mistyped option of a measurement is refused with what is allowed, before anything is started."""

from __future__ import annotations

import sys

import pytest

from benchmarks import api, intake, pages, peer


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--clients", "many"], "--clients many: allowed: numbers with commas between, such as 1,4,16"),
        (["--clients", "0,1"], "allowed: 1 to 64 clients"),
        (["--seconds", "0"], "more than 0 seconds"),
    ],
)
def test_an_intake_that_makes_no_sense_is_wrong_usage(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["intake", *arguments])
    with pytest.raises(SystemExit) as ended:
        intake.main()
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tickets", "1e3"], "--tickets 1e3: allowed: numbers with commas between, such as 1000,10000"),
        (["--tickets", "100"], "--due: allowed: at least 1, and no more than --tickets and --open"),
        (["--open", "10"], "--due: allowed: at least 1, and no more than --tickets and --open"),
    ],
)
def test_a_comparison_that_makes_no_sense_is_wrong_usage(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["peer", *arguments])
    with pytest.raises(SystemExit) as ended:
        peer.main()
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--cases", "1"], ["--processes", "0"], ["--tries", "-1"]])
def test_pages_that_nobody_serves_are_wrong_usage(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["pages", *arguments])
    with pytest.raises(SystemExit) as ended:
        pages.main()
    assert ended.value.code == 2
    assert "allowed: at least 2 cases, 1 process, 0 tries" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--commands", "1"], ["--at-once", "0"], ["--rounds", "0"]])
def test_commands_that_nobody_gives_are_wrong_usage(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["api", *arguments])
    with pytest.raises(SystemExit) as ended:
        api.main()
    assert ended.value.code == 2
    assert "allowed: --at-once and --rounds of at least 1" in capsys.readouterr().err
