"""What does not go on by itself: overdue by the record, failing at Temporal, or found by the latest sweep."""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.exceptions import FailureError
from temporalio.service import RPCError

from activities.database.database import Database
from activities.queries.cases import Cases
from activities.queries.monitoring.attention import CHANNEL, MAILBOX, REPORT, SYSTEM, Attention, AttentionReason
from activities.queries.monitoring.orphans import ESCALATION, OWNER
from activities.queries.monitoring.sweeps import Sweep, latest_sweep
from starter.services.system.remedies import remedy
from worker.encryption.failures import MissingKeyError
from worker.installation.company_time import CompanyTime
from worker.installation.settings import Settings
from worker.temporal.connection import connect, web_ui
from worker.temporal.pausing import OPEN, is_paused, paused_workflows, unpause
from worker.temporal.rpc import RPC_TIMEOUT, found_or_none
from worker.temporal.task_queue import describe_task_queue
from workflows.domain.policy.delivery import MAIL
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Contact
from workflows.search_attributes import BLOCKED

_QUERY = f"{OPEN} AND (TemporalReportedProblems IS NOT NULL OR CaseStatus = '{BLOCKED}')"
_SILENT = frozenset({
    AttentionReason.NOT_ACTING, AttentionReason.NOT_OPENED, AttentionReason.REVIEW_NOT_ACTING,
    AttentionReason.REVIEW_NOT_OPENED,
})  # fmt: skip
"""Reasons of the record whose cause may be a failing task."""
_NO_WORKFLOW = frozenset({REPORT, CHANNEL, SYSTEM, MAILBOX})
"""What it is about is none of these in Temporal."""
_MOST = 500
"""Workflows described at most; when more fail, most have the same cause."""
_LAST_EVENTS = 100
_AFTER_A_FAULT = (
    "the worker's log has more (bihuan worker); the case goes on. A command: give it again, in other words or after an "
    "update. A clock: it has stopped, see to it by hand, and: bihuan acknowledge"
)


@dataclass(frozen=True)
class StuckItem:
    """One thing to look at.

    `reason` is the record's (`AttentionReason`), a sweep's (`DriftReason`), `activity_failing`, `task_failing` or
    `paused`; `link` leads to it in the Web UI; `todo` is there where the reason alone does not say what to do.
    """

    number: str
    reason: str
    since: datetime | None
    what: str | None = None
    who: str | None = None
    error: str | None = None
    link: str | None = None
    todo: str | None = None


async def find_stuck(
    settings: Settings,
    company: CompanyTime,
    database: Database | None = None,
    client_of: Callable[[], Awaitable[Client]] | None = None,
) -> tuple[list[StuckItem], str | None]:
    """Everything to look at (in the cases' time), and a warning, such as that no worker runs.

    `database` and `client_of` are of a process that has both open; others open them for this.

    Raises:
        Problem: the database cannot be read.
    """
    if database is not None:
        attention, sweep = await Cases(database).attention(company.now()), await latest_sweep(database)
    else:
        attention, sweep = await _attention(settings, company.now())
    base = web_ui(settings)
    recorded = [_recorded(base, item) for item in attention]
    recorded += list(_swept(base, company, sweep))
    try:
        client = await client_of() if client_of is not None else await connect(settings)
        failing = await _failing(client, {item.workflow for item in attention if item.reason in _SILENT}, base)
        warning = await _without_worker(client, settings.task_queue) or _overdue_sweep(sweep, company)
        failing = [replace(item, since=item.since and company.virtual(item.since)) for item in failing]
    except (Problem, RPCError) as error:
        return recorded, f"shown is the record only: {str(error).splitlines()[0]}"
    return [*failing, *recorded], warning


async def _attention(settings: Settings, now: datetime) -> tuple[Sequence[Attention], Sweep | None]:
    database = Database.open(settings.database)
    try:
        await database.ready()
        return await Cases(database).attention(now), await latest_sweep(database)
    finally:
        await database.close()


def _recorded(base: str | None, item: Attention) -> StuckItem:
    return StuckItem(
        number=item.number,
        reason=str(item.reason),
        since=item.since,
        what=item.what,
        who=item.who,
        error=item.error,
        link=_link(base, item.workflow, "default") if item.what not in _NO_WORKFLOW else None,
        todo=_todo(item),
    )


def _todo(item: Attention) -> str | None:
    """What helps, where the reason alone does not say it."""
    if item.reason is AttentionReason.FAULT:
        return _AFTER_A_FAULT
    if item.reason is AttentionReason.CHANNEL_FAILING:
        return f"see what it says: bihuan doctor, bihuan channel test {_named(item.number)} --to ... --send"
    if item.reason is AttentionReason.WEBHOOK_FAILING:
        again = f"bihuan resend --all --to {item.number}"
        return f"try it: bihuan webhook test {item.number}; what failed for good is sent again by: {again}"
    if item.reason is AttentionReason.MAILBOX_FAILING:
        return f"bihuan doctor tries it; settings: [mailboxes.{item.number}]; no mail is lost meanwhile"
    if item.reason is AttentionReason.MAIL_ASIDE:
        mail = (item.error or "").partition(":")[0]
        return f"read it in the mailbox, see to it by hand (bihuan open, bihuan note), then: bihuan mailbox done {mail}"
    gone = f"{item.who} is no longer in the organisation"
    if item.reason is AttentionReason.REVIEW_PERSON_LEFT:
        return f"{gone}: name another author (bihuan review assign), or move the measure (bihuan review measure move)"
    if item.reason is not AttentionReason.PERSON_LEFT:
        return None
    if item.what == ESCALATION:
        return f"{gone}: whoever is above the owner answers it: bihuan acknowledge {item.number} --as PERSON"
    if item.what == OWNER:
        return f"{gone}: bihuan org handover {item.who} --as operator"
    return f"{gone}: a colleague takes it over by: bihuan claim {item.number} --department {item.what} --as PERSON"


def _named(channel: str) -> str:
    """The channel as `bihuan channel` calls it."""
    return MAIL if channel == Contact.EMAIL else channel


def _swept(base: str | None, company: CompanyTime, sweep: Sweep | None) -> Iterable[StuckItem]:
    for one in sweep.found if sweep else ():
        yield StuckItem(
            number=one.number,
            reason=str(one.reason),
            since=company.virtual(one.since),
            what=one.what if one.workflow == one.number else f"{one.workflow} {one.what or ''}".strip(),
            link=_link(base, one.workflow, "default") if one.is_of_a_workflow else None,
            todo=remedy(one),
        )
    if sweep and sweep.run.disagreements > len(sweep.found):
        left = sweep.run.disagreements - len(sweep.found)
        todo = "what is named here comes first: so many have one cause, such as a restored backup or another server"
        yield StuckItem("…", "more", company.virtual(sweep.run.ended), what=f"{left} more disagreements", todo=todo)


def _overdue_sweep(sweep: Sweep | None, company: CompanyTime) -> str | None:
    """A warning where the latest sweep is so long ago that another one should have followed."""
    if sweep is None or datetime.now(UTC) - sweep.run.ended < sweep.run.overdue_after:
        return None
    since = f"{company.local(company.virtual(sweep.run.ended)):%Y-%m-%d %H:%M}"
    return f"no sweep since {since}: what it found may be old; look at the Schedule bihuan-sweep, or: bihuan doctor"


async def _failing(client: Client, suspects: Iterable[str], base: str | None) -> list[StuckItem]:
    numbers = set(suspects)
    async for execution in client.list_workflows(_QUERY, limit=_MOST, rpc_timeout=RPC_TIMEOUT):
        numbers.add(execution.id)
    async for execution in paused_workflows(client, limit=_MOST):
        numbers.add(execution.id)
    found: list[StuckItem] = []
    for number in sorted(numbers)[:_MOST]:
        handle = client.get_workflow_handle(number)
        description = await found_or_none(handle.describe(rpc_timeout=RPC_TIMEOUT))
        if description is not None:
            link = _link(base, number, client.namespace)
            found += [fault async for fault in _faults(client, description, link)]
    return found


async def _without_worker(client: Client, task_queue: str) -> str | None:
    """A warning where no worker polls: then nothing goes on, and no case shows why."""
    queue = await describe_task_queue(client, task_queue, backlog=True)
    if queue.is_behind:
        return (
            f"{queue.backlog} tasks wait in task queue {task_queue}, the first for "
            f"{queue.backlog_age.total_seconds():.0f} s: no worker takes them (bihuan up, bihuan worker)"
        )
    if queue.alive():
        return None
    return f"no worker polls task queue {task_queue}: nothing goes on until one does (bihuan up, bihuan worker)"


async def _faults(
    client: Client, description: WorkflowExecutionDescription, link: str | None
) -> AsyncIterator[StuckItem]:
    raw = description.raw_description
    for pending in raw.pending_activities:
        if pending.attempt > 1 or pending.HasField("last_failure"):
            yield StuckItem(
                number=description.id,
                reason="activity_failing",
                since=pending.scheduled_time.ToDatetime(UTC) if pending.HasField("scheduled_time") else None,
                what=f"{pending.activity_type.name}, attempt {pending.attempt}",
                error=await _root_cause(client, pending.last_failure),
                link=link,
            )
    if is_paused(description):
        pause = raw.workflow_extended_info.pause_info
        yield StuckItem(
            number=description.id,
            reason="paused",
            since=pause.paused_time.ToDatetime(UTC) if pause.HasField("paused_time") else None,
            what=f"by {pause.identity}: {pause.reason}" if pause.identity else None,
            link=link,
            todo=f"it keeps signals and deadlines, and does nothing until: {unpause(description.id)}",
        )
        return
    task = raw.pending_workflow_task
    problems = description.search_attributes.get("TemporalReportedProblems", [])
    if raw.HasField("pending_workflow_task") and (task.attempt > 1 or problems):
        reason = await _task_failure(client, raw.workflow_execution_info.execution)
        yield StuckItem(
            number=description.id,
            reason="task_failing",
            since=task.original_scheduled_time.ToDatetime(UTC) if task.HasField("original_scheduled_time") else None,
            what=f"workflow task, attempt {task.attempt}",
            error=reason or ", ".join(map(str, problems)) or None,
            link=link,
            todo=_ways_out(description.id),
        )


def _ways_out(workflow: str) -> str:
    """What to type for a workflow whose tasks fail: nothing is lost, and it goes on by itself once they succeed."""
    reset = shlex.join([
        "temporal", "workflow", "reset", "--workflow-id", workflow, "--type", "LastWorkflowTask", "--reason",
        "bihuan stuck",
    ])  # fmt: skip
    return (
        "signals and deadlines are kept. If it began with a release: start the workers of the one before again (bihuan "
        "worker), it goes on by itself; if the error says nondeterminism, and no other release helps, judge its last "
        f"step again: {reset}; see to the customer by hand meanwhile, and tell whoever looks after the program"
    )


async def _task_failure(client: Client, execution: WorkflowExecution) -> str | None:
    """Why the workflow task fails: the history has the first of its failures, near its end."""
    request = GetWorkflowExecutionHistoryReverseRequest(
        namespace=client.namespace, execution=execution, maximum_page_size=_LAST_EVENTS
    )
    answer = await client.workflow_service.get_workflow_execution_history_reverse(request, timeout=RPC_TIMEOUT)
    for event in answer.history.events:
        if event.HasField("workflow_task_completed_event_attributes"):
            return None
        if event.HasField("workflow_task_failed_event_attributes"):
            return await _root_cause(client, event.workflow_task_failed_event_attributes.failure)
    return None


async def _root_cause(client: Client, failure: Failure) -> str | None:
    """Message of the innermost cause, decrypted where this process has the key."""
    while failure.HasField("cause"):
        failure = failure.cause
    try:
        error = await client.data_converter.decode_failure(failure)
    except MissingKeyError as missing:
        return f"what is the matter is encrypted with key {missing.key_id}, which is missing here"
    message = error.message if isinstance(error, FailureError) else str(error)
    return message.splitlines()[0][:300] if message else None


def _link(base: str | None, number: str, namespace: str) -> str | None:
    """The link to the Web UI at that address, where it is known."""
    return f"{base}/namespaces/{namespace}/workflows/{quote(number, safe='')}" if base else None
