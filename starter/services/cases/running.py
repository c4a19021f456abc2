"""Cases that run, found by a list filter of Temporal; apart from `case_list`, which needs the record only."""

from __future__ import annotations

from temporalio.service import RPCError, RPCStatusCode

from worker.installation.settings import Settings
from worker.temporal.connection import connect
from worker.temporal.pausing import OPEN
from workflows.domain.problem import Problem
from workflows.search_attributes import SEARCH_ATTRIBUTES


class InvalidListFilterError(Problem):
    """A list filter that Temporal does not understand."""


async def running_numbers(settings: Settings, query: str) -> set[str]:
    """Numbers of the cases that run and that a list filter of Temporal finds; its list lags a second or so.

    Raises:
        InvalidListFilterError: Temporal does not understand the filter; the line says why and what may stand in one.
        Problem: Temporal does not answer.
    """
    client = await connect(settings)
    cases = f"WorkflowType = 'Case' AND {OPEN} AND ({query})"
    try:
        return {one.id async for one in client.list_workflows(cases)}
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise Problem(f"Temporal does not list cases: {error.message}") from None
        why = " ".join(error.message.removeprefix("invalid query: ").split())
        known = ", ".join(key.name for key in SEARCH_ATTRIBUTES)
        raise InvalidListFilterError(f"{why}; allowed: a list filter on {known}") from None
