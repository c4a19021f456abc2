"""The machine: the settings a process here would start with, and the folders it writes to."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from starter.doctor.check import Check, CheckResult
from starter.doctor.context import DoctorContext
from worker.installation.config_file import PREFIX, config_file


async def settings(context: DoctorContext) -> Iterable[CheckResult]:
    """Where they come from; faults in them are reported before any check is run."""
    given = sorted(name for name in os.environ if name.startswith(PREFIX))
    places = [str(file)] if (file := config_file()) else []
    places += [f"{len(given)} variables ({', '.join(given)})"] if given else []
    return [Check("settings").ok(f"data {context.settings.data}; from {' and '.join(places) or 'the defaults'}")]


async def folders(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether those that are written to can be."""
    check = Check("folders")
    kinds = {"archive": context.settings.archive_folder, "reports": context.settings.report_folder}
    results = []
    for name, folder in kinds.items():
        if why := _unusable(folder):
            todo = f"make it a folder that this user may write to, or name another with BIHUAN_{name.upper()}"
            results.append(check.fault(f"{name}: {folder} {why}", todo))
    return results or [check.ok("archive and reports can be written")]


def _unusable(folder: Path) -> str | None:
    """Why nothing can be written there. A folder that does not exist yet is made when it is needed."""
    folder = folder.absolute()
    nearest = folder
    while not nearest.exists():
        nearest = nearest.parent
    if not nearest.is_dir():
        return "is a file" if nearest == folder else f"cannot be made: {nearest} is a file"
    if os.statvfs(nearest).f_flag & os.ST_RDONLY:
        return "is on a file system that is read-only"
    if not os.access(nearest, os.W_OK | os.X_OK):
        return "may not be written by this user" if nearest == folder else f"cannot be made: {nearest} is read-only"
    return None
