"""Where a closed case is archived, as `bihuan show` has it."""

from __future__ import annotations

from typing import Any

from activities.queries.case_record import CaseRecord
from worker.installation.reading_settings import ReadingSettings


async def archived_as(place: ReadingSettings, file: CaseRecord) -> dict[str, Any] | None:
    """`file`, `sha256`, `archived_at` and `masked_at`; None for a case that is open, or not archived."""
    if file.view is None or file.view["closed_at"] is None:
        return None
    from activities.archive.status import archive_standing
    from activities.database.url import DatabaseUrl

    return await archive_standing(DatabaseUrl.parse(place.database), file.number)
