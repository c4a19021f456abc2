"""Likely answers of a case, as `bihuan show` has them: computed when asked for, of open cases only."""

from __future__ import annotations

from typing import Any

from activities.queries.case_record import CaseRecord
from worker.installation.reading_settings import ReadingSettings
from workflows.domain.problem import Problem


async def suggestions_for(place: ReadingSettings, file: CaseRecord) -> dict[str, Any] | None:
    """Articles, earlier cases and open ones like it; None for a case that is closed or was not opened yet.

    A database that has no knowledge base yet has no suggestions: the case is shown all the same.
    """
    if file.view is None or file.view["closed_at"] is not None:
        return None
    from activities.database.reader import open_reader
    from activities.database.url import DatabaseUrl
    from activities.knowledge.suggestion import suggest

    view: dict[str, Any] = dict(file.view)
    try:
        async with open_reader(DatabaseUrl.parse(place.database)) as reader:
            return await suggest(reader, file.number, file.form, type=view["type"], subtype=view["subtype"])
    except Problem:
        return None
