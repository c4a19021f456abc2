"""`bihuan policy` and `bihuan org`, as people type them."""

from __future__ import annotations

import importlib.resources
import json
from pathlib import Path
from typing import Any

import pytest

from starter.admin import run


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def due(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["policy", "due", *arguments, "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_due_times_say_when_and_how_sure_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    answer = due(capsys, "--priority", "P2", "--from", "2026-09-30T22:00:00+08:00")
    assert (answer["priority"], answer["from"]) == ("P2", "2026-09-30T22:00:00+08:00")
    assert answer["clocks"]["response"]["due"] == "2026-10-08T02:00:00+08:00"
    assert answer["clocks"]["response"]["calendar"] == "official"
    later = due(capsys, "--priority", "P3", "--from", "2040-05-07T22:00+08:00")
    assert later["clocks"]["resolution"]["calendar"] == "provisional"


def test_a_time_without_offset_is_the_policys_own(capsys: pytest.CaptureFixture[str]) -> None:
    answer = due(capsys, "--priority", "p0", "--from", "2026-10-01T03:00", "--policy", "feedback")
    assert answer["clocks"]["response"]["due"] == "2026-10-01T05:00:00+08:00"


def test_people_get_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "due", "--priority", "P1", "--from", "2026-05-11T09:00"]) == 0
    shown = capsys.readouterr().out
    assert "response" in shown and "2026-05-11T10:00:00+08:00" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--priority", "P7", "--from", "2026-05-11T09:00"], "--priority 'P7' is not known; allowed: P0, P1, P2, P3"),
        (["--priority", "P1", "--from", "tomorrow"], "--from 'tomorrow' is no time; allowed: date and time"),
        (["--priority", "P1", "--from", "2026-05-11T09:00", "--policy", "x.toml"], "x.toml: there is no such policy"),
    ],
)
def test_a_question_that_makes_no_sense_gets_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run(["policy", "due", *arguments]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_company_checks_its_policy_before_it_uses_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["policy", "check", "standard"]) == 0
    said = capsys.readouterr().err
    assert "standard is valid" in said
    assert "cases are read by: the departments concerned, and whoever is above them" in said
    own = tmp_path / "own.toml"
    text = importlib.resources.files("activities.policy").joinpath("standard.toml").read_text("utf-8")
    own.write_text(text.replace('country = "CN"', 'country = "XX"'), "utf-8")
    assert run(["policy", "check", str(own)]) == 1
    assert f"{own}: calendar.country: 'XX' is not known" in capsys.readouterr().err
    own.write_text(text, "utf-8")
    assert run(["policy", "check", str(own), "--json"]) == 0
    checked = json.loads(capsys.readouterr().out)
    assert (checked["valid"], checked["reading"]) == (True, {"scope": "departments", "roles": []})
    shipped = 'scope = "departments"\nroles = []\n'
    own.write_text(text.replace(shipped, 'scope = "all"\nroles = ["agent"]\n'), "utf-8")
    assert run(["policy", "check", str(own)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"bihuan: {own}: reading.scope: 'all' is not known; allowed: groups, departments, company",
        f'{own}: reading.roles: agent is whoever may be given cases; allowed: scope = "company", where all read all',
    ]
    own.write_text(text.replace(shipped, 'scope = "groups"\nroles = ["follow_up"]\n'), "utf-8")
    assert run(["policy", "check", str(own)]) == 0
    assert "and whoever is above them; all cases by follow_up" in capsys.readouterr().err


def test_an_organisation_is_checked_against_the_policy_and_loaded(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = tmp_path / "people.toml"
    text = importlib.resources.files("activities.organisation").joinpath("sample.toml").read_text("utf-8")
    own.write_text(text, "utf-8")
    assert run(["org", "load", str(own), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["people"] == 23
    own.write_text(text.replace('types = ["technical"]', 'types = ["tecnical"]', 1), "utf-8")
    assert run(["org", "load", str(own)]) == 1
    assert "people[tech-001].skills.types: 'tecnical' is no type of the policy standard" in capsys.readouterr().err
