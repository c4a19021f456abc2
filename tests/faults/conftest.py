"""Runs all fault experiments at the same time, because most of each is waiting for time-outs of killed processes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Any, TypeVar

import pytest

from tests.faults.chaos import ChaosResult, run_chaos
from tests.faults.plan import Plan
from tests.faults.server_deaths import ServerKills, run_server_kills
from tests.faults.worker_deaths import EVERYWHERE, IN_EACH, WorkerKills, run_worker_kills

_Result = TypeVar("_Result")
_PLAN = Plan.of(20260536, cases=8, minutes=15, kills=2, span=10)
"""All scenarios; kills a worker, server and workers together, and intake at both moments."""

_KILLS = {"kills_in_each": IN_EACH, "kills_everywhere": EVERYWHERE}


@dataclass(frozen=True)
class Experiments:
    """The result of each; an exception where it failed, None where no test asked for it."""

    kills_in_each: WorkerKills | BaseException | None = None
    kills_everywhere: WorkerKills | BaseException | None = None
    server_kills: ServerKills | BaseException | None = None
    chaos: ChaosResult | BaseException | None = None


@pytest.fixture(scope="session")
async def experiments(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Experiments:
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    extents = {item.callspec.params.get("worker_kills") for item in request.session.items if hasattr(item, "callspec")}
    folder = tmp_path_factory.mktemp
    begun: dict[str, Coroutine[Any, Any, Any]] = {}
    for extent, points in _KILLS.items():
        if extent in extents:
            begun[extent] = run_worker_kills(folder("workers"), points)
    if "server_kills" in wanted:
        begun["server_kills"] = run_server_kills(folder("server"))
    if "chaos" in wanted:
        begun["chaos"] = run_chaos(folder("chaos"), _PLAN, deaths_show_after=timedelta(seconds=10), late=inf)
    ended = await asyncio.gather(*begun.values(), return_exceptions=True)
    return Experiments(**dict(zip(begun, ended, strict=True)))


@pytest.fixture(scope="session", params=["kills_in_each", pytest.param("kills_everywhere", marks=pytest.mark.drill)])
def worker_kills(request: pytest.FixtureRequest, experiments: Experiments) -> WorkerKills:
    result: WorkerKills = _result(getattr(experiments, request.param))
    return result


@pytest.fixture(scope="session")
def server_kills(experiments: Experiments) -> ServerKills:
    return _result(experiments.server_kills)


@pytest.fixture(scope="session")
def chaos(experiments: Experiments) -> ChaosResult:
    return _result(experiments.chaos)


def _result(result: _Result | BaseException | None) -> _Result:
    assert result is not None
    if isinstance(result, BaseException):
        raise result
    return result
