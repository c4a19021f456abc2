"""How late an escalation is: from its due time to the notification in the outbox, with few and with many open cases.

    make lag        (200 cases, all of which fall due; two and a half minutes)
    make lag ARGS='--chat'    (and how late the chat platform has taken the message of each escalation)
    python -m benchmarks.lag --open 200,2000,10000 [--due 200] [--chat] [--json]

For each size, idle cases are opened until so many are open with those that will fall due; then `--due` cases come in
evenly over a minute, on the embedded server with one worker, at real speed, under the standard policy with a claim
time of one minute. Nobody claims them, so each escalates a minute after it was accepted. Beside them, in the same run
and on the same server, a bare workflow that only sleeps wakes as often: its lateness is the engine's own, the
difference is ours. The cases of one size stay for the next. Opening idle cases is not measured; ten thousand take
about a quarter of an hour.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.chat_platform import ChatPlatform, open_chat_platform
from benchmarks.child import run
from benchmarks.many_cases import CLAIM, DUE, ManyCases, open_many_cases
from benchmarks.sleepers import Sleepers, sleepers
from starter.console.screen import print_json, print_table
from workflows.domain.problem import Problem

_PATIENCE = 120.0
_OVER = 60.0
"""Seconds over which the measured cases come in."""


async def measure(sizes: Sequence[int], due: int, *, chat: bool = False) -> list[dict[str, Any]]:
    """One answer a size: `open`, and lateness (seconds) of `escalations` as recorded and of `bare` timers, with `chat`
    of their messages as a chat platform takes them.
    """
    answers = []
    with tempfile.TemporaryDirectory(prefix="bihuan-lag-") as name:
        async with (
            open_chat_platform() as platform,
            open_many_cases(Path(name), chat=platform.settings() if chat else None) as system,
        ):
            await system.start_worker(cached=max(sizes) + due)
            log = Path(name) / "sleepers.log"
            async with sleepers(system.client, system.server.address, log, cached=due) as bare:
                for size in sizes:
                    await system.open_idle(size - due)
                    answer = {
                        "open": size,
                        "due": due,
                        **await _late(system, bare, size, due, platform if chat else None),
                    }
                    sys.stderr.write(f"{size} open: {answer['escalations']}, bare {answer['bare']}\n")
                    answers.append(answer)
    return answers


async def _late(
    system: ManyCases, bare: Sleepers, size: int, due: int, platform: ChatPlatform | None
) -> dict[str, Any]:
    """The measured cases are closed afterwards, so that the next size has none that climbs on."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    numbers, timers = [], []
    for index in range(due):
        await asyncio.sleep(max(begun + index * _OVER / due - loop.time(), 0))
        number, timer = await asyncio.gather(
            system.accept(DUE), bare.sleep(f"bare-{size}-{index}", CLAIM.total_seconds())
        )
        numbers.append(number)
        timers.append(timer)
    sys.stderr.write(f"{size} open: {due} fall due within a minute\n")
    woke = [await timer.result() for timer in timers]
    told = await system.escalated(numbers)
    chats = {} if platform is None else {"chat": summary(await _said(platform, told))}
    for number in numbers:
        await system.withdraw(number)
    ours = summary([(written - due).total_seconds() for due, written in told.values()])
    engine = summary(woke)
    return {
        "escalations": ours,
        **chats,
        "bare": engine,
        "difference": {name: round(ours[name] - engine[name], 3) for name in ours},
    }


async def _said(platform: ChatPlatform, told: Mapping[str, tuple[datetime, datetime]]) -> list[float]:
    """Seconds from each deadline until the platform had taken the message.

    Raises:
        Problem: one never came.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while not told.keys() <= platform.taken.keys():  # noqa: ASYNC110 - messages come by themselves
                await asyncio.sleep(0.2)
    if missing := told.keys() - platform.taken.keys():
        raise Problem(f"{len(missing)} of {len(told)} messages never came to the chat platform")
    return [(platform.taken[number] - due).total_seconds() for number, (due, _) in told.items()]


def summary(late: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and maximum, seconds."""
    ordered = sorted(late)
    return {
        "p50": round(statistics.median(ordered), 3),
        "p99": round(ordered[max(int(len(ordered) * 0.99) - 1, 0)], 3),
        "max": round(ordered[-1], 3),
    }


def sizes_of(text: str, due: int) -> list[int]:
    """`200,2000,10000`, from the smallest on.

    Raises:
        ValueError: it is something else, or a size is smaller than what has to fall due.
    """
    try:
        sizes = sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise ValueError(f"--open {text}: allowed: numbers with commas between, such as 200,2000,10000") from None
    if due < 1:
        raise ValueError(f"--due {due}; allowed: at least 1")
    if sizes[0] < due:
        raise ValueError(f"--open {sizes[0]} is less than --due {due}; allowed: at least as many")
    return sizes


def main() -> None:
    """Run it and print the rows of each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--open", metavar="SIZES", help="open cases, such as 200,2000,10000 (default: --due)")
    parser.add_argument("--due", type=int, default=200, metavar="N", help="of them fall due within a minute (200)")
    parser.add_argument("--chat", action="store_true", help="escalations go by chat: when its platform has them")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        sizes = sizes_of(options.open or str(options.due), options.due)
    except ValueError as error:
        parser.error(str(error))
    answers = run(measure(sizes, options.due, chat=options.chat))
    if options.json:
        print_json(answers)
        return
    rows = [
        (str(answer["open"]), name, *(f"{value:.3f} s" for value in answer[name].values()))
        for answer in answers
        for name in ("escalations", "chat", "bare", "difference")
        if name in answer
    ]
    print_table(("open", "late", "p50", "p99", "max"), rows, title=f"{options.due} due within a minute")


if __name__ == "__main__":
    main()
