"""The demonstration leaves nothing behind that was not asked for, and names nothing that is not there."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.faults.processes import reading
from tests.starter.command_line import bihuan_environment
from tests.starter.demo.one_story import play
from tests.starter.forked import Forked, fork
from tests.timeouts import TIMEOUT

_STAYS_UP = "Ctrl-C ends the demonstration"


@dataclass
class Demonstration:
    """One that runs; `temporary` is where it makes its temporary folders."""

    process: Forked
    printed: asyncio.StreamReader
    temporary: Path

    @classmethod
    async def start(cls, folder: Path, *options: str, environment: Mapping[str, str] | None = None) -> Demonstration:
        temporary = folder / "temporary"
        temporary.mkdir()
        read, write = os.pipe()
        nothing = os.open(os.devnull, os.O_RDWR)
        process = fork(
            options, folder=folder, environment=bihuan_environment({"TMPDIR": str(temporary), **(environment or {})}),
            stdin=nothing, stdout=write, stderr=write, prepare=play,
        )  # fmt: skip
        for number in (nothing, write):
            os.close(number)
        return cls(process, await reading(read), temporary)

    async def until(self, text: str) -> str:
        """Everything printed up to the line with this text."""
        printed = ""
        async with asyncio.timeout(TIMEOUT):
            while text not in printed:
                line = (await self.printed.readline()).decode()
                assert line, printed
                printed += line
        return printed

    async def ended(self) -> str:
        """The rest of what is printed until the process has ended."""
        async with asyncio.timeout(TIMEOUT):
            printed = await self.printed.read()
            await self.process.wait()
        return printed.decode()

    def left(self) -> list[str]:
        """What it has left of its temporary folders."""
        return sorted(path.name for path in self.temporary.iterdir())


async def test_a_demonstration_that_ends_names_no_address_and_keeps_the_folder_that_was_named(tmp_path: Path) -> None:
    # A company's own cluster is named: no case of a demonstration may get there.
    demo = await Demonstration.start(tmp_path, "--data", "kept", environment={"TEMPORAL_ADDRESS": "127.0.0.1:9"})
    printed = await demo.ended()
    assert demo.process.returncode == 0, printed
    assert "✓ 1 个案件都按预期闭环" in printed
    assert "http://" not in printed
    assert str(demo.temporary) not in printed
    assert "--keep" in printed
    assert "customer（门户）" in printed
    assert (tmp_path / "kept" / "bihuan.db").is_file()
    assert list((tmp_path / "kept" / "reports").rglob("report.html"))
    assert demo.left() == []


async def test_one_that_stays_up_names_its_pages_and_reports_until_it_is_interrupted(tmp_path: Path) -> None:
    demo = await Demonstration.start(tmp_path, "--keep")
    printed = await demo.until(_STAYS_UP)
    assert "/namespaces/default/workflows/FB" in printed
    (pages,) = [line.split()[-1] for line in printed.splitlines() if line.startswith("客户网页 pages")]
    async with httpx2.AsyncClient(trust_env=False) as client:
        assert "提交问题" in (await client.get(pages, headers={"Accept-Language": "zh"})).text
    (report,) = [line.split()[-1] for line in printed.splitlines() if line.startswith("报告 report")]
    assert await asyncio.to_thread(Path(report).is_file)
    demo.process.send_signal(signal.SIGINT)
    await demo.ended()
    assert (demo.process.returncode, demo.left()) == (0, [])


async def test_one_that_fails_leaves_no_folder_either(tmp_path: Path) -> None:
    demo = await Demonstration.start(tmp_path, "--fails")
    printed = await demo.ended()
    assert demo.process.returncode == 1, printed
    assert demo.left() == []


async def test_one_that_is_interrupted_leaves_no_folder_either(tmp_path: Path) -> None:
    demo = await Demonstration.start(tmp_path, "--waits")
    await demo.until("案件 cases 1")
    assert demo.left() != [], "meanwhile there is one"
    demo.process.send_signal(signal.SIGINT)
    printed = await demo.ended()
    assert (demo.process.returncode, "interrupted" in printed, demo.left()) == (130, True, [])
