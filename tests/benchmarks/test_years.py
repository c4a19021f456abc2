"""The measurement of a long life runs one, and notices when something is missing from its timeline."""

from __future__ import annotations

import pytest

from benchmarks import years

BALANCED = {"gaps": 0, "refused": 0, "not_replayable": 0, "commands": {"note": [40, 40], "refuse": [3, 3]}}


async def test_three_weeks_of_a_long_life_are_all_in_the_timeline_and_can_be_replayed() -> None:
    figures = await years.measure(21, 0.1, 120)
    assert years.balanced(figures), figures
    assert figures["commands"] == {"progress": [21, 21], "note": [42, 42], "contribute": [1, 1], "refuse": [3, 3]}
    assert figures["runs"] > 1
    assert figures["longest_run"] < 240


@pytest.mark.parametrize(
    "lost", [{"gaps": 1}, {"refused": 1}, {"not_replayable": 1}, {"commands": {"note": [40, 39]}}], ids=str
)
def test_a_life_that_lost_something_does_not_pass_for_whole(lost: dict[str, object]) -> None:
    assert years.balanced(BALANCED)
    assert not years.balanced(BALANCED | lost)
