"""What is shown of cases, in words: people, departments, times, and how long is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from activities.rendering.called import Called
from activities.rendering.filters import brief, duration, kind, named
from activities.rendering.labels import label
from worker.installation.company_time import CompanyTime
from workflows.domain.vocabulary import Priority, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starter.services.identity.bearer import Bearer
    from starter.web.staff.visit import StaffVisit
    from workflows.domain.vocabulary import Locale

MOST_PEOPLE: Final = 500
"""Names that a field proposes; whoever works in a larger company types an id."""


@dataclass(frozen=True)
class Wording:
    """How cases are put in words, in the language of whoever looks; times are the cases'."""

    visit: StaffVisit
    who: Bearer
    company: CompanyTime

    @classmethod
    async def of(cls, visit: StaffVisit, who: Bearer) -> Wording:
        """The wording for that visit.

        Raises:
            Problem: the record cannot be read.
        """
        return cls(visit, who, await CompanyTime.read(visit.site.settings))

    def name(self, person: str | None) -> str:
        """Whom an id is shown as."""
        organisation = self.who.organisation
        known = organisation.person(person) if organisation is not None and person else None
        words = self.visit.words["desk"]["who"]
        return f"{known.name} ({known.id})" if known is not None else words.get(person or "nobody", person or "")

    def brief_name(self, person: str | None) -> str:
        """The name alone, for a list."""
        organisation = self.who.organisation
        known = organisation.person(person) if organisation is not None and person else None
        return brief(known.name, 24) if known is not None else self.name(person)

    def department(self, key: str | None) -> str:
        """What a department is called."""
        return named(key, self._units, self.locale) if key else "–"

    @cached_property
    def _units(self) -> dict[str, dict[str, str]]:
        """What departments and groups are called."""
        return self.who.organisation.labels() if self.who.organisation is not None else {}

    @cached_property
    def locale(self) -> Locale:
        """The language."""
        return self.visit.locale

    def label(self, of: str, value: str) -> str:
        """What a word of the vocabulary is called."""
        return label(of, value, self.locale)

    def kind(self, case: Mapping[str, Any]) -> str:
        """Type and subtype."""
        return self._kind(case["type"], case["subtype"]) if case["type"] else "–"

    def _kind(self, type_: str, subtype: str | None) -> str:
        return kind(type_, subtype, self._types, self.locale)

    @cached_property
    def _types(self) -> dict[str, dict[str, str]]:
        """What types and subtypes are called."""
        return self.visit.installation.policy.labels()

    @cached_property
    def called(self) -> Called:
        """The same names for a history or a form."""
        return Called(self.name, self.department, self._kind, self.visit.words["desk"]["action"].get)

    def customer(self, form: Any) -> str:
        """Name and company, short enough for a list."""
        given = form.get("customer") if isinstance(form, dict) else None
        known = given if isinstance(given, dict) else {}
        said = [brief(str(known[key]), 40) for key in ("name", "company") if known.get(key)]
        return " · ".join(said) or "–"

    def about(self, form: Any) -> str:
        """What it is about, short enough for a list."""
        given = form if isinstance(form, dict) else {}
        told = given.get("description")
        symptom = told.get("symptom") if isinstance(told, dict) else told
        return brief(" – ".join(str(one) for one in (given.get("product"), symptom) if one), 80)

    def late(self, due: str | None) -> bool:
        """Whether that time is past."""
        return due is not None and datetime.fromisoformat(due) < self.company.now()

    def left(self, due: str) -> str:
        """How long until then, or how long since."""
        seconds = (datetime.fromisoformat(due) - self.company.now()).total_seconds()
        words = self.visit.words["desk"]["time"]
        return str(words["left" if seconds >= 0 else "over"]).format(time=duration(abs(seconds), self.locale))

    def options(self, key: str) -> list[tuple[str, str]]:
        """What a list can be narrowed to: `priority` or `status`."""
        if key == "priority":
            return [(one, f"{one} {self.label('priority', one)}") for one in Priority]
        return [
            ("open", self.visit.words["desk"]["list"]["open"]),
            *((one, self.label("status", one)) for one in Status),
        ]

    def chosen(self, values: Mapping[str, str]) -> list[tuple[str, str]]:
        """Filters of a list by their keys, and what each says."""
        words = self.visit.words["desk"]["list"]
        known: dict[str, dict[str, str]] = {
            "priority": dict(self.options("priority")), "status": dict(self.options("status")),
            "type": dict(self.types()), "department": dict(self.departments()), "due": words["due"],
            **dict.fromkeys(("late", "escalated", "unacknowledged", "breached"), words["yes_no"]),
        }  # fmt: skip
        return [
            (key, self.name(text) if key == "owner" else known.get(key, {}).get(text, text))
            for key, text in values.items()
        ]

    def people(self) -> list[tuple[str, str]]:
        """Id and name of everybody to whom something can be given."""
        organisation = self.who.organisation
        found = [(one.id, brief(one.name, 40)) for one in organisation.people] if organisation is not None else []
        return found if len(found) <= MOST_PEOPLE else []

    def departments(self) -> list[tuple[str, str]]:
        """Id and name of each."""
        organisation = self.who.organisation
        return [(one.id, self.department(one.id)) for one in organisation.departments] if organisation else []

    def types(self) -> list[tuple[str, str]]:
        """Id and name of each type of issue."""
        return [(one.id, self._kind(one.id, None)) for one in self.visit.installation.policy.types]
