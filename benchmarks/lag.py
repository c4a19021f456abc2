"""How late an escalation is recorded: from its due time to the row in the database.

    make lag        (or: python -m benchmarks.lag [--cases 200] [--json])

Cases are opened evenly over a minute on the embedded server with one worker, at real speed, under the standard
policy with a claim time of one minute; nobody claims, so each escalates a minute after it was accepted. Beside
them, in the same run and on the same server, a bare workflow that only sleeps wakes as often: its lateness is the
engine's own, the difference is ours. Takes about two and a half minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

import activities.policy
from benchmarks.bare import BareTimer
from starter.console.screen import print_json, print_table
from starter.demo.stage import free_port
from starter.intake import open_intake
from worker.endpoint import Endpoint
from worker.installation import open_installation
from worker.process import run_worker
from worker.server import EmbeddedServer
from worker.settings import ServerSettings, Settings

_MINUTE = timedelta(minutes=1)


def _policy(folder: Path) -> Path:
    """The standard policy, with one minute to claim a P1."""
    text = (Path(activities.policy.__path__[0]) / "standard.toml").read_text("utf-8")
    before, marker, after = text.partition("[priorities.P1.clocks]")
    path = folder / "policy.toml"
    path.write_text(
        before + marker + re.sub(r'claim = \{ within = "\w+"', 'claim = { within = "1m"', after, count=1), "utf-8"
    )
    return path


def _form(index: int) -> dict[str, Any]:
    return {
        "intake_key": f"lag-{index}",
        "channel": "portal",
        "customer": {"name": "客户", "kind": "individual", "email": "kehu@example.com", "preferred_contact": "email"},
        "product": "CRM",
        "type": "technical",
        "occurred_at": "2026-01-05T09:00+08:00",
        "description": {"symptom": "数据同步失败", "steps": "登录", "expected": "成功", "actual": "失败"},
        "impact": {"blocks_normal_use": False, "effect": ""},
        "hoped_for": "24小时内",
        "received_by": "agent-001",
        "priority": "P1",
    }


async def measure(cases: int) -> dict[str, list[float]]:
    """Lateness in seconds: of `escalations` as recorded, and of `bare` timers."""
    with tempfile.TemporaryDirectory(prefix="bihuan-lag-") as name:
        folder = Path(name)
        ports = ServerSettings(port=free_port(), ui_port=free_port())
        settings = Settings(data=folder, policy=str(_policy(folder)), server=ports)
        server = EmbeddedServer(folder, ports)
        await server.start()
        ready, stop = asyncio.Event(), asyncio.Event()
        endpoint = Endpoint.read(folder)
        working = asyncio.create_task(run_worker(settings, ready=lambda _: ready.set(), stop=stop, endpoint=endpoint))
        try:
            await ready.wait()
            client = await Client.connect(server.address, data_converter=pydantic_data_converter)
            async with Worker(client, task_queue="bare", workflows=[BareTimer]):
                bare, numbers = await _open(settings, client, cases)
                late = [await handle.result() for handle in bare]
                return {"escalations": await _escalations(settings, numbers), "bare": late}
        finally:
            stop.set()
            await working
            await server.stop()


async def _open(settings: Settings, client: Client, cases: int) -> tuple[list[Any], list[str]]:
    """One case and one bare timer at a time, evenly over a minute."""
    bare, numbers = [], []
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with open_intake(settings) as intake:
        for index in range(cases):
            await asyncio.sleep(max(begun + index * _MINUTE.total_seconds() / cases - loop.time(), 0))
            numbers.append((await intake.accept(_form(index))).number)
            bare.append(
                await client.start_workflow(
                    BareTimer.run, _MINUTE.total_seconds(), id=f"bare-{index}", task_queue="bare"
                )
            )
            if index % 20 == 0:
                sys.stderr.write(f"\ropened {index}/{cases}")
    sys.stderr.write(f"\ropened {cases}/{cases}\n")
    return bare, numbers


async def _escalations(settings: Settings, numbers: Sequence[str]) -> list[float]:
    late = []
    async with open_installation(settings) as installation:
        for number in numbers:
            while (lateness := await _first_escalation(installation, number)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
            late.append(lateness)
    return late


async def _first_escalation(installation: Any, number: str) -> float | None:
    file = await installation.cases.get(number)
    due = None
    for entry in file.timeline:
        if entry["kind"] == "lapsed":
            due = datetime.fromisoformat(entry["detail"]["due"])
        if entry["kind"] == "escalated" and due is not None:
            return (datetime.fromisoformat(entry["recorded_at"]).astimezone(UTC) - due).total_seconds()
    return None


def summary(late: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and maximum, seconds."""
    ordered = sorted(late)
    return {
        "p50": round(statistics.median(ordered), 3),
        "p99": round(ordered[max(int(len(ordered) * 0.99) - 1, 0)], 3),
        "max": round(ordered[-1], 3),
    }


def main() -> None:
    """Run it and print both rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = {name: summary(late) for name, late in asyncio.run(measure(options.cases)).items()}
    if options.json:
        print_json({"cases": options.cases, **figures})
        return
    rows = [(name, *(f"{value:.3f} s" for value in row.values())) for name, row in figures.items()]
    print_table(("late", "p50", "p99", "max"), rows, title=f"{options.cases} due within a minute")


if __name__ == "__main__":
    main()
