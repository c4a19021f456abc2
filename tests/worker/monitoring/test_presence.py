"""Two workers that treat every other case differently look well, each by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr
from temporalio.client import Client

from activities.database.database import Database
from activities.queries.monitoring.workers import Mark, PresentWorker, Workers, differences
from activities.recording.activity import leave_deliveries_to_case
from starter.doctor.check import CheckStatus
from starter.doctor.checks.workers import alike
from starter.doctor.context import DoctorContext
from tests.timeouts import TIMEOUT
from worker.composition_root import build_sweeping
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import IsolatedSettings
from worker.monitoring.presence import keep_present
from workflows.ports import SweepOrder

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


def worker(name: str, seen_at: datetime, policy: str) -> PresentWorker:
    return PresentWorker(name=name, seen_at=seen_at, goes_by={"policies": Mark(value=policy)})


async def test_workers_are_alive_as_long_as_they_say_so(database: Database) -> None:
    workers = Workers(database)
    await workers.note("a", worker("1@one", NOW, "standard"))
    await workers.note("b", worker("2@two", NOW, "feedback"))
    await workers.note("a", worker("1@one", NOW + timedelta(minutes=1), "standard"))
    assert [one.name for one in await workers.alive(NOW + timedelta(minutes=1))] == ["1@one", "2@two"]
    assert [one.name for one in await workers.alive(NOW + timedelta(minutes=2))] == ["1@one"]
    await workers.forget("a", NOW + timedelta(minutes=1))
    assert [one.name for one in await workers.alive(NOW + timedelta(minutes=1))] == ["2@two"]


def test_a_difference_names_who_goes_by_what_and_the_way_out() -> None:
    [found] = differences([worker("1@one", NOW, "abc"), worker("2@two", NOW, "def"), worker("3@two", NOW, "abc")])
    assert found.what == "workers go by different policies: 1@one by abc, 2@two by def, 3@two by abc"
    assert found.way_out == "give all the same BIHUAN_POLICY, and the same file; then: bihuan retime --all"


@asynccontextmanager
async def present(installation: Installation, name: str) -> AsyncIterator[None]:
    """While a worker of that name says that it is there."""
    task = asyncio.create_task(keep_present(installation, name))
    workers = Workers(installation.database)
    async with asyncio.timeout(TIMEOUT):
        while name not in [one.name for one in await workers.alive(datetime.now(UTC))]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert name not in [one.name for one in await workers.alive(datetime.now(UTC))]


async def test_doctor_names_what_workers_do_not_go_by_alike_and_no_password(tmp_path: Path) -> None:
    own, same = tmp_path / "own.toml", tmp_path / "same.toml"
    shipped = (Path(__file__).parents[3] / "activities" / "policy" / "standard.toml").read_text("utf-8")
    own.write_text(shipped.replace("4h", "5h"), "utf-8")
    same.write_text(shipped, "utf-8")
    mail: dict[str, Any] = {"smtp_url": SecretStr("smtp://me:secret@mail.example.com"), "mail_from": "a@example.com"}
    settings = [
        IsolatedSettings(data=tmp_path / "data", **one)
        for one in ({}, {"policy": str(same)}, {"policy": str(own), **mail})
    ]

    async def said() -> list[tuple[CheckStatus, str]]:
        context = DoctorContext(settings[0])
        found = [(one.status, one.what) for one in await alike(context)]
        await context.close()
        return found

    async with (
        open_installation(settings[0], prepare=True) as first,
        open_installation(settings[1]) as second,
        open_installation(settings[2]) as third,
        present(first, "1@one"),
    ):
        assert await said() == [(CheckStatus.OK, "1@one: alike")]
        async with present(second, "2@two"):
            assert await said() == [(CheckStatus.OK, "1@one, 2@two: alike")]
            async with present(third, "3@three"):
                faults = await said()
            assert [status for status, _ in faults] == [CheckStatus.FAULT] * 2
            assert f"3@three by {own} (" in faults[0][1]
            assert faults[1][1] == (
                "workers go by different mail servers: 1@one by none, 2@two by none, "
                "3@three by smtp://mail.example.com: as a@example.com"
            )
            assert await said() == [(CheckStatus.OK, "1@one, 2@two: alike")]


async def test_a_sweep_keeps_and_logs_what_workers_do_not_go_by_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> Any:
        return 0

    async def no_drift(_: Any) -> list[Any]:
        return []

    monkeypatch.setattr("worker.sweep.recovery.Recovery.redeliver", nothing)
    monkeypatch.setattr("worker.sweep.activity.advance_hourly", nothing)
    monkeypatch.setattr("worker.sweep.comparison.Comparison.find_drift", no_drift)
    async with open_installation(IsolatedSettings(data=tmp_path), prepare=True) as installation:
        now, workers = datetime.now(UTC), Workers(installation.database)
        await workers.note("a", worker("1@one", now, "abc"))
        await workers.note("b", worker("2@two", now, "def"))
        sweeping = build_sweeping(cast("Client", None), installation, leave_deliveries_to_case)
        run = await sweeping.sweep(SweepOrder(every=120))
    assert run.faults == (
        "workers go by different policies: 1@one by abc, 2@two by def: give all the same BIHUAN_POLICY, and the same "
        "file; then: bihuan retime --all",
    )
