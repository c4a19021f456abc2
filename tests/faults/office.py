"""The people of a company while things break: they send what they have to say until the server has taken it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.form import parse_form
from activities.outbox import OPEN
from activities.tables import case_record, outbox
from worker.installation import Installation
from worker.starting import start_case

PATIENCE = 60.0
"""Seconds after which something that should have happened has not; reached only by a test that fails."""
_SOON = 0.1
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


@dataclass
class Office:
    """`acknowledged`: workflow id -> command ids that the server has said it keeps."""

    installation: Installation
    client: Client
    acknowledged: dict[str, list[str]] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=itertools.count)

    async def accept(self, form: dict[str, Any]) -> str:
        """Register a submission; the number, whose case is not started yet."""
        installation = self.installation
        now = installation.now()
        organisation = await installation.directory.current()
        parsed = parse_form(form, now=now, policy=installation.policy, organisation=organisation)
        day = installation.local(now).date()
        return (await installation.register.register(parsed, received_at=now, day=day)).number

    async def open(self, form: dict[str, Any], *, task_queue: str | None = None) -> str:
        """Register a submission and start its case on that task queue (the installation's where none is given)."""
        number = await self.accept(form)
        queue = task_queue or self.installation.settings.task_queue
        await start_case(self.client, number, time=self.installation.time, task_queue=queue)
        await self.installation.register.mark_started(number)
        return number

    async def send(self, id_: str, command: str, by: str, **fields: Any) -> None:
        """A signal, again and again under one command id until the server has acknowledged it."""
        command_id = f"{command}-{next(self._ids)}"
        payload = {"command_id": command_id, "by": by, **fields}
        handle = self.client.get_workflow_handle(id_)
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await handle.signal(command, payload, rpc_timeout=_RPC_TIMEOUT)
                except RPCError as error:
                    if error.status is RPCStatusCode.NOT_FOUND:
                        raise
                    await asyncio.sleep(_SOON)
                else:
                    break
        self.acknowledged.setdefault(id_, []).append(command_id)

    async def views(self) -> dict[str, View]:
        """Every case as it is recorded."""
        async with self.installation.database.read() as connection:
            return {row.number: row.view for row in await connection.execute(select(case_record))}

    async def until(self, number: str, holds: Callable[[View], Any], *, patience: float = PATIENCE) -> View:
        """Wait until the record of a case shows it; answers the view."""
        view: Any = None
        try:
            async with asyncio.timeout(patience):
                while True:
                    async with self.installation.database.read() as connection:
                        view = await connection.scalar(select(case_record.c.view).where(case_record.c.number == number))
                    if isinstance(view, dict) and holds(view):
                        return view
                    await asyncio.sleep(_SOON)
        except TimeoutError:
            raise AssertionError(f"{number}: did not come to pass; last seen: {view}") from None

    async def until_delivered(self, *, patience: float = PATIENCE) -> None:
        """Wait until no notification is on its way any more."""
        left: list[str] = []
        try:
            async with asyncio.timeout(patience):
                while True:
                    async with self.installation.database.read() as connection:
                        left = list(await connection.scalars(select(outbox.c.key).where(outbox.c.status.in_(OPEN))))
                    if not left:
                        return
                    await asyncio.sleep(_SOON)
        except TimeoutError:
            raise AssertionError(f"{len(left)} notifications are not delivered: {left[:5]}") from None

    async def handle(self, number: str) -> None:
        """From the first answer to the solution, by whoever owns the case."""
        owner = (await self.until(number, lambda view: view["owner"]))["owner"]
        await self.send(number, "claim", owner)
        await self.send(number, "reply", owner, text="已定位到同步服务异常,正在修复")
        await self.send(number, "resolve", owner, **_SOLUTION)

    async def close(self, number: str) -> None:
        """The customer is satisfied."""
        await self.until(number, lambda view: view["status"] == "awaiting_confirmation")
        await self.send(number, "confirm", "customer")
        await self.send(number, "rate", "customer", score="satisfied")
        await self.until(number, lambda view: view["closed_at"])
