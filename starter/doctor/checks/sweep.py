"""The latest sweep, and one by hand: what was left lying, and where record and Temporal disagree."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from activities.queries.monitoring.sweeps import Sweep
from starter.doctor.check import Check, CheckResult, CheckSkippedError
from starter.doctor.context import CheckFunction, DoctorContext
from starter.services.system.remedies import remedy
from worker.composition_root import build_sweeping, choose_delivery
from worker.installation.installation import open_installation
from workflows.domain.problem import Problem
from workflows.ports import SweepOrder

_NAMED = 20
_STARTING = timedelta(seconds=30)
"""Registered cases are started for so long; what is left then is the sweep's of the worker."""


async def last_sweep(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether the Schedule sweeps in time, and what its latest sweep could not do."""
    check = Check("last sweep")
    sweep = await context.sweep()
    if sweep is None:
        todo = "the first comes two minutes after a worker has started; by hand: bihuan doctor --mend"
        return [check.warning("there was none yet", todo)]
    run, ago = sweep.run, datetime.now(UTC) - sweep.run.ended
    what = f"{ago.total_seconds():.0f} s ago, {(run.ended - run.began).total_seconds():.1f} s long: {run.summary()}"
    if ago > run.overdue_after:
        todo = "see that a worker runs, and that nobody paused the Schedule bihuan-sweep in the Web UI"
        return [check.fault(f"the last was {what}", todo)]
    todo = "the next sweep tries again; if it stays, see the check it speaks of, and the worker's log"
    return [check.ok(what), *(check.warning(fault, todo) for fault in run.faults)]


def sweep_by_hand(*, mend: bool) -> CheckFunction:
    """A check that sweeps now; only with `mend` it changes anything, as the Schedule's sweep does."""

    async def sweep(context: DoctorContext) -> Iterable[CheckResult]:
        client = await context.client()
        await context.database()
        try:
            async with open_installation(context.settings) as installation:
                start_deliveries = choose_delivery(client, context.settings)
                sweeping = build_sweeping(client, installation, start_deliveries)
                order = SweepOrder(every=context.settings.sweep.total_seconds())
                swept = await sweeping.run_sweep(order, mend=mend, renumber=mend, within=_STARTING)
                return list(_results(swept, mended=mend))
        except Problem as problem:
            raise CheckSkippedError(str(problem).splitlines()[0]) from None

    return sweep


def _results(sweep: Sweep, *, mended: bool) -> Iterable[CheckResult]:
    check, run = Check("sweep"), sweep.run
    found = {
        f"{run.started} registered cases or reviews had no workflow": run.started,
        f"{run.redelivered} messages were in nobody's hands": run.redelivered,
    }
    for what, count in found.items():
        if count and mended:
            yield check.ok(f"{what}: mended")
        elif count:
            yield check.fault(what, "bihuan doctor --mend, or wait for the next sweep")
    if run.left:
        todo = "the worker's sweeps go on with them, the most urgent first; or once more: bihuan doctor --mend"
        yield check.warning(f"{run.left} registered cases have no workflow yet", todo)
    for fault in run.faults:
        yield check.warning(fault, "try again; if it stays, see the check it speaks of")
    for one in sweep.found[:_NAMED]:
        name = one.number if one.workflow == one.number else f"{one.number} ({one.workflow})"
        yield check.fault(f"{name}: {one.reason}{f', {one.what}' if one.what else ''}", remedy(one))
    if run.disagreements > _NAMED:
        left = run.disagreements - _NAMED
        yield check.fault(f"{left} more disagreements", "so many have one cause, such as a restored backup: see above")
    if not (any(found.values()) or run.disagreements or run.faults):
        yield check.ok(f"{run.workflows} workflows run as the record says")
