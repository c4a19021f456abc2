"""The part of an audit about messages: outbox against histories, mails against the outbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from email.message import EmailMessage
from typing import Any

from activities.delivery.status import OutboxStatus
from tests.faults.tally import Tally
from workflows.domain.vocabulary import ONE_TIME_CODE, Contact

BY_PERSON = {OutboxStatus.FAILED.value, OutboxStatus.UNTOLD.value, OutboxStatus.TOLD.value}
"""What becomes of messages to an address that is refused: after the first one, a person tells the customer."""


def check_outbox(
    messages: Mapping[str, Any],
    tally: Tally,
    superseded: Collection[str],
    refused: Collection[str],
    *,
    mailed: bool,
    unsure: Collection[str] = (),
) -> Counter[str]:
    """Everything due is in the outbox and went out; nothing else is there. Answers how far how many of them are."""
    tally.wrong += [
        f"{key}: due by the history (#{event.sequence} {event.kind}), not in the outbox"
        for key, event in tally.due.items()
        if key not in messages
    ]
    tally.wrong += [
        f"{key}: in the outbox, but by no event"
        for key, row in messages.items()
        if key not in tally.due and key not in superseded and row.message != ONE_TIME_CODE
    ]
    for key, row in messages.items():
        by_mail = mailed and row.channel == Contact.EMAIL.value
        if row.message == ONE_TIME_CODE:
            # One that came too late, or was asked for again, is given up.
            continue
        if row.channel in unsure:
            if row.status not in {OutboxStatus.SENT.value, *BY_PERSON}:
                tally.wrong.append(f"{key}: is {row.status} after {row.attempts} attempts ({row.error or 'no error'})")
            continue
        expected = BY_PERSON if row.address in refused else {OutboxStatus.SENT.value}
        if row.status not in (expected if by_mail else {OutboxStatus.STORED.value}):
            tally.wrong.append(f"{key}: is {row.status} after {row.attempts} attempts ({row.error or 'no error'})")
    return Counter(row.status for key, row in messages.items() if key in tally.due)


def check_mails(
    sent: Collection[str],
    mails: Sequence[EmailMessage],
    ids: Mapping[str, str],
    answers_lost: Collection[str],
    tally: Tally,
    given_up: Collection[str] = (),
) -> int:
    """What is said to be sent came once; twice only where the answer was lost. Answers how many came again.

    `ids` are the Message-IDs by key. What was `given_up` may have come before that, its answer lost.
    """
    came = Counter(str(mail["Message-ID"]) for mail in mails)
    doubled = 0
    for key in given_up:
        came.pop(ids[key], None)
    for key in sent:
        count = came.pop(ids[key], 0)
        if count == 0:
            tally.wrong.append(f"{key}: said to be sent, the mail server never saw it")
        if count > 1 and key not in answers_lost:
            tally.wrong.append(f"{key}: came {count} times, although no answer was lost")
        doubled += max(count - 1, 0)
    if came:
        tally.wrong.append(f"{sum(came.values())} mails came of which nothing says that they were sent")
    return doubled
