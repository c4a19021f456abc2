"""docs/rules.md is the rulebook: whoever meets a number in the code finds there what it means."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.pages import ROOT, read, reference, rows

_RULES = ROOT / "docs" / "rules.md"
_CITING = ("workflows", "activities", "worker", "starter", "templates", "benchmarks", "docs", "tests")
_SUFFIXES = {".py", ".toml", ".j2", ".html", ".md"}
_LAST, _LAST_BUILT = 49, 30


def _book() -> dict[int, list[str]]:
    return {int(row[0][1:]): row for row in rows(read(_RULES)) if re.fullmatch(r"R[0-9]+", row[0])}


def test_every_rule_has_one_line_that_says_what_it_is_and_how_far_it_is_built() -> None:
    states = {number: row[3] for number, row in _book().items()}
    assert list(states) == list(range(1, _LAST + 1))
    unclear = [number for number, said in states.items() if not said.startswith(("built", "partly: ", "not built"))]
    assert unclear == []
    assert all(states[number].startswith("built") for number in range(1, _LAST_BUILT + 1))


def test_every_number_that_is_cited_stands_in_the_rulebook() -> None:
    files = [file for folder in _CITING for file in (ROOT / folder).rglob("*") if file.suffix in _SUFFIXES]
    cited = {
        (number, file.relative_to(ROOT).as_posix())
        for file in [*files, *ROOT.glob("*.md")]
        if file not in {_RULES, Path(__file__)}
        for number in reference().numbers(read(file))
    }
    assert len(cited) > _LAST
    assert sorted(one for one in cited if one[0] not in _book()) == []


def test_the_rulebook_names_the_rules_that_no_test_cites() -> None:
    last = read(_RULES).rpartition("## ")[2]
    assert f": {reference().uncited_rules()}.\n" in last, "run: python docs/reference.py"
