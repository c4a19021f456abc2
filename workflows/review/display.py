"""What the Web UI shows of a review: search attributes, timer summaries, its present state in Markdown."""

from __future__ import annotations

from datetime import datetime

from temporalio.common import TypedSearchAttributes

from workflows.domain.clock import Clock
from workflows.domain.review.aggregate import Review
from workflows.domain.review.view import ReviewRequest, ReviewStatus, ReviewView
from workflows.search_attributes import BREACHED, CLOCK_LABELS, DEPARTMENT, DUE, OWNER, PRIORITY, STATUS, TYPE, typed


def first_attributes(request: ReviewRequest) -> TypedSearchAttributes:
    """What is known when it is called for."""
    return typed([
        (STATUS, f"review_{ReviewStatus.WRITING}"),
        (PRIORITY, request.priority.value),
        (TYPE, request.type),
        (DEPARTMENT, request.department),
        (OWNER, request.subject.head),
        (BREACHED, False),
    ])  # fmt: skip


def review_attributes(view: ReviewView) -> TypedSearchAttributes:
    """`CaseStatus` is `review_writing`, `review_awaiting_approval`, …: never a status of a case."""
    dues = [deadline.due for deadline in view.deadlines if deadline.due is not None]
    return typed([
        (STATUS, f"review_{view.status}"),
        (PRIORITY, view.priority.value),
        (TYPE, view.type),
        (DEPARTMENT, view.department),
        (OWNER, view.waits_for[0] if view.waits_for else view.author),
        (DUE, min(dues, default=None)),
        (BREACHED, view.late),
    ])  # fmt: skip


def review_timer_summary(review: Review, clock: Clock) -> str:
    """Which deadline a timer stands for (at most 200 bytes)."""
    return f"{CLOCK_LABELS[clock.name]} {review.request.department[:64]}"


def review_markdown(review: Review, *, trouble: str | None = None) -> str:
    """Who owes what, until when, and what went wrong."""
    view = review.view()
    lines = [f"### 复盘 review {view.number} · {view.status}"]
    if trouble:
        lines.append(f"\n**故障 trouble:** {trouble}")
    if view.waits_for:
        who = ", ".join(f"`{person}`" for person in view.waits_for)
        until = f", 截止 until {_local(review, view.deadlines[0].due)}" if view.deadlines else ""
        lines.append(f"\n**等待 waits for:** {who}{until}")
    lines.append(
        f"\n- 原因 reason: {view.reason}\n- 案件 cases: {', '.join(view.cases)}"
        f"\n- 部门 department: {view.department}\n- 作者 author: `{view.author}`"
    )
    if view.escalated_to:
        lines.append(f"- 升级 escalated to: `{view.escalated_to}`")
    if view.findings is not None:
        lines.append(f"\n**根因 root cause:** {view.findings.root_cause[:500]}")
    if view.measures:
        lines.append("\n| # | 措施 measure | 负责人 owner | 截止 due | 完成 done |\n|---|---|---|---|---|")
        lines += [
            f"| {index} | {' '.join(one.what.split())[:120].replace('|', '/')} | `{one.owner}` "
            f"| {_local(review, one.due)} | {_local(review, one.done_at)} |"
            for index, one in enumerate(view.measures, start=1)
        ]
    if view.ended_because is not None:
        lines.append(f"\n**结束 ended:** {view.ended_because[:500]}")
    return "\n".join(lines)


def _local(review: Review, moment: datetime | None) -> str:
    return review.request.calendar.local(moment).strftime("%Y-%m-%d %H:%M") if moment else "–"
