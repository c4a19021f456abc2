"""The ways a message may go, in order: a customer's chosen one first; for staff what the policy says (R20, R21, R44).

A way is a channel that exists here, can say the message, and whose address of the person is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from activities.channels.phone import mobile_number
from activities.delivery.transport import BY_MOBILE_AS_WELL, AddressKind, Transport, Transports
from workflows.domain.form_fields import ADDRESSES
from workflows.domain.model import Json
from workflows.domain.organisation.organisation import Person
from workflows.domain.policy.delivery import MAIL, DeliveryRule, first_rule
from workflows.domain.vocabulary import Audience, Contact, Locale, Message, Priority, Reachable

_WRITTEN = {AddressKind.MAIL: (Contact.EMAIL,), AddressKind.MOBILE: (Contact.SMS, Contact.PHONE)}
"""What leads to customers, and the wishes that it fulfils: who prefers a call gets written messages by SMS."""


class Way(NamedTuple):
    """A channel, and the person's address there."""

    channel: str
    address: str


@dataclass(frozen=True)
class Route:
    """Where a message goes, and by which `others` where that fails. `deliverable` is False where it can only be kept in
    the outbox for reading; `untemplated` where that is so for want of a template alone.
    """

    channel: str
    address: str
    name: str
    locale: Locale
    deliverable: bool
    others: tuple[Way, ...] = ()
    untemplated: bool = False


def route_to_customer(
    form: Json, transports: Transports, rule: DeliveryRule | None = None, message: str | None = None
) -> Route:
    """The route by the channel that the customer prefers, then by the others of the rule; without one by all there are,
    mail first. The call that a customer prefers is made by a person. Without a message: by what could carry some.
    """
    customer = form.get("customer")
    known = customer if isinstance(customer, dict) else {}

    def text(key: str) -> str:
        value = known.get(key)
        return value if isinstance(value, str) else ""

    def address(contact: Contact) -> str:
        return text(ADDRESSES[contact].name) if contact in ADDRESSES else ""

    preferred = _preferred(text("preferred_contact"), address)
    leading = [
        (name, one) for name, one in _named(transports, rule.channels if rule else None) if one.takes in _WRITTEN
    ]
    leading.sort(key=lambda named: preferred not in _WRITTEN[named[1].takes])
    reaching = [
        (Way(name, there), one)
        for name, one in leading
        if (there := _carried(one.takes, address(_WRITTEN[one.takes][0])))
    ]
    ways = [way for way, one in reaching if message is None or one.carries(message)]
    locale = text("locale")
    return Route(
        channel=ways[0].channel if ways else preferred.value,
        address=ways[0].address if ways else address(preferred),
        name=text("name"),
        locale=Locale(locale) if locale in set(Locale) else Locale.ZH_CN,
        deliverable=bool(ways),
        others=tuple(ways[1:]),
        untemplated=bool(reaching) and not ways,
    )


def reachable(form: Json, transports: Transports, rules: tuple[DeliveryRule, ...] = ()) -> Reachable:
    """Whether some channel leads to the customer. Where none is set up at all, as in a trial installation, messages
    are kept in the outbox for reading, and nobody is asked to call (R43).
    """
    holding = {first_rule(rules, Audience.CUSTOMER, message, priority) for message in Message for priority in Priority}
    is_reached = not transports or any(route_to_customer(form, transports, rule).deliverable for rule in holding)
    return Reachable.CHANNEL if is_reached else Reachable.BY_PERSON


def routes_to_person(
    person: Person | None, key: str, transports: Transports, rule: DeliveryRule | None, message: Message
) -> list[Route]:
    """The way to somebody of the company (by mail, where no rule holds), then each that brings a copy.

    Someone who left, or never was there, costs nobody else a message.
    """
    name = (person.display_name or person.name) if person else key
    locale = person.locale if person else Locale.ZH_CN

    def ways(names: Sequence[str]) -> list[Way]:
        able = [(one_name, one) for one_name, one in _named(transports, names) if one.carries(message)]
        found = [(one_name, address_of(person, one.takes)) for one_name, one in able] if person else []
        return [Way(one_name, address) for one_name, address in found if address]

    main, copies = ways(rule.channels if rule else (MAIL,)), ways(rule.copies if rule else ())
    first = main[0] if main else Way(Contact.EMAIL.value, person.email if person else "")
    return [
        Route(first.channel, first.address, name, locale, bool(main), tuple(main[1:])),
        *(Route(copy.channel, copy.address, name, locale, True) for copy in copies),
    ]


def _named(transports: Transports, names: Sequence[str] | None) -> Iterator[tuple[str, Transport]]:
    """The channels of these names that are set up, in their order; for mail, by the outbox's own word."""
    wanted = transports if names is None else [Contact.EMAIL.value if name == MAIL else name for name in names]
    return ((name, transports[name]) for name in wanted if name in transports)


def address_of(person: Person, kind: AddressKind) -> str:
    """The address at which that kind of channel finds somebody of the company; empty where it does not."""
    if kind is AddressKind.MAIL:
        return person.email
    if kind is AddressKind.MOBILE:
        return mobile_number(person.phone) or ""
    known = {
        AddressKind.WECOM: person.wecom, AddressKind.DINGTALK: person.dingtalk, AddressKind.FEISHU: person.feishu,
        AddressKind.WECOM_ID: person.wecom, AddressKind.DINGTALK_ID: person.dingtalk,
    }  # fmt: skip
    by_mobile = mobile_number(person.phone) if kind in BY_MOBILE_AS_WELL else None
    return known[kind] or by_mobile or ""


def _carried(kind: AddressKind, address: str) -> str:
    """The address, empty where that kind of channel leads nowhere by it."""
    return (mobile_number(address) or "") if kind is AddressKind.MOBILE else address


def _preferred(wish: str, address: Callable[[Contact], str]) -> Contact:
    if wish == Contact.PHONE:
        return Contact.SMS
    if wish in set(Contact):
        return Contact(wish)
    return next((way for way in (Contact.EMAIL, Contact.SMS, Contact.WECHAT) if address(way)), Contact.PORTAL)
