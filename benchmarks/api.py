"""Commands a second by the API, beside the same ones sent by the console's own service, in one run.

    make api        (or: python -m benchmarks.api [--commands 400] [--at-once 8] [--rounds 4] [--json])

An embedded server, a worker and `bihuan web`, each a process of its own. People of the sample company write notes to
cases that are open: by the service that `bihuan note` calls, with the connection it was given, and as POST requests
with a person's token and an idempotency key. Each is answered when its case has judged it. The rounds take turns. The
ratio says what token, key, rights and HTTP cost; processor time is of each process, for a command.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.child import BIHUAN, Child, ended, processor_seconds, run
from benchmarks.forms import form
from benchmarks.load import RunningSystem, running_system
from starter.console.screen import print_json, print_table
from starter.services.cases.commands import send
from starter.services.identity.tokens import make_token
from worker.embedded.ports import free_port
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Priority

_PERSON = "director"
_CASES = 40
"""Commands go to these in turn, so that none waits for the one before it in its case."""
_LONGEST = 900.0
"""Seconds, for the whole measurement."""
_TIMEOUT = 60.0

Give = Callable[[str], Awaitable[None]]
"""Writes a note to that case, and waits for what becomes of it."""


@dataclass
class Kind:
    """One way to give a command, and what it took so far."""

    give: Give
    seconds: float = 0.0
    commands: int = 0
    waited: list[float] = field(default_factory=list)
    used: dict[str, float] = field(default_factory=dict)

    def figures(self) -> dict[str, Any]:
        """Commands a second, time to an answer (s), and processor time of each process for a command (ms)."""
        waited = sorted(self.waited)
        return {
            "commands_per_second": round(self.commands / self.seconds, 1),
            "answered_p50": round(waited[len(waited) // 2], 3),
            "answered_p99": round(waited[int(len(waited) * 0.99)], 3),
            **{f"{name}_ms": round(used / self.commands * 1000, 1) for name, used in self.used.items()},
        }


async def measure(commands: int, at_once: int, rounds: int) -> dict[str, Any]:
    """Figures of both ways, and the ratio of their rates.

    Raises:
        Problem: something does not come up, or a command is not accepted.
    """
    with tempfile.TemporaryDirectory(prefix="bihuan-api-") as name:
        folder = Path(name)
        async with asyncio.timeout(_LONGEST), running_system(folder, synchronous="normal") as system:
            await system.intake.installation.settle_organisation()
            _, token = await make_token(system.settings, person=_PERSON, system=None)
            port, environment = free_port(), {"TEMPORAL_ADDRESS": _address(system)}
            arguments = (*BIHUAN, "web", "--port", str(port), "--data", name)
            web = await Child.start(arguments, folder / "web.log", ready="pages ready", environment=environment)
            numbers = await _opened(system)
            limits = httpx2.Limits(max_connections=at_once)
            async with (
                ended(web),
                httpx2.AsyncClient(
                    base_url=f"http://127.0.0.1:{port}/api/v1", headers={"Authorization": f"Bearer {token}"},
                    limits=limits, timeout=_TIMEOUT,
                ) as client,
            ):  # fmt: skip
                kinds = {"service": Kind(_by_service(system)), "api": Kind(_by_api(client))}
                for kind in kinds.values():
                    await _round(Kind(kind.give), numbers, at_once * 4, at_once, {})
                processes = {**system.processes, "web": web.process.pid}
                for turn in range(rounds):
                    for one in list(kinds)[:: 1 if turn % 2 == 0 else -1]:
                        await _round(kinds[one], numbers, commands // rounds, at_once, processes)
    found = {name: kind.figures() for name, kind in kinds.items()}
    ratio = found["api"]["commands_per_second"] / found["service"]["commands_per_second"]
    return {"commands": commands, "at_once": at_once, "ratio": round(ratio, 3), **found}


def _address(system: RunningSystem) -> str:
    return str(system.client.service_client.config.target_host)


async def _opened(system: RunningSystem) -> list[str]:
    """Numbers of cases that a worker has opened."""
    forms = [form(Priority.P3, intake_key=uuid.uuid4().hex) for _ in range(_CASES)]
    numbers = [(await system.intake.accept(one)).number for one in forms]
    cases = system.intake.installation.cases
    waiting = list(numbers)
    while waiting:
        await asyncio.sleep(0.05)
        record = await cases.get(waiting[-1])
        if record is not None and record.view is not None and record.view["owner"]:
            waiting.pop()
    return numbers


def _by_service(system: RunningSystem) -> Give:
    async def give(number: str) -> None:
        result = await send(
            system.settings, "note", number, {"text": "已看过"}, by=_PERSON, command_id=uuid.uuid4().hex,
            client=system.client,
        )  # fmt: skip
        _accepted(number, result.outcome)

    return give


def _by_api(client: httpx2.AsyncClient) -> Give:
    async def give(number: str) -> None:
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        answer = await client.post(f"/cases/{number}/commands/note", json={"text": "已看过"}, headers=headers)
        _accepted(number, answer.json().get("outcome", str(answer.status_code)))

    return give


def _accepted(number: str, outcome: str) -> None:
    if outcome != "accepted":
        raise Problem(f"{number}: a note was {outcome}")


async def _round(kind: Kind, numbers: Sequence[str], count: int, at_once: int, processes: dict[str, int]) -> None:
    left = iter(range(count))

    async def one() -> None:
        for index in left:
            began = time.monotonic()
            await kind.give(numbers[(kind.commands + index) % len(numbers)])
            kind.waited.append(time.monotonic() - began)

    before = {name: processor_seconds(pid) for name, pid in processes.items()}
    began = time.monotonic()
    await asyncio.gather(*(one() for _ in range(at_once)))
    kind.seconds += time.monotonic() - began
    kind.commands += count
    for name, pid in processes.items():
        kind.used[name] = kind.used.get(name, 0.0) + processor_seconds(pid) - before[name]


def main() -> None:
    """Run it and print both columns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=int, default=400, help="by each way, in all")
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if min(given.at_once, given.rounds) < 1 or given.commands < given.rounds:
        parser.error("allowed: --at-once and --rounds of at least 1, and a command for each round")
    found = run(measure(given.commands, given.at_once, given.rounds))
    if given.json:
        print_json(found)
        return
    rows = [(name, str(found["service"][name]), str(found["api"][name])) for name in found["service"]]
    print_table(("", "by the service", "by the API"), rows, title=f"ratio {found['ratio']}")


if __name__ == "__main__":
    main()
