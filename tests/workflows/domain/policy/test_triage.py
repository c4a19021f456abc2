"""First classification and priority, with their reasons (R8, R10)."""

from __future__ import annotations

from typing import Any

import pytest

from activities.policy.loading import load_policy
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.triage import Submission, Triage, triage
from workflows.domain.vocabulary import Channel, Priority

STANDARD = load_policy("standard")


def judged(text: str, policy: Policy = STANDARD, **facts: Any) -> Triage:
    return triage(Submission(**({"channel": Channel.PORTAL, "text": text} | facts)), policy)


@pytest.mark.parametrize(
    ("text", "kind", "subtype"),
    [
        ("点击保存后报错,页面白屏", "technical", "软件错误"),
        ("手机端和电脑端数据不一致,同步失败", "technical", "数据同步失败"),
        ("客服态度差,很不耐烦,我要投诉", "service", "服务态度"),
        ("要求退款", "service", "退款"),
        ("发票一直没有开", "transaction", "发票开具"),
        ("请问套餐多少钱", "enquiry", "收费标准"),
        ("建议新增深色界面", "suggestion", "设计"),
        ("The login page shows an error", "technical", "登录异常"),
        ("你好", "other", None),
    ],
)
def test_an_issue_without_a_type_finds_its_department_by_its_words(text: str, kind: str, subtype: str | None) -> None:
    found = judged(text)
    assert (found.type, found.subtype) == (kind, subtype)


def test_what_a_person_said_is_not_overruled_by_words() -> None:
    found = judged("我要退款", type="technical", subtype="登录异常")
    assert (found.type, found.subtype) == ("technical", "登录异常")
    assert found.reasons[0] == "form → technical/登录异常"


def test_a_rule_goes_before_loose_words_and_leaves_its_reason() -> None:
    found = judged("登录不了系统", blocks_normal_use=True)
    assert found.reasons[0] == "无法登录,不能正常使用 → technical/登录异常"


def test_a_type_the_policy_no_longer_has_does_not_stop_a_case() -> None:
    assert judged("发票没有开", type="retired-type").type == "transaction"


@pytest.mark.parametrize(
    ("facts", "priority"),
    [
        ({"type": "technical", "text": "系统瘫痪,所有人都无法登录"}, Priority.P0),
        ({"type": "technical", "text": "怀疑客户数据泄露"}, Priority.P0),
        ({"type": "technical", "text": "保存失败", "blocks_normal_use": True}, Priority.P1),
        ({"type": "technical", "text": "大量用户反映很慢"}, Priority.P1),
        ({"type": "technical", "text": "图标错位", "blocks_normal_use": False}, Priority.P2),
        ({"type": "service", "text": "回复太慢"}, Priority.P2),
        ({"type": "enquiry", "text": "如何防止数据泄露?"}, Priority.P3),
        ({"type": "suggestion", "text": "宕机时请显示公告"}, Priority.P3),
    ],
)
def test_impact_decides_how_fast_somebody_comes(facts: dict[str, Any], priority: Priority) -> None:
    assert judged(**facts).priority is priority


def test_the_most_urgent_rule_wins_and_says_why() -> None:
    found = judged("核心业务中断,大量用户受影响", type="technical", blocks_normal_use=True)
    assert found.reasons[-1] == "核心业务全面中断 → P0"


def test_a_priority_set_by_a_person_keeps_the_persons_reason() -> None:
    found = judged("系统瘫痪", type="technical", priority=Priority.P2, priority_reason="客户误报")
    assert found.priority is Priority.P2
    assert found.reasons[-1] == "客户误报 → P2"


def test_full_width_and_upper_case_words_count_and_parts_of_words_do_not() -> None:
    assert judged("ＡＰＩ 接口 TOKEN 无效", type="technical").subtype == "API调用"
    assert judged("rapid therapist debugger", type="technical").subtype is None


@pytest.mark.parametrize(
    ("when", "facts", "holds"),
    [
        ({"channels": ["hotline"]}, {}, False),
        ({"channels": ["portal"]}, {}, True),
        ({"products": ["crm"]}, {"product": "智办公CRM系统"}, True),
        ({"products": ["erp"]}, {"product": "智办公CRM系统"}, False),
        ({"customer_kinds": ["company"]}, {"customer_kind": "company"}, True),
        ({"customer_kinds": ["company"]}, {}, False),
        ({"keywords": ["慢"], "without": ["网络"]}, {"text": "网络慢"}, False),
        ({"keywords": ["{n}家门店"]}, {"text": "十二家门店"}, True),
        ({"keywords": ["{n}家门店"]}, {"text": "一家门店"}, False),
        ({"keywords": ["{n} stores*down"]}, {"text": "twelve stores are down"}, True),
        ({"keywords": ["{n} stores"]}, {"text": "21 stores"}, True),
        ({"keywords": ["{n} stores"]}, {"text": "1 stores"}, False),
        ({"keywords": ["cannot pay"]}, {"text": "we can't pay"}, True),
        ({"keywords": ["doesn't open"]}, {"text": "it does not open"}, True),
    ],
)
def test_a_companys_own_rule_may_look_at_channel_product_and_customer(
    when: dict[str, Any], facts: dict[str, Any], holds: bool
) -> None:
    data = STANDARD.model_dump(mode="json")
    data["second_opinion"] = {}
    data["priority_rules"] = [{"when": when, "priority": "P1", "reason": "own"}]
    data["classification"] = [{"when": when, "type": "sales-lead", "reason": "own"}]
    data["types"].append({"id": "sales-lead", "labels": {"zh_CN": "商机"}, "department": "sales"})
    submission: dict[str, Any] = {"text": "你好"} | facts
    found = judged(policy=Policy.model_validate(data), **submission)
    assert (found.type == "sales-lead") is holds
    assert (found.priority is Priority.P1) is holds
