"""All trials at the same time: what they do most is wait for what a killed process had in hand."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from tests.faults.chaos import Outcome, unleash
from tests.faults.plan import Plan
from tests.faults.server_deaths import Fallen, kill_server
from tests.faults.worker_deaths import Played, kill_workers

_Result = TypeVar("_Result")
_PLAN = Plan.of(20260511, cases=12, minutes=1.5, kills=2, span=15)


@dataclass(frozen=True)
class Trials:
    """What became of each; an exception where it broke off, None where no test asked for it."""

    played: Played | BaseException | None = None
    fallen: Fallen | BaseException | None = None
    outcome: Outcome | BaseException | None = None


@pytest.fixture(scope="session")
async def trials(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trials:
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    folder = tmp_path_factory.mktemp
    begun: dict[str, Coroutine[Any, Any, Any]] = {}
    if "played" in wanted:
        begun["played"] = kill_workers(folder("workers"))
    if "fallen" in wanted:
        begun["fallen"] = kill_server(folder("server"))
    if "outcome" in wanted:
        begun["outcome"] = unleash(folder("chaos"), _PLAN, deaths_show_after=timedelta(seconds=5))
    ended = await asyncio.gather(*begun.values(), return_exceptions=True)
    return Trials(**dict(zip(begun, ended, strict=True)))


@pytest.fixture(scope="session")
def played(trials: Trials) -> Played:
    return _got(trials.played)


@pytest.fixture(scope="session")
def fallen(trials: Trials) -> Fallen:
    return _got(trials.fallen)


@pytest.fixture(scope="session")
def outcome(trials: Trials) -> Outcome:
    return _got(trials.outcome)


def _got(result: _Result | BaseException | None) -> _Result:
    assert result is not None
    if isinstance(result, BaseException):
        raise result
    return result
