"""How a customer can answer a message: the ways that exist here, and what a message says of them.

Templates name no way by themselves: they ask `ways`, or say `contact`. So no message promises what is not there, and
a way that is set up stands in every message at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from activities.rendering.labels import label
from workflows.domain.model import Fact
from workflows.domain.vocabulary import Contact, LinkPurpose, Locale, Message, Status

PURPOSES: Mapping[Message, LinkPurpose] = {
    Message.CREATED: LinkPurpose.SEE,
    Message.INFORMATION_REQUESTED: LinkPurpose.SUPPLY,
    Message.INFORMATION_REMINDER: LinkPurpose.SUPPLY,
    Message.MESSAGE_RECEIVED: LinkPurpose.SEE,
    Message.REPLIED: LinkPurpose.SEE,
    Message.PROGRESSED: LinkPurpose.SEE,
    Message.ESCALATED_CUSTOMER: LinkPurpose.SEE,
    Message.RESULT: LinkPurpose.CONFIRM,
    Message.CONFIRMATION_REMINDER: LinkPurpose.CONFIRM,
    Message.QUESTIONNAIRE: LinkPurpose.RATE,
    Message.RATING_REMINDER: LinkPurpose.RATE,
    Message.REOPENED_CUSTOMER: LinkPurpose.SEE,
}
"""Messages to a customer that carry a link, and what it is for."""
_BY_STATUS: Mapping[Message, Mapping[Status, LinkPurpose]] = {
    Message.MESSAGE_RECEIVED: {
        Status.AWAITING_CONFIRMATION: LinkPurpose.CONFIRM,
        Status.AWAITING_RATING: LinkPurpose.RATE,
        Status.CLOSED: LinkPurpose.RATE,
    }
}
"""Where that depends on what is asked of the customer now: words alone are never taken for consent."""
CARRYING = frozenset({Contact.EMAIL, Contact.WECHAT})
"""Channels whose messages may carry a link. Short messages may not (providers refuse it): they name the portal."""
_SEPARATORS = {Locale.ZH_CN: "，或", Locale.EN: " or "}


def purpose_of(message: Message, status: Status) -> LinkPurpose | None:
    """What the link in a message to a customer is for; None where it carries none."""
    return _BY_STATUS.get(message, {}).get(status) or PURPOSES.get(message)


class CustomerWays(Fact):
    """The ways that exist.

    `hotline` and `email` are the company's own, answered by its people. `mailbox`: an answer to a mail reaches its
    case by itself. `portal`: the address at which a customer finds the case and answers. `links`: this message carries
    the customer's own link.
    """

    hotline: str = ""
    email: str = ""
    mailbox: bool = False
    portal: str = ""
    links: bool = False

    @property
    def to_people(self) -> CustomerWays:
        """The ways that lead to a person, or all of them where there are none."""
        people = self.model_copy(update={"portal": "", "links": False})
        return people if people.hotline or people.email or people.mailbox else self


def customer_ways(company: Mapping[str, str], portal: str, *, links: bool, mailbox: bool = False) -> CustomerWays:
    """The ways of this installation. `mailbox`: one is read, so that an answer to a mail reaches its case.

    `company` is that of the organisation; its `portal_url` is an address only, behind which no case is found. `portal`
    is the address of the customers' pages, or empty; `links`: whether this message carries one.
    """
    return CustomerWays(
        hotline=company.get("hotline") or "",
        email=company.get("email") or "",
        mailbox=mailbox,
        portal=portal,
        links=links,
    )


def contact(ways: CustomerWays, locale: Locale) -> str:
    """What a customer who wants to answer is asked to do, such as `call 400-800-1234 or write to a@example.com`."""
    return _SEPARATORS[locale].join(_phrases(ways, locale))


def brief_contact(ways: CustomerWays, locale: Locale) -> str:
    """What a short message asks the customer to do: one way alone; the portal's address ends every short message."""
    return label("way", "page", locale) if ways.portal else _phrases(ways, locale)[0]


def with_portal(short: str, ways: CustomerWays) -> str:
    """A short message that ends with the portal's address, so that nothing behind it is taken for a part of it."""
    return f"{short} {ways.portal}" if ways.portal and not short.endswith(ways.portal) else short


def _phrases(ways: CustomerWays, locale: Locale) -> list[str]:
    # Beside its own link a message need not name the address behind which a customer has to say who they are.
    order = ("links", "hotline", "mailbox", "email") if ways.links else ("hotline", "mailbox", "portal", "email")
    names = [name for name in order if getattr(ways, name)] or ["none"]
    return [label("way", name, locale).format_map(ways.model_dump()) for name in names]
