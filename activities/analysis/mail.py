"""The mail with a periodic report: findings and main figures in its text, the whole report attached (R29)."""

from __future__ import annotations

import json
from pathlib import Path

from activities.analysis.files import headline_rows
from activities.analysis.wording import ReportWording, report_words
from activities.delivery.transport import Attachment, Envelope
from activities.ordinary_file import read_inside
from activities.rendering.pages import environment
from workflows.domain.formats import Days
from workflows.domain.policy.reports import days_name
from workflows.domain.vocabulary import Contact, Locale

_LARGEST = 50_000_000
"""Bytes of a report that is mailed."""


def compose(
    days: Days, page: Path, *, key: str, recipient: str, address: str, name: str, locale: Locale, company: str
) -> Envelope:
    """The mail with the report at `page`, whose figures lie beside it.

    Raises:
        OSError: the files cannot be read.
    """
    said = report_words(locale)["mail"]
    whole = read_inside(page.parent, page.name, _LARGEST)
    facts = {"name": days_name(days), "first": days.first, "last": days.last, "folder": page.parent}
    report = json.loads(read_inside(page.parent, "report.json", _LARGEST))
    finding: str = report["summary"][locale.value]
    rows = [(row["name"], said["figure"].format_map(row)) for row in headline_rows(report, ReportWording(locale))]
    subject = said["subject"].format(**facts)
    paragraphs = [finding, said["attached"].format(**facts)]
    html = environment().get_template("report_mail.html").render(
        lang=locale.value.replace("_", "-"),
        audience="management",
        link="",
        desk="",
        company={"title": company or report_words(locale)["page"]},
        number=facts["name"],
        subject=subject,
        short=finding,
        paragraphs=[("text", [paragraph]) for paragraph in paragraphs],
        rows=rows,
        footer=said["footer"],
    )  # fmt: skip
    return Envelope(
        key=key,
        number=days_name(days),
        message="report",
        recipient=recipient,
        channel=Contact.EMAIL.value,
        address=address,
        name=name,
        locale=locale.value,
        subject=subject,
        text="\n\n".join([*paragraphs, "\n".join(f"{name}  {figure}" for name, figure in rows), said["footer"]]) + "\n",
        html=html,
        short=subject,
        attachments=(Attachment(said["file"].format(**facts), "text/html", whole),),
    )
