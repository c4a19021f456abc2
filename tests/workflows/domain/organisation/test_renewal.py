"""What an open case hears of a changed organisation, and of who is away today."""

from __future__ import annotations

from datetime import date
from typing import Any

from activities.organisation.loading import sample_organisation
from activities.policy.loading import load_policy
from workflows.domain.formats import Days
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.organisation.renewal import renewal
from workflows.domain.terms import Consultation, DispatchRequest, Involved, Roster
from workflows.domain.vocabulary import Priority

POLICY, SAMPLE = load_policy("standard"), sample_organisation()
DAY = date(2026, 5, 11)
REQUEST = DispatchRequest(type="technical", priority=Priority.P1)
ROSTER = Roster(
    duty_managers=("duty-001",), follow_up="followup-001", follow_up_supervisor="followup-head", head="tech-lead"
)
KNOWN = Involved(
    people=SAMPLE.members_with_superiors(["tech-001", "duty-001", "followup-001", "sales-head"], DAY),
    heads={"sales": "sales-head"},
    roster=ROSTER,
    group="tech-support",
    request=REQUEST,
)


def changed(remove: str = "", replaced_by: str = "", **people: dict[str, Any]) -> Organisation:
    """The sample with one person replaced in every place, and others changed."""
    text = SAMPLE.model_dump_json()
    if remove:
        text = text.replace(f'"{remove}"', f'"{replaced_by}"')
    found = Organisation.model_validate_json(text)
    described = [one.model_copy(update=people.get(one.id.replace("-", "_"), {})) for one in found.people]
    return Organisation.model_validate(dict(found) | {"people": tuple(described)})


def test_nothing_is_said_while_nothing_has_changed() -> None:
    assert renewal(KNOWN, SAMPLE, POLICY, DAY) == Consultation()


def test_a_replaced_head_is_above_their_people_and_the_old_one_has_left() -> None:
    answer = renewal(KNOWN, changed("tech-lead", "new-lead"), POLICY, DAY)
    assert answer.people["tech-lead"].left
    assert answer.people["tech-001"].superior == "new-lead"
    assert answer.people["new-lead"].superior == "tech-head"
    assert answer.roster is not None and answer.roster.head == "new-lead"


def test_who_is_away_for_some_days_is_there_again_afterwards() -> None:
    holiday = (Days(first=DAY, last=DAY),)
    organisation = changed(tech_lead={"away": holiday})
    answer = renewal(KNOWN, organisation, POLICY, DAY)
    assert {key: member.away for key, member in answer.people.items()} == {"tech-lead": True}
    later = KNOWN.model_copy(update={"people": {**KNOWN.people, **answer.people}})
    assert not renewal(later, organisation, POLICY, date(2026, 5, 12)).people["tech-lead"].away


def test_places_go_to_whoever_holds_them_that_day() -> None:
    friday = renewal(KNOWN, SAMPLE, POLICY, date(2026, 5, 15))
    assert friday.roster is not None and friday.roster.duty_managers == ("duty-002",)
    assert "duty-002" in friday.people
    sales = renewal(KNOWN, changed("sales-head", "sales-boss"), POLICY, DAY)
    assert sales.heads == {"sales": "sales-boss"}


def test_somebody_who_comes_back_may_act_again() -> None:
    gone = KNOWN.people["tech-001"].model_copy(update={"left": True})
    known = KNOWN.model_copy(update={"people": {**KNOWN.people, "tech-001": gone}})
    assert renewal(known, SAMPLE, POLICY, DAY).people == {"tech-001": KNOWN.people["tech-001"]}
