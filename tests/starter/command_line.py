"""The console script as its own process, without the settings of whoever runs the tests."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import pytest

from starter.console.commands import GROUPS
from tests.faults.processes import reading
from tests.starter.forked import Forked, fork

_ROOT = Path(__file__).parents[2]
_THEIRS = ("BIHUAN_", "TEMPORAL_")
_OURS = "BIHUAN_DATABASE_URL"
"""Of a database of the tests: see `record_url`."""
BIHUAN = (sys.executable, "-c", "from starter.admin import main; main()")

ON_SQLITE = pytest.mark.parametrize("record_url", ["sqlite"], indirect=True)
SHARED_ON_SQLITE = pytest.mark.parametrize("shared_record_url", ["sqlite"], indirect=True)
"""For what does not hang on how the database answers (refusals, files); each command is a process of its own."""


def bihuan_environment(changes: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name == _OURS or not name.startswith(_THEIRS)}
    return {**inherited, "PYTHONPATH": str(_ROOT), "NO_COLOR": "1", **changes}


def bihuan(
    *arguments: str, folder: Path, environment: Mapping[str, str] | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run to its end in a folder of its own."""
    changes = environment or {}
    if _by_itself(arguments, changes):
        done = subprocess.run(
            [*BIHUAN, *arguments],
            cwd=folder,
            env=bihuan_environment(changes),
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        _note(arguments, done.returncode)
        return done
    with ExitStack() as files:
        stdin, stdout, stderr = _files(files, given.encode())
        code = _forked(arguments, folder, changes, stdin, stdout, stderr).join()
        return subprocess.CompletedProcess(list(arguments), code, _written(stdout).decode(), _written(stderr).decode())


async def bihuan_beside(
    *arguments: str, folder: Path, environment: Mapping[str, str] | None = None, given: bytes = b""
) -> tuple[int, str, str]:
    """The same while other things go on; answers exit code, standard output and standard error."""
    changes = environment or {}
    if _by_itself(arguments, changes):
        process = await asyncio.create_subprocess_exec(
            *BIHUAN, *arguments, cwd=folder, env=bihuan_environment(changes),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate(given)
        assert process.returncode is not None
        _note(arguments, process.returncode)
        return process.returncode, out.decode(), err.decode()
    with ExitStack() as files:
        stdin, stdout, stderr = _files(files, given)
        code = await _forked(arguments, folder, changes, stdin, stdout, stderr).wait()
        return code, _written(stdout).decode(), _written(stderr).decode()


Service = asyncio.subprocess.Process | Forked


async def begun(*arguments: str, folder: Path, environment: Mapping[str, str]) -> tuple[Service, asyncio.StreamReader]:
    """A command that runs on, and what it says on standard error."""
    if _by_itself(arguments, environment):
        process = await asyncio.create_subprocess_exec(
            *BIHUAN, *arguments, cwd=folder, env=bihuan_environment(environment), stderr=asyncio.subprocess.PIPE
        )
        assert process.stderr is not None
        _note(arguments, 0)
        return process, process.stderr
    read, write = os.pipe()
    nothing = os.open(os.devnull, os.O_RDWR)
    forked = fork(
        arguments, folder=folder, environment=bihuan_environment(environment),
        stdin=nothing, stdout=nothing, stderr=write,
    )  # fmt: skip
    for number in (nothing, write):
        os.close(number)
    return forked, await reading(read)


_WORKED: set[tuple[str, ...]] = set()
"""Commands that did what they are for in an interpreter of their own."""


def _by_itself(arguments: Sequence[str], changes: Mapping[str, str]) -> bool:
    """Whether it gets one: until it has worked there, which shows that it imports all it needs, and wherever the
    interpreter is what is tried.
    """
    return _name(arguments) not in _WORKED or any(key.startswith(("PYTHON", "LC_", "LANG")) for key in changes)


def _note(arguments: Sequence[str], code: int) -> None:
    if code == 0:
        _WORKED.add(_name(arguments))


def _name(arguments: Sequence[str]) -> tuple[str, ...]:
    words = 1
    while words < len(arguments) and " ".join(arguments[:words]) in GROUPS:
        words += 1
    return tuple(arguments[:words])


def _forked(
    arguments: Sequence[str],
    folder: Path,
    changes: Mapping[str, str],
    stdin: IO[bytes],
    stdout: IO[bytes],
    stderr: IO[bytes],
) -> Forked:
    return fork(
        arguments, folder=folder, environment=bihuan_environment(changes),
        stdin=stdin.fileno(), stdout=stdout.fileno(), stderr=stderr.fileno(),
    )  # fmt: skip


def _files(stack: ExitStack, given: bytes) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    """Without a name; in the first there is what it is given to read."""
    stdin, stdout, stderr = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]  # noqa: SIM115
    stdin.write(given)
    stdin.seek(0)
    return stdin, stdout, stderr


def _written(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def make_installation(folder: Path) -> None:
    """Its record, with all tables and nothing in them, as before the first `bihuan up`."""
    (folder / "bihuan-data").mkdir(exist_ok=True)
    made = bihuan("db", "upgrade", folder=folder)
    assert made.returncode == 0, made


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
