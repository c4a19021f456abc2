"""The intake form that measurements send: a complete one, of an individual who can be reached by mail."""

from __future__ import annotations

from typing import Any

from workflows.domain.vocabulary import Priority


def form(
    priority: Priority, *, product: str = "智办公CRM系统", symptom: str = "数据同步失败", **more: Any
) -> dict[str, Any]:
    """As JSON; `more` are further keys, such as the intake key."""
    return {
        "channel": "portal",
        "customer": {"name": "王芳", "kind": "individual", "email": "kehu@example.com", "preferred_contact": "email"},
        "product": product,
        "type": "technical",
        "subtype": None,
        "occurred_at": "2026-01-05T09:00+08:00",
        "description": {"symptom": symptom, "steps": "按平时的步骤操作", "expected": "一切正常", "actual": symptom},
        "impact": {"blocks_normal_use": False, "effect": ""},
        "hoped_for": "24小时内",
        "attachments": [],
        "received_by": "agent-001",
        "priority": priority.value,
        **more,
    }
