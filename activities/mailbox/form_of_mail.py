"""The form of an issue that came by mail: its sender is the customer, what they wrote is the symptom (R1, R42)."""

from __future__ import annotations

import re
from typing import Any, Final

from activities.mailbox.interpretation.meaning import MailMeaning
from activities.mailbox.mime.mail import IncomingMail
from workflows.domain.commands.command import TEXT_LIMIT
from workflows.domain.organisation.organisation import Person
from workflows.domain.policy.policy import Policy
from workflows.domain.text import without_invisible
from workflows.domain.vocabulary import Channel, Locale

_CUT: Final = "\n…"
_CJK: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


def said(meaning: MailMeaning) -> str:
    """What the mail says, for a command: never empty, and not too long; the mail itself is kept."""
    return cut(_words(meaning), TEXT_LIMIT)


def cut(text: str, limit: int) -> str:
    """The beginning of a text that is too long; it says so."""
    return text if len(text) <= limit else text[: limit - len(_CUT)].rstrip() + _CUT


def form_of(
    meaning: MailMeaning, policy: Policy, *, key: str, files: list[str], person: Person | None, reach: bool
) -> dict[str, Any]:
    """A form as `activities.intake.form.parse_form` takes it.

    Args:
        meaning: what was read.
        policy: how long a description may be, and how many files it may name.
        key: the intake key.
        files: labels of the files that came along.
        person: of the staff, who handed it on; the customer is not known then.
        reach: whether messages may go to the sender; else a person has to see whose mail it is.
    """
    mail = meaning.mail or IncomingMail(digest="")
    text = _words(meaning)
    if mail.subject and mail.subject not in text:
        text = f"{mail.subject}\n\n{text}"
    named = ", ".join(meaning.mentions)
    if named:
        text = f"{text}\n\n→ {named}"
    name = without_invisible(mail.sender_name).strip() or mail.sender.partition("@")[0] or mail.sender
    contact = {"email": mail.sender} if reach and person is None else {"other": mail.sender}
    return {
        "intake_key": key,
        "channel": Channel.EMAIL.value,
        "customer": {
            "name": name[:200],
            "locale": (Locale.ZH_CN if _CJK.search(text) else Locale.EN).value,
            **contact,
        },
        "description": {"symptom": _within(text, policy.limits.description_bytes)},
        "attachments": files[: policy.limits.attachments],
        "received_by": person.id if person else None,
    }


def _words(meaning: MailMeaning) -> str:
    subject = meaning.mail.subject if meaning.mail else ""
    words = without_invisible(meaning.text).strip()
    return words or without_invisible(subject).strip() or "…"


def _within(text: str, most: int) -> str:
    raw = text.encode(errors="replace")
    return text if len(raw) <= most else raw[: most - 8].decode(errors="ignore").rstrip() + _CUT
