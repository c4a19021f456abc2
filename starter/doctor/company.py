"""What a company has written down: policy, calendar and organisation, and whether they fit together today."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from activities.organisation.directory import Directory
from activities.organisation.loading import load_organisation
from activities.policy.calendars import build_calendar
from activities.policy.in_force import digest
from activities.policy.loading import load_policy
from starter.doctor.context import DoctorContext
from starter.doctor.line import CheckResult, CheckResults, NotLookedAtError
from workflows.domain.organisation.assignment import mismatches
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Role

_AHEAD = timedelta(days=30)
"""How far due times of new cases reach."""
_WEEK = 7
_NAMED = 10


async def policy(ward: DoctorContext) -> Iterable[CheckResult]:
    """Well-formed, and the same one that the worker goes by."""
    said = CheckResults("policy")
    source = ward.settings.policy
    try:
        loaded = load_policy(source)
    except Problem as problem:
        todo = (
            "correct the file (bihuan policy check); a worker that runs keeps the policy it had, a new one won't start"
        )
        return said.problem(problem, todo)
    lines = [said.ok(f"{source}: {len(loaded.types)} types, priorities {', '.join(loaded.levels())}")]
    try:
        sweep = await ward.sweep()
    except NotLookedAtError:
        return lines
    if sweep is not None and sweep.run.policy and sweep.run.policy != digest(loaded):
        what = f"the worker goes by another policy than {source} (as of its sweep at {sweep.run.ended:%H:%M} UTC)"
        todo = "a changed file is read at the next sweep; if this stays, BIHUAN_POLICY differs there: correct it"
        lines.append(said.warning(what, f"{todo}; then: bihuan retime --all"))
    return lines


async def calendar(ward: DoctorContext) -> Iterable[CheckResult]:
    """Whether the holidays are announced of the years that due times reach into."""
    said = CheckResults("calendar")
    rules, company = await ward.policy(), await ward.company()
    today = company.local(company.now()).date()
    years = sorted({today.year, (today + _AHEAD).year})
    try:
        built = build_calendar(rules, years)
    except Problem as problem:
        return said.problem(problem, f"correct {ward.settings.policy}")
    guessed = [str(year) for year in years if year not in built.official_years]
    if guessed:
        what = f"holidays of {', '.join(guessed)} are not announced in this release: due times there are provisional"
        todo = "update the package `holidays`, or write extra_holidays and extra_workdays; then: bihuan retime --all"
        return [said.warning(what, todo)]
    return [said.ok(f"holidays of {', '.join(map(str, years))} are announced")]


async def organisation(ward: DoctorContext) -> Iterable[CheckResult]:
    """Loaded, fitting the policy, with somebody at work and on duty, who can be written to."""
    said = CheckResults("organisation")
    current = await Directory(await ward.database()).current()
    if current is None:
        return [said.fault("no organisation is loaded: no case can be dispatched", "bihuan org load FILE")]
    lines = [said.ok(f"{len(current.departments)} departments, {len(current.people)} people")]
    lines += _another(said, ward, current)
    company = await ward.company()
    today = company.local(company.now()).date()
    try:
        rules = await ward.policy()
    except NotLookedAtError:
        rules = None
    if rules is not None:
        lines += _mismatches(said, rules, current)
    lines += _present(said, current, today)
    lines += _duty(said, current, today)
    return [*lines, *_reachable(said, current, mailed=ward.settings.smtp_url is not None)]


def _another(said: CheckResults, ward: DoctorContext, current: Organisation) -> Iterable[CheckResult]:
    path = ward.settings.organisation
    if path is None:
        return
    try:
        wanted = load_organisation(path)
    except Problem as problem:
        yield from said.problem(problem, f"correct {path}; the organisation that was loaded is still in force")
        return
    if wanted != current:
        yield said.warning(f"{path} is not the organisation in force", f"bihuan org load {path}")


def _mismatches(said: CheckResults, rules: Policy, current: Organisation) -> Iterable[CheckResult]:
    for fault in mismatches(rules, current):
        yield said.fault(fault, "make policy and organisation use the same names (bihuan org load after a change)")
    unknown = [one for one in rules.report.recipients if "@" not in one and current.person(one) is None]
    if unknown:
        what = f"policy {rules.name}: report.recipients: nobody in the organisation: {', '.join(unknown)}"
        yield said.fault(what, "name people of the organisation, or mail addresses")


def _present(said: CheckResults, current: Organisation, today: date) -> Iterable[CheckResult]:
    for group in current.groups:
        agents = [one for one in current.members(group.id) if Role.AGENT in one.roles]
        if all(one.is_away(today) for one in agents):
            todo = (
                "change who is away, or give the group somebody (bihuan org load); until then its head gets the cases"
            )
            yield said.warning(f"group {group.id}: nobody is at work today", todo)
    if all(_away(current, key, today) for key in current.follow_up.specialists):
        yield said.warning("none of the follow-up specialists is at work today", "name another (bihuan org load)")


def _duty(said: CheckResults, current: Organisation, today: date) -> Iterable[CheckResult]:
    gaps = []
    for day in (today + timedelta(days=ahead) for ahead in range(_WEEK + 1)):
        managers = current.duty_managers(day)
        if all(_away(current, key, day) for key in managers):
            gaps.append(f"{day} ({', '.join(managers) or 'nobody'})")
    if gaps:
        what = f"the duty manager is away: {', '.join(gaps)}; urgent cases alarm nobody who is there"
        yield said.fault(what, "enter somebody else for these days under duty (bihuan org load)")


def _reachable(said: CheckResults, current: Organisation, *, mailed: bool) -> Iterable[CheckResult]:
    without = [one.id for one in current.people if not one.email]
    if mailed and without:
        todo = "write their email into the organisation file (bihuan org load)"
        yield said.warning(f"{len(without)} people have no mail address: {_some(without)}", todo)
    alone = [one.id for one in current.people if one.group and not current.above(one.id)]
    if alone:
        todo = "give them a superior; their cases cannot be escalated"
        yield said.warning(f"nobody is above {_some(alone)}", todo)


def _away(current: Organisation, key: str, day: date) -> bool:
    person = current.person(key)
    return person is None or person.is_away(day)


def _some(keys: list[str]) -> str:
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return ", ".join(keys[:_NAMED]) + more
