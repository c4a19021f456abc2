"""Departments answer by command, and are told what became of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.starter.both_ways import BOTH, given_by
from tests.starter.command_line import bihuan, intake_form, make_installation, refused
from tests.starter.console.system.test_service import up
from tests.worker.ports import free_ports


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where `bihuan up` runs."""
    folder = tmp_path_factory.mktemp("collaboration")
    make_installation(folder)
    with up(folder, *free_ports(3)):
        yield folder


@BOTH
def test_a_department_is_asked_and_answers_on_the_command_line(folder: Path, way: str) -> None:
    form = json.dumps(intake_form(intake_key=way), ensure_ascii=False)
    number = json.loads(bihuan("open", "-", "--json", folder=folder, given=form).stdout)["number"]

    def said(command: str, by: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return bihuan(command, number, "--as", by, *arguments, folder=folder)

    def refused_to(by: str, command: str, *arguments: str) -> str:
        return refused(command, number, "--as", by, *arguments, folder=folder).stderr

    def shown() -> dict[str, object]:
        case: dict[str, object] = json.loads(bihuan("show", number, "--json", folder=folder).stdout)
        return case

    with given_by(way, folder):
        said("note", "operator", "--text", "已登记")
        owner = str(shown()["owner"])
        ask = ("collaborate", owner, "--department", "product", "--duty", "确认设计", "--json", "--command-id")
        asked = json.loads(said(*ask, "asked-1").stdout)
        assert asked["outcome"] == "accepted"
        assert json.loads(said(*ask, asked["command_id"]).stdout) == asked
        early = refused_to("sales-001", "contribute", "--department", "sales", "--result", "x")
        # By the server it is not even there for who may not see it.
        hidden = "there is no such case" if way == "remote" else ""
        assert (hidden or "sales has no open part of this case") in early
        stranger = refused_to("sales-001", "claim", "--department", "product")
        assert (hidden or "is for the people of product") in stranger
        assert said("claim", "product-001", "--department", "product").returncode == 0
        done = said("contribute", "product-001", "--department", "product", "--result", "设计如此", "--json")
        assert json.loads(done.stdout)["outcome"] == "accepted"
        refused_to("product-001", "contribute", "--department", "product", "--result", "设计如此")
        part = shown()["collaborations"][0]  # type: ignore[index]
        assert (part["status"], part["person"], part["result"]) == ("done", "product-001", "设计如此")
        assert "设计如此" in bihuan("show", number, folder=folder).stdout
