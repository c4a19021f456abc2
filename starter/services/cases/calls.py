"""The calls that one person has to make, as a list of work: whom, about what, by when (R21, R23, R43)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from activities.database.url import DatabaseUrl
from activities.delivery.outbox import Outbox
from activities.queries.workload import open_cases_calling
from workflows.domain.case.recorded.calls import CallReason, call_due, reasons_to_call

if TYPE_CHECKING:
    from activities.queries.case_record import CaseRecord
    from worker.installation.installation import Installation


@dataclass(frozen=True)
class PhoneCall:
    """One case whose customer has to be called; everything there is to say is said in one call.

    Attributes:
        record: the case, without its timeline.
        reasons: why.
        due: by when, ISO 8601 with offset; None where no clock runs.
        untold: the messages that no channel brings: which, and its text as it is to be told, where that is known.
    """

    record: CaseRecord
    reasons: tuple[CallReason, ...]
    due: str | None
    untold: list[tuple[str, str]] = field(default_factory=list)


async def calls_of(installation: Installation, person: str, *, most: int) -> tuple[list[PhoneCall], int]:
    """The calls of that person, the earliest due first: at most so many, and how many there are.

    Raises:
        Problem: the database cannot be read.
    """
    found: list[PhoneCall] = []
    for record in await open_cases_calling(DatabaseUrl.parse(installation.settings.database), person):
        if record.view is not None and (reasons := reasons_to_call(record.view, person)):
            view = record.view
            dues = [due for reason in reasons if (due := call_due(view, reason))]
            found.append(PhoneCall(record, reasons, min(dues, key=datetime.fromisoformat, default=None)))
    found.sort(key=lambda call: (call.due is None, _instant(call.due), call.record.number))
    shown = found[:most]
    texts = await _texts(installation, shown)
    for call in shown:
        if CallReason.TELL in call.reasons and call.record.view is not None:
            call.untold.extend((one["message"], texts.get(one["key"], "")) for one in call.record.view["untold"])
    return shown, len(found)


async def _texts(installation: Installation, calls: list[PhoneCall]) -> dict[str, str]:
    views = [call.record.view for call in calls if CallReason.TELL in call.reasons]
    keys = sorted({one["key"] for view in views if view is not None for one in view.get("untold", ())})
    database = installation.database
    async with database.read() as connection:
        return await Outbox(database).texts(connection, keys, portal=installation.settings.web.url or "")


def _instant(due: str | None) -> float:
    return datetime.fromisoformat(due).timestamp() if due else 0.0
