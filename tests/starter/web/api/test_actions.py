"""What a token's person may do now, as the API answers it (R45, R47)."""

from __future__ import annotations

from starter.services.identity.bearer import RIGHTS_OF_SYSTEMS
from tests.builders import NUMBER
from tests.starter.web.api.conftest import Caller


async def test_each_person_is_told_what_is_open_to_them_with_its_fields_and_why_the_rest_is_not(
    caller: Caller,
) -> None:
    found = {}
    for person in ("tech-001", "followup-001"):
        answer = await (await caller(person)).get(f"/cases/{NUMBER}/actions")
        found[person] = {one["command"]: one for one in answer["actions"]}
        first = answer["actions"][0]
        assert first["open"], first
    owner, follower = found["tech-001"], found["followup-001"]
    assert owner["claim"]["code"] == "answered"
    assert owner["reply"]["reason"] == "its solution is with the customer"
    assert [field["required"] for field in owner["confirm"]["fields"] if field["name"] == "heard"] == [True]
    assert follower["confirm"]["open"]
    score = next(field for field in follower["rate"]["fields"] if field["name"] == "score")
    assert score["required"]
    assert "satisfied" in score["allowed"]
    assert follower["resolve"]["reason"].startswith("resolve is for the owner or ")


async def test_a_system_is_told_what_it_may_say_as_the_customer_and_a_stranger_nothing(caller: Caller) -> None:
    system = await caller(system="shop", rights=sorted(RIGHTS_OF_SYSTEMS))
    answer = await system.get(f"/cases/{NUMBER}/actions")
    opened = {one["command"] for one in answer["actions"] if one["open"]}
    assert opened == {"confirm", "rate", "refuse", "supply", "attach", "withdraw"}
    stranger = await caller("sales-001")
    assert (await stranger.ask("GET", f"/cases/{NUMBER}/actions")).status_code == 404
    blind = await caller("tech-001", rights=["act"])
    assert (await blind.ask("GET", f"/cases/{NUMBER}/actions")).status_code == 403
