"""What the histories of workflows say happened, found out by replaying them through today's code.

A history holds no event of the timeline: it holds what came in, and the code says what follows. So every run of a
workflow is replayed, and what it judges, and hands to its activities and to other workflows, is listened to. Replaying
is the proof as well that the code can still go on with it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from temporalio import workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    Replayer,
    SignalExternalWorkflowInput,
    StartActivityInput,
    StartLocalActivityInput,
    UnsandboxedWorkflowRunner,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from workflows.case.workflow import CaseWorkflow
from workflows.collaboration.workflow import CollaborationWorkflow
from workflows.domain.commands.case import TaskReported
from workflows.domain.department_task import TaskReport
from workflows.domain.event import Event
from workflows.entity.recorded import RecordedEntity
from workflows.ports import Record, ReviewRecord, StepMarker
from workflows.review.workflow import ReviewWorkflow

Step = Record | ReviewRecord


@dataclass
class ReplayedWorkflow:
    """One workflow from its first run to its last.

    `steps` are what it handed to its recording activity, in order and each once; `reports` what a department's task
    reported to its case; `signals` the command ids of the signals in its history.
    """

    id: str
    status: WorkflowExecutionStatus | None = None
    runs: int = 0
    steps: list[Step] = field(default_factory=list)
    reports: list[TaskReport] = field(default_factory=list)
    signals: list[str] = field(default_factory=list)
    judged: int = 0
    """How many of `signals` a recorded entity (a case, a review) judged."""
    core: Any = None
    """The case, department's task or review as its last run left it; None if it was never opened."""
    faults: list[str] = field(default_factory=list)

    @property
    def to_be_judged(self) -> list[str]:
        """The signals that had to be judged: those that came while the last step was written came too late."""
        ended = self.status is WorkflowExecutionStatus.COMPLETED and self.judged
        return [one for one in dict.fromkeys(self.signals[: self.judged] if ended else self.signals) if one]

    @property
    def events(self) -> list[Event]:
        """The events of all steps."""
        return [event for step in self.steps for event in step.events]


async def replay_workflows(
    client: Client, ids: Sequence[str], *, case: type[CaseWorkflow] = CaseWorkflow
) -> dict[str, ReplayedWorkflow]:
    """Replay these workflows; one that the server does not know has no status. `case`: the class that replays cases."""
    found = {id_: ReplayedWorkflow(id_) for id_ in ids}
    recorder = _Recorder()
    replayer = Replayer(
        workflows=[case, CollaborationWorkflow, ReviewWorkflow],
        data_converter=client.data_converter,
        workflow_runner=UnsandboxedWorkflowRunner(),
        interceptors=[recorder],
        # Else the code of every loaded module is read and hashed for one.
        build_id="audit",
        # A flood is one long activation; a busy machine takes more than the two seconds that are a deadlock otherwise.
        debug_mode=True,
    )

    async def histories() -> AsyncIterator[WorkflowHistory]:
        for replayed in found.values():
            recorder.replayed = replayed
            async for history in _runs(client, replayed):
                replayed.runs += 1
                replayed.signals += [one for event in history.events for one in await _signalled(client, event)]
                yield history

    async with replayer.workflow_replay_iterator(histories()) as results:
        async for result in results:
            if result.replay_failure is not None:
                found[result.history.workflow_id].faults.append(
                    f"{result.history.workflow_id}: its history does not replay: {result.replay_failure}"
                )
    for replayed in found.values():
        replayed.steps = _each_once(replayed.steps)
    return found


async def _runs(client: Client, replayed: ReplayedWorkflow) -> AsyncIterator[WorkflowHistory]:
    """Every run of the chain, the first one first."""
    try:
        described = await client.get_workflow_handle(replayed.id).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return
    replayed.status = described.status
    run: str = described.raw_description.workflow_execution_info.first_run_id or described.run_id
    while run:
        events = [event async for event in _events(client, replayed.id, run)]
        yield WorkflowHistory(replayed.id, events)
        last = events[-1]
        run = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id


async def _events(client: Client, id_: str, run: str) -> AsyncIterator[HistoryEvent]:
    token = b""
    while True:
        page = await client.workflow_service.get_workflow_execution_history(
            GetWorkflowExecutionHistoryRequest(
                namespace=client.namespace,
                execution=WorkflowExecution(workflow_id=id_, run_id=run),
                next_page_token=token,
            )
        )
        for event in page.history.events:
            yield event
        token = page.next_page_token
        if not token:
            return


async def _signalled(client: Client, event: HistoryEvent) -> list[str]:
    """The command id of a signal, empty where it has none; nothing for what is no signal."""
    if event.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
        return []
    payloads = event.workflow_execution_signaled_event_attributes.input.payloads
    try:
        (payload,) = await client.data_converter.decode(payloads)
        return [payload["command_id"]]
    except (ValueError, KeyError, TypeError, RuntimeError):
        return [""]


def _each_once(steps: Sequence[Step]) -> list[Step]:
    """A step whose local activity failed was handed to an ordinary activity as well."""
    found: dict[tuple[int, ...], Step] = {}
    for step in steps:
        found.setdefault(tuple(event.sequence for event in step.events), step)
    return list(found.values())


@dataclass
class _Recorder(Interceptor):
    """Notes what the replayed workflow hands to its activities; the replayer takes one workflow at a time."""

    replayed: ReplayedWorkflow = field(default_factory=lambda: ReplayedWorkflow(""))

    def workflow_interceptor_class(self, _: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        recorder = self

        class Outbound(WorkflowOutboundInterceptor):
            def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002 - the SDK's name
                _take(recorder.replayed, input.args)
                return super().start_local_activity(input)

            def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
                _take(recorder.replayed, input.args)
                return super().start_activity(input)

            async def signal_external_workflow(self, input: SignalExternalWorkflowInput) -> None:  # noqa: A002
                if input.signal == TaskReported.name:
                    recorder.replayed.reports += TaskReported.model_validate(input.args[0]).reports
                await super().signal_external_workflow(input)

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(Outbound(outbound))

            async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002
                instance: Any = workflow.instance()
                replayed = recorder.replayed
                if isinstance(instance, RecordedEntity):
                    _note_steps(replayed, instance)
                try:
                    return await super().execute_workflow(input)
                finally:
                    replayed.core = instance._aggregate

        return Inbound


def _note_steps(replayed: ReplayedWorkflow, instance: RecordedEntity[Any]) -> None:
    """A replayed step writes nothing, it only judges its signals again: note what it judges."""
    judge_again = instance._judge_again

    async def heard(aggregate: Any, marker: StepMarker) -> Sequence[Event]:
        events = tuple(await judge_again(aggregate, marker))
        replayed.judged = marker.signals
        step = Record if isinstance(instance, CaseWorkflow) else ReviewRecord
        replayed.steps.append(step(view=aggregate.view(), events=events, marker=marker))
        return events

    instance._judge_again = heard  # type: ignore[method-assign]


def _take(replayed: ReplayedWorkflow, arguments: Sequence[Any]) -> None:
    replayed.steps += [one for one in arguments if isinstance(one, Record | ReviewRecord) and one.events]
