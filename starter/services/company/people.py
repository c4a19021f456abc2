"""People by their ids, for lists that people read."""

from __future__ import annotations

from activities.database.url import DatabaseUrl
from activities.queries.people import People, read_people
from worker.installation.company_time import RecordSettings
from workflows.domain.problem import Problem


async def known_people(settings: RecordSettings) -> People:
    """The people of the organisation in force; nobody where it cannot be read, which hides no case."""
    try:
        return await read_people(DatabaseUrl.parse(settings.database))
    except (Problem, KeyError, TypeError, ValueError):
        return People()
