"""A case workflow as a later release might have it: one command more, behind a patch, as CONTRIBUTING asks for."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow
from workflows.domain.case.aggregate import Case
from workflows.ports import Recorded

PATCH = "pause-after-recording"


@workflow.defn(name="Case")
class NextCaseWorkflow(CaseWorkflow):
    """Pauses a moment after each record: a command that no history of today has."""

    @workflow.init
    def __init__(self, start: CaseInput) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseInput) -> str:
        return await super().run(start)

    async def _follow(self, case: Case, recorded: Recorded) -> None:
        await super()._follow(case, recorded)
        if workflow.patched(PATCH):
            await workflow.sleep(timedelta(milliseconds=1))
