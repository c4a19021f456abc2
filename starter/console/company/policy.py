"""`bihuan policy`: check a policy, and see what it means for a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from starter.console.screen import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from starter.services.company.policy_files import ClockDue
    from workflows.domain.policy.policy import Policy


def check(
    file: Annotated[str, Parameter(help="Policy file (TOML), or the name of one that ships.")],
    /,
    *,
    json: AsJson = False,
) -> None:
    """Check a policy file; each fault is one line: file, key, what is wrong, what is allowed.

    Example: bihuan policy check my-policy.toml
    """
    from starter.services.company.policy_files import check_policy_file, examples_judged_otherwise
    from workflows.domain.vocabulary import Locale

    policy, official_years = check_policy_file(file)
    counts = {"types": len(policy.types), "rules": len(policy.classification) + len(policy.priority_rules)}
    if own := policy.second_opinion.examples:
        counts["sentences"] = len(own)
    otherwise = [
        {"text": one.text, "type": found.type, "priority": found.priority.value, "reasons": list(found.reasons)}
        for one, found in examples_judged_otherwise(policy)
    ]
    if json:
        official = list(official_years)
        answer = {"file": file, "name": policy.name, "valid": True, **counts, "official_years": official}
        answer["reading"] = policy.reading.model_dump(mode="json")
        print_json(answer | ({"judged_otherwise": otherwise} if otherwise else {}))
        return
    print_table(("", *_CLOCKS), _service_levels(policy), title=f"{policy.name}: {policy.title(Locale.ZH_CN)}")
    say(f"{file} is valid: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
    say(f"  cases are read by: {_readers(policy)}")
    for one in otherwise:
        say(f"  second_opinion.examples: 「{one['text']}」 is judged otherwise: {'; '.join(one['reasons'])}")


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
    from starter.services.company.policy_files import due_times, read_policy_file
    from worker.installation.settings import load_settings
    from workflows.domain.formats import moment_of
    from workflows.domain.problem import Problem
    from workflows.domain.vocabulary import Priority

    chosen = read_policy_file(policy or load_settings().policy)
    wanted = priority.strip().upper()
    if wanted not in set(Priority):
        raise Problem(f"--priority {priority!r} is not known; allowed: {', '.join(Priority)}")
    try:
        start = moment_of(from_, chosen.calendar.zone)
    except ValueError as error:
        raise Problem(f"--from {error}") from None
    times = due_times(chosen, Priority(wanted), start)
    dues = {name: _due(clock) for name, clock in times.clocks.items()}
    if json:
        print_json({"priority": wanted, "from": times.start.isoformat(), "clocks": dues})
        return
    rows = [
        (name, answer["within"], answer["counted"], answer["due"], answer["calendar"]) for name, answer in dues.items()
    ]
    print_table(
        ("clock", "within", "counted on", "due", "calendar"),
        rows,
        title=f"{chosen.name} {wanted} from {times.start.isoformat()}",
    )


def _readers(policy: Policy) -> str:
    from workflows.domain.policy.reading import ReadingScope

    said = {
        ReadingScope.GROUPS: "their group, departments that assist, and whoever is above them",
        ReadingScope.DEPARTMENTS: "the departments concerned, and whoever is above them",
        ReadingScope.COMPANY: "everybody of the organisation",
    }[policy.reading.scope]
    return f"{said}; all cases by {', '.join(policy.reading.roles)}" if policy.reading.roles else said


_CLOCKS = ("claim", "response", "progress", "resolution", "escalation")


def _service_levels(policy: Policy) -> list[tuple[str, ...]]:
    from workflows.domain.formats import written_duration
    from workflows.domain.vocabulary import ClockName

    rows = []
    for priority, level in policy.levels().items():
        terms = [level.clocks[ClockName(name)] for name in _CLOCKS]
        rows.append((priority.value, *(f"{written_duration(one.within)} {one.calendar}" for one in terms)))
    return rows


def _due(clock: ClockDue) -> dict[str, Any]:
    from workflows.domain.formats import written_duration

    return {
        "due": clock.due.isoformat(),
        "calendar": "official" if clock.is_official else "provisional",
        "within": written_duration(clock.terms.within),
        "counted": clock.terms.calendar.value,
    }
