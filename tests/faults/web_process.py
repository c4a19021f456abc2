"""A process that serves the customers' pages, to be killed and started again."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starter.web.server import serving_pages
from worker.installation.settings import Settings


def serve(settings: Mapping[str, Any], temporal: str, port: int, log: Path) -> None:
    """Serve until it is killed; its output goes to `log`."""
    with log.open("ab", buffering=0) as said:
        os.dup2(said.fileno(), sys.stdout.fileno())
        os.dup2(said.fileno(), sys.stderr.fileno())
    os.environ["TEMPORAL_ADDRESS"] = temporal
    web = {**settings["web"], "port": port}
    asyncio.run(_serve(Settings(**{**settings, "web": web})))


async def _serve(settings: Settings) -> None:
    async with serving_pages(settings):
        await asyncio.Event().wait()
