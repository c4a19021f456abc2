"""What became of a command that was sent: by the record, or by the workflow itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, Literal

from temporalio.client import WorkflowHandle, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.service import RPCError, RPCStatusCode

from activities.database.judged import find_judged
from activities.database.reader import Reader, kept_open, open_reader
from activities.database.url import DatabaseUrl
from starter.services.results import CommandResult
from worker.encryption.failures import MissingKeyError
from worker.temporal.pausing import unpause
from worker.temporal.rpc import is_unavailable
from workflows.domain.problem import Problem

_ANSWER_WITHIN: Final = 3.0
"""Seconds for a worker to judge a command before its outcome counts as queued; the server keeps it either way."""
_RECORDED_WITHIN: Final = 1.0
"""Seconds of these for the record to have it, before the workflow is asked: it takes as long only where something is
amiss (no worker, a database that is away), or where a closed case took no note of it any more.
"""
_FIRST_PAUSE: Final = 0.05
"""Seconds for a case to record what it judged; a query before that adds three events to its history."""
_SECOND_PAUSE, _LONGEST_PAUSE = 0.02, 0.2
NO_WORKER: Final = "no worker has answered yet; the server keeps the command, and the case judges it when one does"

Kind = Literal["case", "review"]


async def recorded_outcome(
    address: DatabaseUrl, asked: CommandResult, of: str, *, kind: Kind = "case"
) -> CommandResult | None:
    """What became of a command to that case or review, where its timeline has it already.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        return await _find(reader, asked, of, kind)


async def await_outcome(
    address: DatabaseUrl,
    handle: WorkflowHandle[Any, Any],
    queued: CommandResult,
    *,
    of: str | None,
    kind: Kind = "case",
) -> CommandResult:
    """What becomes of a command that was sent to that workflow a moment ago; `queued` where nobody says it in time.

    `of`: the case or review whose timeline will have it. The timeline is asked first: a query is a workflow task, has a
    worker replay the whole history of a case that the command has closed, and adds events to it in the middle of a
    step. None: no timeline has it (a department's task), or not soon.

    Raises:
        Problem: it was sent, and its outcome cannot be known here.
    """
    until = time.monotonic() + _ANSWER_WITHIN
    if of is None:
        await asyncio.sleep(_FIRST_PAUSE)
    elif known := await _by_record(address, queued, of, kind):
        return known
    return await _by_query(handle, queued, until)


async def _by_record(address: DatabaseUrl, queued: CommandResult, of: str, kind: Kind) -> CommandResult | None:
    """None where the record cannot be read either: the workflow may know all the same."""
    until = time.monotonic() + _RECORDED_WITHIN
    with suppress(Problem, TimeoutError):
        async with asyncio.timeout(_ANSWER_WITHIN), kept_open(address) as read:
            async for _ in _pauses(_FIRST_PAUSE):
                async with read() as reader:
                    if known := await _find(reader, queued, of, kind):
                        return known
                if time.monotonic() >= until:
                    break
    return None


async def _by_query(handle: WorkflowHandle[Any, Any], queued: CommandResult, until: float) -> CommandResult:
    async for _ in _pauses(0):
        if (left := until - time.monotonic()) <= 0:
            break
        try:
            answer = await handle.query("outcome", queued.command_id, rpc_timeout=timedelta(seconds=left))
        except WorkflowQueryFailedError:
            return queued
        except WorkflowQueryRejectedError:
            waits = f"{handle.id} is paused; it judges the command when it goes on: {unpause(handle.id)}"
            return replace(queued, reason=waits)
        except MissingKeyError as missing:
            raise Problem(f"{queued.number}: sent unencrypted, but its outcome is not known: {missing}") from None
        except RPCError as error:
            if is_unavailable(error) or error.status is RPCStatusCode.FAILED_PRECONDITION:
                return queued
            raise Problem(f"{queued.number}: sent, but its outcome is not known: {error.message}") from None
        if known := _answered(queued, answer):
            return known
    return queued


def _answered(asked: CommandResult, answer: dict[str, Any]) -> CommandResult | None:
    """The outcome that the query `outcome` was answered with; None where there is none yet."""
    if answer["outcome"] not in {"accepted", "rejected"}:
        return None
    return replace(asked, outcome=answer["outcome"], reason=answer.get("reason"))


async def _find(reader: Reader, asked: CommandResult, of: str, kind: Kind) -> CommandResult | None:
    judged = await find_judged(reader, of, asked.command_id, kind=kind)
    if judged is None:
        return None
    return replace(asked, outcome="accepted" if judged.reason is None else "rejected", reason=judged.reason)


async def _pauses(first: float) -> AsyncIterator[None]:
    """Longer and longer ones, one before each turn."""
    await asyncio.sleep(first)
    pause = _SECOND_PAUSE
    while True:
        yield
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
