"""The standard life of a case: opened, claimed, replied to, reported on, resolved, confirmed, rated.

The driver sends a signal and waits for its outcome: that of a case as `bihuan` does, which asks the record; that of the
bare workflow, which has no record, by queries in the same rhythm. The same steps go to both.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Final

from temporalio.client import Client, WorkflowHandle

from activities.database.reader import reading_through
from benchmarks.bare_worker import QUEUE
from benchmarks.billing import actions
from benchmarks.forms import form
from starter.services.cases.outcomes import await_outcome
from starter.services.intake.submissions import Intake
from starter.services.results import CommandResult
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Priority

STEPS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("claim", "owner", {}),
    ("reply", "owner", {"text": "已收到,正在检查同步服务的日志。"}),
    ("progress", "owner", {"text": "已定位原因:同步任务超时,方案测试中。"}),
    ("resolve", "owner", {"cause": "同步任务超时", "solution": "已扩容并补同步数据", "verified": "yes"}),
    ("confirm", "customer", {}),
    ("rate", "customer", {"score": "very_satisfied"}),
)
_SYMPTOMS: Final = (
    "数据同步失败,客户列表停在昨天", "登录后页面一直转圈", "导出报表时提示网络错误", "小票打印不出来",
    "手机端收不到审批提醒", "考勤记录少了一天", "接口调用返回超时", "上传附件后看不到文件",
    "看板的数字和明细对不上", "修改密码后无法登录",
)  # fmt: skip
_ASKING: Final = 0.05
"""Seconds between a signal and the first question, as in `bihuan`."""
_AGAIN: Final = 0.02
_GREATEST_PAUSE: Final = 1.0


@dataclass
class Observations:
    """What was measured: seconds from each signal to its outcome, and the number of queries."""

    answered: list[float] = field(default_factory=list)
    queries: int = 0


class _CountedHandle(WorkflowHandle[Any, str]):
    """A workflow whose queries are counted, whoever asks them."""

    def __init__(self, client: Client, id_: str, observed: Observations) -> None:
        super().__init__(client, id_, result_type=str)
        self._observed = observed

    async def query(self, *arguments: Any, **options: Any) -> Any:
        self._observed.queries += 1
        return await super().query(*arguments, **options)


class LifeKind(ABC):
    """The standard life on one kind of workflow."""

    name: str

    def __init__(self, client: Client) -> None:
        self._client = client

    async def live(self, index: int, observed: Observations) -> str:
        """One life from its opening to its end; answers the workflow's id.

        Raises:
            Problem: a step was refused, or it ended otherwise than it should.
        """
        id_ = await self._open(index)
        handle = _CountedHandle(self._client, id_, observed)
        people = {"owner": await _owner(handle), "customer": "customer"}
        for step, (name, by, fields) in enumerate(STEPS):
            payload = {"command_id": f"{name}-{step}", "by": people[by], **fields}
            begun = time.perf_counter()
            await handle.signal(self._signal(name), payload)
            outcome = await self._outcome(handle, name, payload["command_id"])
            if outcome.outcome != "accepted":
                raise Problem(f"{id_}: {name} was {outcome.outcome}: {outcome.reason}")
            observed.answered.append(time.perf_counter() - begun)
        ended = await handle.result()
        if ended != "satisfied":
            raise Problem(f"{id_}: ended {ended}, not satisfied")
        return id_

    async def cost(self, id_: str) -> tuple[int, int]:
        """History events and billable actions of a life that is over."""
        events = (await self._client.get_workflow_handle(id_).fetch_history()).events
        return len(events), actions(events)

    @abstractmethod
    async def _open(self, index: int) -> str:
        """Begin; answers the workflow's id."""

    @abstractmethod
    def _signal(self, name: str) -> str:
        """What a step is called there."""

    @abstractmethod
    async def _outcome(self, handle: _CountedHandle, name: str, command_id: str) -> CommandResult:
        """What became of a step that was sent a moment ago, as soon as it is known."""


class Cases(LifeKind):
    """Through bihuan: the form is checked and registered, the case recorded step by step, its messages rendered."""

    name = "bihuan"

    def __init__(self, client: Client, intake: Intake) -> None:
        super().__init__(client)
        self._intake = intake

    async def _open(self, index: int) -> str:
        return (await self._intake.accept(life_form(index))).number

    def _signal(self, name: str) -> str:
        return name

    async def _outcome(self, handle: _CountedHandle, name: str, command_id: str) -> CommandResult:
        queued = CommandResult(handle.id, name, command_id, "queued")
        database = self._intake.installation.database
        with reading_through(database):
            while (found := await await_outcome(database.address, handle, queued, of=handle.id)).outcome == "queued":
                pass
        return found


class BareLives(LifeKind):
    """Through the engine alone."""

    name = "bare"

    async def _open(self, index: int) -> str:
        id_ = f"bare-{index}"
        await self._client.start_workflow("BareLife", len(STEPS), id=id_, task_queue=QUEUE)
        return id_

    def _signal(self, name: str) -> str:  # noqa: ARG002
        return "tell"

    async def _outcome(self, handle: _CountedHandle, name: str, command_id: str) -> CommandResult:
        pause = _ASKING
        while True:
            await asyncio.sleep(pause)
            answer = await handle.query("outcome", command_id)
            if answer["outcome"] == "accepted":
                return CommandResult(handle.id, name, command_id, "accepted")
            pause = _longer(pause)


def life_form(index: int, priority: Priority = Priority.P2) -> dict[str, Any]:
    """A complete form. Each is for a product of its own: repeated problems would be reviewed, which is another life."""
    symptom = _SYMPTOMS[index % len(_SYMPTOMS)]
    return form(priority, product=f"产品{index}", symptom=symptom, intake_key=f"life-{index}")


async def _owner(handle: _CountedHandle) -> str:
    """Who has to act, as soon as it is open."""
    pause = _ASKING
    while True:
        await asyncio.sleep(pause)
        state = await handle.query("state")
        if state is not None:
            return str(state["owner"])
        pause = _longer(pause)


def _longer(pause: float) -> float:
    """Pauses grow: queries in quick succession keep a worker that is behind from catching up."""
    return _AGAIN if pause == _ASKING else min(pause * 2, _GREATEST_PAUSE)
