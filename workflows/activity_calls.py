"""How durable objects call their activities: quickly while all is well, durably when something is down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception

from workflows import ports
from workflows.domain.model import one_line

_Input = TypeVar("_Input")
_Output = TypeVar("_Output")

_QUICK = timedelta(seconds=5)
"""All attempts of a local activity together; it costs one event of history instead of three."""
_QUICK_RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=3)
_ATTEMPT = timedelta(seconds=10)
"""One attempt of an ordinary activity; what a killed worker had in hand waits as long."""
_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=20))
_DELIVERY_ATTEMPT = timedelta(minutes=2)
_DELIVERY_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=10))


async def call(
    activity: Callable[[_Input], Awaitable[_Output]],
    argument: _Input,
    *,
    summary: str,
    on_trouble: Callable[[str], None],
    local: bool = True,
) -> _Output:
    """Run a short activity to its end, however long that takes.

    First as a local activity. When that fails (the database is away) as an ordinary one, retried by the server
    without end: it grows no history, and the Web UI shows it pending with its last failure.

    What follows on a local activity must not depend on what else has come in meanwhile: a replay may get its result
    earlier than the workflow got it the first time. Where it does depend on that, the activity is not `local`.
    """
    try:
        if not local:
            return await workflow.execute_activity(
                activity, argument, start_to_close_timeout=_QUICK, retry_policy=_QUICK_RETRIES, summary=summary[:180]
            )
        return await workflow.execute_local_activity(
            activity, argument, schedule_to_close_timeout=_QUICK, retry_policy=_QUICK_RETRIES
        )
    except FailureError as error:
        # Not ActivityError: a local activity that timed out raises one when it happens, and a bare TimeoutError when
        # its history is replayed. A workflow that tells them apart goes another way after a restart.
        if is_cancelled_exception(error):
            raise
        on_trouble(f"{summary}: {root_cause(error)}")
    return await workflow.execute_activity(
        activity, argument, start_to_close_timeout=_ATTEMPT, retry_policy=_RETRIES, summary=summary[:180]
    )


def deliver_in_background(tasks: set[asyncio.Task[Any]], delivery: ports.Delivery) -> None:
    """Deliver notifications without holding up the case; `tasks` keeps them until they are done."""
    task = asyncio.create_task(_deliver(delivery))
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def _deliver(delivery: ports.Delivery) -> None:
    try:
        await workflow.execute_activity(
            ports.deliver,
            delivery,
            start_to_close_timeout=_DELIVERY_ATTEMPT,
            heartbeat_timeout=ports.DELIVERY_HEARTBEAT,
            retry_policy=_DELIVERY_RETRIES,
            summary=f"通知 {len(delivery.keys)}",
        )
    except ActivityError as error:
        # The outbox shows what was not sent; a case does not fail because a message could not be delivered.
        workflow.logger.error("delivery for %s ended: %s", delivery.number, root_cause(error))


def root_cause(error: BaseException) -> str:
    """The first failure in a chain of causes, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return one_line(str(error))
