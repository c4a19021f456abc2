"""The machine: the settings a process here would start with, the folders it writes to, and who gets at them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starter.doctor.check import Check, CheckResult
from starter.doctor.context import DoctorContext
from worker.installation.config_file import PREFIX, config_file
from worker.installation.private_files import open_paths
from worker.temporal.connection import find_target
from worker.temporal.endpoint import Endpoint
from worker.web.host_check import is_loopback
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from worker.installation.settings import Settings


async def settings(context: DoctorContext) -> Iterable[CheckResult]:
    """Where settings come from; faults in them are reported before any check is run."""
    given = sorted(name for name in os.environ if name.startswith(PREFIX))
    places = [str(file)] if (file := config_file()) else []
    places += [f"{len(given)} variables ({', '.join(given)})"] if given else []
    return [Check("settings").ok(f"data {context.settings.data}; from {' and '.join(places) or 'the defaults'}")]


async def folders(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether those that are written to can be."""
    check = Check("folders")
    settings = context.settings
    kinds = {"archive": settings.archive_folder, "reports": settings.report_folder}
    if settings.files is None or "://" not in settings.files:
        kinds["files"] = Path(settings.files) if settings.files else settings.data / "files"
    results = []
    for name, folder in kinds.items():
        if why := _unusable(folder):
            todo = f"make it a folder that this user may write to, or name another with BIHUAN_{name.upper()}"
            results.append(check.fault(f"{name}: {folder} {why}", todo))
    return results or [check.ok("archive, reports and files can be written")]


async def access(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether other accounts of this machine, or other machines, get at what is kept here."""
    check, settings = Check("access"), context.settings
    results = [check.warning(found.finding, found.todo) for found in open_paths(settings)]
    if Endpoint.read(settings.data) is not None and not is_loopback(settings.server.ip):
        what = f"Temporal and its Web UI listen on {settings.server.ip} and have no login: who reaches them reads all"
        todo = "set BIHUAN_SERVER__IP to 127.0.0.1, with a proxy with a login before the Web UI (docs/security.md)"
        results.append(check.warning(what, todo))
    results += [check.warning(what, todo) for what, todo in _without_login(settings)]
    return results or [check.ok("data, keys and settings are closed to other accounts of this machine")]


def _without_login(settings: Settings) -> Iterator[tuple[str, str]]:
    """Ways to a Temporal elsewhere that nobody has to know anything for: what is wrong, and what to do."""
    try:
        target = find_target(settings)
    except Problem:
        return  # which the check of the server says
    config, host = target.config, _host(f"//{target.address}")
    if target.embedded is None and not is_loopback(host):
        tls = config.get("tls")
        known = bool(config.get("api_key") or config.get("rpc_metadata")) or bool(getattr(tls, "client_cert", None))
        if not (tls and known):
            how = "without a certificate or key of ours" if tls else "in the clear"
            what = f"Temporal at {target.address} is asked {how}: whoever reaches it signals as anybody"
            yield what, "set up mutual TLS or TEMPORAL_API_KEY (docs/operations.md), or let nobody else reach it"
    ui = settings.web_ui
    if ui is not None and ui.startswith("http://") and not is_loopback(_host(ui)):
        what = f"the Web UI at {ui} is asked in the clear; it shows every case and can end it"
        yield what, "put a proxy with TLS and a login before it (docs/security.md), and name that in BIHUAN_WEB_UI"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


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
