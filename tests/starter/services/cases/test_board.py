"""What the board counts for whom, and that fifty of them look at the record once (R45, R49)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from activities.queries.open_cases import OpenCase, OpenCases
from starter.services.cases.board import Board, is_overloaded, led_for, stand
from tests.activities.queries.test_customer_view import company
from tests.builders import HOUR, MONDAY
from worker.installation.installation import Installation
from workflows.domain.case.recorded.reading import sees_all
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.reading import ReadingRules, ReadingScope

_CASE = OpenCase(
    "FB202405060001", "P2", "in_progress", "tech-001", frozenset({"technical_support"}), "progress", MONDAY + 9 * HOUR,
    None, None, None, {"owner": "tech-001", "department": "technical_support"}, {},
)  # fmt: skip


class Looker:
    def __init__(self, person: str, reading: ReadingRules | None = None) -> None:
        self.person, self.reading = person, reading or ReadingRules()
        self.organisation: Organisation | None = company()
        self.sees_all = sees_all(person, company(), self.reading)


class Clock:
    """What `Board` asks an installation for, when the record is not read."""

    database = None

    def now(self) -> Any:
        return MONDAY


def case(number: int, **changes: Any) -> OpenCase:
    return replace(_CASE, number=f"FB20240506{number:04}", **changes)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[list[OpenCase]]:
    """What the record has at each look; the last stays."""
    has: list[list[OpenCase]] = [[case(1)]]

    async def read(self: OpenCases) -> tuple[list[OpenCase], int]:
        await asyncio.sleep(0)
        return (has.pop(0) if len(has) > 1 else has[0]), 0

    monkeypatch.setattr(OpenCases, "read", read)
    return has


def test_every_number_is_of_the_cases_and_each_list_has_the_most_pressing_first() -> None:
    sales = frozenset({"technical_support", "sales"})
    cases = [
        case(1), case(2, priority="P0", missed_at=MONDAY - 2 * HOUR, due=MONDAY + HOUR, departments=sales),
        case(3, priority="P0", owner="tech-002", due=MONDAY - HOUR), case(4, owner=None, due=None),
        case(5, owner="tech-002", due=MONDAY + 2 * HOUR, unacknowledged_since=MONDAY, escalated_to="tech-head"),
    ]  # fmt: skip
    found = stand(cases, MONDAY, 2)
    assert (found.total.open, found.total.late, found.total.soon) == (5, 2, 3)
    assert {key: (load.open, load.late) for key, load in found.priorities.items()} == {
        "P0": (2, 2), "P1": (0, 0), "P2": (3, 0), "P3": (0, 0),
    }  # fmt: skip
    assert [(key, load.open, load.late, load.soon) for key, load in found.people.items()] == [
        ("tech-001", 2, 1, 1), ("tech-002", 2, 1, 2), (None, 1, 0, 0),
    ]  # fmt: skip
    assert {key: load.open for key, load in found.departments.items()} == {"technical_support": 5, "sales": 1}
    assert found.people["tech-001"].priorities == {"P2": 1, "P0": 1}
    lists = [found.late, found.next, found.soon, found.unacknowledged]
    assert [[int(one.number[-1]) for one in some] for some in lists] == [[2, 3], [5, 1], [3, 2], [5]]


async def test_who_looks_counts_what_is_theirs_to_read_and_a_change_is_judged_anew(looks: list[list[OpenCase]]) -> None:
    sales: dict[str, Any] = {
        "owner": "sales-001", "departments": frozenset({"sales"}), "view": {"owner": "sales-001", "department": "sales"}
    }  # fmt: skip
    looks[:] = [[case(1), case(2, **sales)], [case(1, **sales), case(2, **sales)]]
    board = Board()
    seen = []
    for _ in range(2):
        look = await board.look(cast("Installation", Clock()), fresh=True)
        seen.append({
            who: board.standing(look, Looker(who), 5).total.open
            for who in ("director", "tech-head", "tech-002", "sales-head")
        })  # fmt: skip
    assert seen == [
        {"director": 2, "tech-head": 1, "tech-002": 1, "sales-head": 1},
        {"director": 2, "tech-head": 0, "tech-002": 0, "sales-head": 2},
    ]
    assert led_for(Looker("tech-002")) == ["technical_support"]
    groups = ReadingRules(scope=ReadingScope.GROUPS)
    assert led_for(Looker("tech-002", groups)) == []
    assert led_for(Looker("tech-head", groups)) == ["technical_support"]
    other = replace(_CASE, view={**_CASE.view, "group": "another"})
    looks[:] = [[other]]
    look = await board.look(cast("Installation", Clock()), fresh=True)
    seen_by = [board.standing(look, Looker("tech-002", rules), 5).total.open for rules in (None, groups)]
    assert seen_by == [1, 1], "one look, one picture"
    look = await board.look(cast("Installation", Clock()), fresh=True)
    assert board.standing(look, Looker("tech-002", groups), 5).total.open == 0


async def test_fifty_who_hear_of_the_same_look_once_and_never_at_what_was_before(looks: list[list[OpenCase]]) -> None:
    looks[:] = [[case(1)], [case(1), case(2)], []]
    board, clock = Board(), cast("Installation", Clock())
    assert len((await board.look(clock, fresh=False)).cases) == 1
    assert len((await board.look(clock, fresh=False)).cases) == 1, "a second old at most is good enough"
    news = await asyncio.gather(*(board.look(clock, fresh=True) for _ in range(50)))
    assert {len(look.cases) for look in news} == {2}
    assert len(set(map(id, news))) == 1


def test_too_much_is_what_is_much_more_than_the_others_have() -> None:
    assert is_overloaded(9, [4, 5, 6])
    assert not is_overloaded(8, [4, 6, 6])
    assert not is_overloaded(2, [0, 0]), "two are no load"
    assert not is_overloaded(40, []), "beside nobody there is nothing to say"
