"""What customers and agents do while things break: a handful of stories, each told by signals and the record alone."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from tests.faults.driver import Office
from workflows.domain.ids import task_workflow_id

Life = Callable[[Office, str], Coroutine[Any, Any, None]]
_PART = {"department": "sales", "duty": "核对合同约定的并发数"}


async def answered(office: Office, number: str) -> None:
    """Answered, solved, accepted."""
    await office.live(number)


async def untouched(office: Office, number: str) -> None:
    """Nobody touches it until it has climbed."""
    await office.until(number, lambda view: view["escalation_level"] >= 1)
    await office.live(number)


async def refused(office: Office, number: str) -> None:
    """The first solution is refused; a superior finds another."""
    await office.handle(number)
    await office.until(number, lambda view: view["status"] == "awaiting_confirmation")
    await office.send(number, "refuse", "customer", why="还是不行")
    await office.until(number, lambda view: view["reopened"] == 1)
    await office.live(number)


async def shared(office: Office, number: str) -> None:
    """Another department has to contribute before it is solved."""
    owner = (await office.until(number, lambda view: view["owner"]))["owner"]
    await office.send(number, "claim", owner)
    await office.send(number, "reply", owner, text="正在会同销售部核查")
    await office.send(number, "collaborate", owner, **_PART)
    view = await office.until(number, lambda view: view["collaborations"] and view["collaborations"][0]["person"])
    person = view["collaborations"][0]["person"]
    part = task_workflow_id(number, _PART["department"], 1)
    await office.send(part, "contribute", person, department="sales", result="合同约定500并发,客户未超出")
    await office.until(number, lambda view: view["collaborations"][0]["status"] == "done")
    await office.solve(number, owner)
    await office.close(number)


async def asked(office: Office, number: str) -> None:
    """The customer is asked for something, and has a word with somebody the case does not know."""
    owner = (await office.until(number, lambda view: view["owner"]))["owner"]
    await office.send(number, "claim", owner)
    await office.send(number, "request_info", owner, fields=["description.steps"], text="请补充操作步骤")
    await office.send(number, "note", "sales-001", text="客户是我们的老客户")
    await office.send(number, "supply", "customer", fields={"description.steps": "新建客户,填写,保存"})
    await office.solve(number, owner)
    await office.close(number)


async def withdrawn(office: Office, number: str) -> None:
    """It solved itself."""
    await office.until(number, lambda view: view["owner"])
    await office.send(number, "withdraw", "customer", why="已经好了")
    await office.until(number, lambda view: view["closed_at"])


LIVES: dict[str, Life] = {life.__name__: life for life in (answered, untouched, refused, shared, asked, withdrawn)}
