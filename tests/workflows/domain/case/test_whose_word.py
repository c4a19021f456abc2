"""Every word says whose it is and how it came; nobody passes off what they took down as the customer's hand (R39)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import HOUR, MINUTE, MONDAY, RESOLUTION, command, resolved_case
from tests.workflows.domain.collaboration import test_aggregate as tasks
from tests.workflows.domain.review import test_aggregate as reviews
from workflows.domain.commands.case import COMMANDS, Rate, Reply, Resolve
from workflows.domain.commands.command import parse_command
from workflows.domain.event import EventKind
from workflows.domain.problem import Problem
from workflows.domain.provenance import is_own_hand, of_event
from workflows.domain.vocabulary import CUSTOMER, Via


def test_the_timeline_says_by_which_way_a_word_came_and_leaves_what_followed_to_the_system() -> None:
    case, now = resolved_case()
    events = case.handle(command("rate", CUSTOMER, score="satisfied", via="link"), now + HOUR)
    assert [(event.kind, of_event(event.by, event.detail)[0]) for event in events] == [
        (EventKind.RATED, Via.LINK),
        (EventKind.CLOSED, Via.SYSTEM),
    ]


def test_what_is_sent_on_the_console_is_written_as_every_release_wrote_it() -> None:
    case, now = resolved_case()
    events = case.handle(command("note", "tech-001", text="x"), now)
    assert events[-1].detail == {"text": "x"}
    assert of_event("tech-001", {"text": "x"}) == (Via.CONSOLE, {"text": "x"})


@pytest.mark.parametrize("release", [{"via": "FB202405060002"}, {"via": "system", "main_case": "FB202405060002"}])
def test_an_answer_that_a_main_case_passed_on_reads_the_same_whichever_release_sent_or_wrote_it(
    release: dict[str, Any],
) -> None:
    passed_on = parse_command("reply", {"by": "tech-001", "text": "x", **release}, "c", COMMANDS)
    assert isinstance(passed_on, Reply)
    assert (passed_on.via, passed_on.main_case) == (Via.SYSTEM, "FB202405060002")
    assert of_event("tech-001", {"text": "x", **release}) == (
        Via.SYSTEM,
        {"text": "x", "main_case": "FB202405060002"},
    )
    kept = Resolve.model_validate({"command_id": "c", "by": "tech-001", **RESOLUTION, "via": None})
    assert (kept.via, kept.main_case) == (Via.CONSOLE, None)


@pytest.mark.parametrize(
    ("name", "fields", "said"),
    [
        ("note", {"by": "agent-001", "text": "x", "via": "telepathy"}, "'console', 'link', 'code', 'mail', 'api'"),
        ("note", {"by": "agent-001", "text": "x", "via": "system"}, "allowed: console, link, code, mail, api, desk"),
        ("note", {"by": "agent-001", "text": "x", "via": "link"}, "is how customers come; agent-001 is none"),
        ("reply", {"by": "agent-001", "text": "x", "via": "system"}, "is for what a case sends to another one"),
        ("undeliverable", {"by": "system", "message": "x", "recipient": "x", "channel": "x", "error": "x",
                           "via": "link"}, "via: Input should be <Via.SYSTEM"),
        ("confirm", {"by": "customer", "relayed_by": "agent-001", "via": "link"}, "is for what somebody takes down"),
        ("confirm", {"by": "customer", "heard": "telephone"}, "say who, with `relayed_by`"),
        ("confirm", {"by": "customer", "relayed_by": "agent-001", "heard": "dream"}, "'telephone', 'wechat'"),
    ],
)  # fmt: skip
def test_a_way_that_cannot_be_is_refused_with_those_that_can(name: str, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_command(name, fields, "c", COMMANDS)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_somebody_took_down_says_who_and_how_they_heard_it() -> None:
    case, now = resolved_case()
    events = case.handle(command("refuse", CUSTOMER, why="x", relayed_by="agent-001"), now)
    refused = next(event for event in events if event.kind is EventKind.REFUSED)
    assert refused.detail == {"why": "x", "relayed_by": "agent-001", "heard": "telephone"}
    case, now = resolved_case()
    events = case.handle(command("refuse", CUSTOMER, why="x", relayed_by="agent-001", heard="wechat"), now)
    assert next(event for event in events if event.kind is EventKind.REFUSED).detail["heard"] == "wechat"


@pytest.mark.parametrize("via", [via for via in Via if via is not Via.SYSTEM])
def test_the_customers_own_hand_is_what_nobody_took_down(via: Via) -> None:
    own = via in {Via.LINK, Via.CODE, Via.MAIL, Via.API}
    assert is_own_hand(CUSTOMER, via) is own
    said = parse_command("rate", {"by": CUSTOMER, "score": "neutral", "via": via.value}, "c", COMMANDS)
    assert isinstance(said, Rate)
    assert said.own_hand is own
    assert not is_own_hand(CUSTOMER, via, relayed_by="agent-001")
    assert not is_own_hand("followup-001", via)


def test_what_a_department_did_keeps_the_way_by_which_its_people_did_it() -> None:
    case, task, asked = tasks.asked()
    tasks.report(case, asked, MONDAY)
    reports = task.handle(tasks.sent("claim", "sales-001", via="desk"), MONDAY + MINUTE)
    reports += task.handle(tasks.sent("contribute", "sales-001", result="x"), MONDAY + HOUR)
    told = tasks.report(case, reports, MONDAY + HOUR)
    ways = {event.kind: of_event(event.by, event.detail)[0] for event in told}
    assert ways[EventKind.COLLABORATION_CLAIMED] is Via.DESK
    assert ways[EventKind.CONTRIBUTED] is Via.CONSOLE


def test_a_review_keeps_it_too() -> None:
    review, _ = reviews.opened()
    (named,) = review.handle(reviews.sent("name_author", "tech-head", author="tech-001", via="api"), MONDAY)
    assert of_event(named.by, named.detail)[0] is Via.API
