"""The measurements of lives run whole lives, count them, and leave nothing behind; nothing here tests speed."""

from __future__ import annotations

import psutil
import pytest

from benchmarks import life, scale


def running() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


@pytest.mark.drill
async def test_both_kinds_of_life_are_lived_to_their_end_and_counted() -> None:
    before = running()
    figures = await life.measure(2, 2, rounds=2, warm_up=1, synchronous="normal")
    assert running() <= before
    ours, bare = figures["bihuan"], figures["bare"]
    assert len(figures["ratios"]) == 2
    assert figures["ratio"] > 0
    # Six signals and a start at least; a slow machine puts several activities into one task, or asks too early.
    assert 9 <= bare["actions"] <= 15 < ours["actions"] <= 30
    assert bare["events"] >= 20
    assert ours["events"] >= 30
    # The record answers for a case; the bare workflow has none, and is asked for each step.
    assert 1 <= ours["queries"] < 6 <= bare["queries"]


@pytest.mark.drill
async def test_two_workers_share_the_lives_of_one_company() -> None:
    before = running()
    (row,) = await scale.measure({"sqlite": None}, [2], 3, 3, turns=1, warm_up=1, synchronous="normal")
    assert running() <= before
    assert (row["database"], row["workers"]) == ("sqlite", 2)
    assert {"client", "server", "worker 1", "worker 2"} == set(row["ms_per_life"])
    assert row["limit"]


def test_what_limits_is_named() -> None:
    assert scale.limit({"worker": 0.95, "server": 0.4}, 1.5, 2) == "worker: its one core"
    assert scale.limit({"worker": 0.8, "server": 1.0}, 1.9, 2) == "the machine: 1.8 of 2 cores, most of it server"
    assert scale.limit({"worker": 0.3, "server": 0.2}, 1.9, 2).startswith("what else runs here: 1.4 of 2 cores")
    assert scale.limit({"worker": 0.3, "server": 0.2}, 0.6, 2).startswith("waiting: 0.5 of 2 cores")
