"""The intake forms that the customers of the demonstration send."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starter.demo.week import START


def form(channel: str, name: str, product: str, symptom: str, **more: Any) -> dict[str, Any]:
    """A form with everything that is needed; `more` are further keys of it."""
    filled: dict[str, Any] = {
        "intake_key": f"demo-{name}",
        "channel": channel,
        "customer": {"name": name, "kind": "individual", "email": "kehu@example.com", "preferred_contact": "email"},
        "product": product,
        "type": None,
        "subtype": None,
        "occurred_at": (START - timedelta(hours=1)).isoformat(timespec="minutes"),
        "description": {
            "symptom": symptom,
            "steps": "登录后按平时的步骤操作",
            "expected": "一切正常",
            "actual": symptom,
        },
        "impact": {"blocks_normal_use": False, "effect": ""},
        "hoped_for": "24小时内",
        "attachments": [],
        "received_by": "agent-001",
        "priority": None,
    }
    return filled | more


def answers_of(form: dict[str, Any]) -> dict[str, str]:
    """What the customer fills in on the page; the rest of a form is the service's to find out."""
    described, blocks = form["description"], form["impact"]["blocks_normal_use"]
    answers = {
        "name": form["customer"]["name"],
        "product": form["product"],
        "symptom": described["symptom"],
        "steps": described["steps"],
        "occurred": form["occurred_at"][:16],
        "blocks": "yes" if blocks else "no",
        "contact": form["customer"]["preferred_contact"],
    }
    return {name: answer for name, answer in answers.items() if answer}


CALLERS = tuple(
    form(channel, name, "智能门禁", symptom, type="technical", subtype="登录异常", priority="P2")
    for channel, name, symptom in (
        ("hotline", "沈洁", "早上刷卡开不了门,提示认证失败"),
        ("app", "韩磊", "手机开门失败,提示证书无效"),
        ("form", "许静", "三号楼门禁全部认证失败"),
        ("chat", "曹阳", "员工卡认证不通过,门打不开"),
    )
)
"""The forms of the four other callers in the story of the repeated problem."""
