"""The shipped policies, judged on what a service desk really gets, in two languages (R8, R10)."""

from __future__ import annotations

from pathlib import Path

import pytest

from activities.policy.loading import load_policy
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.triage import Submission, triage
from workflows.domain.vocabulary import Channel, Priority

_LINES = Path(__file__).with_name("issues.txt").read_text("utf-8").splitlines()
ISSUES = [line.split(" ", 2) for line in _LINES if line and not line.startswith("#")]
"""Type and priority as a head of service would give them, and the customer's words."""
RIGHT = 0.97


@pytest.fixture(scope="module")
def policy() -> Policy:
    """One of those that ship; they judge by the same rules."""
    return load_policy("standard")


def judged(text: str, policy: Policy) -> tuple[str, str]:
    found = triage(Submission(channel=Channel.PORTAL, text=text), policy)
    return found.type, found.priority.value


@pytest.fixture(scope="module")
def judgements(policy: Policy) -> list[tuple[str, str]]:
    return [judged(text, policy) for _, _, text in ISSUES]


def test_issues_reach_the_right_department_with_the_right_priority(judgements: list[tuple[str, str]]) -> None:
    for part in (0, 1):
        pairs = zip(ISSUES, judgements, strict=True)
        wrong = [(issue, found[part]) for issue, found in pairs if found[part] != issue[part]]
        assert len(wrong) <= len(ISSUES) * (1 - RIGHT), wrong


def test_no_emergency_is_taken_for_an_ordinary_issue(judgements: list[tuple[str, str]]) -> None:
    urgent = [(text, found[1]) for (_, level, text), found in zip(ISSUES, judgements, strict=True) if level == "P0"]
    assert len(urgent) > 300
    assert [text for text, found in urgent if found != Priority.P0] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("系統癱瘓，所有門店都無法收銀", "系统瘫痪,所有门店都无法收银"),
        ("ＣＡＮ’Ｔ ＬＯＧ－ＩＮ", "cant log in"),
        ("登 录 不 了", "登录不了"),
        ("I can’t log in", "I can't log in"),
        ("I can not log in", "I can't log in"),
    ],
)
def test_the_same_words_typed_in_another_way_are_judged_the_same(policy: Policy, one: str, other: str) -> None:
    assert judged(one, policy) == judged(other, policy)


@pytest.mark.parametrize(
    "text",
    [
        "如何防止数据泄露?",
        "How do I prevent a data breach?",
        "没有数据泄露,只是想问一下备份在哪里",
        "请问防火墙怎么设置",
    ],
)
def test_a_question_about_a_danger_is_no_emergency(policy: Policy, text: str) -> None:
    assert judged(text, policy)[1] != Priority.P0
