"""`bihuan policy`: check a policy, and see what it means for a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from starter.console.screen import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from datetime import datetime

    from workflows.domain.calendar import Calendar
    from workflows.domain.policy.policy import Policy
    from workflows.domain.terms import ClockTerms


def check(
    file: Annotated[str, Parameter(help="Policy file (TOML), or the name of one that ships.")],
    /,
    *,
    json: AsJson = False,
) -> None:
    """Check a policy file; each fault is one line: file, key, what is wrong, what is allowed.

    Example: bihuan policy check my-policy.toml
    """
    from datetime import UTC, datetime

    from activities.policy.calendars import build_calendar
    from activities.policy.loading import load_policy
    from workflows.domain.problem import Problem
    from workflows.domain.vocabulary import Locale

    policy = load_policy(file)
    year = datetime.now(UTC).year
    try:
        calendar = build_calendar(policy, range(year, year + 2))
    except Problem as problem:
        raise Problem(f"{file}: {problem}") from None
    counts = {"types": len(policy.types), "rules": len(policy.classification) + len(policy.priority_rules)}
    if json:
        official = list(calendar.official_years)
        print_json({"file": file, "name": policy.name, "valid": True, **counts, "official_years": official})
        return
    print_table(("", *_CLOCKS), _promises(policy), title=f"{policy.name}: {policy.title(Locale.ZH_CN)}")
    say(f"{file} is valid: " + ", ".join(f"{count} {what}" for what, count in counts.items()))


def due(
    *,
    priority: Annotated[str, Parameter(help="P0, P1, P2 or P3.")],
    from_: Annotated[str, Parameter(name="--from", help="ISO 8601; without an offset in the policy's zone.")],
    policy: Annotated[str | None, Parameter(help="Policy file, or the name of one that ships.")] = None,
    json: AsJson = False,
) -> None:
    """When each clock of a priority would be due, and whether the calendar of these years is announced.

    Example: bihuan policy due --priority P2 --from 2026-09-30T16:00
    """
    from activities.policy.calendars import build_calendar
    from activities.policy.loading import load_policy
    from worker.installation.settings import load_settings
    from workflows.domain.formats import moment_of
    from workflows.domain.problem import Problem
    from workflows.domain.vocabulary import Priority

    chosen = load_policy(policy or load_settings().policy)
    wanted = priority.strip().upper()
    if wanted not in set(Priority):
        raise Problem(f"--priority {priority!r} is not known; allowed: {', '.join(Priority)}")
    try:
        start = moment_of(from_, chosen.calendar.zone)
    except ValueError as error:
        raise Problem(f"--from {error}") from None
    calendar = build_calendar(chosen, range(start.year - 1, start.year + 3))
    clocks = chosen.levels()[Priority(wanted)].clocks
    dues = {name.value: _due(terms, start, calendar) for name, terms in clocks.items()}
    if json:
        print_json({"priority": wanted, "from": calendar.local(start).isoformat(), "clocks": dues})
        return
    rows = [
        (name, answer["within"], answer["counted"], answer["due"], answer["calendar"]) for name, answer in dues.items()
    ]
    print_table(
        ("clock", "within", "counted on", "due", "calendar"),
        rows,
        title=f"{chosen.name} {wanted} from {calendar.local(start).isoformat()}",
    )


_CLOCKS = ("claim", "response", "progress", "resolution", "escalation")


def _promises(policy: Policy) -> list[tuple[str, ...]]:
    from workflows.domain.formats import written_duration
    from workflows.domain.vocabulary import ClockName

    rows = []
    for priority, level in policy.levels().items():
        terms = [level.clocks[ClockName(name)] for name in _CLOCKS]
        rows.append((priority.value, *(f"{written_duration(one.within)} {one.calendar}" for one in terms)))
    return rows


def _due(terms: ClockTerms, start: datetime, calendar: Calendar) -> dict[str, Any]:
    from workflows.domain.formats import written_duration

    due = calendar.add(start, terms.within, terms.calendar)
    return {
        "due": calendar.local(due).isoformat(),
        "calendar": "official" if calendar.is_official(start, due) else "provisional",
        "within": written_duration(terms.within),
        "counted": terms.calendar.value,
    }
