"""The channels of an installation: which there are, and a message to somebody to try one (R44)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from activities.channels.address import place
from activities.channels.channel import HttpChannel
from activities.channels.phone import mobile_number
from activities.channels.sms_template import FACTS
from activities.delivery.mail import Smtp
from activities.delivery.transport import (
    BY_MOBILE_AS_WELL,
    AddressKind,
    DeliveryError,
    Envelope,
    TemporaryDeliveryError,
    Transport,
    UnknownOutcomeError,
    without_recipient,
)
from activities.mail_address import address_fault
from activities.rendering.labels import label
from worker.composition_root import build_transports
from worker.installation.settings import Settings
from workflows.domain.policy.delivery import MAIL
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Contact, Message

_NUMBER = "FB202601010001"
"""Of no case: the first of a day on which nobody works."""


@dataclass(frozen=True)
class ChannelInfo:
    """A channel as people see it. `takes` is what it has to know of a person; `messages` are the kinds that it can say,
    None: all; `rate` and `rate_per_person` are written as in the settings.
    """

    name: str
    kind: str
    place: str
    takes: AddressKind
    messages: tuple[str, ...] | None
    rate: tuple[str, ...]
    rate_per_person: tuple[str, ...]


@dataclass(frozen=True)
class TriedMessage:
    """What somebody would read, or has been sent."""

    channel: str
    address: str
    message: str
    text: str
    sent: bool


def list_channels(settings: Settings) -> list[ChannelInfo]:
    """Mail first, where it is set up, then the others in their order.

    Raises:
        Problem: the settings of mail or of a channel are not understood.
    """
    return [_described(name, one, settings) for name, one in build_transports(settings).items()]


async def send_test(
    settings: Settings, name: str, to: str, message: Message | None = None, *, send: bool
) -> TriedMessage:
    """A made-up message by that channel; without `send` nothing is sent. `to` is a mail address, a mobile number, or an
    id at the chat platform; without a kind of message it is the first that the channel can say.

    Raises:
        Problem: there is no such channel, the address is none, or the message was not taken; one line.
    """
    channels = {
        MAIL if one == Contact.EMAIL else one: transport for one, transport in build_transports(settings).items()
    }
    transport = channels.get(name)
    if transport is None:
        raise Problem(f"channel {name}: there is none of that name; there are: {', '.join(channels) or 'none'}")
    envelope = _envelope(settings, name, _address(transport.takes, to), _message(transport, message))
    try:
        text = _written(transport, envelope)
        if send:
            async with transport.connect() as connection:
                await connection.send(envelope)
    except DeliveryError as error:
        raise Problem(f"channel {name}: {_outcome(error)}: {without_recipient(error, envelope.address)}") from None
    return TriedMessage(name, envelope.address, envelope.message, text, send)


def _described(name: str, transport: Transport, settings: Settings) -> ChannelInfo:
    if isinstance(transport, HttpChannel):
        one = settings.channels[name]
        messages = tuple(sorted(transport.messages)) if transport.messages is not None else None
        where, rates = place(transport.vendor.endpoint), (one.rate, one.rate_per_person)
        return ChannelInfo(name, transport.kind, where, transport.takes, messages, *(tuple(map(str, r)) for r in rates))
    where = f"{transport.host}:{transport.port}" if isinstance(transport, Smtp) else ""
    return ChannelInfo(MAIL, "smtp", where, transport.takes, None, (), ())


def _address(kind: AddressKind, to: str) -> str:
    to = to.strip()
    mobile = mobile_number(to) if kind is not AddressKind.MAIL else None
    if kind is AddressKind.MAIL and (fault := address_fault(to)):
        raise Problem(f"--to: {fault}")
    if kind is AddressKind.MOBILE and mobile is None:
        raise Problem("--to: is no mobile number; allowed: such as 13800138000 or +85251234567")
    if kind not in {AddressKind.MOBILE, *BY_MOBILE_AS_WELL}:
        mobile = None
    if not mobile and (not to or not all(char.isalnum() or char in "_.@-+" for char in to)):
        raise Problem("--to: is neither an id at that platform nor a mobile number")
    return mobile or to


def _message(transport: Transport, wanted: Message | None) -> Message:
    if wanted is not None and not transport.carries(wanted.value):
        able = ", ".join(one.value for one in Message if transport.carries(one.value))
        raise Problem(f"--message: the channel has no template for {wanted}; it has: {able}")
    return wanted or next(one for one in Message if transport.carries(one.value))


def _envelope(settings: Settings, name: str, address: str, message: Message) -> Envelope:
    locale = settings.locale
    said = {word: label("channel_test", word, locale) for word in ("subject", "text", "product", "name")}
    priority, kind = label("priority", "P3", locale), label("channel_test", "type", locale)
    facts: Mapping[str, str] = dict(
        zip(FACTS, (_NUMBER, said["product"], kind, priority, f"{datetime.now(UTC):%m-%d %H:%M}"), strict=True)
    )
    text = said["text"].format(channel=name, number=_NUMBER)
    return Envelope(
        key=f"{_NUMBER}:test:{uuid4().hex}",
        number=_NUMBER,
        message=message.value,
        recipient="test",
        channel=name,
        address=address,
        name=said["name"],
        locale=locale.value,
        subject=said["subject"].format(channel=name),
        text=f"{text}\n",
        html=f"<p>{text}</p>",
        short=text,
        facts=facts,
    )


def _written(transport: Transport, envelope: Envelope) -> str:
    if isinstance(transport, HttpChannel):
        return transport.written(envelope)[0]
    return f"{envelope.subject}: {envelope.text.strip()}"


def _outcome(error: DeliveryError) -> str:
    if isinstance(error, TemporaryDeliveryError):
        return "put off"
    return "may have arrived" if isinstance(error, UnknownOutcomeError) else "refused"
