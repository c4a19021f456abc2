"""The message with a one-time code, as a row of the outbox: to the contact of the case, in its language (R40)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment

from activities.channels.sms_template import CODE
from activities.delivery.status import OutboxStatus
from activities.delivery.transport import Envelope, PermanentDeliveryError, Transports
from activities.messages.renderer import paragraphs
from activities.messages.routing import route_to_customer
from activities.messages.ways import contact, customer_ways
from activities.portal.codes import MARK, Codes
from activities.rendering.engine import Blocks, company_environment, fault, shipped_environment
from activities.rendering.filters import brief, local_time, one_line
from activities.rendering.labels import label
from workflows.domain.model import Json
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import CUSTOMER, ONE_TIME_CODE, Audience, Locale, Priority

_log = logging.getLogger(__name__)


def code_row(
    number: str,
    code: str,
    form: Json,
    transports: Transports,
    *,
    company: dict[str, str],
    calendar: Calendar,
    at: datetime,
    templates: Path | None,
) -> dict[str, Any] | None:
    """The row for the code of that id; None where no channel leads to the customer. The digits are not in it."""
    route = route_to_customer(form, transports, message=ONE_TIME_CODE)
    if not route.deliverable:
        return None
    ways = customer_ways(company, "", links=False)
    title = (company.get("name_en") if route.locale is Locale.EN else "") or company.get("name") or number
    values = {
        "number": number,
        "code": MARK,
        "recipient": {"id": CUSTOMER, "name": brief(route.name, 40) or label("field", "customer", route.locale)},
        "company": {**company, "title": title},
        "contact": contact(ways, route.locale),
        "question_contact": contact(ways.to_people, route.locale),
        "ways": ways,
        "desk": "",
        "link": "",
        "purpose": "",
        "locale": route.locale,
        "audience": Audience.CUSTOMER.value,
        "case": {"priority": Priority.P3.value},
        "calendar": calendar,
        "at": at,
    }
    texts = _rendered(route.locale, values, templates)
    return {
        "key": f"{number}:{ONE_TIME_CODE}:{code}:{CUSTOMER}",
        "number": number,
        "sequence": 0,
        "event": ONE_TIME_CODE,
        "message": ONE_TIME_CODE,
        "audience": Audience.CUSTOMER.value,
        "recipient": CUSTOMER,
        "channel": route.channel,
        "address": route.address,
        "name": route.name,
        "locale": route.locale.value,
        **texts,
        "facts": _facts(number, form, local_time(at, calendar, at, route.locale)),
        "others": [list(way) for way in route.others] or None,
        "status": OutboxStatus.PENDING.value,
        "attempts": 0,
        "error": None,
        "created_at": at,
    }


@dataclass(frozen=True)
class CodeCompletion:
    """Puts the digits into a message that is about to be handed over."""

    codes: Codes

    async def __call__(self, envelope: Envelope) -> Envelope:
        """The message itself where it is none with a code.

        Raises:
            PermanentDeliveryError: nobody waits for that code any more.
        """
        if envelope.message != ONE_TIME_CODE:
            return envelope
        digits = await self.codes.make(envelope.key.split(":")[2], datetime.now(UTC))
        if digits is None:
            raise PermanentDeliveryError("nobody waits for this code any more")
        filled = {name: getattr(envelope, name).replace(MARK, digits) for name in ("text", "html", "short")}
        facts = {name: value.replace(MARK, digits) for name, value in (envelope.facts or {}).items()}
        return replace(envelope, **filled, facts=facts)


def _facts(number: str, form: Json, time: str) -> dict[str, str]:
    """What an approved template may name in a message with a code."""
    product = form.get("product")
    known = {"product": brief(product, 60)} if isinstance(product, str) and product.strip() else {}
    return {"number": number, "time": time, CODE: MARK, **known}


def _rendered(locale: Locale, values: dict[str, Any], templates: Path | None) -> dict[str, str]:
    """The message by the company's template; one that fails gives way to the shipped one."""
    if templates is not None:
        try:
            return _texts(company_environment(templates), locale, values)
        except Exception as error:  # noqa: BLE001 - whatever a company's template does, the code goes out
            _log.error("%s; the shipped template was used", fault(error, templates / _path(locale)))
    return _texts(shipped_environment(), locale, values)


def _texts(environment: Environment, locale: Locale, values: dict[str, Any]) -> dict[str, str]:
    blocks = Blocks(environment.get_template(_path(locale)), values)
    subject, short = one_line(blocks.render("subject")), one_line(blocks.render("short"))
    body = blocks.render("body").strip()
    if MARK not in body or MARK not in short:
        raise ValueError(f"leaves out the code, {{{{ code }}}}, in the block {'body' if MARK not in body else 'short'}")
    rows = [(label("field", "number", locale), values["number"])]
    layout = environment.get_template(f"{locale}/layout.html")
    html = layout.render(values, subject=subject, short=subject, paragraphs=paragraphs(body), rows=rows)
    return {"subject": subject, "text": f"{body}\n", "html": html, "short": short}


def _path(locale: Locale) -> str:
    return f"{locale}/one_time_code.j2"
