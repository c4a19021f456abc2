"""Whether all workers that run have the same policy, templates, mail server and keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from activities.queries.monitoring.workers import Workers, differences
from starter.doctor.check import Check, CheckResult
from starter.doctor.context import DoctorContext


async def alike(context: DoctorContext) -> Iterable[CheckResult]:
    """What differs between the workers that run: cases are treated differently then, by whichever has them."""
    check = Check("worker settings")
    workers = await Workers(await context.database()).alive(datetime.now(UTC))
    if found := differences(workers):
        return [check.fault(one.what, one.way_out) for one in found]
    names = ", ".join(worker.name for worker in workers)
    return [check.ok(f"{names}: alike" if names else "no worker has said within the last minute what it goes by")]
