"""The diagram of a case's life in both guides has the ways a case really goes, each of them, and no other (R22-R26)."""

from __future__ import annotations

import itertools
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.builders import DAY, DISPATCH, MINUTE, MONDAY, RESOLUTION, command, consulted, open_case, terms
from tests.docs.pages import ROOT, name, read
from workflows.domain.case.aggregate import Case
from workflows.domain.vocabulary import CUSTOMER, Priority, Status

_GUIDES = [ROOT / "docs" / "guide.md", ROOT / "docs" / "guide.zh-CN.md"]
_DIAGRAM = re.compile(r"```mermaid\nstateDiagram-v2\n(.*?)```", re.DOTALL)
_ARROW = re.compile(r"^ *(\S+) --> ([^\s:]+)", re.MULTILINE)
_ALIAS = re.compile(r"^ *(\S+): \S+ ([a-z_]+)$", re.MULTILINE)
_OUTSIDE = "[*]"
_COMMANDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("claim", "tech-001", {}),
    ("reply", "tech-001", {"text": "在查"}),
    ("request_info", "tech-001", {"text": "?", "fields": ["description.steps"]}),
    ("supply", CUSTOMER, {"text": "!"}),
    ("assign", "tech-lead", {"to": "tech-002", "why": "换班"}),
    ("assign", "tech-lead", {"to": "tech-001", "why": "换班"}),
    ("resolve", "tech-001", RESOLUTION),
    ("resolve", "tech-lead", RESOLUTION),
    ("confirm", CUSTOMER, {}),
    ("refuse", CUSTOMER, {"why": "仍然报错"}),
    *(("rate", CUSTOMER, {"score": score}) for score in ("satisfied", "neutral", "dissatisfied")),
)


def _lived() -> set[tuple[str, str]]:
    """Every change of status that a command or the passing of a month brings, from every case they lead to."""
    ways: set[tuple[str, str]] = set()
    waiting = [open_case(priority, missing=missing)[0] for priority in Priority for missing in ((), ("product",))]
    ways |= {(_OUTSIDE, case.status.value) for case in waiting}
    known = {_mark(case) for case in waiting}
    while waiting:
        case = waiting.pop()
        for after in _next(case):
            if after.status is not case.status:
                ways.add((case.status.value, after.status.value))
            if _mark(after) not in known:
                known.add(_mark(after))
                waiting.append(after)
    return ways | _corrected() | {(Status.CLOSED.value, _OUTSIDE)}


def _corrected() -> set[tuple[str, str]]:
    """What the customer's own hand changes in an answer given before (R39)."""
    ways: set[tuple[str, str]] = set()
    answers = [what for what in _COMMANDS if what[0] in {"confirm", "refuse", "rate"}]
    for first, second in itertools.product(answers, repeat=2):
        case, _ = open_case(terms_=terms(correct_within=DAY.total_seconds()))
        case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY + MINUTE)
        case.handle(command(first[0], CUSTOMER, via="link", **first[2]), MONDAY + MINUTE)
        before = case.status
        case.handle(command(second[0], CUSTOMER, via="link", **second[2]), MONDAY + MINUTE)
        if case.status is not before:
            ways.add((before.value, case.status.value))
    return ways


def _mark(case: Case) -> tuple[object, ...]:
    return case.status, case.priority, case.owner, case.claimed, case.satisfaction, case.asked_at is None


def _next(case: Case) -> list[Case]:
    if case.status is Status.CLOSED:
        return []
    cases = []
    for what, by, fields in _COMMANDS:
        after = deepcopy(case)
        owner = fields.get("to", DISPATCH.owner)
        facts = consulted(dispatch=DISPATCH.model_copy(update={"owner": owner}))
        after.handle(command(what, by, **fields), MONDAY + MINUTE, facts)
        cases.append(after)
    later = deepcopy(case)
    later.expire(MONDAY + 8 * DAY)
    later.expire(MONDAY + 30 * DAY)
    return [*cases, later]


def _drawn(guide: Path) -> set[tuple[str, str]]:
    found = _DIAGRAM.search(read(guide))
    assert found is not None
    names = dict(_ALIAS.findall(found[1]))
    return {(names.get(before, before), names.get(after, after)) for before, after in _ARROW.findall(found[1])}


@pytest.mark.parametrize("guide", _GUIDES, ids=name)
def test_the_diagram_has_every_way_a_case_goes_and_no_other(guide: Path) -> None:
    assert sorted(_drawn(guide)) == sorted(_lived())


@pytest.mark.parametrize(("score", "closed"), [("satisfied", True), ("neutral", False), ("dissatisfied", False)])
def test_a_rating_without_acceptance_closes_only_if_the_customer_is_satisfied(score: str, closed: bool) -> None:
    """As both guides say: neutral waits for the acceptance."""
    case, _ = open_case()
    case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY + MINUTE)
    case.handle(command("rate", CUSTOMER, score=score), MONDAY + MINUTE)
    assert (case.status is Status.CLOSED) is closed
