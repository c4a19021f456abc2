"""The answer of `bihuan trial` for people."""

from __future__ import annotations

import pytest

from starter.console.company.trial_tables import names_of


@pytest.mark.parametrize(
    ("policies", "sources", "shown"),
    [
        (["standard", "feedback"], ["standard", "feedback"], ["standard", "feedback"]),
        (["ours", "ours"], ["a.toml", "b.toml"], ["ours (a.toml)", "ours (b.toml)"]),
        (["ours", "ours"], ["a.toml", "a.toml"], ["1. ours (a.toml)", "2. ours (a.toml)"]),
        (["ours"], ["a.toml"], ["ours"]),
    ],
)
def test_two_policies_are_told_apart_by_the_heads_of_their_columns(
    policies: list[str], sources: list[str], shown: list[str]
) -> None:
    assert names_of([{"policy": name} for name in policies], sources) == shown
