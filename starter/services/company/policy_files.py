"""Policy files: checked, and asked for the due times they give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from activities.policy.calendars import build_calendar
from activities.policy.loading import load_policy
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.second_opinion import Example
from workflows.domain.policy.triage import Submission, Triage, triage
from workflows.domain.problem import Problem
from workflows.domain.terms import ClockTerms
from workflows.domain.vocabulary import Channel, Priority


def read_policy_file(file: str) -> Policy:
    """The policy in a file, or of a name that ships.

    Raises:
        Problem: one line a fault: file, key, what is wrong, what is allowed.
    """
    return load_policy(file)


def check_policy_file(file: str) -> tuple[Policy, tuple[int, ...]]:
    """The policy in a file, or of a name that ships, and for which of this year and the next its calendar is announced.

    Raises:
        Problem: one line a fault: file, key, what is wrong, what is allowed.
    """
    policy = load_policy(file)
    year = datetime.now(UTC).year
    try:
        calendar = build_calendar(policy, range(year, year + 2))
    except Problem as problem:
        raise Problem(f"{file}: {problem}") from None
    return policy, tuple(calendar.official_years)


def examples_judged_otherwise(policy: Policy) -> list[tuple[Example, Triage]]:
    """A company's own example sentences that are judged otherwise, because a rule of its own holds."""
    judged = [
        (one, triage(Submission(channel=Channel.PORTAL, text=one.text), policy))
        for one in policy.second_opinion.examples
    ]
    return [(one, found) for one, found in judged if (found.type, found.priority) != (one.type, one.priority)]


@dataclass(frozen=True)
class ClockDue:
    """When one clock is due, in the policy's zone; `is_official`: every year in between has an announced calendar."""

    terms: ClockTerms
    due: datetime
    is_official: bool


@dataclass(frozen=True)
class DueTimes:
    """Due times of one priority by the names of its clocks, counted from `start`, in the policy's zone."""

    start: datetime
    clocks: dict[str, ClockDue]


def due_times(policy: Policy, priority: Priority, start: datetime) -> DueTimes:
    """When each clock of a priority would be due for a case that comes in at `start`.

    Raises:
        Problem: there is no calendar for these years.
    """
    calendar = build_calendar(policy, range(start.year - 1, start.year + 3))
    clocks = {}
    for name, terms in policy.levels()[priority].clocks.items():
        due = calendar.add(start, terms.within, terms.calendar)
        clocks[name.value] = ClockDue(terms, calendar.local(due), calendar.is_official(start, due))
    return DueTimes(calendar.local(start), clocks)
