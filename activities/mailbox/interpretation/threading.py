"""Whose case a mail belongs to (R42).

A reply token in an address of ours says it, then references to mails of ours, then a number in the subject together
with a sender who is a contact of that case. A number alone proves nothing, and neither does a subject or Thread-Index.
Where they contradict each other, the mail is a case of its own that says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from activities.mailbox.mime.heads import normal_address
from activities.mailbox.mime.mail import IncomingMail

_TOKEN = re.compile(r"\+r\.([a-z2-7]{4,64})@", re.IGNORECASE)
_NUMBER = re.compile(r"FB[ -]?(\d{4})[ -]?(\d{2})[ -]?(\d{2})[ -]?(\d{4,7})(?!\d)", re.IGNORECASE | re.ASCII)


class Evidence(StrEnum):
    """What says that a mail belongs to a case."""

    TOKEN = "token"  # noqa: S105 - a word
    REFERENCES = "references"
    NUMBER = "number"
    REPORT = "report"


class KnownCases(Protocol):
    """What is known of cases and people."""

    async def find_by_token(self, token: str) -> str | None:
        """The number of the case that has this reply token, which is given in lower case."""

    async def find_by_message_ids(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Which of these ids (written by `heads.normal_id`) are of mails that this installation sent -> their case."""

    async def contacts_of(self, number: str) -> Collection[str] | None:
        """Mail addresses of the case's customer; None where there is no such case."""

    async def is_staff(self, address: str) -> bool:
        """Whether it is the address of a person of the organisation."""


@dataclass(frozen=True)
class OwnAddresses:
    """`mailboxes` are the addresses that customers write to, `groups` mailing lists that lead to one of them."""

    mailboxes: frozenset[str]
    groups: frozenset[str] = field(default_factory=frozenset)

    def is_own(self, address: str) -> bool:
        """Whether it is a mailbox of ours, with or without something behind a plus sign."""
        local, _, domain = address.lower().rpartition("@")
        return f"{local.partition('+')[0]}@{domain}" in {mailbox.lower() for mailbox in self.mailboxes}

    def is_own_group(self, list_id: str) -> bool:
        """Whether a List-Id is that of a group which leads to one of our mailboxes."""
        return any(group.lower().replace("@", ".") in list_id.lower() for group in self.groups)


@dataclass(frozen=True)
class Thread:
    """The case of a mail and what says so; `mentions` are others that it names, `note` what a person should know."""

    case: str | None = None
    by: Evidence | None = None
    mentions: tuple[str, ...] = ()
    note: str = ""


async def find_thread(mail: IncomingMail, cases: KnownCases, own: OwnAddresses) -> Thread:
    """The case of a mail, or what keeps it from being one."""
    by_token = {number for token in reply_tokens(mail, own) if (number := await cases.find_by_token(token))}
    ids = tuple(dict.fromkeys((*mail.in_reply_to, *mail.references, *mail.original_ids)))
    by_reference = set((await cases.find_by_message_ids(ids)).values()) if ids else set()
    contacts = {
        number: known for number in numbers_in(mail.subject) if (known := await cases.contacts_of(number)) is not None
    }
    named = set(contacts)
    found = _agreed(by_token, by_reference, named)
    if found is None:
        numbers = tuple(sorted(by_token | by_reference | named))
        return Thread(mentions=numbers, note=f"points to several cases: {', '.join(numbers)}")
    if found:
        number, by = found
        stranger = not await _is_known(mail.sender, number, cases)
        return Thread(
            number, by, tuple(sorted(named - {number})), "the sender is no contact of the case" if stranger else ""
        )
    mine = sorted(number for number, known in contacts.items() if is_among(mail.sender, known))
    if len(mine) == 1 and not mail.failed_authentication:
        return Thread(mine[0], Evidence.NUMBER, tuple(sorted(named - set(mine))))
    if not named:
        return Thread()
    why = (
        "but its sender could not be proved"
        if mine and mail.failed_authentication
        else "but its sender is no contact of it"
    )
    if len(mine) > 1:
        why = "and its sender is a contact of all of them"
    return Thread(mentions=tuple(sorted(named)), note=f"names {', '.join(sorted(named))}, {why}")


def _agreed(by_token: set[str], by_reference: set[str], named: set[str]) -> tuple[str, Evidence] | tuple[()] | None:
    """The one case that all evidence agrees on; () where there is none, None where it contradicts itself."""
    proved = [(cases, by) for cases, by in ((by_token, Evidence.TOKEN), (by_reference, Evidence.REFERENCES)) if cases]
    if not proved:
        return ()
    common = set.intersection(*(cases for cases, _ in proved))
    if len(common) > 1 and named & common:
        common &= named
    if len(common) != 1 or (named and not named & common):
        return None
    return next(iter(common)), proved[0][1]


async def _is_known(address: str, number: str, cases: KnownCases) -> bool:
    return is_among(address, await cases.contacts_of(number) or ()) or await cases.is_staff(address)


def is_among(address: str, others: Collection[str]) -> bool:
    """Whether an address is one of these; people do not mind upper and lower case."""
    return bool(address) and normal_address(address).lower() in {normal_address(other).lower() for other in others}


def reply_tokens(mail: IncomingMail, own: OwnAddresses) -> tuple[str, ...]:
    """The tokens in addresses of ours that the mail was sent or delivered to, in lower case."""
    ours = (address for address in mail.recipients if own.is_own(address))
    return tuple(dict.fromkeys(found[1].lower() for address in ours if (found := _TOKEN.search(address))))


def numbers_in(subject: str) -> tuple[str, ...]:
    """The case numbers that a subject names, however they are written."""
    plain = unicodedata.normalize("NFKC", subject)
    return tuple(dict.fromkeys(f"FB{''.join(found.groups())}" for found in _NUMBER.finditer(plain)))
