"""An installation on a real server, with a record and workers that may be killed, to try sweeps on."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import (
    Client,
    DescribeWorkflowInput,
    Interceptor,
    OutboundInterceptor,
    QueryWorkflowInput,
    ScheduleHandle,
    WorkflowExecutionDescription,
)

from activities.database.tables import case_record, outbox
from activities.queries.monitoring.sweeps import Drift
from activities.recording.activity import leave_deliveries_to_case
from tests.activities.delivery.mail_server import MailServer
from tests.activities.samples import form
from tests.timeouts import until
from worker.composition_root import build_activities
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import Settings
from worker.process import build_worker
from worker.sweep.activity import SweepActivities
from worker.sweep.comparison import Comparison
from worker.temporal.standalone_delivery import StandaloneDelivery
from worker.temporal.starting import start_case
from workflows.case.display import search_attributes
from workflows.domain.case.view import CaseView
from workflows.ports import SweepOrder

ORDER = SweepOrder(every=120)
COMPLETE = {
    "priority": "P2",
    "priority_reason": "演练",
    "occurred_at": "2026-04-30T14:30+08:00",
    "description": {"symptom": "点击保存后提示网络错误", "steps": "新建客户后保存"},
    "impact": {"blocks_normal_use": True, "effect": "无法新增客户"},
}


@dataclass
class Asked(OutboundInterceptor):
    """Counts what a client asks of single workflows."""

    next: OutboundInterceptor
    counts: Counter[str]

    async def describe_workflow(self, input: DescribeWorkflowInput) -> WorkflowExecutionDescription:  # noqa: A002
        self.counts["describe"] += 1
        return await self.next.describe_workflow(input)

    async def query_workflow(self, input: QueryWorkflowInput) -> Any:  # noqa: A002
        self.counts["query"] += 1
        return await self.next.query_workflow(input)


@dataclass
class Asking(Interceptor):
    counts: Counter[str]

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        return Asked(next, self.counts)


@dataclass
class RunningInstallation:
    """An installation of its own on the shared server: its day gives its cases numbers that no other has."""

    client: Client
    installation: Installation
    sweeping: SweepActivities

    async def registered(self, key: str, **changes: Any) -> str:
        """Accepted, and no more."""
        now = self.installation.now()
        content = form(intake_key=key, **{**COMPLETE, **changes})
        done = await self.installation.register.register(
            content, received_at=now, day=self.installation.local(now).date()
        )
        return done.number

    async def opened(self, key: str, **changes: Any) -> str:
        """With a workflow that has recorded it."""
        number = await self.registered(key, **changes)
        await start_case(self.client, self.installation, number)
        await self.installation.register.mark_started(number)
        await until(lambda: self.row(number))
        return number

    async def row(self, number: str) -> dict[str, Any] | None:
        async with self.installation.database.read() as connection:
            found = await connection.execute(select(case_record).where(case_record.c.number == number))
            row = found.mappings().one_or_none()
            return dict(row) if row else None

    async def put_back(self, row: dict[str, Any]) -> None:
        """As a backup of that moment has it."""
        async with self.installation.database.begin() as connection:
            await connection.execute(update(case_record).where(case_record.c.number == row["number"]).values(row))

    async def mails(self, number: str) -> list[str]:
        async with self.installation.database.read() as connection:
            found = await connection.execute(select(outbox.c.status).where(outbox.c.number == number))
            return [row.status for row in found]

    async def sent(self, number: str) -> bool:
        return set(await self.mails(number)) == {"sent"}

    async def signal(self, number: str, name: str, by: str, **fields: Any) -> None:
        before = await self.row(number)
        command = {"command_id": f"{number}-{name}", "by": by, "at": self.installation.now().isoformat(), **fields}
        await self.client.get_workflow_handle(number).signal(name, command)
        await until(lambda: self._later(number, before))

    async def compared(self) -> dict[str, Drift]:
        """What does not fit together, without waiting for anything to settle; workflow id -> disagreement."""
        comparison = Comparison(self.client, self.installation, settled=timedelta(0), ends_within=timedelta(0))
        return {one.workflow: one for one in await comparison.find_drift()}

    async def until_compared(self, holds: Callable[[dict[str, Drift]], bool]) -> dict[str, Drift]:
        """Lists lag a little: wait until they show it."""

        async def ask() -> dict[str, Drift] | None:
            found = await self.compared()
            return found or {"": None} if holds(found) else None  # type: ignore[dict-item]

        found: dict[str, Drift] = await until(ask)
        return found

    async def _later(self, number: str, before: dict[str, Any] | None) -> bool:
        row = await self.row(number)
        return row is not None and (before is None or row["sequence"] > before["sequence"])


@asynccontextmanager
async def running_installation(
    client: Client, folder: Path, day: int, *, working: bool = True, mail: MailServer | None = None, **settings: Any
) -> AsyncIterator[RunningInstallation]:
    start = datetime(2026, 5, day, 1, tzinfo=UTC)
    mailing: dict[str, Any] = {"smtp_url": mail.url(), "mail_from": "support@example.com"} if mail else {}
    wanted = Settings(data=folder / "data", task_queue=f"q{day}", virtual_start=start, **mailing, **settings)
    async with open_installation(wanted, prepare=True) as installation:
        await installation.settle_organisation()
        standalone = wanted.delivery == "standalone"
        start_deliveries = StandaloneDelivery(client, wanted.task_queue) if standalone else leave_deliveries_to_case
        activities = build_activities(client, installation, start_deliveries)
        present = RunningInstallation(client, installation, activities.sweeping)
        if not working:
            yield present
            return
        async with build_worker(client, wanted, activities):
            yield present


async def swept(handle: ScheduleHandle, count: int) -> None:
    """Until the Schedule has started that many, and the last one is over."""

    async def over() -> bool:
        info = (await handle.describe()).info
        return info.num_actions >= count and not info.running_actions

    await until(over)


def mailed() -> dict[str, Any]:
    return {"name": "王芳", "email": "wangfang@example.com", "preferred_contact": "email", "locale": "zh_CN"}


async def key_of_mail(running: RunningInstallation, number: str) -> str:
    async with running.installation.database.read() as connection:
        key: str | None = await connection.scalar(
            select(outbox.c.key).where(outbox.c.number == number, outbox.c.message == "created")
        )
    assert key is not None
    return key


async def deleted(client: Client, number: str) -> None:
    """As if the server had never had it."""
    await client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(
            namespace=client.namespace, workflow_execution=WorkflowExecution(workflow_id=number)
        )
    )


def view_of(number: str, at: datetime) -> CaseView:
    return CaseView.model_validate(
        {
            "number": number, "status": "dispatched", "priority": "P2", "type": "technical", "subtype": None,
            "department": "technical_support", "group": "tech-support", "owner": "tech-001", "receiver": None,
            "escalation_level": 0, "reopened": 0, "received_at": at, "opened_at": at, "updated_at": at, "sequence": 2,
        }
    )  # fmt: skip


async def recorded(running: RunningInstallation, number: str) -> CaseView:
    """A case row, written by hand."""
    view = view_of(number, running.installation.now())
    async with running.installation.database.begin() as connection:
        await connection.execute(
            case_record.insert().values(
                number=number, sequence=view.sequence, status=view.status.value, priority=view.priority.value,
                type=view.type, owner=view.owner, escalation_level=0, acknowledged=True, breached=False,
                opened_at=view.opened_at, updated_at=view.updated_at, view=view.model_dump(mode="json"),
            )
        )  # fmt: skip
    return view


async def idle(running: RunningInstallation, number: str) -> None:
    """A case that nobody works on, and that its record knows."""
    view = await recorded(running, number)
    await running.client.start_workflow(
        "Case",
        id=number,
        task_queue=running.installation.settings.task_queue,
        search_attributes=search_attributes(view),
    )
    await running.installation.register.mark_started(number)
