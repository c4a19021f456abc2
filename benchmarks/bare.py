"""The engine without us: what a measurement of ours is held against."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow


@workflow.defn(name="BareTimer")
class BareTimer:
    """Sleeps, and says how late it woke (seconds)."""

    @workflow.run
    async def run(self, seconds: float) -> float:
        """As little as a workflow with a timer can do."""
        due = workflow.now() + timedelta(seconds=seconds)
        await workflow.sleep(seconds)
        return (workflow.now() - due).total_seconds()
