"""The company's policy, calendar and organisation, and whether they fit together today."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from activities.organisation.directory import Directory
from activities.organisation.loading import load_organisation
from activities.policy.calendars import build_calendar
from activities.policy.in_force import digest
from activities.policy.loading import load_policy
from starter.doctor.check import Check, CheckResult, CheckSkippedError
from starter.doctor.context import DoctorContext
from workflows.domain.organisation.assignment import mismatches
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Role

_AHEAD = timedelta(days=30)
"""How far the due times of new cases reach."""
_WEEK = 7
_NAMED = 10


async def policy(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether the policy is well-formed, and the same that the worker has in force."""
    check = Check("policy")
    source = context.settings.policy
    try:
        loaded = load_policy(source)
    except Problem as problem:
        return check.problem(
            problem, "correct the file (bihuan policy check); until then the policy before is in force"
        )
    results = [check.ok(f"{source}: {len(loaded.types)} types, priorities {', '.join(loaded.levels())}")]
    try:
        sweep = await context.sweep()
    except CheckSkippedError:
        return results
    if sweep is not None and sweep.run.policy and sweep.run.policy != digest(loaded):
        ended = (await context.company()).local(sweep.run.ended)
        what = f"the worker goes by another policy than {source} (as of its sweep at {ended:%H:%M})"
        todo = "a changed file is read at the next sweep; if this stays, BIHUAN_POLICY differs there: correct it"
        results.append(check.warning(what, f"{todo}; then: bihuan retime --all"))
    return results


async def calendar(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether the public holidays of the next thirty days are announced: due times reach into them."""
    check = Check("calendar")
    rules, company = await context.policy(), await context.company()
    today = company.local(company.now()).date()
    years = sorted({today.year, (today + _AHEAD).year})
    try:
        built = build_calendar(rules, years)
    except Problem as problem:
        return check.problem(problem, f"correct {context.settings.policy}")
    guessed = [str(year) for year in years if year not in built.official_years]
    if guessed:
        what = f"holidays of {', '.join(guessed)} are not announced in this release: due times there are provisional"
        todo = "update the package `holidays`, or write extra_holidays and extra_workdays; then: bihuan retime --all"
        return [check.warning(what, todo)]
    return [check.ok(f"holidays of {', '.join(map(str, years))} are announced")]


async def organisation(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether one is loaded, fits the policy, and has people at work and on duty who can be written to."""
    check = Check("organisation")
    current = await Directory(await context.database()).current()
    if current is None:
        return [check.fault("no organisation is loaded: no case can be dispatched", "bihuan org load FILE")]
    results = [check.ok(f"{len(current.departments)} departments, {len(current.people)} people")]
    results += _not_in_force(check, context, current)
    company = await context.company()
    today = company.local(company.now()).date()
    try:
        rules = await context.policy()
    except CheckSkippedError:
        rules = None
    if rules is not None:
        results += _mismatches(check, rules, current)
    results += _absent(check, current, today)
    results += _duty_gaps(check, current, today)
    return [*results, *_reachable(check, current, mailed=context.settings.smtp_url is not None)]


def _not_in_force(check: Check, context: DoctorContext, current: Organisation) -> Iterable[CheckResult]:
    path = context.settings.organisation
    if path is None:
        return
    try:
        wanted = load_organisation(path)
    except Problem as problem:
        yield from check.problem(problem, f"correct {path}; the organisation that was loaded is still in force")
        return
    if wanted != current:
        yield check.warning(f"{path} is not the organisation in force", f"bihuan org load {path}")


def _mismatches(check: Check, rules: Policy, current: Organisation) -> Iterable[CheckResult]:
    for fault in mismatches(rules, current):
        yield check.fault(fault, "make policy and organisation use the same names (bihuan org load after a change)")
    unknown = [one for one in rules.report.recipients if "@" not in one and current.person(one) is None]
    if unknown:
        what = f"policy {rules.name}: report.recipients: nobody in the organisation: {', '.join(unknown)}"
        yield check.fault(what, "name people of the organisation, or mail addresses")


def _absent(check: Check, current: Organisation, today: date) -> Iterable[CheckResult]:
    for group in current.groups:
        agents = [one for one in current.members(group.id) if Role.AGENT in one.roles]
        if all(one.is_away(today) for one in agents):
            todo = (
                "change who is away, or give the group somebody (bihuan org load); until then its head gets the cases"
            )
            yield check.warning(f"group {group.id}: nobody is at work today", todo)
    if all(_away(current, key, today) for key in current.follow_up.specialists):
        yield check.warning("none of the follow-up specialists is at work today", "name another (bihuan org load)")


def _duty_gaps(check: Check, current: Organisation, today: date) -> Iterable[CheckResult]:
    gaps = []
    for day in (today + timedelta(days=ahead) for ahead in range(_WEEK + 1)):
        managers = current.duty_managers(day)
        if all(_away(current, key, day) for key in managers):
            gaps.append(f"{day} ({', '.join(managers) or 'nobody'})")
    if gaps:
        what = f"the duty manager is away: {', '.join(gaps)}; urgent cases alarm nobody who is there"
        yield check.fault(what, "enter somebody else for these days under duty (bihuan org load)")


def _reachable(check: Check, current: Organisation, *, mailed: bool) -> Iterable[CheckResult]:
    without = [one.id for one in current.people if not one.email]
    if mailed and without:
        todo = "write their email into the organisation file (bihuan org load)"
        yield check.warning(f"{len(without)} people have no mail address: {_some(without)}", todo)
    alone = [one.id for one in current.people if one.group and not current.above(one.id)]
    if alone:
        todo = "give them a superior; their cases cannot be escalated"
        yield check.warning(f"nobody is above {_some(alone)}", todo)


def _away(current: Organisation, key: str, day: date) -> bool:
    person = current.person(key)
    return person is None or person.is_away(day)


def _some(keys: list[str]) -> str:
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return ", ".join(keys[:_NAMED]) + more
