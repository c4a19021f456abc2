"""The channel and address a message goes to: a customer's by their preference, staff's by mail (R20, R21)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from activities.delivery.transport import Transports
from workflows.domain.form_fields import ADDRESSES
from workflows.domain.model import Json
from workflows.domain.organisation.organisation import Person
from workflows.domain.vocabulary import Contact, Locale, Reachable


@dataclass(frozen=True)
class Route:
    """Where a message goes. `deliverable` is False where it can only be kept in the outbox for reading."""

    channel: Contact
    address: str
    name: str
    locale: Locale
    deliverable: bool


def route_to_customer(form: Json, transports: Transports) -> Route:
    """The contact the customer prefers; mail where that way does not exist here but a mail address does.

    Who prefers a phone call gets written messages by SMS; the call itself is made by a person.
    """
    customer = form.get("customer")
    known = customer if isinstance(customer, dict) else {}

    def text(key: str) -> str:
        value = known.get(key)
        return value if isinstance(value, str) else ""

    def address(channel: Contact) -> str:
        return text(ADDRESSES[channel].name) if channel in ADDRESSES else ""

    preferred = _preferred(text("preferred_contact"), address)
    usable = (channel for channel in (preferred, Contact.EMAIL) if address(channel) and channel in transports)
    chosen = next(usable, None)
    locale = text("locale")
    return Route(
        channel=chosen or preferred,
        address=address(chosen or preferred),
        name=text("name"),
        locale=Locale(locale) if locale in set(Locale) else Locale.ZH_CN,
        deliverable=chosen is not None,
    )


def reachable(form: Json, transports: Transports) -> Reachable:
    """Whether a channel leads to the customer. Where none is set up at all, as in a trial installation, messages are
    kept in the outbox for reading, and nobody is asked to call (R43).
    """
    is_reached = not transports or route_to_customer(form, transports).deliverable
    return Reachable.CHANNEL if is_reached else Reachable.BY_PERSON


def route_to_person(person: Person | None, key: str, transports: Transports) -> Route:
    """Mail, where an address is known. Someone who left, or never was there, costs nobody else a message."""
    address = person.email if person else ""
    return Route(
        channel=Contact.EMAIL,
        address=address,
        name=(person.display_name or person.name) if person else key,
        locale=person.locale if person else Locale.ZH_CN,
        deliverable=bool(address) and Contact.EMAIL in transports,
    )


def _preferred(wish: str, address: Callable[[Contact], str]) -> Contact:
    if wish == Contact.PHONE:
        return Contact.SMS
    if wish in set(Contact):
        return Contact(wish)
    return next((way for way in (Contact.EMAIL, Contact.SMS, Contact.WECHAT) if address(way)), Contact.PORTAL)
