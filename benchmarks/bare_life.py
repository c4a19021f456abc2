"""The standard life in a bare workflow: the same signals, timer and queries, and activities that do nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow

_DEADLINE = timedelta(hours=4)
"""Of the one timer, which never fires."""
_ACTIVITY = timedelta(seconds=5)


@activity.defn
async def note_nothing(text: str) -> str:
    """The least an activity can do."""
    return text


@workflow.defn(name="BareLife")
class BareLife:
    """Takes so many signals, runs one local activity for each, then ends."""

    @workflow.init
    def __init__(self, signals: int) -> None:
        self._left = signals
        self._inbox: list[str] = []
        self._answered: dict[str, bool] = {}
        self._opened = False

    @workflow.run
    async def run(self, signals: int) -> str:  # noqa: ARG002 - `__init__` has it
        """One activity to open, a timer, and one activity a signal."""
        await self._note("open")
        self._opened = True
        timer = asyncio.create_task(workflow.sleep(_DEADLINE))
        while self._left:
            await workflow.wait_condition(lambda: bool(self._inbox) or timer.done())
            while self._inbox:
                await self._note(self._inbox.pop(0))
                self._left -= 1
        timer.cancel()
        return "satisfied"

    @workflow.signal
    def tell(self, command: dict[str, Any]) -> None:
        """One step of the life."""
        self._answered[command["command_id"]] = True
        self._inbox.append(command["command_id"])

    @workflow.query
    def state(self) -> dict[str, Any] | None:
        """None before it is open."""
        return {"owner": "tech-001"} if self._opened else None

    @workflow.query
    def outcome(self, command_id: str) -> dict[str, Any]:
        """What became of a signal."""
        return {"outcome": "accepted" if command_id in self._answered else "unknown"}

    async def _note(self, text: str) -> None:
        await workflow.execute_local_activity(note_nothing, text, schedule_to_close_timeout=_ACTIVITY)
