"""How a case sends signals to the cases that it is linked with (R28)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

from workflows.domain.case.aggregate import Case
from workflows.domain.case.parts import Forward

_AT_ONCE = 20
"""Cases signalled in one workflow task: all those signals have to fit into one message to the server, which is 4 MB."""


async def send_forwards(case: Case) -> list[Forward]:
    """Send the waiting signals, to many cases at once and to each in order; answers those whose case is over."""
    by_case: dict[str, list[Forward]] = {}
    for forward in case.take_forwards():
        by_case.setdefault(forward.to, []).append(forward)
    failed: list[Forward] = []
    cases = list(by_case.values())
    for start in range(0, len(cases), _AT_ONCE):
        sent = await asyncio.gather(*(_send(forwards) for forwards in cases[start : start + _AT_ONCE]))
        failed += [forward for forwards in sent for forward in forwards]
    return failed


async def _send(forwards: Sequence[Forward]) -> list[Forward]:
    failed = []
    for forward in forwards:
        try:
            await workflow.get_external_workflow_handle(forward.to).signal(forward.name, forward.fields)
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            # Closed, or never started: what that means to this case is for its rules to say.
            failed.append(forward)
    return failed
