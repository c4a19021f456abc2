"""Who may read a case: those whom it concerns, and those above them; nobody else sees a customer's words (R45)."""

from __future__ import annotations

from typing import Any

import pytest

from activities.organisation.loading import sample_organisation
from workflows.domain.case.recorded.reading import may_read, sees_all
from workflows.domain.policy.reading import ReadingRules
from workflows.domain.vocabulary import OPERATOR, Role

SAMPLE = sample_organisation()
OWNER = "tech-001"
ELSEWHERE = next(one.id for one in SAMPLE.people if one.department == "sales" and SAMPLE.superior_of(one.id))


def view(**changes: Any) -> dict[str, Any]:
    return {"owner": OWNER, "department": "technical_support", "assisting": [], "collaborations": [], **changes}


def readers(case: dict[str, Any] | None, form: Any = None, **rules: Any) -> set[str]:
    said = ReadingRules(**rules)
    return {one.id for one in SAMPLE.people if may_read(one.id, case, SAMPLE, form, said)}


def test_a_department_reads_its_own_cases_and_others_do_not() -> None:
    found = readers(view())
    everywhere = {one.id for one in SAMPLE.people if sees_all(one.id, SAMPLE)}
    own = {one.id for one in SAMPLE.people if one.department == "technical_support"}
    assert found - everywhere == (own | set(SAMPLE.above(OWNER))) - everywhere
    assert ELSEWHERE not in found


def test_a_department_that_assists_or_has_a_part_reads_it_too() -> None:
    sales = {one.id for one in SAMPLE.people if one.department == "sales"}
    task = {"department": "sales", "person": None, "asked_by": OWNER, "escalated_to": None}
    for changes in ({"assisting": ["sales"]}, {"collaborations": [task]}):
        assert sales <= readers(view(**changes))


@pytest.mark.parametrize("key", ["owner", "receiver", "follow_up", "escalated_to"])
def test_whoever_is_named_reads_it_and_so_does_whoever_is_above(key: str) -> None:
    found = readers(view(**{key: ELSEWHERE}))
    assert {ELSEWHERE, *SAMPLE.above(ELSEWHERE)} <= found


def test_what_no_worker_has_opened_yet_is_seen_by_who_took_it_and_who_sees_all() -> None:
    everywhere = {one.id for one in SAMPLE.people if sees_all(one.id, SAMPLE)}
    assert readers(None) == everywhere
    assert readers(None, {"received_by": ELSEWHERE}) >= {ELSEWHERE}
    assert "director" in everywhere
    assert OWNER not in everywhere


def test_strangers_and_those_who_left_read_nothing_and_the_operator_everything() -> None:
    assert not may_read("nobody", view(owner="nobody"), SAMPLE)
    assert not may_read(OWNER, view(), None)
    assert may_read(OPERATOR, None, None)


def test_a_name_in_the_case_that_is_gone_from_the_organisation_stops_nobody() -> None:
    assert OWNER in readers(view(owner="gone", department="technical_support"))
    assert "director" in readers(view(owner="gone", department="gone"))


def test_a_policy_narrows_reading_to_the_group_and_keeps_those_above_and_departments_that_were_asked() -> None:
    grouped = next(one for one in SAMPLE.people if one.id == OWNER)
    case = view(group=grouped.group, assisting=["sales"])
    left_out = readers(case) - readers(case, scope="groups")
    assert {one.id for one in SAMPLE.people if one.group == grouped.group} <= readers(case, scope="groups")
    assert {*SAMPLE.above(OWNER), ELSEWHERE} <= readers(case, scope="groups")
    everywhere = {one.id for one in SAMPLE.people if sees_all(one.id, SAMPLE)}
    assert left_out == {
        one.id for one in SAMPLE.people if one.department == "technical_support" and one.group != grouped.group
    } - everywhere - set(SAMPLE.above(OWNER)) - {next(g.head for g in SAMPLE.groups if g.id == grouped.group)}
    assert readers(view(group=None), scope="groups") == readers(view())


def test_a_policy_opens_reading_to_roles_or_to_everybody_who_is_there() -> None:
    followers = {one.id for one in SAMPLE.people if Role.FOLLOW_UP in SAMPLE.member(one.id).roles}
    assert readers(view(), roles=["follow_up"]) == readers(view()) | followers
    assert readers(None, scope="company") == {one.id for one in SAMPLE.people}
    assert not may_read("gone", view(), SAMPLE, None, ReadingRules(scope="company"))
