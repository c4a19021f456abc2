"""Runs the command `bihuan` as a process, without the settings of whoever runs the tests."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import pytest

from starter.console.commands import GROUPS
from tests.faults.processes import reading
from tests.starter.forked import Forked, fork

_ROOT = Path(__file__).parents[2]
_NOT_INHERITED = ("BIHUAN_", "TEMPORAL_")
_INHERITED = "BIHUAN_DATABASE_URL"
"""Set by the fixture `record_url`."""
BIHUAN = (sys.executable, "-c", "from starter.admin import main; main()")

ON_SQLITE = pytest.mark.parametrize("record_url", ["sqlite"], indirect=True)
SHARED_ON_SQLITE = pytest.mark.parametrize("shared_record_url", ["sqlite"], indirect=True)
"""For what does not depend on the kind of database (refusals, files)."""


Rewritten = Callable[[Sequence[str], Mapping[str, str]], tuple[Sequence[str], Mapping[str, str]] | None]
ELSEWHERE: dict[Path, Rewritten] = {}
"""Folders whose commands are given from another machine; see `tests.starter.both_ways`."""


def bihuan_environment(changes: Mapping[str, str]) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    if _INHERITED in os.environ:
        ours[_INHERITED] = os.environ[_INHERITED]
    return {**ours, "PYTHONPATH": str(_ROOT), "NO_COLOR": "1", "BIHUAN_URL": "", **changes}


def bihuan(
    *arguments: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    given: str = "",
    bare: bool | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in that folder; `given` is its standard input.

    It is `bare` (see `tests.starter.forked`) until it has worked so once, unless said otherwise.
    """
    changes = environment or {}
    if folder in ELSEWHERE and (elsewhere := ELSEWHERE[folder](arguments, changes)):
        arguments, changes = tuple(elsewhere[0]), elsewhere[1]
    bare = _is_new(arguments) if bare is None else bare
    with ExitStack() as files:
        stdin, stdout, stderr = _files(files, given.encode())
        code = _forked(arguments, folder, changes, stdin, stdout, stderr, bare=bare).join()
        answered, said = _written(stdout).decode(), _written(stderr).decode()
        if bare:
            _note_success(arguments, code, answered)
        return subprocess.CompletedProcess(list(arguments), code, answered, said)


def refused(
    *arguments: str, folder: Path, environment: Mapping[str, str] | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command that is to be refused. That shows nothing of what the command imports when it works, so it is never
    the slow first run.
    """
    done = bihuan(*arguments, folder=folder, environment=environment, given=given, bare=False)
    assert done.returncode != 0, done
    return done


async def bihuan_beside(
    *arguments: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    given: bytes = b"",
    imported: bool = False,
) -> tuple[int, str, str]:
    """The same without blocking the event loop; answers exit code, standard output and standard error.

    `imported`: bihuan is, also where the command has still to show that it imports all it needs.
    """
    with ExitStack() as files:
        stdin, stdout, stderr = _files(files, given)
        bare = not imported and _is_new(arguments)
        code = await _forked(arguments, folder, environment or {}, stdin, stdout, stderr, bare=bare).wait()
        answered, said = _written(stdout).decode(), _written(stderr).decode()
        if bare:
            _note_success(arguments, code, answered)
        return code, answered, said


async def begun(
    *arguments: str, folder: Path, environment: Mapping[str, str], prepare: Callable[[], None] | None = None
) -> tuple[Forked, asyncio.StreamReader]:
    """Start a command that runs on; answers it and its standard error.

    `prepare` is called in the new process before the command; it has to be importable.
    """
    forked, stderr = started(*arguments, folder=folder, environment=environment, prepare=prepare)
    return forked, await reading(stderr)


def started(
    *arguments: str, folder: Path, environment: Mapping[str, str], prepare: Callable[[], None] | None = None
) -> tuple[Forked, int]:
    """The same with a file descriptor for its standard error, which the caller closes."""
    read, write = os.pipe()
    nothing = os.open(os.devnull, os.O_RDWR)
    forked = fork(
        arguments, folder=folder, environment=bihuan_environment(environment),
        stdin=nothing, stdout=nothing, stderr=write, prepare=prepare, bare=prepare is None and _is_new(arguments),
    )  # fmt: skip
    if prepare is None:
        _note_success(arguments, 0)
    for number in (nothing, write):
        os.close(number)
    return forked, read


_worked: Path | None = None
"""A folder with a file for each command that has worked in a process with nothing of bihuan imported before."""


def share_worked(folder: Path) -> None:
    """Keep in this folder, which all processes of a test run share, which commands have worked."""
    global _worked  # noqa: PLW0603 - one for the test run
    _worked = folder / "worked-commands"
    _worked.mkdir(exist_ok=True)


def _is_new(arguments: Sequence[str]) -> bool:
    """Whether the command has still to work once where nothing of bihuan is imported before, which shows that it
    imports all it needs.
    """
    return _worked is None or not (_worked / _name(arguments)).exists()


def _note_success(arguments: Sequence[str], code: int, answered: str = "") -> None:
    """Doctor works, too, where it finds faults and so ends with 1. Help shows nothing of what a command imports."""
    worked = code == 0 or (code == 1 and answered and arguments[0] == "doctor")
    if worked and "--help" not in arguments and _worked is not None:
        (_worked / _name(arguments)).touch()


def _name(arguments: Sequence[str]) -> str:
    """The command without its arguments, such as `review list`."""
    words = 1
    while words < len(arguments) and " ".join(arguments[:words]) in GROUPS:
        words += 1
    return " ".join(arguments[:words]).replace("/", "_")


def _forked(
    arguments: Sequence[str],
    folder: Path,
    changes: Mapping[str, str],
    stdin: IO[bytes],
    stdout: IO[bytes],
    stderr: IO[bytes],
    *,
    bare: bool,
) -> Forked:
    return fork(
        arguments, folder=folder, environment=bihuan_environment(changes),
        stdin=stdin.fileno(), stdout=stdout.fileno(), stderr=stderr.fileno(), bare=bare,
    )  # fmt: skip


def _files(stack: ExitStack, given: bytes) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    """Unnamed files for the three streams; the first holds the standard input."""
    stdin, stdout, stderr = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]  # noqa: SIM115
    stdin.write(given)
    stdin.seek(0)
    return stdin, stdout, stderr


def _written(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


_made: bytes | None = None
"""The SQLite file that the first installation of this process began with; making one takes long."""


def make_installation(folder: Path) -> None:
    """Make an empty record with all tables, as before the first `bihuan up`."""
    make_record(folder / "bihuan-data")


def make_record(data: Path) -> None:
    """The same in this data folder."""
    global _made  # noqa: PLW0603 - one for the test run
    data.mkdir(exist_ok=True)
    file = data / "bihuan.db"
    if _made is not None and _INHERITED not in os.environ and not file.exists():
        file.write_bytes(_made)
        return
    made = bihuan("db", "upgrade", "--data", str(data), folder=data.parent)
    assert made.returncode == 0, made
    if file.exists():
        _made = file.read_bytes()


def intake_form(**changes: object) -> dict[str, object]:
    return {
        "channel": "portal",
        "customer": {"name": "王芳", "kind": "individual", "phone": "13800138000", "locale": "zh_CN"},
        "product": "智办公CRM系统",
        "occurred_at": "2024-05-01T14:30+08:00",
        "description": {"symptom": "点击保存后提示网络错误", "steps": "新建客户后保存"},
        "impact": {"blocks_normal_use": True, "effect": "无法新增客户"},
        **changes,
    }
