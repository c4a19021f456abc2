"""Finding and reading a policy: one that ships, or a company's own file."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from activities.mail_address import address_fault
from activities.policy.calendars import build_calendar
from activities.policy.feasibility import LONGEST, endless_times
from activities.policy.triage.word_lists import rules_written_out
from activities.toml_file import read_toml
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem

_FOLDER = Path(__file__).parent
SHIPPED = tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))
"""Names of the policies that come with the product."""


def load_policy(name_or_path: str | Path) -> Policy:
    """A shipped policy by its name, or a TOML file by its path.

    Raises:
        Problem: there is no such policy, or it is not well-formed; one line a fault.
    """
    if (name := str(name_or_path)) in SHIPPED:
        return _shipped(name)
    path = Path(name_or_path)
    if not path.exists():
        raise Problem(f"{path}: there is no such policy; allowed: {', '.join(SHIPPED)} or a TOML file")
    policy = read_toml(path, Policy, rules_written_out)
    named = [one for one in policy.report.recipients if "@" in one]
    if faults := [f"{path}: report.recipients: {fault}" for one in named if (fault := address_fault(one))]:
        raise Problem("\n".join(faults))
    if faults := _endless_times(policy):
        raise Problem("\n".join(f"{path}: {fault}" for fault in faults))
    return policy


@cache
def _shipped(name: str) -> Policy:
    """A shipped policy: it changes with the release only, so a process reads it once."""
    return read_toml(_FOLDER / f"{name}.toml", Policy, rules_written_out)


def _endless_times(policy: Policy) -> list[str]:
    """Times that a case could not begin with. Public holidays are looked up only where weekends leave little room: that
    takes longer than all the rest of a command.
    """
    year = datetime.now(UTC).year
    years = range(year, year + 2)
    weekends = policy.model_copy(update={"calendar": policy.calendar.model_copy(update={"country": ""})})
    if not endless_times(weekends, build_calendar(weekends, years), years, LONGEST / 2):
        return []
    try:
        return endless_times(policy, build_calendar(policy, years), years)
    except Problem:
        return []  # the country is not known, which is said where it matters
