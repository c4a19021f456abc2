"""What customers say in words that no list has is judged all the same, and a company can teach its own (R8, R10)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from activities.policy.loading import load_policy
from tests.workflows.domain.policy.test_shipped_keywords import judged, read_issues
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.second_opinion import SecondOpinion
from workflows.domain.policy.triage import Submission, triage
from workflows.domain.vocabulary import Channel, Priority

STANDARD = load_policy("standard")
BLIND = read_issues("blind.txt")
"""Neither the rules nor the second opinion were ever made to fit these."""


def taught(*examples: dict[str, str], **changes: Any) -> Policy:
    known = STANDARD.second_opinion.model_dump(mode="json") | {"examples": examples} | changes
    return STANDARD.model_copy(update={"second_opinion": SecondOpinion.model_validate(known)})


def test_issues_that_nothing_was_fitted_to_are_judged_as_a_head_of_service_would() -> None:
    found = [(issue, judged(issue[2], STANDARD)) for issue in BLIND]
    for part in (0, 1):
        wrong = [(issue, judgement) for issue, judgement in found if judgement[part] != issue[part]]
        assert len(wrong) <= 0.15 * len(BLIND), wrong
    missed = [issue for issue, (_, level) in found if issue[1] == Priority.P0 != level]
    alarms = [issue for issue, (_, level) in found if issue[1] in {"P2", "P3"} and level == Priority.P0]
    assert missed == []
    assert len(alarms) <= 1, alarms


def test_the_case_keeps_the_words_that_decided() -> None:
    reasons = triage(Submission(channel=Channel.PORTAL, text="十几位客户说对账单金额串行了一列"), STANDARD)
    assert any(reason.startswith("second opinion 「") for reason in reasons.reasons)


def test_an_alarming_sentence_in_a_long_letter_is_heard() -> None:
    polite = "您好,我们一直很满意贵公司的服务。这次来信想说明一下情况。" * 60
    assert judged(f"{polite}今天所有门店都收不了款。{polite}", STANDARD)[1] == Priority.P0


def test_a_companys_own_sentence_is_learned_and_others_stay_as_they_were() -> None:
    text = "考场监控又看不见了"
    policy = taught({"text": text, "type": "service", "priority": "P1"})
    assert judged(text, STANDARD) != ("service", "P1")
    assert judged(text, policy) == ("service", "P1")
    changed = [issue for issue in BLIND if judged(issue[2], policy) != judged(issue[2], STANDARD)]
    assert len(changed) <= 2, changed


@pytest.mark.parametrize("level", list(Priority))
def test_a_company_decides_what_its_own_sentence_is(level: Priority) -> None:
    text = "drone lost its beacon"
    assert judged(text, taught({"text": text, "type": "technical", "priority": level.value})) == ("technical", level)


def test_without_weights_the_rules_stand_alone() -> None:
    found = triage(Submission(channel=Channel.PORTAL, text="扭头就走了,整条街都黑"), taught(weights=""))
    assert not any("second opinion" in reason for reason in found.reasons)


def test_what_a_form_says_beside_the_words_is_not_talked_down() -> None:
    said = Submission(channel=Channel.PORTAL, text="保存失败", type="technical", blocks_normal_use=True)
    assert triage(said, STANDARD).priority is Priority.P1


def test_faulty_weights_are_refused_when_the_policy_is_read() -> None:
    for weights in ("technical\tP0\n的\t1\n", "technical\tP0\n的\t1 x\n", "technical\n的 1\n"):
        with pytest.raises(ValidationError, match="not well-formed"):
            SecondOpinion(weights=weights)


@pytest.mark.parametrize("text", ["系统坏了", "无法登录", "坏了", "开不了机了", "system not working", "cannot log in"])
def test_a_bare_fault_that_names_nobody_else_wakes_no_duty_manager(text: str) -> None:
    assert judged(text, STANDARD)[1] != Priority.P0


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_whatever_a_customer_types_is_judged_and_always_the_same(text: str) -> None:
    assert judged(text, STANDARD) == judged(text, STANDARD)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "?" * 20_000, "系统" * 10_000, "\ud800", "\x00", "a" * 20_000])
def test_odd_texts_are_judged(text: str) -> None:
    assert judged(text, STANDARD)[1] in set(Priority)
