"""How a customer can answer a message: the ways that exist here, and what a message says of them.

Templates name no way by themselves: they ask `ways`, or say `contact`. So no message promises what is not there, and
a way that is set up stands in every message at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from activities.rendering.labels import label
from workflows.domain.model import Fact
from workflows.domain.vocabulary import Locale

_SEPARATORS = {Locale.ZH_CN: "，或", Locale.EN: " or "}


class CustomerWays(Fact):
    """The ways that exist.

    `hotline` and `email` are the company's own, answered by its people. `mailbox`: an answer to a mail reaches its
    case by itself. `portal`: the address at which a customer finds the case and answers. `links`: a message carries
    the customer's own links, one for each answer.
    """

    hotline: str = ""
    email: str = ""
    mailbox: bool = False
    portal: str = ""
    links: bool = False


def customer_ways(company: Mapping[str, str]) -> CustomerWays:
    """The ways of this installation. It has no mailbox, portal or links; whoever builds one says so here.

    `company` is that of the organisation; its `portal_url` is an address only, behind which no case is found.
    """
    return CustomerWays(hotline=company.get("hotline") or "", email=company.get("email") or "")


def contact(ways: CustomerWays, locale: Locale) -> str:
    """What a customer who wants to answer is asked to do, such as `call 400-800-1234 or write to a@example.com`."""
    return _SEPARATORS[locale].join(_phrases(ways, locale))


def brief_contact(ways: CustomerWays, locale: Locale) -> str:
    """The same for a short message: one way alone."""
    return _phrases(ways, locale)[0]


def _phrases(ways: CustomerWays, locale: Locale) -> list[str]:
    names = [name for name in ("hotline", "mailbox", "portal", "email") if getattr(ways, name)] or ["none"]
    return [label("way", name, locale).format_map(ways.model_dump()) for name in names]
