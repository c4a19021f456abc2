"""What the Web UI shows of a department's task: search attributes, timer summaries, its present state in Markdown."""

from __future__ import annotations

from datetime import datetime

from temporalio.common import TypedSearchAttributes

from workflows.domain.clock import Clock
from workflows.domain.collaboration.aggregate import Collaboration
from workflows.domain.department_task import TaskRequest
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


def first_attributes(request: TaskRequest) -> TypedSearchAttributes:
    """What is known before anybody was picked."""
    return typed([
        (STATUS, "part_open"),
        (PRIORITY, request.priority.value),
        (TYPE, request.type),
        (DEPARTMENT, request.department),
        (DUE, request.due),
        (BREACHED, False),
    ])  # fmt: skip


def task_attributes(task: Collaboration) -> TypedSearchAttributes:
    """`CaseStatus` is `part_open`, `part_done`, `part_cannot` or `part_ended`: never a status of a case."""
    request = task.request
    return typed([
        (STATUS, f"part_{task.status}"),
        (PRIORITY, request.priority.value),
        (TYPE, request.type),
        (DEPARTMENT, request.department),
        (OWNER, task.person),
        (ESCALATION, len(task.told)),
        (DUE, request.due if task.is_open else None),
        (BREACHED, task.late_at is not None),
    ])  # fmt: skip


def task_timer_summary(task: Collaboration, clock: Clock) -> str:
    """Which deadline a timer stands for (at most 200 bytes)."""
    return f"{CLOCK_LABELS[clock.name]} {task.request.department[:64]}"


def task_markdown(task: Collaboration, *, trouble: str | None = None) -> str:
    """Who owes what to which case, until when, and what went wrong."""
    request = task.request
    lines = [f"### {request.number} · 协作 {request.department} · {task.status}"]
    if trouble:
        lines.append(f"\n**故障 trouble:** {trouble}")
    lines.append(f"\n> {request.duty[:500]}")
    if task.is_open:
        lines.append(f"\n**等待 waits for:** `{task.person}`, 截止 until {_local(task, request.due)}")
    claimed = _local(task, task.claimed_at) if task.claimed_at else "–"
    lines.append(f"\n- 牵头人 asked by: `{request.asked_by}`\n- 认领 claimed: {claimed}")
    if task.late_at is not None:
        lines.append(f"- **超时 late:** {_local(task, request.due)}")
    if task.told:
        lines.append(f"- 升级 escalated: {' → '.join(f'`{key}`' for key in task.told)}")
    if task.result is not None:
        lines.append(f"\n**结果 result:** {task.result[:500]}")
    return "\n".join(lines)


def _local(task: Collaboration, moment: datetime) -> str:
    return task.request.calendar.local(moment).strftime("%Y-%m-%d %H:%M:%S")
