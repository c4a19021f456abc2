"""Thousands of cases that were registered while Temporal was away neither make an urgent one wait nor anything else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.queries.monitoring.sweeps import latest_sweep
from activities.recording.activity import leave_deliveries_to_case
from tests.activities.samples import DAY, form
from tests.builders import MONDAY
from tests.timeouts import TIMEOUT
from tests.worker.sweep.cluster import ORDER
from worker.composition_root import build_sweeping
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import IsolatedSettings
from worker.sweep.activity import SweepActivities
from worker.sweep.recovery import Backlog, Recovery
from workflows.domain.vocabulary import Priority

_PORTION = 3
_LONG = timedelta(hours=1)


@pytest.fixture
async def installation(installed: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Installation]:
    monkeypatch.setattr("worker.sweep.recovery._PORTION", _PORTION)
    monkeypatch.setattr("worker.sweep.recovery._OPENING", 0)
    async with open_installation(IsolatedSettings(data=installed / "data"), prepare=True) as opened:
        yield opened


@pytest.fixture
def sweeping(installation: Installation) -> SweepActivities:
    return build_sweeping(cast("Client", None), installation, leave_deliveries_to_case)


async def registered(installation: Installation, priority: Priority, count: int = 1) -> list[str]:
    register = installation.register
    return [
        (await register.register(form(), received_at=MONDAY, day=DAY, priority=priority)).number for _ in range(count)
    ]


def starts(monkeypatch: pytest.MonkeyPatch, then: Callable[[str], Awaitable[None]] | None = None) -> list[str]:
    """Numbers in the order in which they are started; `then` happens at each start."""
    order: list[str] = []

    async def start(client: Client, installation: Installation, number: str) -> None:
        order.append(number)
        if then is not None:
            await then(number)

    monkeypatch.setattr("worker.sweep.recovery.start_case", start)
    return order


def recovery_of(sweeping: SweepActivities) -> Recovery:
    return sweeping._recovery()


async def test_an_urgent_case_that_comes_meanwhile_waits_for_one_portion_only(
    installation: Installation, sweeping: SweepActivities, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = await registered(installation, Priority.P3, 3 * _PORTION)
    late: list[str] = []

    async def comes_once(_: str) -> None:
        if not late:
            late.append("")
            late[:] = await registered(installation, Priority.P0)

    order = starts(monkeypatch, comes_once)
    assert await recovery_of(sweeping).start_registered(_LONG) == Backlog(started=len(waiting) + 1)
    assert order == [*waiting[:_PORTION], *late, *waiting[_PORTION:]]
    assert await installation.register.unstarted() == []


async def test_one_that_cannot_be_started_is_named_once_and_stops_no_other(
    installation: Installation, sweeping: SweepActivities, monkeypatch: pytest.MonkeyPatch
) -> None:
    [refused] = await registered(installation, Priority.P0)
    others = await registered(installation, Priority.P2, 2 * _PORTION)

    async def refuse(number: str) -> None:
        if number == refused:
            raise RPCError("blob size exceeds limit", RPCStatusCode.INVALID_ARGUMENT, b"")

    order, recovery = starts(monkeypatch, refuse), recovery_of(sweeping)
    assert await recovery.start_registered(_LONG) == Backlog(started=len(others))
    assert order == [refused, *others]
    assert recovery.faults == [f"{refused} could not be started: blob size exceeds limit"]


async def test_what_is_left_for_want_of_time_is_counted_for_the_next_sweep(
    installation: Installation, sweeping: SweepActivities, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registered(installation, Priority.P2, 4)
    order = starts(monkeypatch)
    assert await recovery_of(sweeping).start_registered(timedelta(0)) == Backlog(started=0, left=4)
    assert order == []


async def test_everything_else_of_a_sweep_is_done_while_a_backlog_is_started(
    installation: Installation, sweeping: SweepActivities, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registered(installation, Priority.P2)
    compared = asyncio.Event()

    async def nothing_to_deliver(*_: Any) -> int:
        return 0

    async def compare(_: Any) -> list[Any]:
        compared.set()
        return []

    async def until_compared(_: str) -> None:
        await asyncio.wait_for(compared.wait(), TIMEOUT)

    monkeypatch.setattr(Recovery, "redeliver", nothing_to_deliver)
    monkeypatch.setattr("worker.sweep.activity.advance_hourly", nothing_to_deliver)
    monkeypatch.setattr("worker.sweep.comparison.Comparison.find_drift", compare)
    starts(monkeypatch, until_compared)
    run = await sweeping.sweep(ORDER)
    assert (run.started, run.left) == (1, 0)
    kept = await latest_sweep(installation.database)
    assert kept is not None
    assert kept.run == run
