"""A typo in the policy stops nothing: the policy before stays in force, also for a process that begins now."""

from __future__ import annotations

import importlib.resources
import os
from pathlib import Path

import pytest

from activities.policy.in_force import PolicyInForce
from workflows.domain.problem import Problem

TEXT = importlib.resources.files("activities.policy").joinpath("standard.toml").read_text("utf-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    write(path, TEXT.replace('name = "standard"', 'name = "ours"', 1))
    return path


def write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))


def test_a_process_that_begins_while_the_file_is_faulty_goes_by_the_policy_before(file: Path) -> None:
    kept = PolicyInForce(str(file)).kept_as()
    write(file, "name = ")
    begun = PolicyInForce(str(file), kept)
    assert begun.current().name == "ours"
    assert begun.fault is not None and "is no TOML" in begun.fault and "stays in force" in begun.fault
    assert begun.kept_as() is None, "what is faulty replaces nothing"
    write(file, TEXT.replace('name = "standard"', 'name = "mended"', 1))
    assert begun.current().name == "mended"
    assert not begun.fault


def test_the_policy_of_another_file_does_not_stand_in(file: Path, tmp_path: Path) -> None:
    kept = PolicyInForce(str(file)).kept_as()
    with pytest.raises(Problem, match="there is no such policy"):
        PolicyInForce(str(tmp_path / "other.toml"), kept)
    with pytest.raises(Problem, match="there is no such policy"):
        PolicyInForce("standrad", kept)


def test_what_another_release_kept_and_this_one_does_not_understand_is_left_alone(file: Path) -> None:
    write(file, "name = ")
    with pytest.raises(Problem, match="is no TOML"):
        PolicyInForce(str(file), {"file": str(file), "policy": {"name": "of another release"}})


def test_a_policy_that_ships_is_not_kept() -> None:
    assert PolicyInForce("standard").kept_as() is None
