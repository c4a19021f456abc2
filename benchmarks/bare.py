"""A workflow that only sleeps: the engine's own figures, to compare those of cases with."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow


@workflow.defn(name="BareTimer")
class BareTimer:
    """Sleeps, and answers how late it woke, in seconds."""

    @workflow.run
    async def run(self, seconds: float) -> float:
        """Sleep so many seconds."""
        due = workflow.now() + timedelta(seconds=seconds)
        await workflow.sleep(seconds)
        return (workflow.now() - due).total_seconds()
