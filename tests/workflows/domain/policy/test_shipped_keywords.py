"""The shipped policies, judged on what a service desk really gets, in two languages (R8, R10)."""

from __future__ import annotations

from pathlib import Path

import pytest

from activities.policy.loading import load_policy
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.triage import Submission, triage
from workflows.domain.vocabulary import Channel, Priority


def read_issues(name: str) -> list[list[str]]:
    """Type and priority as a head of service would give them, and the customer's words."""
    lines = Path(__file__).with_name(name).read_text("utf-8").splitlines()
    return [line.split(" ", 2) for line in lines if line and not line.startswith("#")]


ISSUES = read_issues("issues.txt")
RIGHT = 0.97
UNSEEN = read_issues("unseen.txt")
"""Written before the rules knew their words: many trades, slang, half sentences, questions, denials."""
UNSEEN_RIGHT = 0.93
FALSE_ALARMS = 0.02


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


@pytest.fixture(scope="module")
def judgements_unseen(policy: Policy) -> list[tuple[str, str]]:
    return [judged(text, policy) for _, _, text in UNSEEN]


def test_issues_reach_the_right_department_with_the_right_priority(judgements: list[tuple[str, str]]) -> None:
    for part in (0, 1):
        pairs = zip(ISSUES, judgements, strict=True)
        wrong = [(issue, found[part]) for issue, found in pairs if found[part] != issue[part]]
        assert len(wrong) <= len(ISSUES) * (1 - RIGHT), wrong


def test_no_emergency_is_taken_for_an_ordinary_issue(judgements: list[tuple[str, str]]) -> None:
    urgent = [(text, found[1]) for (_, level, text), found in zip(ISSUES, judgements, strict=True) if level == "P0"]
    assert len(urgent) > 300
    assert [text for text, found in urgent if found != Priority.P0] == []


def test_reports_in_words_of_many_trades_reach_the_right_people_in_time(
    judgements_unseen: list[tuple[str, str]],
) -> None:
    found = list(zip(UNSEEN, judgements_unseen, strict=True))
    for part in (0, 1):
        wrong = [(issue, judgement[part]) for issue, judgement in found if judgement[part] != issue[part]]
        assert len(wrong) <= len(UNSEEN) * (1 - UNSEEN_RIGHT), wrong
    urgent = [(issue, judgement[1]) for issue, judgement in found if issue[1] == Priority.P0]
    assert len(urgent) > 200
    assert [issue for issue, level in urgent if level != Priority.P0] == []


def test_the_duty_manager_is_not_called_for_ordinary_issues(
    judgements: list[tuple[str, str]], judgements_unseen: list[tuple[str, str]]
) -> None:
    levels = [level for _, level in judgements + judgements_unseen]
    ordinary = [(text, found) for (_, level, text), found in zip(ISSUES + UNSEEN, levels, strict=True) if level != "P0"]
    alarms = [text for text, found in ordinary if found == Priority.P0]
    assert len(alarms) <= len(ordinary) * FALSE_ALARMS, alarms


@pytest.mark.parametrize(
    "text",
    [
        "充电柜着火了,会不会爆炸",
        "没有人受伤,但是充电柜着火了",
        "现在全部门店收不了款,如果一小时修不好怎么办",
        "Is our data safe? Strangers are logging into our admin account",
        "Nobody was hurt, but the charger exploded.",
        "What should we do? All tills are dead",
    ],
)
def test_a_question_or_denial_beside_an_emergency_does_not_hide_it(policy: Policy, text: str) -> None:
    assert judged(text, policy)[1] == Priority.P0


@pytest.mark.parametrize(
    "text",
    [
        "没有全部瘫痪,就我一台电脑上不去",
        "并不是大家都不行,就我这个账号提示错误",
        "如果全公司都断网了怎么办,有离线模式吗",
        "What happens if all stores go offline?",
    ],
)
def test_a_denied_or_supposed_emergency_is_none(policy: Policy, text: str) -> None:
    assert judged(text, policy)[1] != Priority.P0


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
