"""Made-up facts of every message, so that templates can be checked before a customer meets them.

Each message comes twice: with everything known, and with everything null that may be null.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from activities.knowledge.suggestion import Suggestions
from activities.messages.renderer import Recipient, RenderContext
from workflows.domain.case.view import CaseView
from workflows.domain.clock import Deadline
from workflows.domain.event import Message, Notice
from workflows.domain.model import Json
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import CUSTOMER, Audience, ClockName, Locale, Priority, Status

NUMBER = "FB202405010001"
PORTAL = "https://service.example.com"
LINK = "[link 0123456789abcdef]"
NOW = datetime(2024, 5, 1, 6, 30, tzinfo=UTC)
_DUE = (NOW + timedelta(hours=1)).isoformat()
_LATER = (NOW + timedelta(days=2)).isoformat()
_BEFORE = (NOW - timedelta(days=1)).isoformat()

_PART: Json = {"department": "product", "duty": "确认是否为设计问题", "due": _DUE, "person": "head-product"}
_REVIEW: Json = {
    "reason": "repeated", "cases": [f"FB20240501000{index}" for index in range(1, 6)],
    "department": "technical_support", "author": "agent-001", "head": "head-tech",
}  # fmt: skip
_MEASURE: Json = _REVIEW | {"measure": 1, "what": "给连接池加上用量告警", "owner": "agent-001", "due": _LATER}

_TO_TELL = ("information_requested", "result", "questionnaire")
_UNTOLD: Json = {
    "verdict_by": "followup-001",
    "untold": [{"message": one, "key": f"{NUMBER}:{one}:sample:customer"} for one in _TO_TELL],
    "words": [{"message": one, "text": "王芳：\n\n您好！已更换证书。"} for one in _TO_TELL],
}
"""`words` is what the record adds to the facts of the case: the texts of the messages."""

CUSTOMER_FACTS: dict[Message, Json] = {
    Message.CREATED: {"response_due": _DUE},
    Message.INFORMATION_REQUESTED: {
        "missing": ["description.steps", "customer.phone", "occurred_at"],
        "text": "请说明操作步骤，并附上截图。",
        "until": _LATER,
    },
    Message.INFORMATION_REMINDER: {"missing": ["description.steps", "customer.phone"], "count": 2},
    Message.MESSAGE_RECEIVED: {"text": "还是不行，请尽快回电。", "due": _DUE},
    Message.REPLIED: {"text": "已定位到同步服务异常，正在修复，预计今天恢复。", "by": "agent-001"},
    Message.PROGRESSED: {"text": "方案测试中，明天上午上线。", "by": "agent-001", "next_update": _LATER},
    Message.ESCALATED_CUSTOMER: {"level": 1, "why": "response", "to": "head-tech"},
    Message.RESULT: {
        "cause": "同步服务的证书过期，导致保存请求被拒绝。",
        "solution": "已更换证书并重启同步服务，客户资料可以正常保存。",
        "cautions": "请重新登录一次。",
        "prevention": "已加入证书到期提醒。",
        "verification": "yes",
        "handling_seconds": 8100.0,
        "resolved_at": NOW.isoformat(),
        "by_phone": True,
    },
    Message.CONFIRMATION_REMINDER: {"count": 1, "solution": "已更换证书并重启同步服务。"},
    Message.QUESTIONNAIRE: {},
    Message.RATING_REMINDER: {"count": 1, "closes_at": _LATER},
    Message.REOPENED_CUSTOMER: {
        "reason": "refused",
        "text": "还是提示网络错误。",
        "priority": "P1",
        "owner": "agent-001",
    },
    Message.CLOSED: {"resolution": "satisfied", "satisfaction": "very_satisfied"},
}
"""What each message to a customer says."""

STAFF_FACTS: dict[Message, Json] = {
    Message.DISPATCHED: {
        "priority": "P1",
        "assisting": {"product": "head-product"},
        "response_due": _DUE,
        "resolution_due": _LATER,
        "claim_due": _DUE,
        "playbook": ["日志分析", "复现问题", "制定修复方案"],
        "missing": ["description.steps"],
    },
    Message.ASSISTING: {"department": "product", "owner": "agent-001"},
    Message.COLLABORATION_ASKED: _PART | {"owner": "agent-001"},
    Message.COLLABORATION_REMINDER: _PART,
    Message.COLLABORATION_WARNING: _PART | {"share": 0.8},
    Message.COLLABORATION_LATE: _PART | {"due": _BEFORE},
    Message.COLLABORATION_ESCALATED: _PART
    | {"due": _BEFORE, "owner": "agent-001", "level": 1, "top": False, "next": _DUE},
    Message.COLLABORATION_ANSWERED: _PART | {"by": "head-product", "result": "已确认为设计问题。", "cannot": None},
    Message.COLLABORATION_ENDED: _PART | {"why": "closed: satisfied"},
    Message.LINKED: {"follower": NUMBER, "main": "FB202405010002", "by": "agent-002", "why": "同一台服务器"},
    Message.UNLINKED: {
        "follower": NUMBER,
        "main": "FB202405010002",
        "by": "customer",
        "cause": "refused",
        "why": "还是不行",
    },
    Message.DUTY_ALERT: {"priority": "P0", "owner": "agent-001", "response_due": _DUE},
    Message.HANDED_OVER: {"from": "agent-002", "to": "agent-001", "why": "休假"},
    Message.CLAIM_REMINDER: {"due": _DUE},
    Message.CLAIM_LAPSED: {"due": _BEFORE},
    Message.RESPONSE_WARNING: {"due": _DUE, "share": 0.75},
    Message.RESPONSE_BREACHED: {"due": _BEFORE},
    Message.NEXT_RESPONSE_WARNING: {"due": _DUE, "share": 0.5},
    Message.NEXT_RESPONSE_BREACHED: {"due": _BEFORE},
    Message.PROGRESS_DUE: {"due": _DUE},
    Message.PROGRESS_MISSED: {"due": _BEFORE},
    Message.RESOLUTION_WARNING: {"due": _LATER, "share": 0.8},
    Message.RESOLUTION_BREACHED: {"due": _BEFORE},
    Message.ESCALATED: {
        "level": 1,
        "why": "response",
        "also": ["progress"],
        "text": "需要数据库专家。",
        "due": _DUE,
        "from": "agent-002",
        "top": False,
    },
    Message.SUPPLIED: {"fields": {"description.steps": "新建客户，点击保存"}, "text": "截图稍后补上。"},
    Message.ATTACHED: {
        "files": [{"id": "0" * 32, "name": "保存失败截图.png", "size": 482_133, "type": "png"}],
    },
    Message.CUSTOMER_WROTE: {"text": "还是不行，请尽快回电。", "due": _DUE},
    Message.SUPPLEMENT_OVERDUE: {"missing": ["description.steps"], "asked_at": _BEFORE, "count": 3},
    Message.FEEDBACK_DUE: {"due": _LATER, "solution": "已更换证书。", "why": "phone", **_UNTOLD},
    Message.FEEDBACK_OVERDUE: {"due": _BEFORE, "solution": "已更换证书。", "why": "no_way", **_UNTOLD},
    Message.FOLLOW_UP_DUE: {"due": _LATER, "solution": "已更换证书。"},
    Message.FOLLOW_UP_OVERDUE: {"due": _BEFORE},
    Message.SILENT_CUSTOMER: {"count": 2, "since": _BEFORE},
    Message.REOPENED: {
        "reason": "dissatisfied",
        "text": "等了太久。",
        "priority": "P1",
        "previous_owner": "agent-002",
        "satisfaction": "dissatisfied",
    },
    Message.CLOSED_STAFF: {"resolution": "satisfied", "satisfaction": "satisfied", "comment": "很快就解决了。"},
    Message.UNDELIVERABLE: {
        "message": "result",
        "recipient": "customer",
        "channel": "email",
        "error": "550 no such user",
    },
    Message.REVIEW_ASKED: _REVIEW | {"due": _LATER},
    Message.REVIEW_ASSIGNED: _REVIEW | {"due": _LATER, "why": "最了解同步服务。"},
    Message.REVIEW_SUBMITTED: _REVIEW | {"due": _LATER},
    Message.REVIEW_RETURNED: _REVIEW | {"due": _LATER, "why": "没有说明告警为什么没有触发。"},
    Message.REVIEW_APPROVED: _REVIEW,
    Message.REVIEW_WARNING: _REVIEW | {"due": _LATER, "share": 0.8, "step": "awaiting_approval"},
    Message.REVIEW_LATE: _REVIEW | {"due": _BEFORE, "step": "awaiting_approval"},
    Message.REVIEW_ESCALATED: _REVIEW | {"level": 1, "who": "agent-002", "step": "awaiting_approval", "next": _LATER},
    Message.REVIEW_ENDED: _REVIEW | {"why": "all measures are done"},
    Message.MEASURE_ASKED: _MEASURE | {"asked_at": NOW.isoformat()},
    Message.MEASURE_WARNING: _MEASURE | {"share": 0.8, "step": "following"},
    Message.MEASURE_LATE: _MEASURE | {"due": _BEFORE, "step": "following"},
    Message.MEASURE_ESCALATED: _MEASURE
    | {"due": _BEFORE, "level": 1, "who": "agent-001", "step": "following", "next": _LATER},
}
"""What each message to staff says."""

_ONE_CASE: Json = {"reason": "priority", "cases": [NUMBER]}

_NULLABLE: dict[Message, Json] = {
    Message.CREATED: {"response_due": None},
    Message.INFORMATION_REQUESTED: {"text": None, "until": None},
    Message.MESSAGE_RECEIVED: {"due": None},
    Message.CUSTOMER_WROTE: {"due": None},
    Message.REPLIED: {"by": None},
    Message.PROGRESSED: {"by": None, "next_update": None},
    Message.ESCALATED_CUSTOMER: {"why": "asked", "to": None},
    Message.RESULT: {"cautions": None, "prevention": None, "verification": None, "by_phone": False},
    Message.CONFIRMATION_REMINDER: {"solution": None},
    Message.RATING_REMINDER: {"closes_at": None},
    Message.REOPENED_CUSTOMER: {"text": None, "owner": None},
    Message.CLOSED: {"resolution": "accepted", "satisfaction": None},
    Message.DISPATCHED: {
        "assisting": {},
        "response_due": None,
        "resolution_due": None,
        "claim_due": None,
        "playbook": [],
        "missing": [],
    },
    Message.ASSISTING: {"owner": None},
    Message.COLLABORATION_ASKED: {"owner": None},
    Message.COLLABORATION_REMINDER: {"person": None},
    Message.COLLABORATION_WARNING: {"person": None},
    Message.COLLABORATION_LATE: {"person": None},
    Message.COLLABORATION_ESCALATED: {"person": None, "owner": None, "top": True, "next": None},
    Message.COLLABORATION_ANSWERED: {"person": None, "result": None, "cannot": "不归我们负责。"},
    Message.COLLABORATION_ENDED: {"person": None},
    Message.LINKED: {"main": NUMBER, "follower": "FB202405010002", "why": None},
    Message.UNLINKED: {"main": NUMBER, "follower": "FB202405010002", "by": "agent-002", "cause": "asked", "why": None},
    Message.DUTY_ALERT: {"owner": None, "response_due": None},
    Message.HANDED_OVER: {"from": None},
    Message.ESCALATED: {"why": "asked", "text": None, "due": None, "from": None, "top": True, "count": 2},
    Message.SUPPLIED: {"fields": {}},
    Message.SUPPLEMENT_OVERDUE: {"missing": [], "asked_at": None},
    Message.FEEDBACK_DUE: {"due": None, "solution": None, "why": "undeliverable", "untold": [], "words": []},
    Message.FEEDBACK_OVERDUE: {"solution": None, "why": "undeliverable", "untold": [], "words": []},
    Message.FOLLOW_UP_DUE: {"due": None, "solution": None},
    Message.REOPENED: {"text": None, "previous_owner": None, "satisfaction": None},
    Message.CLOSED_STAFF: {"resolution": "withdrawn", "satisfaction": None, "comment": None},
    Message.REVIEW_ASKED: _ONE_CASE,
    Message.REVIEW_ASSIGNED: _ONE_CASE | {"why": None},
    Message.REVIEW_SUBMITTED: _ONE_CASE,
    Message.REVIEW_RETURNED: _ONE_CASE,
    Message.REVIEW_APPROVED: _ONE_CASE,
    Message.REVIEW_WARNING: _ONE_CASE | {"step": "writing"},
    Message.REVIEW_LATE: _ONE_CASE | {"step": "writing"},
    Message.REVIEW_ESCALATED: _ONE_CASE | {"step": "writing", "next": None},
    Message.REVIEW_ENDED: _ONE_CASE | {"why": "与另一次复盘相同。"},
    Message.MEASURE_ASKED: _ONE_CASE,
    Message.MEASURE_WARNING: _ONE_CASE,
    Message.MEASURE_LATE: _ONE_CASE,
    Message.MEASURE_ESCALATED: _ONE_CASE | {"next": None},
}
"""What may be unknown, message by message."""

_FORM: Json = {
    "intake_key": "portal-7f3c9a",
    "channel": "portal",
    "customer": {
        "name": "王芳",
        "kind": "company",
        "company": "远山贸易有限公司",
        "phone": "+8613800138000",
        "wechat": "wangfang_01",
        "email": "wangfang@example.com",
        "preferred_contact": "sms",
        "locale": "zh_CN",
    },
    "product": "CRM系统",
    "type": "technical",
    "subtype": "数据同步失败",
    "occurred_at": "2024-05-01T14:00:00+08:00",
    "description": {
        "symptom": "添加客户时点击保存，提示网络错误",
        "steps": "新建客户，点击保存",
        "expected": "保存成功",
        "actual": "提示网络错误",
    },
    "impact": {"blocks_normal_use": True, "effect": "无法新增客户"},
    "hoped_for": "24小时内",
    "attachments": [],
    "received_by": "agent-002",
    "priority": None,
}

_ENGLISH_FORM: Json = _FORM | {
    "customer": {
        "name": "Robert Taylor",
        "kind": "individual",
        "phone": "+442079460123",
        "email": "robert@example.com",
        "preferred_contact": "email",
        "locale": "en",
    },
    "product": "CRM",
    "description": {"symptom": "Saving a new customer shows a network error", "steps": "New customer, save"},
    "impact": {"blocks_normal_use": True, "effect": "No new customers can be added"},
}

_SUGGESTIONS: Suggestions = {
    "articles": [{"key": "KB0001", "title": "保存客户时网络错误", "solution": "更换证书并重启同步服务", "score": 9.5}],
    "earlier": [
        {"number": "FB202404300002", "title": "保存失败", "solution": "重新登录", "article": "KB0002", "score": 4.2}
    ],
    "open": [
        {"number": "FB202405010002", "symptom": "保存时网络错误", "status": "in_progress", "owner": "agent-002",
         "opened_at": _BEFORE, "linked_to": None, "score": 0.8, "one_cause": True}
    ],
}  # fmt: skip

_COMPANY = {
    "name": "云舟软件有限公司",
    "name_en": "Yunzhou Software",
    "hotline": "400-800-1234",
    "email": "service@example.com",
    "website": "https://example.com",
    "portal_url": "https://example.com/cases",
}


def notice(message: Message, *, sparse: bool = False) -> Notice:
    """A notice with the sample facts; `sparse` ones are null where they may be."""
    audience = Audience.CUSTOMER if message in CUSTOMER_FACTS else Audience.STAFF
    facts = CUSTOMER_FACTS[message] if audience is Audience.CUSTOMER else STAFF_FACTS[message]
    return Notice(
        message=message,
        audience=audience,
        recipient=CUSTOMER if audience is Audience.CUSTOMER else "agent-001",
        key="sample",
        facts=facts | (_NULLABLE.get(message, {}) if sparse else {}),
    )


def context(audience: Audience, locale: Locale, *, sparse: bool = False, portal: bool = False) -> RenderContext:
    """A made-up case around it; a `sparse` one has no owner, no contacts, and a company without a name. With `portal`
    the customer has a link.
    """
    view = CaseView(
        number=NUMBER,
        status=Status.AWAITING_INFORMATION if sparse else Status.IN_PROGRESS,
        priority=Priority.P1,
        type="technical",
        subtype=None if sparse else "数据同步失败",
        department=None if sparse else "technical_support",
        group=None if sparse else "technical_first",
        owner=None if sparse else "agent-001",
        receiver=None,
        escalation_level=0 if sparse else 1,
        escalated_to=None if sparse else "head-tech",
        reopened=0 if sparse else 1,
        received_at=NOW,
        opened_at=NOW,
        updated_at=NOW,
        expected_resolution=None if sparse else NOW + timedelta(days=2),
        deadlines=()
        if sparse
        else (
            Deadline(clock=ClockName.RESOLUTION, started=NOW, due=NOW + timedelta(days=2)),
            Deadline(clock=ClockName.PROGRESS, started=NOW, due=None, remaining=3600),
        ),
        sequence=1,
    )
    form = _FORM if locale is Locale.ZH_CN else _ENGLISH_FORM
    name = {Audience.CUSTOMER: "王芳" if locale is Locale.ZH_CN else "Robert Taylor", Audience.STAFF: "李雷"}[audience]
    return RenderContext(
        number=NUMBER,
        view=view,
        form={"channel": "hotline", "customer": {"name": None}} if sparse else form,
        recipient=Recipient(
            id=CUSTOMER if audience is Audience.CUSTOMER else "agent-001",
            name="" if sparse else name,
            locale=locale,
            audience=audience,
        ),
        names={} if sparse else {"agent-001": "李雷", "agent-002": "韩梅", "head-tech": "赵敏", "head-product": "周颖"},
        labels={}
        if sparse
        else {
            "technical": {"zh_CN": "技术类", "en": "Technical"},
            "数据同步失败": {"zh_CN": "数据同步失败", "en": "Data synchronisation"},
            "technical_support": {"zh_CN": "技术支持部", "en": "Technical support"},
            "technical_first": {"zh_CN": "一线组", "en": "First line"},
            "product": {"zh_CN": "产品部", "en": "Product"},
        },
        company={} if sparse else _COMPANY,
        calendar=Calendar(),
        at=NOW,
        suggestions=None if sparse or audience is Audience.CUSTOMER else _SUGGESTIONS,
        **({"portal": PORTAL, "link": LINK} if portal and audience is Audience.CUSTOMER else {}),
    )


def sample_messages() -> Iterator[tuple[Notice, RenderContext]]:
    """Every message in every language, full (with a link, where it is to a customer) and sparse (without)."""
    for message in Message:
        for locale in Locale:
            for sparse in (False, True):
                sample = notice(message, sparse=sparse)
                yield sample, context(sample.audience, locale, sparse=sparse, portal=not sparse)
