"""The machine: the settings a process here would start with, and the folders it writes to."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from starter.doctor.context import DoctorContext
from starter.doctor.line import CheckResult, CheckResults
from worker.installation.config_file import PREFIX, config_file


async def settings(ward: DoctorContext) -> Iterable[CheckResult]:
    """Where they come from; what is wrong with them is said before anything is looked at."""
    given = sorted(name for name in os.environ if name.startswith(PREFIX))
    places = [str(file)] if (file := config_file()) else []
    places += [f"{len(given)} variables ({', '.join(given)})"] if given else []
    return [CheckResults("settings").ok(f"data {ward.settings.data}; from {' and '.join(places) or 'the defaults'}")]


async def folders(ward: DoctorContext) -> Iterable[CheckResult]:
    """Those that are written to."""
    said = CheckResults("folders")
    kinds = {"archive": ward.settings.archive_folder, "reports": ward.settings.report_folder}
    lines = []
    for name, folder in kinds.items():
        if why := _unusable(folder):
            todo = f"make it a folder that this user may write to, or name another with BIHUAN_{name.upper()}"
            lines.append(said.fault(f"{name}: {folder} {why}", todo))
    return lines or [said.ok("archive and reports can be written")]


def _unusable(folder: Path) -> str | None:
    """Why nothing can be put there; one that is not there yet is made by whoever needs it."""
    folder = folder.absolute()
    nearest = folder
    while not nearest.exists():
        nearest = nearest.parent
    if not nearest.is_dir():
        return "is a file" if nearest == folder else f"cannot be made: {nearest} is a file"
    if not os.access(nearest, os.W_OK | os.X_OK):
        return "may not be written by this user" if nearest == folder else f"cannot be made: {nearest} is read-only"
    return None
