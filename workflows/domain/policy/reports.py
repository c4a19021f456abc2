"""The policy's section on the periodic 《客户问题分析报告》: when it is made, its period, its recipients (R29)."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from workflows.domain.formats import Days, TimeOfDay, Weekday
from workflows.domain.model import Fact
from workflows.domain.vocabulary import Locale

Breakdown = Literal["type", "priority", "channel", "department", "product", "owner"]
"""What a report can be broken down by."""
_PERSON = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ADDRESS = re.compile(r"[^\s@,;<>]{1,64}@[^\s@,;<>]{1,190}")
_LAST_DAY = 28
"""The last day of the month that every month has."""


class ReportKind(StrEnum):
    """What comes by itself."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


def _day_of_month(value: int) -> int:
    if not 1 <= value <= _LAST_DAY:
        raise ValueError(f"{value} is no day that every month has; allowed: 1 to {_LAST_DAY}")
    return value


def _recipient(value: str) -> str:
    if not (_PERSON.fullmatch(value) or _ADDRESS.fullmatch(value)):
        allowed = "allowed: such as director, a@example.com"
        raise ValueError(f"{value!r} is neither a person's id nor a mail address; {allowed}")
    return value


class Weekly(Fact):
    """Every week on that day, about the week from Monday to Sunday that ended before it."""

    on: Weekday = Weekday.MONDAY
    at: TimeOfDay = time(7, 30)


class Monthly(Fact):
    """Every month on that day, about the calendar month before."""

    on: Annotated[int, AfterValidator(_day_of_month)] = 1
    at: TimeOfDay = time(7, 30)


class ReportRules(Fact):
    """Times are on the company's wall clock; a kind that is left out is not made.

    `recipients` are people of the organisation by id, or mail addresses.
    """

    weekly: Weekly | None = None
    monthly: Monthly | None = None
    recipients: tuple[Annotated[str, AfterValidator(_recipient)], ...] = ()
    locale: Locale = Locale.ZH_CN
    by: tuple[Breakdown, ...] = ("department",)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for name, entries in (("recipients", self.recipients), ("by", self.by)):
            if double := next((entry for entry, times in Counter(entries).items() if times > 1), None):
                raise ValueError(f"{name}: {double!r} is there twice; allowed: once")
        return self


def days_ended(kind: ReportKind, day: date) -> Days:
    """The last whole week or calendar month that was over when `day` began."""
    if kind is ReportKind.WEEKLY:
        monday = day - timedelta(days=day.weekday())
        return Days(first=monday - timedelta(days=7), last=monday - timedelta(days=1))
    last = day.replace(day=1) - timedelta(days=1)
    return Days(first=last.replace(day=1), last=last)


def days_name(days: Days) -> str:
    """`2026-W47` for a week, `2026-10` for a month, otherwise the first and the last day."""
    if days_ended(ReportKind.WEEKLY, days.last + timedelta(days=1)) == days:
        year, week, _ = days.first.isocalendar()
        return f"{year}-W{week:02}"
    if days_ended(ReportKind.MONTHLY, days.last + timedelta(days=1)) == days:
        return f"{days.first:%Y-%m}"
    return f"{days.first}_{days.last}"
