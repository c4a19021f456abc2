"""One case that stays open for two years, day by day, on a real server: its size must stay bounded, nothing be lost.

    make years      (or: python -m benchmarks.years [--days 730] [--pace 0.25] [--run 4000] [--json])

A progress report a day, forty collaborations with another department, three reopenings, and two remarks a day that
nobody waits for, so that some arrive while the case goes over into a new run. A day lasts `--pace` seconds, so
deadlines that fall between two days come by timers, and are missed. At the end the books are checked: every command is
in the timeline once, its sequence has no gap, every run replays. About three minutes and a half; exit code 1 when
the books do not balance.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.service import RPCError
from temporalio.worker import Replayer

from activities.database.tables import case_record, registration, timeline
from activities.intake.form import parse_form
from benchmarks.child import resident, run
from benchmarks.load import RunningSystem, running_system
from benchmarks.standard_life import life_form
from starter.console.screen import print_json, print_table, progress_bar
from worker.process import RUNNER
from worker.temporal.rpc import is_not_found
from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow
from workflows.collaboration.workflow import CollaborationWorkflow
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import EventKind, Priority

_DAY = 86_400.0
_COLLABORATIONS, _REOPENINGS, _NOTES = 40 / 730, 3, 2
"""A day; in all; a day."""
_BY = "director"
"""May do everything, and owns the case in the end."""
_ASKING = 0.02
_TIMEOUT = 60.0
_END = 100
"""Answers at either end of the life that are held against each other."""


@dataclass
class Life:
    """The case, and what was sent to it."""

    system: RunningSystem
    case: WorkflowHandle[CaseWorkflow, str]
    sent: Counter[str] = field(default_factory=Counter)
    answered: list[float] = field(default_factory=list)

    async def tell(self, name: str, *, by: str = _BY, to: WorkflowHandle[Any, Any] | None = None, **fields: Any) -> str:
        """A command nobody waits for; its id."""
        self.sent[name] += 1
        command_id = f"{name}-{self.sent[name]}"
        await (to or self.case).signal(name, {"command_id": command_id, "by": by, **fields})
        return command_id

    async def do(self, name: str, *, by: str = _BY, **fields: Any) -> None:
        """A command, and its answer.

        Raises:
            Problem: it was refused, or not answered within a minute.
        """
        begun = time.monotonic()
        command_id = await self.tell(name, by=by, **fields)
        while (waited := time.monotonic() - begun) < _TIMEOUT:
            await asyncio.sleep(_ASKING)
            answer = await self.case.query(CaseWorkflow.outcome, command_id)
            if answer.outcome == "accepted":
                self.answered.append(time.monotonic() - begun)
                return
            if answer.outcome == "rejected":
                raise Problem(f"{command_id} was refused: {answer.reason}")
        raise Problem(f"{command_id} was not answered within {waited:.0f} s")

    async def ask_a_department(self, round_: int) -> None:
        """Asked, and answered."""
        await self.do("collaborate", department="product", duty=f"第{round_}次核对设计")
        task = self.system.client.get_workflow_handle(
            f"{self.case.id}/product" if round_ == 1 else f"{self.case.id}/product/{round_}", result_type=str
        )
        end = time.monotonic() + _TIMEOUT
        while time.monotonic() < end:
            # The case says accepted a moment before the task is there.
            try:
                await self.tell("contribute", by="product-001", to=task, department="product", result="设计如此")
                break
            except RPCError as error:
                self.sent["contribute"] -= 1
                if not is_not_found(error):
                    raise
            await asyncio.sleep(_ASKING)
        await asyncio.wait_for(task.result(), _TIMEOUT)


async def measure(days: int, pace: float, longest_run: int | None) -> dict[str, Any]:
    """Live it; figures and the books.

    Raises:
        Problem: something was refused or not answered.
    """
    with tempfile.TemporaryDirectory(prefix="bihuan-years-") as name:
        async with running_system(Path(name), speed=_DAY / pace, synchronous="normal") as system:
            life = await _opened(system, longest_run)
            before = resident(system.processes["worker"])
            await _lived(life, days, pace)
            grown = resident(system.processes["worker"]) - before
            return {
                "days": days,
                "days_a_second": round(1 / pace, 1),
                "worker_grew_mb": round(grown / 1e6, 1),
                "answered_first": _median(life.answered[:_END]),
                "answered_last": _median(life.answered[-_END:]),
                **await _runs(life),
                **await _books(life),
            }


async def _opened(system: RunningSystem, longest_run: int | None) -> Life:
    installation, now = system.intake.installation, system.intake.installation.now()
    raw = {**life_form(0, Priority.P3), "priority_reason": "测量", "occurred_at": now.isoformat()}
    organisation = await installation.directory.current()
    parsed = parse_form(raw, now=now, policy=installation.policy, organisation=organisation)
    day = installation.local(now).date()
    async with installation.database.begin() as connection:
        number = (await installation.register.register_in(connection, parsed, received_at=now, day=day)).number
        # Never unstarted for the worker, whose first sweep may come now: it would begin runs of the ordinary length.
        started = update(registration).where(registration.c.number == number).values(started_at=datetime.now(UTC))
        await connection.execute(started)
    start = CaseInput(number=number, time=installation.time, continue_after=longest_run)
    queue = installation.settings.task_queue
    case = await system.client.start_workflow(CaseWorkflow.run, start, id=number, task_queue=queue)
    return Life(system, case)


async def _lived(life: Life, days: int, pace: float) -> None:
    asked = {math.ceil(nth / _COLLABORATIONS) - 1: nth for nth in range(1, int(days * _COLLABORATIONS) + 1)}
    reopened = {days * nth // (_REOPENINGS + 1) for nth in range(1, _REOPENINGS + 1)}
    begun = time.monotonic()
    with progress_bar("days", days) as advance:
        for day in range(1, days + 1):
            await asyncio.sleep(max(0.0, begun + day * pace - time.monotonic()))
            async with asyncio.TaskGroup() as meanwhile:
                for _ in range(_NOTES):
                    meanwhile.create_task(life.tell("note", text="夜班交接:无新情况"))
                await life.do("progress", text="已定位原因,等待厂商补丁。" * 5, why="等待厂商")
                if day in asked:
                    await life.ask_a_department(asked[day])
                if day in reopened:
                    await life.do("resolve", cause="补丁", solution="已打补丁", verified="yes")
                    await life.do("refuse", by="customer", why="又出现了")
            advance()
    await life.tell("withdraw", by="customer", why="换了系统")
    await asyncio.wait_for(life.case.result(), _TIMEOUT)


async def _runs(life: Life) -> dict[str, Any]:
    """Of each run: its events, what it began with, how often the server had to try a step of it again, its replay."""
    lengths, carried, failed, faults, run_id = [], [], 0, [], life.case.first_execution_run_id
    replayer = Replayer(
        workflows=[CaseWorkflow, CollaborationWorkflow],
        workflow_runner=RUNNER,
        data_converter=life.system.client.data_converter,
    )
    while run_id:
        handle = life.system.client.get_workflow_handle(life.case.id, run_id=run_id)
        history = await handle.fetch_history()
        lengths.append(len(history.events))
        carried.append(history.events[0].workflow_execution_started_event_attributes.input.ByteSize())
        failed += sum(event.HasField("workflow_task_failed_event_attributes") for event in history.events)
        faults += await _replayed(replayer, history)
        run_id = history.events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return {
        "runs": len(lengths),
        "events": sum(lengths),
        "longest_run": max(lengths),
        "most_carried_bytes": max(carried),
        "failed_tasks": failed,
        "not_replayable": len(faults),
    }


async def _replayed(replayer: Replayer, history: WorkflowHistory) -> list[str]:
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return [] if result.replay_failure is None else [str(result.replay_failure)]


async def _books(life: Life) -> dict[str, Any]:
    """Commands by what was sent, and by what the timeline has."""
    of_case = select(timeline.c.sequence, timeline.c.kind).where(timeline.c.number == life.case.id)
    async with life.system.intake.installation.database.read() as connection:
        steps = (await connection.execute(of_case.order_by(timeline.c.sequence))).all()
        view = await connection.scalar(select(case_record.c.view).where(case_record.c.number == life.case.id))
    happened = Counter(str(step.kind) for step in steps)
    recorded_as = {
        "progress": EventKind.PROGRESSED,
        "note": EventKind.NOTED,
        "contribute": EventKind.CONTRIBUTED,
        "refuse": EventKind.REOPENED,
    }
    return {
        "steps": len(steps),
        "gaps": sum(step.sequence != nth for nth, step in enumerate(steps, start=1)),
        "view_bytes": len(json.dumps(view, ensure_ascii=False).encode()),
        "escalations": happened[EventKind.ESCALATED],
        "refused": happened[EventKind.REJECTED],
        "commands": {name: [life.sent[name], happened[kind]] for name, kind in recorded_as.items()},
    }


def _median(seconds: list[float]) -> float:
    return round(statistics.median(seconds), 3)


def balanced(figures: dict[str, Any]) -> bool:
    """Whether nothing is missing, doubled, refused or no longer to be replayed."""
    wrong = figures["gaps"] + figures["refused"] + figures["not_replayable"]
    return not wrong and all(sent == kept for sent, kept in figures["commands"].values())


_ROWS = {
    "days": "days lived",
    "steps": "steps in the timeline",
    "gaps": "gaps in their sequence",
    "refused": "commands refused",
    "escalations": "escalations",
    "runs": "runs",
    "events": "history events, all runs",
    "longest_run": "history events of the longest run",
    "most_carried_bytes": "bytes that a run began with, at most",
    "view_bytes": "bytes of the case in the record, at the end",
    "failed_tasks": "workflow tasks the server gave again",
    "not_replayable": "runs that do not replay",
    "answered_first": f"signal to answer, the first {_END}, median (s)",
    "answered_last": f"signal to answer, the last {_END}, median (s)",
    "worker_grew_mb": "memory the worker grew by (MB)",
}


def main() -> None:
    """Run it, print the figures, and judge the books."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=730, help="at least 20")
    parser.add_argument("--pace", type=float, default=0.25, help="seconds a day, at least 0.1")
    parser.add_argument("--run", type=int, help="events after which a new run begins, instead of about 4,000")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.days < 20:
        parser.error(f"--days {options.days}: allowed: 20 or more")
    if not 0.1 <= options.pace <= _DAY:
        parser.error(f"--pace {options.pace:g}: allowed: 0.1 to {_DAY:g} seconds a day")
    figures = run(measure(options.days, options.pace, options.run))
    if options.json:
        print_json(figures)
    else:
        rows = [(label, f"{figures[key]:g}") for key, label in _ROWS.items()]
        rows += [(f"{name}: sent = in the timeline", f"{s} = {k}") for name, (s, k) in figures["commands"].items()]
        print_table(("", ""), rows, title=f"One case, {options.days} days, {1 / options.pace:g} of them a second")
    if not balanced(figures):
        sys.stderr.write("bihuan: the books do not balance\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
