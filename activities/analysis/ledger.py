"""Which report was sent to whom, so that nobody gets one twice, and which could not be sent (R29)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database
from activities.database.installation import InstallationValues
from activities.database.tables import installation

REPORT_MAIL = "report_mail/"
"""The prefix of the keys of its entries."""


@dataclass(frozen=True)
class ReportFailure:
    """A report that did not reach a recipient; `final` when it is not tried again."""

    report: str
    recipient: str
    at: datetime
    reason: str
    final: bool


class ReportLedger:
    """What became of the mails of reports, by the report's name and the recipient as the policy names them."""

    def __init__(self, database: Database) -> None:
        self._memory = InstallationValues(database)

    async def sent_at(self, report: str, recipient: str) -> str | None:
        """When it was sent, in ISO 8601; None when it was not."""
        entry: Any = await self._memory.get(report_key(report, recipient))
        return entry["at"] if entry and entry["status"] == "sent" else None

    async def sent(self, report: str, recipient: str, at: datetime) -> None:
        """It was sent."""
        await self._memory.put(report_key(report, recipient), {"status": "sent", "at": at.isoformat()})

    async def failed(self, report: str, recipient: str, at: datetime, reason: str, *, final: bool) -> None:
        """It was not sent: for good, or for now."""
        entry: JsonValue = {"status": "refused" if final else "delayed", "at": at.isoformat(), "reason": reason}
        await self._memory.put(report_key(report, recipient), entry)


async def report_failures(connection: AsyncConnection) -> list[ReportFailure]:
    """Every report that somebody should have and has not."""
    rows = await connection.execute(
        select(installation.c.key, installation.c.value).where(
            installation.c.key.startswith(REPORT_MAIL, autoescape=True)
        )
    )
    return [
        ReportFailure(*_named(key), datetime.fromisoformat(entry["at"]), entry["reason"], entry["status"] == "refused")
        for key, entry in rows
        if entry["status"] != "sent"
    ]


def report_key(report: str, recipient: str) -> str:
    """The same at every attempt; also what the Message-ID is made of."""
    return f"{REPORT_MAIL}{report}/{recipient}"


def _named(key: str) -> tuple[str, str]:
    report, _, recipient = key.removeprefix(REPORT_MAIL).partition("/")
    return report, recipient
