"""Child processes of a measurement: started, watched, and ended with it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from workflows.domain.problem import Problem

_READY_WITHIN = 60.0
_STOP_WITHIN = 20.0
"""A worker drains for ten seconds at most."""
_TICKS = os.sysconf("SC_CLK_TCK")
BIHUAN = ("-c", "from starter.admin import main; main()")
"""Arguments to Python for the command `bihuan` of this source tree."""
_T = TypeVar("_T")


@dataclass
class Child:
    """A Python process whose output goes to `log`."""

    process: asyncio.subprocess.Process
    log: Path

    @classmethod
    async def start(
        cls, arguments: Sequence[str], log: Path, *, ready: str, environment: Mapping[str, str] | None = None
    ) -> Child:
        """Start it in the folder of its log, and wait until the text `ready` is in that.

        Raises:
            Problem: it ended first, or was not ready within a minute.
        """
        skipped = len(_output(log))
        with log.open("ab") as words:
            # A group of its own: Ctrl-C has to reach the measurement, which ends its children in order.
            process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, cwd=log.parent, env=plain_environment(environment or {}),
                stdin=asyncio.subprocess.DEVNULL, stdout=words, stderr=words, start_new_session=True,
            )  # fmt: skip
        child = cls(process, log)
        try:
            async with asyncio.timeout(_READY_WITHIN):
                while ready.encode() not in _output(log)[skipped:]:
                    if process.returncode is not None:
                        raise Problem(f"{arguments[-1]} ended with {process.returncode}; see {log}")
                    await asyncio.sleep(0.02)
        except BaseException as error:
            await child.kill()
            if isinstance(error, TimeoutError):
                raise Problem(f"{arguments[-1]} did not get ready within {_READY_WITHIN:g} s; see {log}") from None
            raise
        return child

    async def stop(self) -> None:
        """Terminate it; kill it where it has not ended within twenty seconds."""
        if self.process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), _STOP_WITHIN)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once, by SIGKILL."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


def _output(log: Path) -> bytes:
    return log.read_bytes() if log.exists() else b""


def resident(pid: int) -> int:
    """Bytes of memory a process holds.

    Raises:
        Problem: this system keeps no /proc.
    """
    for line in _proc(pid, "status").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def processor_seconds(pid: int) -> float:
    """Processor time a process has used so far.

    Raises:
        Problem: this system keeps no /proc.
    """
    fields = _proc(pid, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _proc(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text("utf-8")
    except OSError:
        raise Problem(f"/proc/{pid} cannot be read: memory and processor time are measured on Linux only") from None


def plain_environment(changes: Mapping[str, str]) -> dict[str, str]:
    """The environment without settings of bihuan and Temporal: no company's database or cluster is touched."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("BIHUAN_", "TEMPORAL_"))}
    root = str(Path(__file__).parents[1])
    return {**inherited, "PYTHONPATH": root, "NO_COLOR": "1", **changes}


@asynccontextmanager
async def ended(child: Child) -> AsyncIterator[Child]:
    """Stop it at the end, whatever happens."""
    try:
        yield child
    finally:
        await child.stop()


def run(measurement: Coroutine[Any, Any, _T]) -> _T:
    """Run a measurement; SIGTERM ends it as Ctrl-C does, with everything it started.

    Raises:
        SystemExit: it failed (one line on standard error), or was interrupted.
    """

    async def guarded() -> _T:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - inside asyncio.run
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await measurement

    try:
        return asyncio.run(guarded())
    except Problem as problem:
        sys.stderr.write(f"bihuan: {problem}\n")
        sys.exit(1)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.stderr.write("\nbihuan: interrupted\n")
        sys.exit(130)
