"""Drives cases as customers and agents would while things break: sends a signal until the server has taken it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import select
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.database.tables import case_record, outbox, review
from activities.delivery.outbox import OPEN
from activities.intake.form import parse_form
from worker.installation.installation import Installation
from worker.temporal.starting import start_case
from workflows.domain.vocabulary import CUSTOMER

TIMEOUT = 500.0
"""Seconds to wait for an expected event; reached only by a test that fails."""
_POLL = 0.3
_RPC_TIMEOUT = timedelta(seconds=3)
_SOLUTION = {"cause": "同步服务连接超时", "solution": "已重启同步服务并调整超时", "verified": "yes"}

View = dict[str, Any]


def form_of(key: str, **changes: Any) -> dict[str, Any]:
    """A submission by a customer who reads mail; `key` is its intake key."""
    return {
        "channel": "portal",
        "intake_key": key,
        "customer": {"name": "王芳", "kind": "individual", "email": f"{key}@example.com", "locale": "zh_CN"},
        "product": "智办公CRM系统",
        "type": "technical",
        "subtype": "数据同步失败",
        "priority": "P1",
        "occurred_at": "2024-05-01T14:30+08:00",
        "description": {
            "symptom": "点击保存后提示网络错误",
            "steps": "新建客户后保存",
            "expected": "保存成功",
            "actual": "提示网络错误",
        },
        "impact": {"blocks_normal_use": True, "effect": "无法新增客户"},
        **changes,
    }


class CustomersDoor(Protocol):
    """Where customers say what they have to say."""

    async def say(self, number: str, command: str, **fields: Any) -> None:
        """The customer of that case says it."""


@dataclass
class Driver:
    """Drives one installation; `acknowledged`: workflow id -> command ids that the server has acknowledged."""

    installation: Installation
    client: Client
    acknowledged: dict[str, list[str]] = field(default_factory=dict)
    timeout: float = TIMEOUT
    customers: CustomersDoor | None = None
    _ids: itertools.count[int] = field(default_factory=itertools.count)
    _views: dict[str, View] = field(default_factory=dict)
    _read_at: float = 0.0
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def accept(self, form: dict[str, Any]) -> str:
        """Register a submission; the number, whose case is not started yet."""
        installation = self.installation
        now = installation.now()
        organisation = await installation.directory.current()
        parsed = parse_form(form, now=now, policy=installation.policy, organisation=organisation)
        day = installation.local(now).date()
        return (await installation.register.register(parsed, received_at=now, day=day)).number

    async def start(self, number: str, *, task_queue: str | None = None) -> None:
        """Start a registered case on that task queue, the installation's where none is given.

        Raises:
            RPCError: Temporal does not take it.
        """
        await start_case(self.client, self.installation, number, task_queue=task_queue)
        await self.installation.register.mark_started(number)

    async def open(self, form: dict[str, Any], *, task_queue: str | None = None) -> str:
        """Register a submission and start its case."""
        number = await self.accept(form)
        await self.start(number, task_queue=task_queue)
        return number

    async def send(self, id_: str, command: str, by: str, **fields: Any) -> None:
        """A signal, again and again under one command id until the server has acknowledged it."""
        command_id = f"{command}-{next(self._ids)}"
        payload = {"command_id": command_id, "by": by, **fields}
        handle = self.client.get_workflow_handle(id_)
        async with asyncio.timeout(self.timeout):
            while True:
                try:
                    await handle.signal(command, payload, rpc_timeout=_RPC_TIMEOUT)
                except RPCError as error:
                    if error.status is RPCStatusCode.NOT_FOUND:
                        raise
                    await asyncio.sleep(_POLL)
                else:
                    break
        self.acknowledged.setdefault(id_, []).append(command_id)

    async def say(self, number: str, command: str, **fields: Any) -> None:
        """The customer says it: through the pages where customers have any, else by a signal."""
        if self.customers is not None:
            await self.customers.say(number, command, **fields)
        else:
            await self.send(number, command, CUSTOMER, **fields)

    async def views(self) -> dict[str, View]:
        """Every case as it is recorded; many callers at once share one read of the record."""
        async with self._reading:
            if time.monotonic() - self._read_at > _POLL:
                async with self.installation.database.read() as connection:
                    statement = select(case_record.c.number, case_record.c.view)
                    known = [number for number, view in self._views.items() if view["closed_at"]]
                    rows = await connection.execute(statement.where(case_record.c.number.not_in(known)))
                    self._views |= {row.number: row.view for row in rows}
                self._read_at = time.monotonic()
        return dict(self._views)

    async def until(self, number: str, holds: Callable[[View], Any]) -> View:
        """Wait until the record of a case shows it; answers the view."""
        view: View | None = None
        try:
            async with asyncio.timeout(self.timeout):
                while True:
                    view = (await self.views()).get(number)
                    if view is not None and holds(view):
                        return view
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            raise AssertionError(f"{number}: did not come to pass; last seen: {view}") from None

    async def until_delivered(self) -> None:
        """Wait until no notification is on its way any more."""
        left: list[str] = []
        try:
            async with asyncio.timeout(self.timeout):
                while True:
                    async with self.installation.database.read() as connection:
                        left = list(await connection.scalars(select(outbox.c.key).where(outbox.c.status.in_(OPEN))))
                    if not left:
                        return
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            raise AssertionError(f"{len(left)} notifications are not delivered: {left[:5]}") from None

    async def until_at_rest(self) -> None:
        """Wait until everything that a closed case leaves behind has come to rest: its workflow, the tasks of other
        departments, the first step of its review, and every message.
        """
        async with asyncio.timeout(self.timeout):
            for number, view in (await self.views()).items():
                if view["closed_at"]:
                    for one in (number, *(task["workflow_id"] for task in view["collaborations"])):
                        await self.client.get_workflow_handle(one).result()
            while True:
                async with self.installation.database.read() as connection:
                    begun = [view is not None for view in await connection.scalars(select(review.c.view))]
                if all(begun):
                    break
                await asyncio.sleep(_POLL)
        await self.until_delivered()

    async def handle(self, number: str) -> None:
        """From the first answer to the solution, by whoever owns the case."""
        owner = (await self.until(number, lambda view: view["owner"]))["owner"]
        await self.send(number, "claim", owner)
        await self.send(number, "reply", owner, text="已定位到同步服务异常,正在修复")
        await self.solve(number, owner)

    async def solve(self, number: str, owner: str) -> None:
        """Send the solution."""
        await self.send(number, "resolve", owner, **_SOLUTION)

    async def close(self, number: str) -> None:
        """The customer confirms and rates; wait until the case is closed."""
        await self.until(number, lambda view: view["status"] == "awaiting_confirmation")
        await self.say(number, "confirm")
        await self.say(number, "rate", score="satisfied")
        await self.until(number, lambda view: view["closed_at"])

    async def complete(self, number: str) -> None:
        """From the first answer to the closed case."""
        await self.handle(number)
        await self.close(number)
