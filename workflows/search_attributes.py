"""Search attributes of cases, departments' tasks and reviews, and the labels of clocks in the Web UI."""

from __future__ import annotations

from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from workflows.domain.vocabulary import ClockName

STATUS = SearchAttributeKey.for_keyword("CaseStatus")
PRIORITY = SearchAttributeKey.for_keyword("CasePriority")
TYPE = SearchAttributeKey.for_keyword("CaseType")
DEPARTMENT = SearchAttributeKey.for_keyword("CaseDepartment")
OWNER = SearchAttributeKey.for_keyword("CaseOwner")
ESCALATION = SearchAttributeKey.for_int("CaseEscalation")
DUE = SearchAttributeKey.for_datetime("CaseDue")
BREACHED = SearchAttributeKey.for_bool("CaseBreached")

SEARCH_ATTRIBUTES: tuple[SearchAttributeKey[Any], ...] = (
    STATUS, PRIORITY, TYPE, DEPARTMENT, OWNER, ESCALATION, DUE, BREACHED,
)  # fmt: skip

BLOCKED = "blocked"
"""CaseStatus while the record cannot be written; the pending activity says why."""

CLOCK_LABELS = {
    ClockName.CLAIM: "认领 claim",
    ClockName.RESPONSE: "首次响应 response",
    ClockName.NEXT_RESPONSE: "再次答复 next_response",
    ClockName.PROGRESS: "进展更新 progress",
    ClockName.RESOLUTION: "解决 resolution",
    ClockName.SUPPLEMENT: "补充信息 supplement",
    ClockName.FEEDBACK: "告知客户 feedback",
    ClockName.FOLLOW_UP: "满意度回访 follow_up",
    ClockName.CONFIRMATION: "客户确认 confirmation",
    ClockName.RATING: "客户评价 rating",
    ClockName.ESCALATION: "升级确认 escalation",
    ClockName.COLLABORATION: "协作 collaboration",
    ClockName.REVIEW: "复盘 review",
    ClockName.MEASURE: "改进措施 measure",
}


def typed(values: list[tuple[SearchAttributeKey[Any], Any]]) -> TypedSearchAttributes:
    """Search attributes; those without a value are left out."""
    return TypedSearchAttributes([SearchAttributePair(key, value) for key, value in values if value is not None])
