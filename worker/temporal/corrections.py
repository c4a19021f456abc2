"""Customers' corrections of closed cases: another run of the case takes each (R39)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from temporalio.client import Client

from activities.recording.corrections import kept_for_correction
from worker.installation.installation import Installation
from worker.temporal.starting import start_correction
from workflows.case.input import CaseInput
from workflows.domain.case.rules.corrections import may_be_corrected
from workflows.domain.commands.case import COMMANDS
from workflows.domain.commands.command import parse_command


def corrected_run(
    kept: Any, command: str, payload: Mapping[str, Any], number: str, *, now: datetime
) -> CaseInput | None:
    """What the run begins with that takes this command; None where the case takes it no more. `kept` is what the record
    has of it. What this release cannot read stands as it is.
    """
    try:
        start = CaseInput.model_validate(json.loads(kept) if isinstance(kept, str) else kept)
    except ValidationError:
        return None
    if start.aggregate is None:
        return None
    judged = may_be_corrected(start.aggregate, parse_command(command, payload, number, COMMANDS), now)
    return start if judged else None


async def correct(
    client: Client, installation: Installation, number: str, command: str, payload: Mapping[str, Any]
) -> bool:
    """Give the command to a closed case; False where that takes none any more, as most closed cases do.

    Raises:
        RPCError: the server did not take it; asking again is safe.
    """
    kept = await kept_for_correction(installation.database, number)
    start = corrected_run(kept, command, payload, number, now=installation.now()) if kept is not None else None
    if start is not None:
        await start_correction(client, installation, start, command, payload)
    return start is not None
