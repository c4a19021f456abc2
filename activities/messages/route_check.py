"""Whether the channels that a policy names are there, and can do what it wants of them (R44)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from activities.delivery.transport import AddressKind, Transports
from activities.messages.routing import address_of
from workflows.domain.organisation.organisation import Person
from workflows.domain.policy.delivery import MAIL, DeliveryRule
from workflows.domain.vocabulary import Audience, Contact

_TO_CUSTOMERS = (AddressKind.MAIL, AddressKind.MOBILE)


def route_faults(rules: Sequence[DeliveryRule], transports: Transports) -> list[str]:
    """A line for each channel that is named and not set up, or leads nowhere. A trial installation, in which none is
    set up, has no faults: its messages stay in the outbox.
    """
    return list(_faults(rules, transports)) if transports else []


def without_address(
    rules: Sequence[DeliveryRule], transports: Transports, people: Iterable[Person]
) -> dict[str, list[str]]:
    """Channel -> the people to whom it does not lead, of those to whom a rule sends by it."""
    found: dict[str, list[str]] = {}
    everybody = list(people)
    for rule in rules:
        if rule.audience is not Audience.STAFF:
            continue
        for name in (*rule.channels, *rule.copies):
            transport = transports.get(_stored(name))
            meant = [one for one in everybody if not rule.departments or one.department in rule.departments]
            without = [one.id for one in meant if transport and not address_of(one, transport.takes)]
            found[name] = list(dict.fromkeys([*found.get(name, []), *without]))
    return {name: people for name, people in found.items() if people}


def _faults(rules: Sequence[DeliveryRule], transports: Transports) -> Iterator[str]:
    there_are = ", ".join(MAIL if name == Contact.EMAIL else name for name in transports)
    for index, rule in enumerate(rules):
        for name in (*rule.channels, *rule.copies):
            transport = transports.get(_stored(name))
            if transport is None:
                yield f"policy: delivery[{index}]: {name} is not set up; there are: {there_are}"
            elif rule.audience is Audience.CUSTOMER and transport.takes not in _TO_CUSTOMERS:
                yield f"policy: delivery[{index}]: {name} leads to colleagues, not to customers; allowed: mail and SMS"


def _stored(name: str) -> str:
    return Contact.EMAIL.value if name == MAIL else name
