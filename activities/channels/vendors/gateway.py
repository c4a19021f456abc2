"""Any gateway over HTTP: what it is sent is a template of the company's, and what counts as taken is set beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

from jinja2 import StrictUndefined, Template, TemplateError, Undefined

from activities.channels.http import HttpResponse, Request, refuse_by_status, said
from activities.channels.sms_template import CODE, FACTS, SmsTemplate
from activities.delivery.transport import (
    AddressKind,
    Envelope,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownOutcomeError,
)
from activities.rendering.engine import Sandbox

FORM = "application/x-www-form-urlencoded"
NAMES = ("to", "text", "subject", "number", "message", "id", "secret", "template", "parameters", CODE, *FACTS)
"""What a template may name; `template` and `parameters` are empty where the channel has no templates."""


@dataclass(frozen=True)
class Success:
    """What says that a message was taken: the status, and where `pointer` (RFC 6901) is given, the value there."""

    status: int
    pointer: str
    value: str
    later: tuple[str, ...]
    """Values that pass by themselves."""


@dataclass(frozen=True)
class Gateway:
    """A `Vendor`. `body` is escaped for JSON, or for a form by its Content-Type; with GET it is the query."""

    endpoint: str
    method: str
    headers: Mapping[str, str] = field(repr=False)
    body: str = field(repr=False)
    secret: str = field(repr=False)
    success: Success
    templates: Mapping[str, SmsTemplate]
    takes: ClassVar[AddressKind] = AddressKind.MOBILE

    def words(self, envelope: Envelope) -> str:
        """The short text, or the approved template's."""
        template = self.templates.get(envelope.message)
        return template.filled(envelope.facts) if template else envelope.short

    def request(self, envelope: Envelope, address: str, at: datetime) -> Request:  # noqa: ARG002
        """Body and headers, filled in."""
        template = self.templates.get(envelope.message)
        values: dict[str, Any] = dict.fromkeys((CODE, *FACTS), "") | dict(
            envelope.facts if isinstance(envelope.facts, Mapping) else {}
        )
        values |= {
            "to": address,
            "text": self.words(envelope),
            "subject": envelope.subject,
            "number": envelope.number,
            "message": envelope.message,
            "id": hashlib.sha256(envelope.key.encode()).hexdigest()[:32],
            "secret": self.secret,
            "template": template.id if template else "",
            "parameters": list(template.parameters(envelope.facts).values()) if template else [],
        }
        try:
            headers = {name: one_header(text).render(values) for name, text in self.headers.items()}
            body = body_template(self.body, is_form=self.is_form).render(values)
        except Exception as error:  # noqa: BLE001 - whatever a company's template does
            raise PermanentDeliveryError(f"the body cannot be written: {type(error).__name__}") from None
        if any(not text.isascii() or not text.isprintable() for text in headers.values()):
            raise PermanentDeliveryError("a header cannot be written: it has to be plain ASCII")
        if self.method == "GET":
            return Request(b"", headers, query=body, method="GET")
        return Request(body.encode(), headers, method=self.method)

    @property
    def is_form(self) -> bool:
        """Whether the body is a form and no JSON."""
        kinds = [text for name, text in self.headers.items() if name.lower() == "content-type"]
        return self.method == "GET" or any(FORM in kind.lower() for kind in kinds)

    def judge(self, answer: HttpResponse) -> None:
        """Judge by the status, and by the value at the pointer."""
        wanted = self.success
        if answer.status != wanted.status:
            refuse_by_status(answer, "the gateway")
            raise PermanentDeliveryError(f"the gateway answers status {answer.status}, not {wanted.status}")
        if not wanted.pointer:
            return
        try:
            value = as_text(at_pointer(json.loads(answer.body), wanted.pointer))
        except (ValueError, LookupError, TypeError, RecursionError):
            raise UnknownOutcomeError(f"the gateway's answer has nothing at {wanted.pointer}") from None
        if value in wanted.later:
            raise TemporaryDeliveryError(f"the gateway answers {said(value)}", answer.wait())
        if value != wanted.value:
            raise PermanentDeliveryError(f"the gateway answers {said(value)}, not {wanted.value}")


def body_template(text: str, *, is_form: bool) -> Template:
    """The body, each value of which is escaped as it comes in.

    Raises:
        jinja2.TemplateError: it is no template.
    """
    escape: Callable[[object], str] = _for_form if is_form else _for_json
    return Sandbox(undefined=StrictUndefined, finalize=escape, autoescape=False).from_string(text)


def one_header(text: str) -> Template:
    """The value of a header.

    Raises:
        jinja2.TemplateError: it is no template.
    """
    return Sandbox(undefined=StrictUndefined, autoescape=False).from_string(text)


def template_fault(body: str, headers: Mapping[str, str], *, is_form: bool) -> str | None:
    """Why body or headers cannot be filled in, tried with made-up values; None where they can."""
    values: dict[str, Any] = dict.fromkeys(NAMES, 'a "text"\nof two lines') | {"parameters": ["1", "2"]}
    try:
        for name, text in headers.items():
            one_header(text).render(values | {"secret": "s"})
            if not name.isascii() or not name.replace("-", "").isalnum():
                return f"headers: {name!r} is no name of a header"
        written = body_template(body, is_form=is_form).render(values)
    except TemplateError as error:
        return f"body: {' '.join(str(error).split())}; allowed: {', '.join(NAMES)}"
    except Exception as error:  # noqa: BLE001 - whatever a company's template does
        return f"body: {type(error).__name__}"
    if is_form:
        return None
    try:
        json.loads(written)
    except ValueError as error:
        return f"body: is no JSON once it is filled in: {error}"
    return None


def at_pointer(document: Any, pointer: str) -> Any:
    """The value that a JSON pointer leads to.

    Raises:
        LookupError, ValueError, TypeError: there is none.
    """
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


def as_text(value: Any) -> str:
    """A value as it would be written in the settings: `0`, `true`, `OK`."""
    return value if isinstance(value, str) else json.dumps(value)


def _for_json(value: object) -> str:
    """Within quotes; a list stands for itself."""
    if isinstance(value, str | Undefined):
        return json.dumps(str(value), ensure_ascii=False)[1:-1]
    return json.dumps(value, ensure_ascii=False)


def _for_form(value: object) -> str:
    return quote(str(value) if isinstance(value, str | Undefined) else json.dumps(value, ensure_ascii=False), safe="")
