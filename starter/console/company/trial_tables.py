"""The answer of `bihuan trial` for people: one column a policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from starter.console.screen import print_table, say
from workflows.domain.formats import written_share

_MOST_PEOPLE = 12
_MOST_REASONS = 8

Answer = dict[str, Any]
_Row = tuple[str, ...]


def print_trial(answers: Sequence[Answer], sources: Sequence[str], *, first: str, last: str) -> None:
    """Print what one policy, or two side by side, would have meant.

    Args:
        answers: `Simulation.as_json()` of each.
        sources: name or file of each, as it was given: two files may call their policy the same.
        first: local time of the log's first line, as it is shown.
        last: local time at which the trial ends.
    """
    names = names_of(answers, sources)
    columns = ("", *names)
    print(f"{answers[0]['cases']} cases, {first} to {last}")
    print_table(columns, _outcome(answers))
    print_table(columns, _attainment(answers), title="Kept promises (kept of decided)")
    print_table(columns, _counts(answers, "missed", _breaches), title="Missed deadlines")
    print_table(columns, _counts(answers, "escalations", _escalations), title="Escalations")
    print_table(columns, _people(answers, "escalations"), title="Escalations per person: all, a week, busiest week")
    customers = ("all customers", *(_load(answer["notifications"]["customers"]) for answer in answers))
    notified = [*_people(answers, "notifications"), customers]
    print_table(columns, notified, title="Notifications per person: all, a week, busiest week")
    for name, answer in zip(names, answers, strict=True):
        _remarks(name, answer)


def _outcome(answers: Sequence[Answer]) -> list[_Row]:
    """How the cases ended."""
    asked: tuple[tuple[str, Callable[[Answer], int]], ...] = (
        ("closed", lambda one: sum(one["closed"].values())),
        ("reopened", lambda one: one["reopened"]),
        ("open at the end", lambda one: one["open"]["total"]),
        ("would never have closed", lambda one: one["open"]["never_closing"]),
    )
    rows = [(name, *(str(value(answer)) for answer in answers)) for name, value in asked]
    waiting = _union(answer["open"]["never_closing_status"] for answer in answers)
    return rows + [
        (f"  {status}", *(str(answer["open"]["never_closing_status"].get(status, 0)) for answer in answers))
        for status in waiting
    ]


def _attainment(answers: Sequence[Answer]) -> list[_Row]:
    names = {"response": "first response", "resolution": "resolution"}
    return [
        (f"{name} {priority}", *(_kept(answer["attainment"][clock].get(priority)) for answer in answers))
        for clock, name in names.items()
        for priority in sorted(_union(answer["attainment"][clock] for answer in answers))
    ]


def _kept(one: dict[str, Any] | None) -> str:
    if one is None:
        return "-"
    decided = one["met"] + one["missed"]
    share = written_share(one["share"]) if one["share"] is not None else "-"
    undecided = f", {one['undecided']} undecided" if one["undecided"] else ""
    return f"{share} ({one['met']} of {decided}{undecided})"


def _breaches(answer: Answer) -> dict[str, int]:
    return dict(answer["breaches"])


def _escalations(answer: Answer) -> dict[str, int]:
    return {
        f"level {level}: {why}": count
        for level, causes in answer["escalations"]["levels"].items()
        for why, count in causes.items()
    }


def _counts(answers: Sequence[Answer], what: str, counted: Callable[[Answer], dict[str, int]]) -> list[_Row]:
    counts = [counted(answer) for answer in answers]
    rows = [(key, *(str(one.get(key, 0)) for one in counts)) for key in _union(counts)]
    return [*rows, (f"all {what}", *(str(sum(one.values())) for one in counts))]


def _people(answers: Sequence[Answer], what: str) -> list[_Row]:
    counts = [answer[what]["people"] for answer in answers]
    totals = {person: max(one.get(person, {}).get("total", 0) for one in counts) for person in _union(counts)}
    busiest = sorted(totals, key=lambda person: (-totals[person], person))
    rows = [(person, *(_load(one.get(person)) for one in counts)) for person in busiest[:_MOST_PEOPLE]]
    if len(busiest) > _MOST_PEOPLE:
        rest = busiest[_MOST_PEOPLE:]
        sums = [sum(one.get(person, {}).get("total", 0) for person in rest) for one in counts]
        rows.append((f"{len(rest)} others", *map(str, sums)))
    return rows


def _load(one: dict[str, Any] | None) -> str:
    if not one or not one["total"]:
        return "0"
    weeks: dict[str, int] = one["weeks"]
    busiest = max(weeks, key=lambda week: (weeks[week], week))
    return f"{one['total']}, {one['total'] / len(weeks):.1f} a week, {weeks[busiest]} in {busiest}"


def names_of(answers: Sequence[Answer], sources: Sequence[str]) -> list[str]:
    """What each policy is called where no two may be called the same."""
    names = [answer["policy"] for answer in answers]
    if len(set(names)) < len(names):
        names = [f"{name} ({source})" for name, source in zip(names, sources, strict=True)]
    if len(set(names)) < len(names):
        names = [f"{number}. {name}" for number, name in enumerate(names, start=1)]
    return names


def _remarks(name: str, answer: Answer) -> None:
    """What did not fit, so that nobody takes the figures for more than they are."""
    refused = answer["refused"]
    if refused:
        say(f"{name}: {sum(one['count'] for one in refused)} signals of the log were refused by the rules:")
        for one in refused[:_MOST_REASONS]:
            say(f"  {one['count']} x {one['signal']}: {one['reason']}")
        if len(refused) > _MOST_REASONS:
            say(f"  {sum(one['count'] for one in refused[_MOST_REASONS:])} for other reasons (--json has them)")
    if answer["stand_ins"]:
        count, people = sum(answer["stand_ins"].values()), len(answer["stand_ins"])
        say(f"{name}: {count} signals of {people} people with no part in the case were given by whoever had one")
    if answer["taken_as_it_is"]:
        say(f"{name}: {answer['taken_as_it_is']} cases that waited for information were taken as they were")


def _union(groups: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(key for group in groups for key in group))
