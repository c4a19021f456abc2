"""Notes that a backup was made, so that a record restored from it alone is recognised as older than Temporal."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from temporalio.service import RPCError

from worker.installation.installation import open_installation
from worker.installation.settings import load_settings
from worker.temporal.connection import connect
from worker.temporal.generation import advance
from workflows.domain.problem import Problem


async def note_backup(data: Path) -> None:
    """Let the generation of record and Temporal grow, so that this backup of the record, brought back alone, is known
    to be older. Where Temporal does not answer, the next start of a worker does it.
    """
    with suppress(Problem, RPCError):
        settings = load_settings(data=data)
        client = await connect(settings)
        async with open_installation(settings) as installation:
            await advance(client, installation)
