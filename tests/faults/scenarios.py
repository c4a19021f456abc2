"""What people do with a case while things break: staff by signals, customers by the pages where there are any."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from tests.faults.driver import Driver
from workflows.domain.ids import task_workflow_id

Scenario = Callable[[Driver, str], Coroutine[Any, Any, None]]
_TASK = {"department": "sales", "duty": "核对合同约定的并发数"}


async def answered(driver: Driver, number: str) -> None:
    """Answered, solved, accepted."""
    await driver.complete(number)


async def untouched(driver: Driver, number: str) -> None:
    """Nobody touches it until it has escalated."""
    await driver.until(number, lambda view: view["escalation_level"] >= 1)
    await driver.complete(number)


async def refused(driver: Driver, number: str) -> None:
    """The first solution is refused; a superior finds another."""
    await driver.handle(number)
    await driver.until(number, lambda view: view["status"] == "awaiting_confirmation")
    await driver.say(number, "refuse", why="还是不行")
    await driver.until(number, lambda view: view["reopened"] == 1)
    await driver.complete(number)


async def shared(driver: Driver, number: str) -> None:
    """Another department has to contribute before it is solved."""
    owner = (await driver.until(number, lambda view: view["owner"]))["owner"]
    await driver.send(number, "claim", owner)
    await driver.send(number, "reply", owner, text="正在会同销售部核查")
    await driver.send(number, "collaborate", owner, **_TASK)
    view = await driver.until(number, lambda view: view["collaborations"] and view["collaborations"][0]["person"])
    person = view["collaborations"][0]["person"]
    task = task_workflow_id(number, _TASK["department"], 1)
    await driver.send(task, "contribute", person, department="sales", result="合同约定500并发,客户未超出")
    await driver.until(number, lambda view: view["collaborations"][0]["status"] == "done")
    await driver.solve(number, owner)
    await driver.close(number)


async def asked(driver: Driver, number: str) -> None:
    """The customer is asked for something, and has a word with somebody the case does not know."""
    owner = (await driver.until(number, lambda view: view["owner"]))["owner"]
    await driver.send(number, "claim", owner)
    await driver.send(number, "request_info", owner, fields=["description.steps"], text="请补充操作步骤")
    await driver.send(number, "note", "sales-001", text="客户是我们的老客户")
    await driver.say(number, "supply", fields={"description.steps": "新建客户,填写,保存"})
    await driver.solve(number, owner)
    await driver.close(number)


async def withdrawn(driver: Driver, number: str) -> None:
    """The customer withdraws it."""
    await driver.until(number, lambda view: view["owner"])
    await driver.say(number, "withdraw", why="已经好了")
    await driver.until(number, lambda view: view["closed_at"])


SCENARIOS: dict[str, Scenario] = {one.__name__: one for one in (answered, untouched, refused, shared, asked, withdrawn)}
