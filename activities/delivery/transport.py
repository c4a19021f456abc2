"""What a transport (mail, SMS, chat) has to offer, the envelope it is given, and the errors it raises (R20, R21)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from activities.privacy.redaction import without_addresses
from workflows.domain.vocabulary import WEBHOOK

_SHORTEST_NAME = 2


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail; `kind` is its media type."""

    name: str
    kind: str
    content: bytes


class AddressKind(StrEnum):
    """What a transport has to know of a person: a mail address, a mobile number, or who they are to a chat platform."""

    MAIL = "mail"
    MOBILE = "mobile"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    WECOM_ID = "wecom_id"
    DINGTALK_ID = "dingtalk_id"
    """Apps find people by their ids alone, robots by their mobiles as well."""
    SYSTEM = "system"
    """Nothing: it leads to one system of the company's own, and to nobody else."""


BY_MOBILE_AS_WELL = frozenset({AddressKind.WECOM, AddressKind.DINGTALK})
"""Where a person's mobile stands in for their id at the platform."""


@dataclass(frozen=True)
class Envelope:
    """One rendered message on its way. `key` is the same at every attempt; `short` is for SMS and chat.

    `follows` are the Message-IDs of mails that it follows or answers, oldest first.
    `facts` are what templates that others approved may name (`activities.messages.facts`); rows of earlier releases
    have none.
    """

    key: str
    number: str
    message: str
    recipient: str
    channel: str
    address: str
    name: str
    locale: str
    subject: str
    text: str
    html: str
    short: str
    facts: Mapping[str, str] | None = None
    attachments: tuple[Attachment, ...] = ()
    follows: tuple[str, ...] = ()

    @property
    def transport_name(self) -> str:
        """What carries it: its channel, but for events each system's own webhook, so that one holds up no other."""
        return f"{WEBHOOK}:{self.recipient}" if self.channel == WEBHOOK else self.channel


class DeliveryError(Exception):
    """A message was not delivered. The text is one line for the operator."""


class PermanentDeliveryError(DeliveryError):
    """Not delivered, for good: trying again would end the same."""


class UnknownOutcomeError(DeliveryError):
    """The message may have arrived, and a repeat would be taken for another message: it is never sent again."""


class TemporaryDeliveryError(DeliveryError):
    """Not delivered for now: this message may go through later. `wait`: for how long, where the other side says so."""

    def __init__(self, said: str, wait: timedelta | None = None) -> None:
        super().__init__(said)
        self.wait = wait


class UnreachableError(TemporaryDeliveryError):
    """Not delivered for now, and no other message of this transport would be: the way there is closed."""


class TransportConnection(Protocol):
    """An open way, used for the messages of one delivery."""

    async def send(self, envelope: Envelope) -> None:
        """Hand over one message; returning means that the other side answered for it.

        Raises:
            PermanentDeliveryError, TemporaryDeliveryError, UnreachableError, UnknownOutcomeError: see there.
        """


class Transport(Protocol):
    """A configured way to people."""

    @property
    def takes(self) -> AddressKind:
        """What it has to know of a person. Only mail and mobile numbers lead to customers."""

    @property
    def knows_repeats(self) -> bool:
        """Whether the same message sent twice is known as one, so that it may be sent again when its end is unknown."""

    def carries(self, message: str) -> bool:
        """Whether it can say this message at all: SMS can say only what a template was approved for."""

    def connect(self) -> AbstractAsyncContextManager[TransportConnection]:
        """A way for several messages. It may connect only at the first of them."""


Transports = Mapping[str, Transport]
"""The ways there are by the channel's name, `email` for mail. Without any, messages stay in the outbox (`stored`).

Who delivers has webhooks among them as well, by their names; whoever routes messages to people has not.
"""


def without_recipient(error: Exception, address: str, name: str = "") -> str:
    """Servers repeat whom they refuse in their answers; errors travel to places where no contact may stand."""
    said = " ".join(str(error).split()) or type(error).__name__
    for word in (address, address.partition("@")[0], name.strip()):
        if len(word) >= _SHORTEST_NAME:
            said = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "the recipient", said, flags=re.IGNORECASE)
    return without_addresses(said)
