"""Calls to Temporal's frontend service: how long each kind of call may take, and what its errors mean."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from temporalio.service import RPCError, RPCStatusCode

RPC_TIMEOUT = timedelta(seconds=5)
"""A call that a person, or a sweep over many cases, waits for."""
ADMIN_RPC_TIMEOUT = timedelta(seconds=10)
"""A change of Schedules or worker deployments, for which the server does more."""
HISTORY_RPC_TIMEOUT = timedelta(seconds=20)
"""A page of a list or a history, where all that runs is read and nobody is in a hurry."""
POLLER_RPC_TIMEOUT = timedelta(seconds=3)
"""The look at a task queue's pollers; the health of a worker is reported every five seconds."""
DELIVERY_RPC_TIMEOUT = timedelta(seconds=2)
"""The start of a standalone delivery, all retries included; short, because a case waits for it while it records."""

_T = TypeVar("_T")


def is_unavailable(error: RPCError) -> bool:
    """Whether the server did not answer at all, as opposed to answering no."""
    return error.status in {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED}


def is_not_found(error: RPCError) -> bool:
    """Whether the server does not know what was asked for; a workflow that has ended takes no signals either."""
    return error.status is RPCStatusCode.NOT_FOUND


async def found_or_none(answer: Awaitable[_T]) -> _T | None:
    """The answer to a call, None where the server does not know what was asked for.

    Raises:
        RPCError: any other error.
    """
    try:
        return await answer
    except RPCError as error:
        if not is_not_found(error):
            raise
        return None
