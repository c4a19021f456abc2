"""What the Web UI shows of a case: search attributes, timer summaries, and its present state in Markdown."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio.common import TypedSearchAttributes

from workflows.domain.case.aggregate import Case
from workflows.domain.case.parts import Verdict
from workflows.domain.case.view import CaseView
from workflows.domain.clock import Clock
from workflows.domain.provenance import is_own_hand
from workflows.domain.vocabulary import CUSTOMER
from workflows.search_attributes import (
    BREACHED,
    CLOCK_LABELS,
    DEPARTMENT,
    DUE,
    ESCALATION,
    OWNER,
    PRIORITY,
    STATUS,
    TYPE,
    typed,
)

_MOST_LINKED = 20
"""Linked cases that are named; the record has all."""


def search_attributes(view: CaseView) -> TypedSearchAttributes:
    """All eight search attributes at once; those without a value are left out."""
    due = [deadline.due for deadline in view.deadlines if deadline.due is not None]
    return typed([
        (STATUS, view.status.value),
        (PRIORITY, view.priority.value),
        (TYPE, view.type),
        (DEPARTMENT, view.department),
        (OWNER, view.owner),
        (ESCALATION, view.escalation_level),
        (DUE, min(due, default=None)),
        (BREACHED, bool(view.breaches)),
    ])  # fmt: skip


def timer_summary(case: Case, clock: Clock) -> str:
    """Which deadline a timer stands for: clock, priority and length (at most 200 bytes)."""
    return f"{CLOCK_LABELS[clock.name]} {case.priority} {_length(clock.within)}"


def markdown(case: Case, *, trouble: str | None = None) -> str:
    """What the case waits for, until when, who must act, and what went wrong."""
    view = case.view()
    lines = [f"### {view.number} · {view.priority} · {view.status}"]
    if trouble:
        lines.append(f"\n**故障 trouble:** {trouble}")
    if view.waiting is not None:
        what = CLOCK_LABELS[view.waiting.clock] if view.waiting.clock else view.status
        until = f", 截止 until {_local(case, view.waiting.until)}" if view.waiting.until else ""
        lines.append(f"\n**等待 waits for:** `{view.waiting.who}` — {what}{until}")
    if view.resolution is not None:
        lines.append(f"\n**结果 resolution:** {view.resolution}")
    if case.verdict is not None:
        lines.append(f"\n**客户答复 verdict:** {view.satisfaction or 'accepted'} — {_whose(case.verdict)}")
    lines.append(
        f"\n- 类型 type: {view.type} / {view.subtype or '–'}\n- 部门 department: {view.department or '–'}"
        f"\n- 负责人 owner: `{view.owner or '–'}`\n- 重开 reopened: {view.reopened}"
    )
    if view.escalation_level:
        seen = "已确认 acknowledged" if view.acknowledged else "**未确认 not acknowledged**"
        lines.append(f"- 升级 escalation: {view.escalation_level} → `{view.escalated_to}` ({seen})")
    if view.linked_to:
        lines.append(f"- 关联到主问题 linked to: `{view.linked_to}`")
    if view.linked:
        more = f" … {len(view.linked)}" if len(view.linked) > _MOST_LINKED else ""
        lines.append(f"- 关联问题 linked: {', '.join(f'`{number}`' for number in view.linked[:_MOST_LINKED])}{more}")
    if view.deadlines:
        lines.append("\n| 时限 clock | 截止 due |\n|---|---|")
        lines += [
            f"| {CLOCK_LABELS[item.clock]} | {_local(case, item.due) if item.due else '暂停 paused'} |"
            for item in view.deadlines
        ]
    if view.breaches:
        lines.append("\n**超时 missed:**\n")
        lines += [f"- {CLOCK_LABELS[breach.clock]} {_local(case, breach.due)}" for breach in view.breaches[-10:]]
    return "\n".join(lines)


def _whose(verdict: Verdict) -> str:
    """Whose word the verdict was, and how it came (R39)."""
    if verdict.relayed_by is not None:
        return f"`{verdict.by}`, 代录 taken down by `{verdict.relayed_by}` ({verdict.heard})"
    if verdict.by == CUSTOMER and not is_own_hand(verdict.by, verdict.via):
        return f"`{verdict.by}`, 代录 taken down by nobody named ({verdict.via})"
    return f"`{verdict.by}` ({verdict.via})"


def _local(case: Case, moment: datetime | None) -> str:
    return case.terms.calendar.local(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else "–"


def _length(seconds: float) -> str:
    span = timedelta(seconds=seconds)
    days, rest = span.days, span.seconds
    hours, minutes = rest // 3600, rest % 3600 // 60
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    return " ".join(part for part in parts if part) or f"{seconds:g} s"
