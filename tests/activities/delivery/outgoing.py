"""Rows of the outbox that are to be mailed, and who mails them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from activities.database.database import Database
from activities.delivery.activity import DeliveryActivities
from activities.delivery.mail import Smtp
from activities.delivery.outbox import Outbox
from activities.delivery.transport import Transports
from activities.queries.cases import Cases, OutboxEntry
from tests.activities.delivery.mail_server import MailServer
from tests.activities.samples import NUMBER
from workflows.domain.vocabulary import Contact
from workflows.ports import Delivery

NOW = datetime(2024, 5, 6, 2, 0, tzinfo=UTC)
SHORT = timedelta(seconds=1.5)
SENDER = "闭环客服 <support@bihuan.example>"


async def put(database: Database, *names: str, **changes: Any) -> Delivery:
    """Rows to mail to `<name>@example.com`, written at NOW."""
    standard: dict[str, Any] = {
        "number": NUMBER, "sequence": 1, "event": "progressed", "message": "progressed", "audience": "customer",
        "recipient": "customer", "channel": "email", "name": "王芳", "locale": "zh_CN", "subject": "问题 FB1 的进展",
        "text": "已定位原因。\n", "html": "<p>已定位原因。</p>", "short": "进展", "status": "pending", "attempts": 0,
        "created_at": NOW,
    }  # fmt: skip
    rows = [standard | {"key": name, "address": f"{name}@example.com"} | changes for name in names]
    async with database.begin() as connection:
        await Outbox(database).add(connection, rows)
    return Delivery(number=NUMBER, keys=names)


async def entries(database: Database) -> dict[str, OutboxEntry]:
    return {entry.key: entry for entry in await Cases(database).outbox()}


def delivering(database: Database, server: MailServer | None, user: str = "", **changes: Any) -> DeliveryActivities:
    transports: Transports = (
        {Contact.EMAIL: replace(Smtp.from_url(server.url(user), SENDER), now=lambda: NOW)} if server else {}
    )
    return replace(DeliveryActivities(database=database, transports=transports, now=lambda: NOW), **changes)


class Case:
    """Who is told of failures; `deaf` is how often that fails first."""

    def __init__(self, deaf: int = 0) -> None:
        self.deaf = deaf
        self.told: list[dict[str, str]] = []

    async def hear(self, **facts: str) -> None:
        if self.deaf:
            self.deaf -= 1
            raise ConnectionError
        self.told.append(facts)
