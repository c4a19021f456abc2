"""Recorded cases as a log: the lines that `bihuan trial` reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from activities.queries.history_export import HistoryExport
from activities.rows import FaultyRow
from worker.installation.company_time import CompanyTime
from worker.installation.installation import Installation


async def count_past(installation: Installation, since: datetime | None, until: datetime | None) -> int:
    """How many cases were received in that span (`since` ≤ received < `until`)."""
    return await HistoryExport(installation.database, since, until).count()


async def exported_past(
    installation: Installation, company: CompanyTime, since: datetime | None, until: datetime | None
) -> AsyncIterator[list[dict[str, Any]] | str]:
    """The lines of one case after the other, times in the company's zone; of a case that cannot be read, why."""
    async for lines in HistoryExport(installation.database, since, until).logs():
        if isinstance(lines, FaultyRow):
            yield f"{lines.name}: cannot be read, and is left out: {lines.fault}"
        else:
            yield [company.localized(line) for line in lines]
