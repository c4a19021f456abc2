"""docs/rules.md is the rulebook: whoever meets a number in the code finds there what it means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.docs.pages import ROOT, read, rows

_RULES = ROOT / "docs" / "rules.md"
_HERE = Path(__file__).parent
_CITING = ("workflows", "activities", "worker", "starter", "templates", "benchmarks", "docs", "tests")
_SUFFIXES = {".py", ".toml", ".j2", ".html", ".md", ".yaml", ".service", ".env"}
_CITED = re.compile(r"\bR([1-9][0-9]?)(?:[-–]R?([1-9][0-9]?))?\b")
_LAST = 49


def _numbers(text: str) -> Iterator[int]:
    for found in _CITED.finditer(text):
        first = int(found[1])
        yield from range(first, int(found[2] or first) + 1)


def _cited_in(folders: Iterable[str]) -> dict[int, set[str]]:
    cited: dict[int, set[str]] = {}
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.suffix in _SUFFIXES]
    for file in [*files, *ROOT.glob("*.md")]:
        if file != _RULES and _HERE not in file.parents:
            for number in _numbers(read(file)):
                cited.setdefault(number, set()).add(file.relative_to(ROOT).as_posix())
    return cited


def _book() -> dict[int, list[str]]:
    return {int(row[0][1:]): row for row in rows(read(_RULES)) if re.fullmatch(r"R[0-9]+", row[0])}


def test_every_rule_has_one_line_that_says_what_it_is_and_how_far_it_is_built() -> None:
    book = _book()
    assert list(book) == list(range(1, _LAST + 1))
    states = {number: row[3] for number, row in book.items()}
    assert [number for number, state in states.items() if not state.startswith(("built", "partly: ", "not built"))] == []
    assert all(states[number].startswith("built") for number in range(1, 31))


def test_every_number_that_is_cited_stands_in_the_rulebook() -> None:
    book = _book()
    assert {number: sorted(where) for number, where in _cited_in(_CITING).items() if number not in book} == {}


def test_the_rulebook_names_the_rules_that_no_test_cites() -> None:
    last = read(_RULES).rpartition("## ")[2]
    built = {number for number, row in _book().items() if row[3].startswith("built")}
    assert sorted(_numbers(last)) == sorted(built - _cited_in(["tests"]).keys()), "correct the last section of docs/rules.md"
