"""The table of a case's facts under every mail: what the reader may know of it, one labelled line each.

Customers see their own words, the state and the owner's name; staff see what they need to act, contacts included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from activities.rendering.filters import brief, kind, local_time, named, person
from activities.rendering.labels import label
from workflows.domain.case.view import CaseView
from workflows.domain.form_fields import CONTACTS, FIELDS, NAMES, value_of
from workflows.domain.model import Json
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Audience, Locale, Status


@dataclass(frozen=True, kw_only=True)
class Factsheet:
    """Facts of one case for one reader."""

    number: str
    view: CaseView
    form: Json
    names: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]
    calendar: Calendar
    at: datetime
    audience: Audience
    locale: Locale

    def rows(self) -> list[tuple[str, str]]:
        """Label and value of each fact that is known, in reading order."""
        rows = self._for_customer() if self.audience is Audience.CUSTOMER else self._for_staff()
        return [(name[:1].upper() + name[1:], value) for name, value in rows if value]

    def kind(self) -> str:
        """Type and subtype as one phrase."""
        return kind(self.view.type, self.view.subtype, self.labels, self.locale)

    def topic(self) -> str:
        """What it is about in the customer's own words, on one line; the type where they said nothing."""
        return self._text("description.symptom", 200) or self._text("product", 200) or self.kind()

    def _for_customer(self) -> Iterator[tuple[str, str]]:
        view = self.view
        yield self._name("number"), self.number
        yield self._name("status"), label("status", view.status.value, self.locale)
        yield self._name("product"), self._text("product", 60)
        yield self._name("type"), self.kind()
        yield self._name("description.symptom"), self._text("description.symptom", 80)
        yield self._name("submitted_at"), self._time(view.received_at)
        if view.owner and self.names.get(view.owner):
            yield self._name("handler"), self._person(view.owner)
        promised = view.expected_resolution
        if promised and promised > self.at and view.resolved_at is None and view.status is not Status.CLOSED:
            yield self._name("expected_resolution"), self._time(promised)

    def _for_staff(self) -> Iterator[tuple[str, str]]:
        view, locale = self.view, self.locale
        yield self._name("number"), self.number
        yield self._name("priority"), f"{view.priority} {label('priority', view.priority.value, locale)}"
        yield self._name("status"), label("status", view.status.value, locale)
        yield self._name("type"), self.kind()
        yield self._name("product"), self._text("product", 60)
        yield self._name("description.symptom"), self._text("description.symptom", 120)
        yield self._name("impact.effect"), self._text("impact.effect", 80)
        yield self._name("customer"), " · ".join(filter(None, (self._text(field.key, 40) for field in NAMES)))
        yield self._name("contact"), " · ".join(filter(None, (self._text(field.key, 60) for field in CONTACTS)))
        if preferred := self._text("customer.preferred_contact", 20):
            yield self._name("customer.preferred_contact"), label("channel", preferred, locale)
        yield self._name("owner"), self._person(view.owner)
        places = (named(place, self.labels, locale) for place in (view.department, view.group) if place)
        yield self._name("department"), " / ".join(places)
        if view.escalation_level:
            yield self._name("escalation_level"), f"{view.escalation_level} · {self._person(view.escalated_to)}"
        if view.reopened:
            yield self._name("reopened"), str(view.reopened)
        yield self._name("received_at"), self._time(view.received_at)
        for deadline in view.deadlines:
            if deadline.due:
                clock = label("clock", deadline.clock.value, locale)
                yield self._name("due").format(clock), self._time(deadline.due)

    def _name(self, key: str) -> str:
        return label("field", key, self.locale)

    def _time(self, value: datetime) -> str:
        return local_time(value, self.calendar, self.at, self.locale)

    def _person(self, who: str | None) -> str:
        return person(who, self.names, self.audience, self.view.owner, self.locale) if who else ""

    def _text(self, key: str, length: int) -> str:
        value = value_of(self.form, key)
        return brief(str(value), length) if value is not None else ""


def complete_form(form: Json) -> Json:
    """The registration form with every key a template may name; what was not given is null."""
    complete: Json = dict.fromkeys(field.key for field in FIELDS if not field.section) | form
    for section in dict.fromkeys(field.section for field in FIELDS if field.section):
        given = form.get(section)
        blank: Json = dict.fromkeys(field.name for field in FIELDS if field.section == section)
        complete[section] = blank | (given if isinstance(given, dict) else {})
    return complete
