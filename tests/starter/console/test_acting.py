"""Who gives a command: what is typed wins over BIHUAN_AS, and the customer's word is never a default (R39)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.starter.command_line import make_installation, refused


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("acting")
    make_installation(folder)
    return folder


@pytest.mark.parametrize(
    ("arguments", "person", "said"),
    [
        (("note", "FB1", "--text", "x"), "tech-001", "cannot reach Temporal"),
        (("progress", "FB1", "--text", "x"), "tech-001", "cannot reach Temporal"),
        (("kb", "retire", "KB0001", "--why", "x"), "tech-009", "'tech-009' is nobody in the organisation"),
        (("note", "FB1", "--text", "x"), "customer", "BIHUAN_AS is customer; allowed: your own id"),
        (("progress", "FB1", "--text", "x"), " Customer ", "BIHUAN_AS is customer; allowed: your own id"),
        (("note", "FB1", "--text", "x"), " ", "--as is empty"),
        (("progress", "FB1", "--contact", "13800138000"), "tech-001", "there is no case with this number and contact"),
        (("note", "99", "--text", "x"), "tech-001", "99: no number of a case ends so"),
        (("show", "99"), "tech-001", "99: no number of a case ends so"),
        (("outbox", "0099"), "tech-001", "0099: no number of a case ends so"),
    ],
)
def test_the_variable_stands_for_the_option(folder: Path, arguments: tuple[str, ...], person: str, said: str) -> None:
    away = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "BIHUAN_AS": person}
    answered = refused(*arguments, folder=folder, environment=away)
    assert answered.returncode in {1, 2}
    assert "--as is missing" not in answered.stderr
    assert said in answered.stderr
    assert answered.stderr.count("\n") == 1


def test_the_customer_is_named_by_hand_whatever_the_variable_says(folder: Path) -> None:
    away = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "BIHUAN_AS": "customer"}
    answered = refused("confirm", "FB1", "--as", "customer", folder=folder, environment=away)
    assert "BIHUAN_AS" not in answered.stderr
