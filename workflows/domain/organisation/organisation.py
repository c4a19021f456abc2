"""The model of an organisation file: departments, groups, people, superiors, duty (R6, R11-R13, R17, R23)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, StrictBool, StringConstraints, field_validator, model_validator

from workflows.domain.formats import Days, Key, Labels, Line, Weekday, visible
from workflows.domain.model import Fact
from workflows.domain.terms import Member
from workflows.domain.vocabulary import CUSTOMER, OPERATOR, SYSTEM, Locale, Priority, Role

PersonId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
"""As people are known in the company's other systems: letters, digits and `._@-`."""

Short = Annotated[str, StringConstraints(max_length=254)]
"""May be empty; a mail address is the longest."""
Address = Annotated[str, StringConstraints(max_length=2_000)]
"""Of a page; may be empty."""


ChatId = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_.-][A-Za-z0-9_.@-]{0,63})?$")]
"""As a chat platform knows a person: `userid` at WeCom and DingTalk, `open_id` at Feishu; never `@all`."""
_NAMED = 12
"""Of a circle of superiors, how many a fault names."""


class Company(Fact):
    """What customers are told about the company; anything may be empty."""

    name: Short = ""
    name_en: Short = ""
    hotline: Short = ""
    email: Short = ""
    website: Address = ""
    portal_url: Address = ""


class Department(Fact):
    """A department and the person who answers for it."""

    id: Key
    labels: Labels
    head: PersonId


class Group(Department):
    """A handling group of a department. An empty list of types, subtypes or priorities means that it takes any."""

    department: Key
    types: tuple[Key, ...] = ()
    subtypes: tuple[Line, ...] = ()
    priorities: tuple[Priority, ...] = ()


class Skills(Fact):
    """What a person is trained for; nothing at all means a bit of everything."""

    types: tuple[Key, ...] = ()
    subtypes: tuple[Line, ...] = ()
    products: tuple[Line, ...] = ()


class Person(Fact):
    """Someone who works for the company. Left out, the superior is the head of the group, then of the department."""

    id: PersonId
    name: Line
    display_name: Short = ""
    """What customers see instead of the name, when given."""
    department: Key | None = None
    group: Key | None = None
    superior: PersonId | None = None
    skills: Skills = Skills()
    roles: frozenset[Role] = frozenset({Role.AGENT})
    email: Short = ""
    phone: Short = ""
    wechat: Short = ""
    wecom: ChatId = ""
    dingtalk: ChatId = ""
    feishu: ChatId = ""
    """Who they are to robots of these platforms, which mention them; without one by `phone`, but at Feishu."""
    locale: Locale = Locale.ZH_CN
    away: StrictBool | tuple[Days, ...] = False

    @field_validator("display_name", "email", "phone", "wechat", mode="before")
    @classmethod
    def _visible(cls, value: object) -> object:
        return value.strip() if isinstance(value := visible(value), str) else value

    @field_validator("id")
    @classmethod
    def _not_reserved(cls, value: str) -> str:
        if value in {CUSTOMER, SYSTEM, OPERATOR}:
            raise ValueError(f"{value!r} is taken; allowed: any id but {CUSTOMER}, {SYSTEM}, {OPERATOR}")
        return value

    @field_validator("email")
    @classmethod
    def _one_address(cls, value: str) -> str:
        local, at, domain = value.partition("@")
        if value and not (local and at and domain and not set(value) & set(" \t\r\n,;<>") and "@" not in domain):
            raise ValueError(f"{value!r} is no mail address; allowed: such as name@example.com")
        return value

    def is_away(self, day: date) -> bool:
        """Whether they are not at work on that local day."""
        return self.away if isinstance(self.away, bool) else any(day in days for days in self.away)


class Duty(Fact):
    """Who is duty manager, on days of the week or from `first` to `last`; dates go before weekdays (R13)."""

    person: PersonId
    weekdays: tuple[Weekday, ...] = ()
    first: date | None = None
    last: date | None = None

    @model_validator(mode="after")
    def _some_days(self) -> Self:
        if bool(self.weekdays) == (self.first is not None and self.last is not None):
            raise ValueError("says not when; allowed: weekdays, or first and last")
        if self.first is not None and self.last is not None:
            Days(first=self.first, last=self.last)
        return self

    def covers(self, day: date) -> bool:
        """Whether this entry speaks of that local day."""
        if self.first is not None and self.last is not None:
            return self.first <= day <= self.last
        return day.weekday() in {weekday.number for weekday in self.weekdays}


class FollowUp(Fact):
    """R23: who asks customers how it went, the first who is at work, and who answers for it."""

    specialists: tuple[PersonId, ...] = Field(min_length=1)
    supervisor: PersonId


class Organisation(Fact):
    """An organisation file: everyone is named by id, and every id that is named has to be there."""

    company: Company = Company()
    departments: tuple[Department, ...] = Field(min_length=1)
    groups: tuple[Group, ...] = Field(min_length=1)
    people: tuple[Person, ...] = Field(min_length=1)
    duty: tuple[Duty, ...] = Field(min_length=1)
    follow_up: FollowUp

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = list(self._doubles()) or list(self._unknown()) or list(self._gaps())
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def _doubles(self) -> Iterator[str]:
        for kind, entries in (("departments", self.departments), ("groups", self.groups), ("people", self.people)):
            counts = Counter(entry.id for entry in entries)
            yield from (f"{kind}: {key!r} is there {n} times; allowed: once" for key, n in counts.items() if n > 1)

    def _unknown(self) -> Iterator[str]:
        people = [(f"departments[{entry.id}].head", entry.head) for entry in self.departments]
        people += [(f"groups[{group.id}].head", group.head) for group in self.groups]
        people += [(f"people[{entry.id}].superior", entry.superior) for entry in self.people if entry.superior]
        people += [(f"duty[{index}].person", duty.person) for index, duty in enumerate(self.duty)]
        people += [("follow_up.specialists", one) for one in self.follow_up.specialists]
        people.append(("follow_up.supervisor", self.follow_up.supervisor))
        yield from (f"{where}: {key!r} is nobody in people" for where, key in people if key not in self._people)
        places = [(f"groups[{group.id}].department", group.department) for group in self.groups]
        places += [(f"people[{entry.id}].department", entry.department) for entry in self.people if entry.department]
        allowed = ", ".join(self._departments)
        for where, key in places:
            if key not in self._departments:
                yield f"{where}: {key!r} is no department; allowed: {allowed}"
        for entry in self.people:
            if entry.group and entry.group not in self._groups:
                yield f"people[{entry.id}].group: {entry.group!r} is no group; allowed: {', '.join(self._groups)}"

    def _gaps(self) -> Iterator[str]:
        for entry in self.people:
            if entry.group and self._groups[entry.group].department != entry.department:
                home = self._groups[entry.group].department
                yield f"people[{entry.id}].department: their group {entry.group!r} is in {home!r}; allowed: {home}"
        for department in self.departments:
            if self._people[department.head].department != department.id:
                yield f"departments[{department.id}].head: {department.head!r} is not in that department"
            if not any(group.department == department.id for group in self.groups):
                yield f"departments[{department.id}]: has no group; allowed: at least one"
        for group in self.groups:
            if self._people[group.head].department != group.department:
                yield f"groups[{group.id}].head: {group.head!r} is not in the department {group.department!r}"
            if not self.members(group.id):
                yield f"groups[{group.id}]: nobody is in it; allowed: at least one person with this group"
        yield from self._circles()
        for weekday in Weekday:
            if not any(weekday in duty.weekdays for duty in self.duty):
                yield f"duty: there is no duty manager on {weekday.value}; allowed: somebody on every weekday"

    def _circles(self) -> Iterator[str]:
        """Circles of superiors, each once, by its first id; everybody is passed once, however long the chains are."""
        passed: set[str] = set()
        for entry in self.people:
            way: dict[str, None] = {}
            key: str | None = entry.id
            while key is not None and key not in passed:
                passed.add(key)
                way[key] = None
                key = self.superior_of(key)
            if key is not None and key in way:
                first = min([*way][[*way].index(key) :])
                others = self.above(first)
                named = others if len(others) <= _NAMED else (*others[:_NAMED], f"… ({len(others) - _NAMED} more)")
                circle = " → ".join((first, *named, first))
                yield f"people[{first}].superior: the superiors go round in a circle: {circle}"

    def _units(self) -> list[Department]:
        return [*self.groups, *self.departments]

    @cached_property
    def _people(self) -> dict[str, Person]:
        return {person.id: person for person in self.people}

    @cached_property
    def _members(self) -> dict[str, Member]:
        """Members asked for so far: a settlement asks for a dozen."""
        return {}

    @cached_property
    def _departments(self) -> dict[str, Department]:
        return {department.id: department for department in self.departments}

    @cached_property
    def _groups(self) -> dict[str, Group]:
        return {group.id: group for group in self.groups}

    def person(self, key: str) -> Person | None:
        """The person of that id."""
        return self._people.get(key)

    def department(self, key: str) -> Department | None:
        """The department of that id."""
        return self._departments.get(key)

    def group(self, key: str) -> Group | None:
        """The group of that id."""
        return self._groups.get(key)

    def members(self, group: str) -> list[Person]:
        """Everyone in that group, by id."""
        return sorted((person for person in self.people if person.group == group), key=lambda person: person.id)

    def superior_of(self, key: str) -> str | None:
        """Who is next above: as stated, or else the head of the group, then of the department."""
        person = self._people[key]
        if person.superior:
            return person.superior
        heads = [self._groups[person.group].head] if person.group else []
        heads += [self._departments[person.department].head] if person.department else []
        return next((head for head in heads if head != key), None)

    def above(self, key: str) -> tuple[str, ...]:
        """Everyone above, the nearest first."""
        chain: dict[str, None] = {}
        superior = self.superior_of(key)
        while superior is not None and superior != key and superior not in chain:
            chain[superior] = None
            superior = self.superior_of(superior)
        return tuple(chain)

    def member(self, key: str, day: date | None = None) -> Member:
        """The person as a case knows them on that local day; heads, duty managers and follow-up have their roles by
        their place.
        """
        known = self._members.get(key)
        if known is None:
            known = self._members[key] = self._member(key)
        away = day is not None and self._people[key].is_away(day)
        return known.model_copy(update={"away": True}) if away else known

    def _member(self, key: str) -> Member:
        person = self._people[key]
        places = [
            (Role.HEAD, any(key == entry.head for entry in self._units())),
            (Role.DUTY_MANAGER, any(key == duty.person for duty in self.duty)),
            (Role.FOLLOW_UP, key in self.follow_up.specialists),
            (Role.FOLLOW_UP_SUPERVISOR, key == self.follow_up.supervisor),
        ]
        return Member(
            id=key,
            department=person.department or "",
            group=person.group or "",
            superior=self.superior_of(key),
            roles=person.roles | {role for role, holds in places if holds},
        )

    def members_with_superiors(self, keys: Iterable[str], day: date | None = None) -> dict[str, Member]:
        """These people and everyone above them on that local day; unknown ids are left out."""
        known = [key for key in keys if key in self._people]
        return {key: self.member(key, day) for start in known for key in (start, *self.above(start))}

    def at_work(self, key: str, day: date) -> str:
        """That person, or the nearest above who is not away; the person, where nobody is there."""
        return next((one for one in (key, *self.above(key)) if not self._people[one].is_away(day)), key)

    def duty_managers(self, day: date) -> tuple[str, ...]:
        """Who is on duty on that local day; those who are away only when nobody else is (R13)."""
        entries = [duty for duty in self.duty if duty.covers(day)]
        dated = [duty.person for duty in entries if duty.first is not None]
        weekly = [duty.person for duty in entries if duty.first is None]
        present = [[key for key in keys if not self._people[key].is_away(day)] for keys in (dated, weekly)]
        chosen = present[0] or present[1] or dated or weekly
        return tuple(dict.fromkeys(chosen))

    def follow_up_on(self, day: date) -> str:
        """The follow-up specialist of that local day (R23)."""
        candidates = self.follow_up.specialists
        return next((key for key in candidates if not self._people[key].is_away(day)), candidates[0])

    def names(self) -> dict[str, str]:
        """Person id -> the name to show."""
        return {person.id: person.display_name or person.name for person in self.people}

    def labels(self) -> dict[str, dict[str, str]]:
        """Ids of departments and groups -> language -> what people call them."""
        return {entry.id: {key.value: text for key, text in entry.labels.items()} for entry in self._units()}
