"""The mail with a one-time link to sign in by. It is made and sent at once, and kept nowhere (R45)."""

from __future__ import annotations

import logging
import secrets
from pathlib import Path
from typing import Any

from jinja2 import Environment

from activities.delivery.transport import Envelope
from activities.messages.renderer import paragraphs
from activities.rendering.engine import Blocks, company_environment, fault, shipped_environment
from activities.rendering.filters import brief, one_line
from workflows.domain.organisation.organisation import Person
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Audience, Contact, Locale, Priority

_log = logging.getLogger(__name__)


def sign_in_mail(
    person: Person, link: str, company: dict[str, str], *, templates: Path | None, minutes: int, zone: str
) -> Envelope:
    """The mail in the person's language; a company's template that fails gives way to the shipped one."""
    title = (company.get("name_en") if person.locale is Locale.EN else "") or company.get("name") or ""
    values: dict[str, Any] = {
        "recipient": {"id": person.id, "name": brief(person.display_name or person.name, 40)},
        "company": {**company, "title": title},
        "desk": "",
        "link": link,
        "minutes": minutes,
        "purpose": "sign_in",
        "locale": person.locale,
        "audience": Audience.CUSTOMER.value,
        "number": "",
        "ways": {"portal": ""},
        "case": {"priority": Priority.P3.value},
        "calendar": Calendar(zone=zone),
    }
    texts = _rendered(person.locale, values, templates)
    return Envelope(
        key=f"sign-in:{secrets.token_hex(8)}", number="", message="sign_in", recipient=person.id,
        channel=Contact.EMAIL.value, address=person.email, name=person.name, locale=person.locale.value,
        subject=texts["subject"], text=texts["text"], html=texts["html"], short=texts["short"],
    )  # fmt: skip


def _rendered(locale: Locale, values: dict[str, Any], templates: Path | None) -> dict[str, str]:
    if templates is not None:
        try:
            return _texts(company_environment(templates), locale, values)
        except Exception as error:  # noqa: BLE001 - whatever a company's template does, people can sign in
            _log.error("%s; the shipped template was used", fault(error, templates / _path(locale)))
    return _texts(shipped_environment(), locale, values)


def _texts(environment: Environment, locale: Locale, values: dict[str, Any]) -> dict[str, str]:
    blocks = Blocks(environment.get_template(_path(locale)), values)
    subject, body = one_line(blocks.render("subject")), blocks.render("body").strip()
    if values["link"] not in body.split("\n"):
        raise ValueError("leaves out the link, {{ link }}, which stands alone on its line in the block body")
    layout = environment.get_template(f"{locale}/layout.html")
    html = layout.render(values, subject=subject, short=subject, paragraphs=paragraphs(body), rows=[])
    return {"subject": subject, "text": f"{body}\n", "html": html, "short": subject}


def _path(locale: Locale) -> str:
    return f"{locale}/sign_in.j2"
