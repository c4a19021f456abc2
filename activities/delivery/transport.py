"""What a transport (mail, SMS, chat) has to offer, the envelope it is given, and the errors it raises (R20, R21)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from activities.privacy.redaction import without_addresses
from workflows.domain.vocabulary import Contact

_SHORTEST_NAME = 2


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail; `kind` is its media type."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True)
class Envelope:
    """One rendered message on its way. `key` is the same at every attempt; `short` is for SMS and chat.

    `follows` are the Message-IDs of mails that it follows or answers, oldest first.
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
    attachments: tuple[Attachment, ...] = ()
    follows: tuple[str, ...] = ()


class DeliveryError(Exception):
    """A message was not delivered. The text is one line for the operator."""


class PermanentDeliveryError(DeliveryError):
    """For good: trying again would end the same."""


class TemporaryDeliveryError(DeliveryError):
    """For now: this message may go through later."""


class UnreachableError(TemporaryDeliveryError):
    """For now, and for every other message of this transport as well: the way there is closed."""


class TransportConnection(Protocol):
    """An open way, used for the messages of one delivery."""

    async def send(self, envelope: Envelope) -> None:
        """Hand over one message; returning means that the other side answered for it.

        Raises:
            PermanentDeliveryError, TemporaryDeliveryError, UnreachableError: see there.
        """


class Transport(Protocol):
    """A configured way to people."""

    def connect(self) -> AbstractAsyncContextManager[TransportConnection]:
        """A way for several messages. It may connect only at the first of them."""


Transports = Mapping[Contact, Transport]
"""The ways there are; a channel that is missing here keeps its messages in the outbox (`stored`)."""


def without_recipient(error: Exception, address: str, name: str = "") -> str:
    """Servers repeat whom they refuse in their answers; errors travel to places where no contact may stand."""
    said = " ".join(str(error).split()) or type(error).__name__
    for word in (address, address.partition("@")[0], name.strip()):
        if len(word) >= _SHORTEST_NAME:
            said = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "the recipient", said, flags=re.IGNORECASE)
    return without_addresses(said)
