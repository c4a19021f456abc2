"""What a policy file means, and which mistakes in it are seen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from activities.policy.loading import load_policy
from workflows.domain.formats import moment_of, seconds_of, written_duration
from workflows.domain.policy.policy import CalendarRules, Policy
from workflows.domain.vocabulary import CalendarKind, ClockName, Locale, NeutralRule, Priority

MINUTE, HOUR, DAY = 60, 3_600, 86_400


@pytest.fixture(scope="module")
def standard() -> Policy:
    return load_policy("standard")


def changed(policy: Policy, **changes: Any) -> dict[str, Any]:
    return policy.model_dump(mode="json") | changes


@pytest.mark.parametrize(
    ("text", "seconds"), [("15m", 900), ("4h", 14_400), ("1d", DAY), ("2h30m", 9_000), ("1d12h", 129_600), ("30s", 30)]
)
def test_a_duration_means_what_people_write(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds
    assert written_duration(seconds) == text


@pytest.mark.parametrize("text", ["", "15", "m", "4 hours", "-1h", "0m", "1h1d", "9999d", 15, None])
def test_a_duration_without_a_unit_or_length_is_not_guessed(text: object) -> None:
    with pytest.raises(ValueError, match="allowed:"):
        seconds_of(text)


def test_a_time_without_an_offset_is_on_the_companys_wall_clock() -> None:
    assert moment_of("2026-05-11T09:00", "Asia/Shanghai") == datetime(2026, 5, 11, 1, tzinfo=UTC)
    assert moment_of("2026-05-11T09:00+02:00", "Asia/Shanghai") == datetime(2026, 5, 11, 7, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-05-11", "yesterday", "2026-13-01T09:00", "0001-01-01T00:00+08:00", 5])
def test_a_time_that_is_none_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is no time"):
        moment_of(text, "Asia/Shanghai")


def test_the_standard_policy_promises_a_first_response_as_the_company_does(standard: Policy) -> None:
    response = {priority: level.clocks[ClockName.RESPONSE] for priority, level in standard.levels().items()}
    assert [(terms.within, terms.calendar) for terms in response.values()] == [
        (15 * MINUTE, CalendarKind.ROUND_THE_CLOCK),
        (1 * HOUR, CalendarKind.ROUND_THE_CLOCK),
        (4 * HOUR, CalendarKind.WORKING_DAYS),
        (24 * HOUR, CalendarKind.WORKING_DAYS),
    ]
    assert list(response) == list(Priority)


def test_the_second_policy_answers_urgent_in_two_hours_and_high_in_four() -> None:
    levels = load_policy("feedback").levels()
    assert levels[Priority.P0].clocks[ClockName.RESPONSE].within == 2 * HOUR
    assert levels[Priority.P1].clocks[ClockName.RESPONSE].within == 4 * HOUR
    assert levels[Priority.P2].clocks[ClockName.RESPONSE].within == DAY


@pytest.mark.parametrize("name", ["standard", "feedback"])
def test_every_clock_a_case_may_start_has_terms(name: str) -> None:
    without = {ClockName.CONFIRMATION, ClockName.RATING, ClockName.REVIEW, ClockName.MEASURE, ClockName.NEXT_RESPONSE}
    needed = set(ClockName) - without
    for priority, level in load_policy(name).levels().items():
        assert set(level.clocks) == needed
        quiet = priority in {Priority.P2, Priority.P3}
        own = [level.clocks[ClockName(key)] for key in ("claim", "response", "progress", "resolution", "escalation")]
        assert all((terms.calendar is CalendarKind.WORKING_DAYS) == quiet for terms in own)


def test_only_urgent_cases_wake_the_duty_manager_and_go_out_incomplete(standard: Policy) -> None:
    for priority, level in standard.levels().items():
        urgent = priority in {Priority.P0, Priority.P1}
        assert (level.alert_duty_manager, level.dispatch_incomplete) == (urgent, urgent)


def test_silence_closes_nothing_unless_the_company_says_so(standard: Policy) -> None:
    from workflows.domain.time.calendar import Calendar

    terms = standard.terms(Calendar())
    assert terms.close_silent_after is None
    assert terms.close_unrated_after == 7 * DAY
    assert terms.neutral is NeutralRule.CLOSE
    closing = Policy.model_validate(changed(standard, silence={"close_after": "30d"})).terms(Calendar())
    assert closing.close_silent_after == 30 * DAY


@pytest.mark.parametrize("name", ["standard", "feedback"])
def test_types_and_subtypes_cover_both_company_documents(name: str) -> None:
    subtypes = {kind.id: [sub.id for sub in kind.subtypes] for kind in load_policy(name).types}
    assert subtypes == {
        "technical": ["功能障碍", "软件错误", "硬件故障", "系统集成", "API调用", "登录异常", "数据同步失败"],
        "service": ["服务态度", "响应速度", "流程体验", "退换货", "退款", "赔偿"],
        "transaction": ["订单状态", "支付异常", "发票开具", "价格异议", "合同条款"],
        "enquiry": ["功能", "使用方法", "收费标准"],
        "suggestion": ["功能", "设计", "体验", "新需求"],
        "other": [],
    }


@pytest.mark.parametrize("name", ["standard", "feedback"])
def test_each_type_goes_to_its_department_with_its_steps(name: str) -> None:
    policy = load_policy(name)
    assert {kind.id: kind.department for kind in policy.types} == {
        "technical": "technical_support",
        "service": "after_sales",
        "transaction": "sales",
        "enquiry": "customer_service",
        "suggestion": "product",
        "other": "customer_service",
    }
    for kind in policy.types:
        assert {len(steps) for steps in kind.playbook.values()} == {len(kind.playbook[Locale.ZH_CN])}
    technical = policy.type_terms("technical/登录异常")
    assert technical is not None and technical.tested and "日志" in technical.playbook[0]
    assert policy.type_terms("technical/退款") is None
    assert policy.type_terms("nonsense") is None


@pytest.mark.parametrize("name", ["技术类", "产品使用故障", "TECHNICAL", " technical "])
def test_a_type_is_known_by_any_of_its_names(standard: Policy, name: str) -> None:
    found = standard.type_named(name)
    assert found is not None and found.id == "technical"


def test_labels_name_types_and_subtypes_in_both_languages(standard: Policy) -> None:
    labels = standard.labels()
    assert labels["technical"] == {"zh_CN": "技术类", "en": "Technical"}
    assert labels["登录异常"]["en"] == "Login trouble"
    assert standard.title(Locale.EN) == "Customer issue handling policy (standard)"


@pytest.mark.parametrize("hours", [["18:00-24:00"], ["22:00-06:00"], ["00:00-24:00"], ["09:00-12:00", "20:00-02:00"]])
def test_hours_to_midnight_and_over_it_are_taken_and_written_as_they_were(hours: list[str]) -> None:
    rules = CalendarRules.model_validate({"business_hours": hours})
    assert rules.model_dump(mode="json")["business_hours"] == hours


def test_a_day_of_business_hours_is_not_mistaken_for_twenty_four_of_them(standard: Policy) -> None:
    clocks = standard.clocks.model_dump(mode="json")
    clocks["feedback"] = {"within": "1d", "calendar": "business_hours"}
    with pytest.raises(ValidationError, match="allowed: hours there"):
        Policy.model_validate(changed(standard, clocks=clocks))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"default_type": "tecnical"}, "default_type: 'tecnical' is no type; allowed: technical"),
        (
            {"classification": [{"when": {"keywords": ["x"]}, "type": "technical", "subtype": "退款", "reason": "r"}]},
            "is no subtype of technical; allowed: 功能障碍",
        ),
        (
            {"priority_rules": [{"when": {"types": ["nope"]}, "priority": "P1", "reason": "r"}]},
            "priority_rules[0].when.types: 'nope' is no type",
        ),
        (
            {"priority_rules": [{"when": {"subtypes": ["nope"]}, "priority": "P1", "reason": "r"}]},
            "'nope' is a subtype of no type",
        ),
        ({"priority_rules": [{"when": {}, "priority": "P1", "reason": "r"}]}, "holds for every case"),
        ({"assisting": [{"types": ["nope"], "departments": ["sales"]}]}, "assisting[0].types: 'nope' is no type"),
        ({"completeness": {"by_type": {"nope": ["product"]}}}, "completeness.by_type.nope"),
        ({"priorities": {}}, "P0, P1, P2, P3 missing"),
    ],
)
def test_a_name_that_is_nowhere_is_seen_before_a_case_meets_it(
    standard: Policy, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        Policy.model_validate(changed(standard, **changes))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"zone": "Asia/Pekin"}, "is no time zone"),
        ({"business_hours": ["09:00-13:00", "12:00-18:00"]}, "12:00 comes before 09:00-13:00 ends"),
        ({"business_hours": ["22:00-06:00", "09:00-18:00"]}, "the last one may run over midnight"),
        ({"business_hours": ["05:00-12:00", "22:00-06:00"]}, "runs over midnight into those from 05:00"),
        (
            {"business_hours": ["09:00-09:00"]},
            "09:00-09:00 has no length; allowed: such as 09:00-18:00",
        ),
        ({"business_hours": ["24:00-06:00"]}, "'24:00-06:00' are no hours; allowed: such as 09:00-18:00, 18:00-24:00"),
        ({"business_hours": ["09:00-24:30"]}, "'09:00-24:30' are no hours"),
        ({"business_hours": ["nine to five"]}, "09:00-18:00"),
        ({"extra_holidays": ["2026-05-04"], "extra_workdays": ["2026-05-04"]}, "allowed: one of them"),
        (
            {"weekend": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]},
            "leaves no day to work",
        ),
    ],
)
def test_a_calendar_nobody_can_work_by_is_refused(standard: Policy, changes: dict[str, Any], said: str) -> None:
    calendar = standard.calendar.model_dump(mode="json") | changes
    with pytest.raises(ValidationError) as caught:
        Policy.model_validate(changed(standard, calendar=calendar))
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["standard", "feedback"])
def test_a_policy_survives_being_stored(name: str) -> None:
    policy = load_policy(name)
    assert Policy.model_validate_json(policy.model_dump_json()) == policy
