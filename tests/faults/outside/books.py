"""The books of mails and short messages: what customers wrote and what the gateway was asked, against the record."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from activities.database.database import Database
from activities.database.tables import incoming_mail, outbox, registration, timeline
from activities.delivery.status import MAY_HAVE_ARRIVED, OutboxStatus
from activities.mailbox.inbox import MailState
from tests.faults.outside.letters import Letters
from tests.faults.outside.sms_gateway import Outcome, SmsGateway
from workflows.domain.vocabulary import Audience, EventKind, Via

_SUPPLY = (EventKind.CUSTOMER_WROTE.value, EventKind.SUPPLIED.value)


@dataclass(frozen=True)
class Books:
    """`written` mails and those `taken_in`; short messages that the gateway said it took, and that are noted as sent;
    what nobody knows the end of, and how many rows say so.
    """

    written: int
    taken_in: int
    texts_taken: int
    texts_sent: int
    texts_unknown: int
    texts_said_unknown: int
    gateway: dict[str, int]
    delivered_again: int
    discrepancies: tuple[str, ...]


async def balance(database: Database, letters: Letters, gateway: SmsGateway) -> Books:
    """Hold what happened outside against the record, once everything has come to rest."""
    async with database.read() as connection:
        mails = list(await connection.execute(select(incoming_mail)))
        keys = Counter(await connection.scalars(select(registration.c.intake_key)))
        entries = list(await connection.execute(select(timeline).where(timeline.c.kind.in_(_SUPPLY))))
        rows = list(await connection.execute(select(outbox).where(outbox.c.audience == Audience.CUSTOMER.value)))
    by_mail = {key: count for key, count in keys.items() if key.startswith("mail:")}
    said = Counter((entry.number, str(entry.detail.get("text"))) for entry in entries if _via(entry) == Via.MAIL)
    wrong = [f"mail {row.place} is {row.state}: {row.note}" for row in mails if row.state != MailState.DONE]
    if len(by_mail) != len(letters.opened) or keys.total() != len(keys):
        wrong.append(f"{len(letters.opened)} first mails were written, {len(by_mail)} became cases")
    expected = Counter((number, words) for number, answers in letters.answered.items() for words in answers)
    wrong += [f"{number}: {words!r}: written once, {said[number, words]} times in the timeline"
              for number, words in expected if said[number, words] != 1]  # fmt: skip
    wrong += [f"{number}: {words!r} is in the timeline, and nobody wrote it" for number, words in said - expected]
    written = len(letters.opened) + expected.total()
    if len(mails) != written:
        wrong.append(f"{written} mails were written, {len(mails)} taken in")
    sms = {_id(row.key): row for row in rows if row.channel == "sms" or _tried(row)}
    wrong += [fault for id_, outcomes in gateway.asked.items() for fault in faults_of(sms.get(id_), outcomes)]
    wrong += [
        f"{row.key}: noted as sent by SMS, and the gateway never took it"
        for id_, row in sms.items()
        if row.channel == "sms" and row.status == OutboxStatus.SENT and Outcome.TAKEN not in gateway.asked.get(id_, ())
    ]
    wrong += [
        f"{row.key}: failed, and its case does not know"
        for row in rows
        if row.status == OutboxStatus.FAILED and row.reported_at is None
    ]
    ends = [outcomes[-1] for outcomes in gateway.asked.values()]
    return Books(
        written=written,
        taken_in=len(mails),
        texts_taken=ends.count(Outcome.TAKEN),
        texts_sent=sum(row.status == OutboxStatus.SENT for row in sms.values()),
        texts_unknown=ends.count(Outcome.UNKNOWN),
        texts_said_unknown=sum(_says_unknown(row) for row in sms.values()),
        gateway=dict(sorted(gateway.did.items())),
        delivered_again=letters.server.again,
        discrepancies=tuple(wrong),
    )


def faults_of(row: Any, outcomes: list[Outcome]) -> Iterator[str]:
    """What must not be: asked again after an end, or an end that the outbox tells otherwise."""
    if row is None:
        yield f"the gateway was asked for a message ({outcomes}) that no row of the outbox is"
        return
    if any(outcome is not Outcome.LATER for outcome in outcomes[:-1]):
        yield f"{row.key}: sent again although it was {outcomes[:-1]}"
    last, is_sent = outcomes[-1], row.status == OutboxStatus.SENT and row.channel == "sms"
    if last is Outcome.TAKEN and not is_sent and not _says_unknown(row):
        yield f"{row.key}: the gateway took it, the outbox says {row.status} ({row.error})"
    if last is Outcome.UNKNOWN and not _says_unknown(row):
        yield f"{row.key}: nobody knows whether it arrived, and the outbox says {row.status} ({row.error})"
    if last is not Outcome.TAKEN and is_sent:
        yield f"{row.key}: noted as sent, the gateway's last answer was {last}"


def _says_unknown(row: Any) -> bool:
    errors = [row.error, *(one["error"] for one in _tried(row))]
    return any(str(error).startswith(MAY_HAVE_ARRIVED) for error in errors)


def _tried(row: Any) -> list[dict[str, str]]:
    return [one for one in row.tried or () if one["channel"] == "sms"]


def _id(key: str) -> str:
    """As the gateway is given it."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _via(entry: Any) -> str:
    return str(entry.detail.get("via"))
