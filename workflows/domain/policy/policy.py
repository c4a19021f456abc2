"""The model of a policy file: calendar, types, priorities, rules and limits (R5, R7-R10, R12, R15, R22-R27)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, field_validator, model_validator

from workflows.domain.form_fields import REQUIRED
from workflows.domain.formats import BusinessHours, Key, Labels, Line, Weekday, in_locale
from workflows.domain.model import Fact
from workflows.domain.policy.conditions import AssistingRule, ClassificationRule, PriorityRule
from workflows.domain.policy.delivery import DeliveryRule
from workflows.domain.policy.files import FileRules
from workflows.domain.policy.reading import ReadingRules
from workflows.domain.policy.reports import ReportRules
from workflows.domain.policy.second_opinion import SecondOpinion
from workflows.domain.policy.service_levels import (
    ArchiveRules,
    ClosingRules,
    EscalationRules,
    LinkRules,
    PriorityLevel,
    RatingRules,
    ReminderRules,
    ReviewRules,
    SharedClocks,
    SilenceRules,
)
from workflows.domain.problem import Problem
from workflows.domain.terms import ServiceLevel, Terms, TypeTerms
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Locale, Priority


def _required_key(key: str) -> str:
    if key not in REQUIRED:
        raise ValueError(f"{key!r} is not known; allowed: {', '.join(REQUIRED)}")
    return key


RequiredKey = Annotated[str, AfterValidator(_required_key)]
"""A field of the registration form that a policy may require, by its dotted key (R5)."""


class CalendarRules(Fact):
    """R9: which days and hours the company works."""

    country: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")] = "CN"
    """Whose public holidays are off (ISO code); empty: only `extra_holidays` are."""
    subdivision: str = ""
    zone: str = "Asia/Shanghai"
    weekend: tuple[Weekday, ...] = (Weekday.SATURDAY, Weekday.SUNDAY)
    business_hours: tuple[BusinessHours, ...] = Field(min_length=1)
    extra_holidays: tuple[date, ...] = ()
    extra_workdays: tuple[date, ...] = ()

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            return Calendar(zone=value).zone
        except ValueError:
            raise ValueError(f"{value!r} is no time zone; allowed: an IANA name such as Asia/Shanghai") from None

    @field_validator("weekend")
    @classmethod
    def _some_workday(cls, value: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        if len(set(value)) == len(Weekday):
            raise ValueError("leaves no day to work; allowed: at most six days")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for before, after in zip(self.business_hours, self.business_hours[1:], strict=False):
            if before.ends_next_day or before.closes > after.opens:
                raise ValueError(
                    f"business_hours: {after.opens:%H:%M} comes before {before.opens:%H:%M}-{before.closes:%H:%M} ends"
                    "; allowed: spans in order, the last one may run over midnight"
                )
        first, last = self.business_hours[0], self.business_hours[-1]
        if last.ends_next_day and last.closes > first.opens:
            raise ValueError(
                f"business_hours: {last.opens:%H:%M}-{last.closes:%H:%M} runs over midnight into those from "
                f"{first.opens:%H:%M}; allowed: to {first.opens:%H:%M} at the latest"
            )
        if both := set(self.extra_holidays) & set(self.extra_workdays):
            raise ValueError(f"{min(both)} is in extra_holidays and extra_workdays; allowed: one of them")
        return self


class Subtype(Fact):
    """A finer kind within a type; its id is the Chinese word itself (R7)."""

    id: Line
    en: Line | None = None
    keywords: tuple[Line, ...] = ()


class IssueType(Fact):
    """R7, R11, R15: a kind of issue, the department that handles it, and the steps expected there."""

    id: Key
    labels: Labels
    aliases: tuple[Line, ...] = ()
    department: Key
    tested: StrictBool = False
    """Resolving asks whether the solution was verified in a test environment (R19)."""
    keywords: tuple[Line, ...] = ()
    playbook: dict[Locale, tuple[Line, ...]] = Field(default_factory=dict)
    subtypes: tuple[Subtype, ...] = ()

    def subtype_named(self, name: str) -> Subtype | None:
        """The subtype of that id or English label."""
        wanted = name.strip().casefold()
        return next((sub for sub in self.subtypes if wanted in {sub.id.casefold(), (sub.en or "").casefold()}), None)

    def names(self) -> set[str]:
        """Every way to write this type, in lower case."""
        return {name.casefold() for name in (self.id, *self.labels.values(), *self.aliases)}


class CompletenessRules(Fact):
    """R5: what a submission must hold before anybody works on it."""

    shortest_symptom: int = Field(default=5, ge=0, le=500)
    """Characters, spaces not counted."""
    required: tuple[RequiredKey, ...] = ()
    by_type: dict[Key, tuple[RequiredKey, ...]] = Field(default_factory=dict)


class Limits(Fact):
    """How large a submission may be (R3). `description_bytes` counts UTF-8, all parts together."""

    attachments: int = Field(default=5, ge=0, le=100)
    description_bytes: int = Field(default=20_000, ge=1_000, le=200_000)


class Policy(Fact):
    """A policy file. Types, rules and departments name each other by id; who works where is the organisation's."""

    name: Key
    titles: Labels
    source: str = ""
    locale: Locale = Locale.ZH_CN
    """The language of playbooks on a case."""
    calendar: CalendarRules
    priorities: dict[Priority, PriorityLevel]
    default_priority: Priority = Priority.P3
    clocks: SharedClocks
    reminders: ReminderRules
    silence: SilenceRules = SilenceRules()
    rating: RatingRules = RatingRules()
    closing: ClosingRules = ClosingRules()
    escalation: EscalationRules = EscalationRules()
    links: LinkRules = LinkRules()
    review: ReviewRules = ReviewRules()
    types: tuple[IssueType, ...] = Field(min_length=1)
    default_type: Key
    classification: tuple[ClassificationRule, ...] = ()
    priority_rules: tuple[PriorityRule, ...] = ()
    second_opinion: SecondOpinion = SecondOpinion()
    assisting: tuple[AssistingRule, ...] = ()
    completeness: CompletenessRules = CompletenessRules()
    limits: Limits = Limits()
    delivery: tuple[DeliveryRule, ...] = ()
    files: FileRules = FileRules()
    reading: ReadingRules = ReadingRules()
    archive: ArchiveRules = ArchiveRules()
    report: ReportRules = ReportRules()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if faults := list(self._faults()):
            raise ValueError("\n".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        if absent := [priority.value for priority in Priority if priority not in self.priorities]:
            yield f"priorities: {', '.join(absent)} missing; allowed: all of P0, P1, P2, P3"
        ids = {entry.id: entry for entry in self.types}
        allowed = f"allowed: {', '.join(ids)}"
        names = Counter(name for entry in self.types for name in entry.names())
        yield from (f"types: {name!r} names two types; allowed: one" for name, times in names.items() if times > 1)
        for entry in self.types:
            doubles = Counter(sub.id for sub in entry.subtypes)
            yield from (f"types[{entry.id}].subtypes: {sub!r} is there twice" for sub, n in doubles.items() if n > 1)
        if self.default_type not in ids:
            yield f"default_type: {self.default_type!r} is no type; {allowed}"
        for key in self.completeness.by_type.keys() - ids.keys():
            yield f"completeness.by_type.{key}: {key!r} is no type; {allowed}"
        for index, rule in enumerate(self.classification):
            where = f"classification[{index}]"
            known = ids.get(rule.type)
            if known is None:
                yield f"{where}.type: {rule.type!r} is no type; {allowed}"
            elif rule.subtype is not None and known.subtype_named(rule.subtype) is None:
                subtypes = ", ".join(sub.id for sub in known.subtypes)
                yield f"{where}.subtype: {rule.subtype!r} is no subtype of {rule.type}; allowed: {subtypes}"
        named = [(f"classification[{i}].when", rule.when.types) for i, rule in enumerate(self.classification)]
        named += [(f"priority_rules[{i}].when", rule.when.types) for i, rule in enumerate(self.priority_rules)]
        named += [(f"assisting[{i}]", rule.types) for i, rule in enumerate(self.assisting)]
        for where, types in named:
            yield from (f"{where}.types: {name!r} is no type; {allowed}" for name in types if name not in ids)
        unknown = [(i, one.type) for i, one in enumerate(self.second_opinion.examples) if one.type not in ids]
        yield from (f"second_opinion.examples[{i}].type: {name!r} is no type; {allowed}" for i, name in unknown)
        subtypes_there_are = {sub.id for entry in self.types for sub in entry.subtypes}
        for index, priority_rule in enumerate(self.priority_rules):
            for subtype in priority_rule.when.subtypes:
                if subtype not in subtypes_there_are:
                    yield f"priority_rules[{index}].when.subtypes: {subtype!r} is a subtype of no type"

    def title(self, locale: Locale) -> str:
        """The policy's own name in that language."""
        return in_locale(self.titles, locale)

    def type_named(self, name: str) -> IssueType | None:
        """The type of that id, label or alias; upper and lower case are the same."""
        wanted = name.strip().casefold()
        return next((entry for entry in self.types if wanted in entry.names()), None)

    def type_terms(self, name: str) -> TypeTerms | None:
        """What the policy says of `type` or `type/subtype`; None where there is no such thing (R7, R15, R19)."""
        head, slash, tail = name.partition("/")
        entry = self.type_named(head)
        if entry is None:
            return None
        subtype = entry.subtype_named(tail) if slash else None
        if slash and subtype is None:
            return None
        return TypeTerms(
            type=entry.id,
            subtype=subtype.id if subtype else None,
            department=entry.department,
            tested=entry.tested,
            playbook=in_locale(entry.playbook, self.locale) if entry.playbook else (),
        )

    def known_type(self, name: str) -> TypeTerms:
        """The terms of `type` or `type/subtype`, as `type_terms`.

        Raises:
            Problem: there is no such thing; the text says what is allowed.
        """
        terms = self.type_terms(name)
        if terms is not None:
            return terms
        head, _, tail = name.partition("/")
        kind = self.type_named(head)
        allowed = [sub.id for sub in kind.subtypes] if kind else [entry.id for entry in self.types]
        what = f"subtype {tail!r} of {kind.id}" if kind else f"type {head!r}"
        raise Problem(f"{what} is not in the policy; allowed: {', '.join(allowed) or 'none'}")

    def labels(self) -> dict[str, dict[str, str]]:
        """Ids of types and subtypes -> language -> what people call them."""
        found: dict[str, dict[str, str]] = {}
        for entry in self.types:
            for sub in entry.subtypes:
                found.setdefault(sub.id, {"zh_CN": sub.id, "en": sub.en or sub.id})
        found.update({entry.id: {key.value: text for key, text in entry.labels.items()} for entry in self.types})
        return found

    def levels(self) -> dict[Priority, ServiceLevel]:
        """What each priority promises, in seconds (R9)."""
        return {priority: self.priorities[priority].terms(self.clocks) for priority in Priority}

    def terms(self, calendar: Calendar) -> Terms:
        """Everything a case decides by but the people, who are the organisation's."""
        return Terms(
            policy=self.name,
            calendar=calendar,
            levels=self.levels(),
            supplement=self.reminders.supplement.terms(),
            confirmation=self.reminders.confirmation.terms(),
            rating=self.reminders.rating.terms(),
            close_silent_after=self.silence.close_after,
            close_unrated_after=self.rating.close_after,
            neutral=self.rating.neutral,
            owner_may_take_down=self.closing.owner_may_take_down,
            correct_within=self.closing.correct_within_days * 86_400.0,
            tell_customer_of_every_escalation=self.escalation.tell_customer_of_every_escalation,
            review=self.review.terms(),
        )
