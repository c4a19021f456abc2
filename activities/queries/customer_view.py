"""What a customer may see of their case: its state, what was promised, the messages to them (R2, R30).

Nothing is shown that was not sent to them or is their own: no internal remark, no department, nobody's id, and of
names only the one the owner shows to customers. The priority is left out as well: it is how the company works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from activities.database.reader import Reader, document, instant, open_reader
from activities.database.url import DatabaseUrl
from activities.queries.case_record import CASE, CaseRecord, case_of, case_record_of
from activities.queries.contact import reaches
from activities.rendering.labels import customer_action_text, label
from workflows.domain.case.recorded.customer_status import (
    answer_promised,
    customer_action,
    customer_choices,
    customer_status,
    solution_given,
    solution_promised,
)
from workflows.domain.provenance import is_own_hand
from workflows.domain.vocabulary import ONE_TIME_CODE, Audience, EventKind, Locale, Message

_MESSAGES = """
SELECT message, event, sequence, CASE status WHEN 'told' THEN sent_at ELSE created_at END AS at FROM outbox
WHERE number = $1 AND audience = $2 AND status IN ('sent', 'told', 'stored') AND message <> $3
ORDER BY created_at, sequence, key
"""
"""What was sent, or told by a person; where no channel is set up at all, what is kept for reading."""
_PEOPLE = "SELECT body FROM organisation ORDER BY version DESC LIMIT 1"

_WORDS: dict[str, tuple[EventKind, tuple[str, ...]]] = {
    Message.REPLIED: (EventKind.REPLIED, ("text",)),
    Message.PROGRESSED: (EventKind.PROGRESSED, ("text",)),
    Message.INFORMATION_REQUESTED: (EventKind.INFORMATION_REQUESTED, ("text",)),
    Message.RESULT: (EventKind.RESOLVED, ("cause", "solution", "cautions", "prevention")),
}
"""Messages whose words are shown: the event they come from, and those of its details that the message says."""


_VERDICTS: dict[str, tuple[str, ...]] = {
    EventKind.CONFIRMED: ("text",),
    EventKind.REFUSED: ("why",),
    EventKind.RATED: ("score", "comment"),
}
"""What customers say of a solution, and which details of it are their own words."""


@dataclass(frozen=True)
class CustomerMessage:
    """One message to the customer: when, which, and the event behind it (`sequence` in the timeline)."""

    at: datetime
    message: str
    event: str
    sequence: int


async def read_customer_view(
    address: DatabaseUrl, number: str, contact: str, locale: Locale | None = None
) -> dict[str, Any] | None:
    """The view for whoever knows the number and a contact of the case; see `customer_view`.

    None where there is no such case and where the contact is not the customer's: nobody can tell which, and the same
    is read and compared for both. How often somebody may try is for the caller to limit.

    Args:
        address: the record.
        number: of the case.
        contact: phone number, mail address or whatever else the form has.
        locale: language of the texts; without it the customer's own.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        found = await _read(reader, number)
    if not reaches(found.file.form if found.file else None, contact):
        return None
    return found.shown(locale)


async def read_own_view(reader: Reader, number: str, locale: Locale | None = None) -> dict[str, Any] | None:
    """The view for a customer who was let in already; None where there is no such case.

    Raises:
        Problem: the database cannot be read.
    """
    return (await _read(reader, number)).shown(locale)


async def belong_together(reader: Reader, number: str, contact: str) -> bool:
    """Whether the case of this number has this contact; the same is read and compared where there is no such case.

    Raises:
        Problem: the database cannot be read.
    """
    file = await case_record_of(reader, number)
    return reaches(file.form if file else None, contact)


@dataclass(frozen=True)
class _Found:
    """What was read of a number; `file` is None where there is no such case."""

    file: CaseRecord | None
    messages: Sequence[Mapping[str, Any]]
    people: Sequence[Mapping[str, Any]]

    def shown(self, locale: Locale | None) -> dict[str, Any] | None:
        if self.file is None:
            return None
        owner = self.file.view["owner"] if self.file.view else None
        return customer_view(
            self.file,
            [
                CustomerMessage(instant(row["at"]), row["message"], row["event"], row["sequence"])
                for row in self.messages
            ],
            _display_name(self.people[0]["body"], owner) if self.people and owner else None,
            locale or _own_locale(self.file),
        )


async def _read(reader: Reader, number: str) -> _Found:
    statements = (*CASE, _MESSAGES, _PEOPLE)
    *case, messages, people = await reader.answers(statements, number, Audience.CUSTOMER.value, ONE_TIME_CODE)
    return _Found(case_of(*case), messages, people)


def customer_view(
    file: CaseRecord, messages: Sequence[CustomerMessage], handler: str | None, locale: Locale
) -> dict[str, Any]:
    """What is shown: JSON, its times UTC in ISO 8601.

    `answer` and `solution` each have `promised` (None where nothing is promised now, such as while the customer's
    information is awaited) and `given`; `next` is what the customer is asked to do, and may do (`choices`, names of
    commands); `cycle` is how often the case was reopened; `told` is what they were told, the oldest first. `said` is
    what they accepted, refused and rated, each by their `own_hand` or taken down by the service (R39); until
    `correctable_until` they may still give another answer to a case that is closed, until
    `retractable_until` accept or rate well what they have just sent back.
    """
    view = file.view
    action = customer_action(view)
    return {
        "number": file.number,
        "locale": locale.value,
        "product": file.form.get("product"),
        "received_at": view["received_at"] if view else file.received_at.isoformat(),
        "status": view["status"] if view else "registered",
        "status_text": label("customer_status", customer_status(view), locale),
        "handler": handler,
        "answer": {"promised": answer_promised(view), "given": view["responded_at"] if view else None},
        "solution": {"promised": solution_promised(view), "given": solution_given(view)},
        "closed_at": view["closed_at"] if view else None,
        "next": {
            "action": action,
            "text": customer_action_text(action, locale),
            "missing": _fields(view["missing"] if view else (), locale),
            "fields": list(view["missing"]) if view else [],
            "choices": list(customer_choices(view)),
        },
        "cycle": view["reopened"] if view else 0,
        "resolution": view["resolution"] if view else None,
        "satisfaction": view["satisfaction"] if view else None,
        "correctable_until": view.get("correctable_until") if view else None,
        "retractable_until": view.get("retractable_until") if view else None,
        "said": _said(file.timeline, locale),
        "told": _shown_messages(file, messages, locale),
    }


def _said(timeline: Sequence[Mapping[str, Any]], locale: Locale) -> list[dict[str, Any]]:
    return [
        {
            "at": entry["at"],
            "what": entry["kind"],
            "title": label("event", entry["kind"], locale),
            **{key: entry["detail"][key] for key in _VERDICTS[entry["kind"]] if entry["detail"].get(key)},
            "own_hand": (own := is_own_hand(entry["by"], entry["via"], entry["detail"].get("relayed_by"))),
            "hand": label("customer_view", "own_hand" if own else "taken_down", locale),
        }
        for entry in timeline
        if entry["kind"] in _VERDICTS and entry.get("via")
    ]


def _shown_messages(file: CaseRecord, messages: Sequence[CustomerMessage], locale: Locale) -> list[dict[str, Any]]:
    happened = {entry["sequence"]: entry for entry in file.timeline}
    return [
        {
            "at": one.at.isoformat(),
            "message": one.message,
            "title": label("message", one.message, locale),
            **_words(one, happened.get(one.sequence), locale),
        }
        for one in messages
    ]


def _words(one: CustomerMessage, entry: Mapping[str, Any] | None, locale: Locale) -> dict[str, Any]:
    """The words of the message; none where the timeline has another event in its place."""
    kind, keys = _WORDS.get(one.message, (None, ()))
    if kind is None or entry is None or not entry["kind"] == one.event == kind:
        return {}
    detail = entry["detail"]
    words = {key: detail[key] for key in keys if detail.get(key)}
    if fields := _fields(detail.get("missing"), locale):
        words["missing"] = fields
    return words


def _fields(names: Any, locale: Locale) -> list[str]:
    return [label("field", name, locale) for name in names or ()]


def _display_name(body: Any, owner: str) -> str | None:
    """What customers see of the owner; None for somebody who has left."""
    for person in document(body)["people"]:
        if person["id"] == owner:
            return str(person.get("display_name") or person["name"])
    return None


def _own_locale(file: CaseRecord) -> Locale:
    customer = file.form.get("customer")
    wanted = customer.get("locale") if isinstance(customer, dict) else None
    return Locale(wanted) if wanted in set(Locale) else Locale.ZH_CN
