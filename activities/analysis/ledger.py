"""Which report was sent to whom, so that nobody gets one twice, and which could not be sent (R29)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database, insert_into, lock_for_choice
from activities.database.installation import InstallationValues
from activities.database.tables import installation

REPORT_MAIL = "report_mail/"
"""The prefix of the keys of its entries."""

_UNTRIED = "untried"
"""Claimed for the first time."""
_NEVER = "0001-01-01T00:00:00+00:00"


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
        self._database = database
        self._memory = InstallationValues(database)

    async def claim(self, report: str, recipient: str, *, now: datetime, until: datetime) -> bool:
        """Claim a mail for sending; False when it was sent, or somebody else has claimed it.

        Both times are the wall clock's. What becomes of the mail ends the claim, and so does its time.
        """
        key = report_key(report, recipient)
        async with self._database.begin() as connection:
            await lock_for_choice(connection)
            entry: Any = await connection.scalar(select(installation.c.value).where(installation.c.key == key))
            if entry and (entry["status"] == "sent" or datetime.fromisoformat(entry.get("until", _NEVER)) > now):
                return False
            statement = insert_into(connection, installation).values(
                key=key, value={**(entry or {"status": _UNTRIED}), "until": until.isoformat()}
            )
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})
            )
        return True

    async def sent_at(self, report: str, recipient: str) -> str | None:
        """When it was sent, in ISO 8601; None when it was not."""
        entry: Any = await self._memory.get(report_key(report, recipient))
        return entry["at"] if entry and entry["status"] == "sent" else None

    async def sent(self, report: str, recipient: str, at: datetime) -> None:
        """Note that the mail was sent."""
        await self._memory.put(report_key(report, recipient), {"status": "sent", "at": at.isoformat()})

    async def failed(self, report: str, recipient: str, at: datetime, reason: str, *, final: bool) -> None:
        """Note that the mail was not sent: for good, or for now."""
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
        if entry["status"] not in {"sent", _UNTRIED}
    ]


def report_key(report: str, recipient: str) -> str:
    """The key of a report's mail, the same at every attempt; its Message-ID is made of it."""
    return f"{REPORT_MAIL}{report}/{recipient}"


def _named(key: str) -> tuple[str, str]:
    report, _, recipient = key.removeprefix(REPORT_MAIL).partition("/")
    return report, recipient
