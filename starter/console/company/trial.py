"""`bihuan trial`: what a policy would have meant for a log of cases; `bihuan export`: one's own past as such a log."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, progress_bar, read_moment, say
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from starter.trial.simulation import Rehearsal
    from worker.installation.settings import Settings
    from workflows.domain.organisation.organisation import Organisation
    from workflows.domain.policy.policy import Policy

_HORIZON = timedelta(days=30)
"""How long a trial goes on after the last line of its log."""
_MOST_FAULTS = 20


async def trial(
    log: Annotated[str, Parameter(help="JSON Lines; - reads standard input.", allow_leading_hyphen=True)],
    /,
    *,
    policy: Annotated[str | None, Parameter(help="Policy file or name (default: the settings' policy).")] = None,
    against: Annotated[str | None, Parameter(help="Another policy, shown beside it.")] = None,
    organisation: Annotated[
        str | None, Parameter(help="Organisation file (default: the one in force, else the sample).")
    ] = None,
    until: Annotated[
        str | None, Parameter(help="End of the trial, a time (default: 30 days after the last line).")
    ] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> int:
    """What a policy would have meant for a log of cases: nothing is sent, no server is needed.

    A line opens a case or is a signal to it:
    {"at": "2026-05-11T09:00", "key": "A-1", "open": {the intake form}}
    {"at": "2026-05-11T09:20", "key": "A-1", "signal": "reply", "by": "owner", "with": {"text": "on it"}}
    `by` is a person's id, customer, or owner, superior, escalated, follow_up: whoever that is then.
    Somebody the organisation does not know acts as the owner. Faulty lines are named, the others are played.

    Example: bihuan trial past.jsonl --policy standard --against feedback
    """
    from activities.policy.loading import load_policy
    from worker.installation.settings import load_settings

    settings = load_settings(data=data)
    policies = [load_policy(policy or settings.policy)] + ([load_policy(against)] if against else [])
    people = await _organisation(settings, organisation)
    lines = _read(log).split("\n")
    with _without_collector():
        faults, rehearsals, span = _play(lines, policies, people, until)
    for number, fault in sorted(faults.items())[:_MOST_FAULTS]:
        say(f"line {number}: {fault}")
    if len(faults) > _MOST_FAULTS:
        say(f"and {len(faults) - _MOST_FAULTS} more faulty lines")
    answers = [rehearsal.as_json() for rehearsal in rehearsals]
    if as_json:
        zone = policies[0].calendar.zone
        print_json(
            {
                "from": _local(span[0], zone),
                "until": _local(span[1], zone),
                "faulty_lines": [{"line": number, "error": fault} for number, fault in sorted(faults.items())],
                "trial": answers[0],
                "against": answers[1] if against else None,
            }
        )
    else:
        from starter.console.company.trial_tables import print_trial

        first, last = (_local(moment, policies[0].calendar.zone)[:16].replace("T", " ") for moment in span)
        print_trial(answers, first=first, last=last)
    return 1 if faults else 0


async def export(
    *,
    out: Annotated[str | None, Parameter(help="File to write (default: standard output).")] = None,
    since: Annotated[str | None, Parameter(help="Only cases received at or after this day or time.")] = None,
    until: Annotated[str | None, Parameter(help="Only cases received before this day or time.")] = None,
    data: DataFolder = None,
) -> int:
    """Your own past as a log for `bihuan trial`. It holds what customers wrote: keep it as safe as the database.

    Example: bihuan export --since 2026-05-01 --out past.jsonl
    """
    import json

    from activities.queries.history_export import HistoryExport
    from worker.installation.company_time import CompanyTime
    from worker.installation.installation import open_installation
    from worker.installation.settings import load_settings

    settings = load_settings(data=data)
    company = await CompanyTime.read(settings)
    first, end = read_moment("--since", since, company.zone), read_moment("--until", until, company.zone)
    count = written = 0
    async with open_installation(settings) as installation:
        past = HistoryExport(installation.database, first, end)
        total = await past.count()
        with _written(out) as stream, progress_bar("export", total, shown=stream is not sys.stdout) as advance:
            async for lines in past.logs():
                for line in lines:
                    stream.write(json.dumps(company.localized(line), ensure_ascii=False) + "\n")
                count, written = count + 1, written + len(lines)
                advance()
    say(f"{count} cases, {written} lines" + (f" in {out}" if out else ""))
    return 0


def _play(
    lines: list[str], policies: list[Policy], people: Organisation, until: str | None
) -> tuple[dict[int, str], list[Rehearsal], tuple[datetime, datetime]]:
    """Faults by line, one rehearsal a policy, and first and last moment. Every policy gets the same lines."""
    from activities.opening.decision import Decision
    from starter.trial.figures import Figures
    from starter.trial.log import read_log
    from starter.trial.simulation import Rehearsal
    from workflows.domain.calendar import Calendar

    logs = [read_log(lines, policy, people) for policy in policies]
    faults = {number: fault for log in reversed(logs) for number, fault in log.faults.items()}
    entries = [log.without(faults) for log in logs]
    if not entries[0]:
        raise Problem(
            "\n".join(["the log opens no case", *(f"line {n}: {what}" for n, what in sorted(faults.items()))])
        )
    start = entries[0][0].at
    end = _end(until, start, policies[0].calendar.zone) or entries[0][-1].at + _HORIZON
    rehearsals = []
    with progress_bar("trial", sum(map(len, entries))) as advance:
        for policy, wanted in zip(policies, entries, strict=True):
            rehearsal = Rehearsal(Decision(policy, people), Figures(Calendar(zone=policy.calendar.zone)))
            for _ in rehearsal.play(wanted, end):
                advance()
            rehearsals.append(rehearsal)
    return faults, rehearsals, (start, end)


def _end(until: str | None, start: datetime, zone: str) -> datetime | None:
    from workflows.domain.formats import moment_of

    if until is None:
        return None
    try:
        end = moment_of(until, zone)
    except ValueError as error:
        raise Problem(f"--until {error}") from None
    if end <= start:
        raise Problem(f"--until {until}: is before the first line, {_local(start, zone)}; allowed: later than that")
    return end


async def _organisation(settings: Settings, file: str | None) -> Organisation:
    """The file named, or what is in force: in the database, else the settings' file, else the sample."""
    from activities.organisation.loading import load_organisation, sample_organisation

    if file is not None:
        return load_organisation(Path(file))
    if settings.database_url is not None or settings.data.is_dir():
        from worker.installation.installation import open_installation

        async with open_installation(settings) as installation:
            current = await installation.directory.current()
        if current is not None:
            return current
    return load_organisation(settings.organisation) if settings.organisation else sample_organisation()


def _local(moment: datetime, zone: str) -> str:
    from zoneinfo import ZoneInfo

    return moment.astimezone(ZoneInfo(zone)).isoformat()


def _read(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise Problem(f"{file}: cannot be read: {error.strerror}") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(f"{file}: not UTF-8 at byte {error.start}") from None


@contextmanager
def _without_collector() -> Iterator[None]:
    """Cases hold no circles, and looking for some among all of them again and again takes a third of the time.

    What was made meanwhile is set aside, or the collector would look through all of it once more at the end.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def _written(out: str | None) -> Iterator[TextIO]:
    """Where to write."""
    if out is None:
        yield sys.stdout
        return
    try:
        stream = Path(out).open("w", encoding="utf-8")  # noqa: SIM115 - only opening it is the option's fault
    except OSError as error:
        raise Problem(f"--out {out}: cannot be written: {error.strerror}") from None
    with stream:
        yield stream
