"""What docs/deploy gives people works: the package without its source, and files that name what there is."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

from starter.admin import build_app
from tests.starter.command_line import bihuan_environment, intake_form
from tests.worker.ports import free_ports
from worker.process import DRAIN
from worker.settings import load_settings

_ROOT = Path(__file__).parents[1]
_DEPLOY = _ROOT / "docs" / "deploy"
_UNITS = sorted(_DEPLOY.glob("*.service"))
_MAIN = (sys.executable, "-c", "from starter.admin import main; main()")
_VARIABLE = re.compile(r"\b(BIHUAN_[A-Z_]+)\b *[=:]")
_OF_COMPOSE = {"BIHUAN_PASSWORD"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nothing but what is in the wheel."""
    folder = tmp_path_factory.mktemp("package")
    subprocess.run(
        [
            sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index",
            "--no-build-isolation", "--wheel-dir", str(folder), str(_ROOT),
        ],
        check=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_the_package_alone_takes_in_a_case_and_works_on_it(package: Path, tmp_path: Path) -> None:
    """Templates, policies, the sample organisation and migrations are in it."""
    ports = free_ports(2)
    environment = bihuan_environment({"BIHUAN_SERVER__SYNCHRONOUS": "normal"}) | {"PYTHONPATH": str(package)}

    def run(*arguments: str, given: str = "") -> str:
        answer = subprocess.run(
            [*_MAIN, *arguments],
            cwd=tmp_path,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer
        return answer.stdout

    where = [sys.executable, "-c", "import worker, templates; print(worker.__file__, templates.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert [Path(one).is_relative_to(package) for one in found.split()] == [True, True]
    number = json.loads(run("open", "-", "--json", given=json.dumps(intake_form())))["number"]
    with subprocess.Popen(
        [*_MAIN, "up", "--port", str(ports[0]), "--ui-port", str(ports[1])],
        cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True,
    ) as service:  # fmt: skip
        try:
            assert service.stderr is not None
            assert service.stderr.readline().startswith("bihuan: ready: ")
            noted = json.loads(run("note", number, "--as", "operator", "--text", "看看", "--json"))
            assert noted["outcome"] == "accepted"
            assert json.loads(run("outbox", number, "--json"))
        finally:
            service.send_signal(signal.SIGTERM)
    assert service.returncode == 0


@pytest.mark.parametrize("path", _UNITS, ids=lambda path: path.name)
def test_a_service_is_given_the_time_it_needs_to_stop(path: Path) -> None:
    unit = ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(path, "utf-8")
    service = unit["Service"]
    assert int(service["TimeoutStopSec"]) > 2 * DRAIN.total_seconds()
    assert service["Type"] == "notify"
    program, command, *options = service["ExecStart"].split()
    assert program.endswith("/bin/bihuan")
    build_app().parse_args([command, *options], exit_on_error=False, print_error=False)


@pytest.mark.parametrize("name", ["Containerfile", "compose.yaml", "bihuan.env", "README.md"])
def test_every_setting_in_these_files_is_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    named = set(_VARIABLE.findall((_DEPLOY / name).read_text("utf-8"))) - _OF_COMPOSE
    for variable in named:
        monkeypatch.setenv(variable, "")
    load_settings()
    assert named or name == "README.md"


def test_the_containerfile_copies_everything_the_package_is_made_of() -> None:
    text = (_DEPLOY / "Containerfile").read_text("utf-8")
    copied = {word for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE) for word in line.split()}
    project = (_ROOT / "pyproject.toml").read_text("utf-8")
    packages = json.loads(project.partition("[tool.hatch.build.targets.wheel]\npackages = ")[2].splitlines()[0])
    assert copied >= {*packages, "pyproject.toml", "constraints.txt", "README.md", "LICENSE"}
