"""A customer's correction of a case that is closed: another run of the case takes it (R39)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError

from activities.database.reader import open_reader
from activities.database.url import DatabaseUrl
from worker.installation.settings import Settings
from workflows.domain.problem import Problem

_KEPT = "SELECT input FROM correction WHERE number = $1"


async def correct(
    client: Client, settings: Settings, number: str, command: str, payload: Mapping[str, Any], *, now: datetime
) -> bool:
    """Give the command to a closed case; False where that takes none any more, as most closed cases do.

    Raises:
        Problem: Temporal did not take it.
    """
    async with open_reader(DatabaseUrl.parse(settings.database)) as reader:
        rows = await reader.rows(_KEPT, number)
    if not rows:
        return False
    from worker.temporal.corrections import corrected_run

    start = corrected_run(rows[0]["input"], command, payload, number, now=now)
    if start is None:
        return False
    from worker.installation.installation import open_installation
    from worker.temporal.starting import start_correction

    async with open_installation(settings) as installation:
        try:
            await start_correction(client, installation, start, command, payload)
        except RPCError as error:
            raise Problem(f"{number}: Temporal did not take {command}: {error.message}") from None
    return True
