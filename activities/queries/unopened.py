"""Registered cases that no worker has opened yet: as a rule the last few, or none."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, func, select

from activities.database.tables import case_record, registration

# Every recorded case is registered, so the difference of both counts, of the same moment, is how many there are. Once
# so many are found nothing else is looked at: with none, and with the latest, the other hundred thousands are left out.
_COUNT: Final = (
    select(func.count()).select_from(registration).correlate(None).scalar_subquery()
    - select(func.count()).select_from(case_record).correlate(None).scalar_subquery()
)


def unopened() -> Select[Any]:
    """`number`, `received_at` and `started_at` of those cases, the latest first."""
    return (
        select(registration.c.number, registration.c.received_at, registration.c.started_at)
        .outerjoin(case_record, case_record.c.number == registration.c.number)
        .where(case_record.c.number.is_(None))
        .order_by(registration.c.received_at.desc())
        .limit(_COUNT)
    )
