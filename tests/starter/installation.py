"""Runs a whole installation: `bihuan up` as a process on its own folder, and commands beside it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from activities.database.database import Database
from activities.database.reader import open_reader
from activities.database.url import DatabaseUrl
from activities.files.listing import read_case_files
from activities.queries.case_record import read_case_record
from activities.queries.cases import Cases
from starter.services.cases.reading import case_json
from starter.services.reviews.reading import review_for, review_of_case
from starter.services.system.stuck import find_stuck
from tests.starter.command_line import begun, bihuan_beside, bihuan_environment
from tests.starter.forked import Forked
from tests.timeouts import TIMEOUT
from tests.worker.ports import free_ports
from worker.embedded.server import find_binary
from worker.installation.company_time import CompanyTime
from worker.installation.settings import Settings
from worker.temporal.endpoint import Endpoint

_AT_ONCE = 3
"""How many commands run at the same time."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """What `--json` answered."""
        assert self.code == 0, self
        return json.loads(self.out)


@dataclass
class Installation:
    """`up` and `down` it; `run` a command against it."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: list[int] = field(default_factory=lambda: free_ports(3))
    options: tuple[str, ...] = ()
    """What `bihuan up` is given besides."""
    prepare: Callable[[], None] | None = None
    """Called in the process of `bihuan up` before it begins."""
    said: list[str] = field(default_factory=list)
    """The lines that `bihuan up` wrote, from its first start on."""
    process: Forked | None = None
    _listening: asyncio.Task[None] | None = None
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.ports[0]}"

    @property
    def pages(self) -> str:
        """Where the pages for customers are."""
        return f"http://127.0.0.1:{self.ports[2]}"

    @property
    def data(self) -> Path:
        return self.folder / "bihuan-data"

    @property
    def settings(self) -> Settings:
        """As the processes of the installation have them, for looking into the record without one."""
        url = self.environment.get("BIHUAN_DATABASE_URL")
        return Settings(data=self.data, database_url=url) if url else Settings(data=self.data)

    @property
    def server_pid(self) -> int:
        endpoint = Endpoint.read(self.data)
        assert endpoint is not None, self.said
        return endpoint.server_pid

    async def up(self) -> None:
        """Start the process, and wait for the line that says it is ready."""
        heard = len(self.said)
        self.process, stderr = await begun(
            "up", "--port", str(self.ports[0]), "--ui-port", str(self.ports[1]),
            "--web-port", str(self.ports[2]), *self.options,
            folder=self.folder, environment=self._settings(), prepare=self.prepare,
        )  # fmt: skip
        self._listening = asyncio.create_task(self._listen(self.process, stderr))
        await self.until(lambda: any("ready: " in line for line in self.said[heard:]) or self._ended())
        assert not self._ended(), self.said[heard:]

    async def down(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End `bihuan up` by that signal; answers its exit code."""
        assert self.process is not None
        assert self._listening is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        await asyncio.wait_for(self._listening, TIMEOUT)
        return await self.process.wait()

    async def run(self, *arguments: str, given: str | bytes = "") -> Answer:
        """One command to its end."""
        said = given.encode() if isinstance(given, str) else given
        async with self._turn:
            return Answer(
                *await bihuan_beside(*arguments, folder=self.folder, environment=self._settings(), given=said)
            )

    async def case(self, number: str) -> dict[str, Any]:
        """What `bihuan show --json` says, read without a process."""
        settings = self.settings
        file = await read_case_record(DatabaseUrl.parse(settings.database), number)
        assert file is not None, number
        company = await CompanyTime.read(settings)
        review = await review_for(settings, number)
        async with open_reader(DatabaseUrl.parse(settings.database)) as reader:
            files = [company.localized(one) for one in await read_case_files(reader, number)]
        shown = case_json(file, company, timeline=True) | {"files": files}
        return shown | ({"review": review_of_case(review, company)} if review else {})

    async def outbox(self, number: str) -> list[dict[str, Any]]:
        """What `bihuan outbox --json` says, read without a process."""
        settings = self.settings
        database = Database.open(settings.database)
        try:
            rows = await Cases(database).outbox(number)
        finally:
            await database.close()
        company = await CompanyTime.read(settings)
        return [company.localized(row.as_json()) for row in rows]

    def numbers(self) -> set[str]:
        """The numbers of all registered submissions."""
        with closing(sqlite3.connect(self.data / "bihuan.db")) as connection:
            return {number for (number,) in connection.execute("SELECT number FROM registration")}

    async def send(self, command: str, number: str, by: str, *arguments: str) -> dict[str, Any]:
        """Run a command that sends a signal, which has to be accepted; answers what `--json` says."""
        outcome: dict[str, Any] = (await self.run(command, number, "--as", by, "--json", *arguments)).value
        while outcome["outcome"] == "queued":
            # The worker is busy; the same command again counts once.
            again = () if "--command-id" in arguments else ("--command-id", outcome["command_id"])
            outcome = (await self.run(command, number, "--as", by, "--json", *arguments, *again)).value
        assert outcome["outcome"] == "accepted", outcome
        return outcome

    async def signal(self, number: str, name: str, *inputs: str, meta: str | None = None) -> None:
        """Send a signal with Temporal's own command line."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            files = [_written(Path(folder, str(index)), text) for index, text in enumerate(inputs)]
            await self.temporal(
                "workflow", "signal", "--workflow-id", number, "--name", name,
                *(argument for path in files for argument in ("--input-file", path)),
                *(["--input-meta", meta] if meta else []),
            )  # fmt: skip

    async def temporal(self, *arguments: str) -> str:
        """Run Temporal's own command line against the embedded server."""
        process = await asyncio.create_subprocess_exec(
            find_binary(), *arguments, "--address", self.address, env=bihuan_environment(self._settings()),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds, asking again and again."""
        pause = _pauses()
        async with asyncio.timeout(TIMEOUT):
            while not holds():  # noqa: ASYNC110 - another process is watched, which sets no event here
                await asyncio.sleep(next(pause))

    async def until_case(self, number: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the record shows it; answers the case."""
        return await self._until(lambda: self.case(number), holds)

    async def until_closed(self, number: str) -> dict[str, Any]:
        """Wait until the case is closed, and its review has begun, which is a workflow of its own; answers the case."""
        return await self.until_case(
            number, lambda case: case["status"] == "closed" and case.get("review", {"due": True})["due"] is not None
        )

    async def until_outbox(self, number: str, holds: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Wait until the outbox of a case shows it; answers its rows."""
        return await self._until(lambda: self.outbox(number), holds)

    async def until_stuck(self, number: str, reason: str, error: str = "") -> dict[str, Any]:
        """Wait until a case is found to be stuck for that reason, with that in its last error; answers the finding."""

        async def found() -> list[dict[str, Any]]:
            settings = self.settings
            findings, _ = await find_stuck(settings, await CompanyTime.read(settings))
            matching = [one for one in findings if (one.number, one.reason) == (number, reason)]
            return [asdict(one) for one in matching if error in (one.error or "")]

        return (await self._until(found, bool))[0]

    async def _until(self, ask: Callable[[], Awaitable[_T]], holds: Callable[[_T], bool]) -> _T:
        answer, pause = await ask(), _pauses()
        try:
            async with asyncio.timeout(TIMEOUT):
                while not holds(answer):
                    await asyncio.sleep(next(pause))
                    answer = await ask()
        except TimeoutError:
            raise AssertionError(f"did not come to pass; last seen: {answer}; up said: {self.said}") from None
        return answer

    def _ended(self) -> bool:
        return self.process is None or self.process.returncode is not None

    def _settings(self) -> dict[str, str]:
        return {"BIHUAN_SERVER__SYNCHRONOUS": "normal", **self.environment}

    async def _listen(self, process: Forked, stderr: asyncio.StreamReader) -> None:
        while line := await stderr.readline():
            self.said.append(line.decode().rstrip())
        await process.wait()


def _pauses() -> Iterator[float]:
    """Seconds until another process is asked again: what comes soon is seen soon, and asking takes little of the time
    of what comes late.
    """
    pause = 0.05
    while True:
        yield pause
        pause = min(pause * 1.3, 0.5)


@asynccontextmanager
async def running(folder: Path, *options: str, ports: Any = None, **environment: str) -> AsyncIterator[Installation]:
    """An installation that is up with these options, and leaves no process behind."""
    async with kept_running(
        Installation(folder, environment, options=options, ports=ports or free_ports(3))
    ) as installation:
        yield installation


@asynccontextmanager
async def kept_running(installation: Installation) -> AsyncIterator[Installation]:
    """The same for one that is there already."""
    try:
        await installation.up()
        yield installation
    finally:
        await installation.down(signal.SIGTERM)
        # A server outlives a `bihuan up` that was killed and not started again.
        if Endpoint.read(installation.data) is not None:
            os.kill(installation.server_pid, signal.SIGKILL)


def _written(path: Path, text: str) -> str:
    path.write_text(text, "utf-8")
    return str(path)


def gap_free(case: Mapping[str, Any]) -> bool:
    """Whether the timeline counts 1, 2, 3, … without a gap or a double."""
    sequences = [entry["sequence"] for entry in case["timeline"]]
    return sequences == list(range(1, len(sequences) + 1)) and case["sequence"] == len(sequences)


def refusals(case: Mapping[str, Any]) -> dict[str, str]:
    """Command id -> reason of everything the timeline says was refused."""
    return {
        entry["detail"]["command_id"]: entry["detail"]["reason"]
        for entry in case["timeline"]
        if entry["kind"] == "rejected"
    }
