"""What docs/deploy offers works: the package without its source tree, services, container and their settings."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

from starter.admin import build_app
from tests.activities.delivery.mail_server import mail_server
from tests.starter.command_line import bihuan_environment, intake_form
from tests.starter.installation import gap_free, running
from tests.starter.worker_process import ask_monitor
from tests.timeouts import TIMEOUT
from tests.worker.ports import free_ports
from worker.installation.settings import load_settings
from worker.process import DRAIN

pytestmark = pytest.mark.xdist_group("operations")

_ROOT = Path(__file__).parents[1]
_DEPLOY = _ROOT / "docs" / "deploy"
_UNITS = sorted(_DEPLOY.glob("*.service"))
_VARIABLE = re.compile(r"\b(BIHUAN_[A-Z_]+)\b *[=:]")
_CUSTOMER = {"name": "王芳", "email": "wangfang@example.com", "preferred_contact": "email", "locale": "zh_CN"}
_OF_COMPOSE = {"BIHUAN_PASSWORD"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked wheel."""
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


async def test_the_package_alone_works_on_a_case_and_is_stopped_with_a_mail_in_hand(
    package: Path, tmp_path: Path
) -> None:
    """It has templates, policies, the sample organisation and migrations; the mail is sent once."""
    async with mail_server(waits=True) as mail:
        (port,) = free_ports(1)
        environment = {
            "PYTHONPATH": str(package),
            "BIHUAN_MONITOR": f"127.0.0.1:{port}",
            "BIHUAN_SMTP_URL": mail.url(),
            "BIHUAN_MAIL_FROM": "support@example.com",
        }
        where = [sys.executable, "-c", "import worker, templates; print(worker.__file__, templates.__file__)"]
        found = await asyncio.to_thread(
            subprocess.check_output, where, cwd=tmp_path, env=bihuan_environment(environment), text=True
        )
        assert [Path(one).is_relative_to(package) for one in found.split()] == [True, True]
        async with running(tmp_path, **environment) as installation:
            form = json.dumps(intake_form(customer=_CUSTOMER))
            number = (await installation.run("open", "-", "--json", given=form)).value["number"]
            await asyncio.wait_for(mail.busy.wait(), TIMEOUT)
            assert (await asyncio.to_thread(ask_monitor, port, "/live")).status == 200
            stopping = asyncio.create_task(installation.down())
            while (await asyncio.to_thread(ask_monitor, port, "/ready")).status != 503:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            mail.go_on.set()
            assert await asyncio.wait_for(stopping, TIMEOUT) == 0
            case, rows = await installation.case(number), await installation.outbox(number)
    assert gap_free(case)
    statuses = [row["status"] for row in rows]
    assert statuses.count("sent") == len(mail.mails) >= 1
    assert set(statuses) <= {"sent", "stored", "pending"}


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
