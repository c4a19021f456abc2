"""Notices rendered into what people read: subject, plain text, HTML and one short line, in their language.

Shipped templates live in `templates/<locale>/<audience>/<message>.j2`; a company's folder overrides them file by
file. A company's template may also begin with `{% extends "shipped/zh_CN/customer/created.j2" %}` and replace
single blocks.
"""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment

from activities.knowledge.suggestion import NO_SUGGESTIONS, Suggestions
from activities.messages.ways import PURPOSES, brief_contact, contact, customer_ways, purpose_of, with_portal
from activities.rendering.engine import Blocks, company_environment, fault, shipped_environment
from activities.rendering.factsheet import Factsheet, complete_form
from activities.rendering.filters import brief, clean, one_line
from activities.rendering.labels import TEMPLATES, label, satisfaction_scale
from workflows.domain.case.view import CaseView
from workflows.domain.event import Notice
from workflows.domain.model import Fact, Instant, Json
from workflows.domain.problem import Problem
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Audience, Locale

__all__ = ["Recipient", "RenderContext", "Rendered", "Renderer", "label"]

_SUBJECT_LENGTH = 160
_TABLE = "\n\n--\n"
"""What stands between a text and the table of facts under it."""
_COMPANY = ("name", "name_en", "hotline", "email", "website", "portal_url")
_COLON = {Locale.ZH_CN: "：", Locale.EN: ": "}
_COMPANY_TITLE = {Locale.ZH_CN: "客户服务中心", Locale.EN: "Customer Service"}
_CUSTOMER_NAME = {Locale.ZH_CN: "客户", Locale.EN: "Customer"}


class Recipient(Fact):
    """Who reads it. `id` is a person's id or `customer`."""

    id: str
    name: str
    locale: Locale
    audience: Audience


class RenderContext(Fact):
    """What a message may speak of, beside its own facts.

    `form` is the intake form as JSON; `names` maps a person's id to the display name; `labels` maps ids of the
    company's departments, groups, types and subtypes to a label per locale; `company` holds name, name_en, hotline,
    email, website and portal_url, each possibly empty or absent; `at` is when the fact happened; `suggestions` are
    those of `activities.knowledge.suggestion`, for staff only; `portal` is the address of the customers' pages, or
    empty; `link` is the mark that stands for the customer's link, empty where this message may carry none.
    """

    number: str
    view: CaseView
    form: Json
    recipient: Recipient
    names: dict[str, str]
    labels: dict[str, dict[str, str]]
    company: dict[str, str]
    calendar: Calendar
    at: Instant
    suggestions: Suggestions | None = None
    portal: str = ""
    link: str = ""
    mailbox: bool = False
    """Whether an answer to this very message reaches its case."""

    def factsheet(self, audience: Audience) -> Factsheet:
        """The facts of the case that its reader may know."""
        return Factsheet(
            number=self.number, view=self.view, form=self.form, names=self.names, labels=self.labels,
            calendar=self.calendar, at=self.at, audience=audience, locale=self.recipient.locale,
        )  # fmt: skip


class Rendered(Fact):
    """A message as it is stored and sent. `subject` and `short` are one line each and hold no control character.

    `text` and `html` have the context's `link` where the customer's link goes, the others never.

    `problem` names the fault of a company's template in one line; the shipped one was used instead. `is_empty`: nothing
    could be rendered, and the texts are but the number and the name of the message.
    """

    subject: str
    text: str
    html: str
    short: str
    problem: str | None = None
    is_empty: bool = False


class Renderer:
    """Renders notices; compiled templates are kept, a company's are read again when they change.

    Raises:
        Problem: the company's template folder does not exist.
    """

    def __init__(self, company_templates: Path | None = None) -> None:
        if company_templates is not None and not company_templates.is_dir():
            raise Problem(no_folder(company_templates))
        self._folder = company_templates
        self._shipped = shipped_environment()
        self._company = company_environment(company_templates) if company_templates else None

    def render(self, notice: Notice, context: RenderContext) -> Rendered:
        """The notice for its reader; a company's template that fails gives way to the shipped one.

        Raises:
            jinja2.TemplateError: a shipped template lacks a fact, which is a fault of this program.
        """
        problem = None
        if self._company is not None:
            try:
                return render_with(self._company, notice, context)
            except Exception as error:  # noqa: BLE001 - whatever a company's template does, the reader is told
                problem = f"{fault(error, template_file(self._folder, notice, context))}; the shipped template was used"
        return render_with(self._shipped, notice, context).model_copy(update={"problem": problem})


def no_folder(folder: Path) -> str:
    """What is said where the company's folder is none."""
    return f"templates: {folder} is no folder; name one that holds zh_CN/ or en/"


def template_file(folder: Path | None, notice: Notice, context: RenderContext) -> Path:
    """The file that a notice is rendered from: the company's, where its folder has one."""
    path = _path(notice, context)
    own = folder / path if folder else None
    return own if own and own.is_file() else TEMPLATES / path


def paragraphs(body: str) -> list[tuple[str, list[str]]]:
    """A text body for the HTML layout: kind (`command`, `quote` or `text`) and lines of each paragraph."""
    found: list[tuple[str, list[str]]] = []
    for part in body.split("\n\n"):
        lines = part.split("\n")
        if all(line.startswith("    ") for line in lines):
            found.append(("command", [line.strip() for line in lines]))
        elif all(line.startswith(">") for line in lines):
            found.append(("quote", [line[1:].strip() for line in lines]))
        else:
            found.append(("text", lines))
    return found


def render_with(environment: Environment, notice: Notice, context: RenderContext) -> Rendered:
    """The notice by the templates of one environment; whatever a template raises goes through.

    A company's template that knows of no link names the portal instead.
    """
    if context.link and notice.message not in PURPOSES:
        context = context.model_copy(update={"link": ""})
    locale = context.recipient.locale
    sheet = context.factsheet(notice.audience)
    values = _values(notice, context, sheet)
    blocks = Blocks(environment.get_template(_path(notice, context)), values)
    subject = brief(blocks.render("subject"), _SUBJECT_LENGTH)
    body = _tidy(blocks.render("body"))
    short = one_line(blocks.render("short"))
    for name, content in (("subject", subject), ("body", body), ("short", short)):
        if not content:
            raise ValueError(f"block {name!r} is missing or empty")
        if context.link and context.link in content and name != "body":
            raise ValueError(f"block {name!r} has the link, which only the body may carry; use ways.portal there")
    if context.link and context.link not in body.split("\n"):
        if context.link in body:
            raise ValueError("the link does not stand alone on its line")
        return render_with(environment, notice, context.model_copy(update={"link": ""}))
    if notice.audience is Audience.CUSTOMER:
        short = with_portal(short, customer_ways(_company(context), context.portal, links=False))
    rows = sheet.rows()
    table = "\n".join(f"{name}{_COLON[locale]}{value}" for name, value in rows)
    layout = environment.get_template(f"{locale}/layout.html")
    html = layout.render(values, subject=subject, short=short, paragraphs=paragraphs(body), rows=rows)
    return Rendered(subject=subject, text=f"{body}{_TABLE}{table}\n", html=html, short=short)


def without_table(text: str) -> str:
    """A rendered text without the table of facts at its end."""
    return text.rpartition(_TABLE)[0] or text


def _path(notice: Notice, context: RenderContext) -> str:
    return f"{context.recipient.locale}/{notice.audience}/{notice.message}.j2"


def _values(notice: Notice, context: RenderContext, sheet: Factsheet) -> dict[str, object]:
    """What a template can name."""
    company = _company(context)
    ways = customer_ways(company, context.portal, links=bool(context.link), mailbox=context.mailbox)
    recipient = context.recipient
    nameless = _CUSTOMER_NAME[recipient.locale] if notice.audience is Audience.CUSTOMER else recipient.id
    return {
        "number": context.number,
        "case": context.view,
        "form": complete_form(context.form),
        "kind": sheet.kind(),
        "topic": sheet.topic(),
        "recipient": {"id": recipient.id, "name": brief(recipient.name, 40) or nameless},
        "company": company,
        "facts": notice.facts,
        "message": notice.message.value,
        "audience": notice.audience.value,
        "locale": recipient.locale,
        "names": context.names,
        "labels": context.labels,
        "calendar": context.calendar,
        "at": context.at,
        "ways": ways,
        "link": context.link,
        "desk": desk_page(context.portal, context.number, notice.audience),
        "purpose": purpose_of(notice.message, context.view.status) or "",
        "contact": contact(ways, recipient.locale),
        "question_contact": contact(ways.to_people, recipient.locale),
        "brief_contact": brief_contact(ways, recipient.locale),
        "scale": satisfaction_scale(recipient.locale),
        "suggestions": (notice.audience is Audience.STAFF and context.suggestions) or NO_SUGGESTIONS,
    }


def desk_page(portal: str, number: str, audience: Audience) -> str:
    """The page where somebody of the staff does what a message asks (R48); empty for customers, and where messages
    carry no links. A case's number alone: whoever opens it signs in.
    """
    return f"{portal}/desk/cases/{number}" if portal and audience is Audience.STAFF else ""


def _company(context: RenderContext) -> dict[str, str]:
    company = {key: one_line(context.company.get(key) or "") for key in _COMPANY}
    for key in ("website", "portal_url"):
        if not company[key].startswith(("https://", "http://")):
            company[key] = ""
    locale = context.recipient.locale
    names = (company["name_en"], company["name"]) if locale is Locale.EN else (company["name"], company["name_en"])
    company["title"] = names[0] or names[1] or _COMPANY_TITLE[locale]
    return company


def _tidy(text: str) -> str:
    """The text without trailing spaces and control characters, with one empty line between paragraphs."""
    tidy = "\n".join(line.rstrip() for line in clean(text).split("\n")).strip("\n")
    while "\n\n\n" in tidy:
        tidy = tidy.replace("\n\n\n", "\n\n")
    return tidy
