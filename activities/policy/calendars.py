"""Working calendars from public holidays, make-up workdays and a company's own days (R9)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.time.calendar import Calendar, Hours

_ANNOUNCED_YEARLY = "CN"


def build_calendar(policy: Policy, years: Iterable[int]) -> Calendar:
    """The company's calendar over those years; kept in memory.

    A year of China is official only once its make-up workdays are known: before the State Council announces
    them there are statutory days only, and due times counted on them are provisional.

    Raises:
        Problem: the policy's country or subdivision is not known.
    """
    rules = policy.calendar
    off: set[date] = set()
    on: set[date] = set()
    official: list[int] = []
    for year in sorted(set(years)):
        holidays, workdays, announced = _public_days(rules.country, rules.subdivision, year)
        off |= holidays
        on |= workdays
        if announced:
            official.append(year)
    extra_off, extra_on = set(rules.extra_holidays), set(rules.extra_workdays)
    return Calendar(
        zone=rules.zone,
        weekend=tuple(sorted({weekday.number for weekday in rules.weekend})),
        off=frozenset((off | extra_off) - extra_on),
        on=frozenset((on | extra_on) - extra_off),
        hours=tuple(Hours(opens=span.opens, closes=span.closes) for span in rules.business_hours),
        official_years=tuple(official),
    )


@lru_cache(maxsize=256)
def _public_days(country: str, subdivision: str, year: int) -> tuple[frozenset[date], frozenset[date], bool]:
    """Holidays, make-up workdays, and whether the year is settled."""
    if not country:
        return frozenset(), frozenset(), True
    import holidays

    supported = holidays.list_supported_countries(include_aliases=False)
    if country not in supported:
        raise Problem(f"calendar.country: {country!r} is not known; allowed: {', '.join(sorted(supported))}")
    if subdivision and subdivision not in supported[country]:
        allowed = ", ".join(supported[country]) or "none, leave it out"
        raise Problem(f"calendar.subdivision: {subdivision!r} is not in {country}; allowed: {allowed}")
    days = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    workdays = frozenset(day for day in days.weekend_workdays if day.year == year)
    off = frozenset(day for day in days if day.year == year) - workdays
    return off, workdays, country != _ANNOUNCED_YEARLY or bool(workdays)
