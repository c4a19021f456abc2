"""A customer's correction of a case that is closed: another run of the case takes it (R39)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from temporalio.client import Client
from temporalio.service import RPCError

from activities.database.reader import open_reader
from activities.database.url import DatabaseUrl
from worker.installation.settings import Settings
from workflows.case.input import CaseInput
from workflows.domain.case.corrections import may_be_corrected
from workflows.domain.commands.case import COMMANDS
from workflows.domain.commands.command import parse_command
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
    start = _read(rows[0]["input"]) if rows else None
    if start is None or start.aggregate is None:
        return False
    if not may_be_corrected(start.aggregate, parse_command(command, payload, number, COMMANDS), now):
        return False
    from worker.installation.installation import open_installation
    from worker.temporal.starting import start_correction

    async with open_installation(settings) as installation:
        try:
            await start_correction(client, installation, start, command, payload)
        except RPCError as error:
            raise Problem(f"{number}: Temporal did not take {command}: {error.message}") from None
    return True


def _read(kept: Any) -> CaseInput | None:
    """None for what this release cannot read: then the answer stands."""
    try:
        return CaseInput.model_validate(json.loads(kept) if isinstance(kept, str) else kept)
    except ValidationError:
        return None
