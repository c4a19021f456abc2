"""Notes in the record that a worker runs, and with which policy, templates and keys, so that differences show."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from activities.policy.in_force import digest
from activities.queries.monitoring.workers import NOTED_EVERY, Mark, PresentWorker, Workers
from worker.installation.installation import Installation
from worker.installation.settings import Settings

_log = logging.getLogger("bihuan.presence")


async def keep_present(installation: Installation, name: str) -> None:
    """Note this worker in the record every few seconds until cancelled, and remove the note at the end; never raises.

    `name` is the process and machine, as Temporal shows them.
    """
    workers, key = Workers(installation.database), uuid4().hex
    try:
        while True:
            try:
                goes_by = await asyncio.to_thread(describe, installation)
                await workers.note(key, PresentWorker(name=name, seen_at=datetime.now(UTC), goes_by=goes_by))
            except Exception as error:  # noqa: BLE001 - readiness tells of a database that is away; this goes on
                _log.debug("not noted in the record: %s", error)
            await asyncio.sleep(NOTED_EVERY.total_seconds())
    finally:
        with suppress(Exception):
            async with asyncio.timeout(1):
                await workers.forget(key, datetime.now(UTC))


def describe(installation: Installation) -> dict[str, Mark]:
    """The policy, templates and so on that a worker with these settings uses; no mark holds a password or a key."""
    settings = installation.settings
    ring, links, folder, smtp = settings.key_ring(), settings.link_key_ring(), settings.templates, settings.smtp_url
    return {
        "policies": Mark(value=digest(installation.policy), source=settings.policy),
        "templates": Mark(value=_of_files(folder), source=str(folder)) if folder else Mark(value="the shipped ones"),
        "mail servers": Mark(value=_mail_server(smtp.get_secret_value(), settings.mail_from) if smtp else "none"),
        "channels": Mark(value=_channels(settings)),
        "webhooks": Mark(value=_webhooks(settings)),
        "encryption keys": Mark(value=ring.first.id if ring else "none"),
        "portal addresses": Mark(value=settings.web.url or "none"),
        "link keys": Mark(value=", ".join(key.fingerprint for key in links.keys) if links else "none"),
    }


def _of_files(folder: Path) -> str:
    content = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content.update(f"{path.relative_to(folder)}\0".encode())
        content.update(path.read_bytes())
    return content.hexdigest()[:12]


def _channels(settings: Settings) -> str:
    return ", ".join(f"{name} ({one.kind} {one.endpoint})" for name, one in sorted(settings.channels.items())) or "none"


def _webhooks(settings: Settings) -> str:
    told = sorted(settings.webhooks.items())
    return ", ".join(f"{name} ({one.parts.scheme}://{one.parts.netloc})" for name, one in told) or "none"


def _mail_server(url: str, sender: str | None) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or ''} as {sender}"
