"""A small chaos run with a fixed seed; `make chaos` is the big one."""

from __future__ import annotations

import pytest

from tests.faults.chaos import ChaosResult, main, table
from tests.faults.plan import Plan

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(900)]


@pytest.mark.drill
def test_nothing_is_lost_or_doubled_whatever_is_killed_at_whatever_moment(chaos: ChaosResult) -> None:
    assert chaos.discrepancies == ()
    assert chaos.audit.accepted == chaos.audit.ended == 8
    assert sum(chaos.killed.values()) >= 2


@pytest.mark.drill
def test_the_table_of_a_run_shows_its_figures_and_names_what_differs(chaos: ChaosResult) -> None:
    shown = table(chaos)
    assert "cases accepted = ended                  8      8\n" in shown
    assert "DIFFERENT" not in shown


def test_a_seed_decides_which_case_comes_when_and_what_is_killed_when() -> None:
    again = [Plan.of(7, cases=20, minutes=5, kills=9) for _ in range(2)]
    assert again[0] == again[1] != Plan.of(8, cases=20, minutes=5, kills=9)


@pytest.mark.parametrize("wrong", [["--cases", "0"], ["--minutes", "900"], ["--kills", "-1"], ["--seed", "x"]])
def test_a_chaos_that_cannot_be_is_refused_before_anything_starts(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err
