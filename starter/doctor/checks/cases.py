"""Cases that cannot go on, and cases of people who are no longer there: what `bihuan stuck` lists, in a line each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from activities.queries.monitoring.attention import AttentionReason
from starter.doctor.check import Check, CheckResult
from starter.doctor.context import DoctorContext
from starter.services.system.stuck import StuckItem, find_stuck

_CANNOT_GO_ON = ("activity_failing", "task_failing", AttentionReason.NOT_OPENED)
_LEFT = (AttentionReason.PERSON_LEFT, AttentionReason.REVIEW_PERSON_LEFT)
_NAMED = 3


async def cases(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether every case can go on, and belongs to somebody who is there."""
    check = Check("cases")
    await context.database()
    found, _ = await find_stuck(context.settings, await context.company())
    results = []
    for reason in _CANNOT_GO_ON:
        for error in dict.fromkeys(one.error for one in found if one.reason == reason):
            same = [one for one in found if (one.reason, one.error) == (reason, error)]
            why = f": {error}" if error else ""
            results.append(check.fault(f"{reason}: {_some(same)}{why}", "mend what it says; see bihuan stuck"))
    gone = [one for one in found if one.reason in _LEFT]
    for who in dict.fromkeys(one.who for one in gone):
        what = (
            f"{who} is no longer in the organisation, and is waited for in {_some([o for o in gone if o.who == who])}"
        )
        results.append(check.warning(what, "bihuan org handover --as operator; see bihuan stuck"))
    return results or [check.ok("every case can go on, and belongs to somebody who is there")]


def _some(items: Sequence[StuckItem]) -> str:
    numbers = list(dict.fromkeys(item.number for item in items))
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    return ", ".join(numbers[:_NAMED]) + more
