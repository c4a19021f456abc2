"""`bihuan trial`: simulates a log of cases under a policy; `bihuan export`: writes such a log of recorded cases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, TextIO

from cyclopts import Parameter

from starter.console.json_lines import JsonLines
from starter.console.screen import AsJson, DataFolder, print_json, progress_bar, read_moment, say
from workflows.domain.problem import Problem

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
    from starter.services.company.organisation import organisation_for_trial
    from starter.services.company.policy_files import read_policy_file
    from starter.services.company.trial import try_policies
    from worker.composition_root import build_transports
    from worker.installation.settings import load_settings

    settings = load_settings(data=data)
    sources = [policy or settings.policy, *([against] if against else [])]
    policies = [read_policy_file(source) for source in sources]
    people = await organisation_for_trial(settings, Path(organisation) if organisation is not None else None)
    zone = policies[0].calendar.zone
    lines, unreadable = _read(log)
    done = try_policies(
        lines,
        policies,
        people,
        transports=build_transports(settings),
        unreadable=unreadable,
        until=partial(_end, until, zone=zone),
        progress=partial(progress_bar, "trial"),
    )
    faults = sorted(done.faults.items())
    for number, fault in faults[:_MOST_FAULTS]:
        say(f"line {number}: {fault}")
    if len(faults) > _MOST_FAULTS:
        say(f"and {len(faults) - _MOST_FAULTS} more faulty lines")
    first, last = _local(done.start, zone), _local(done.end, zone)
    if as_json:
        print_json(
            {
                "from": first,
                "until": last,
                "faulty_lines": [{"line": number, "error": fault} for number, fault in faults],
                "trial": done.answers[0],
                "against": done.answers[1] if against else None,
            }
        )
    else:
        from starter.console.company.trial_tables import print_trial

        print_trial(done.answers, sources, first=first[:16].replace("T", " "), last=last[:16].replace("T", " "))
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

    from starter.backend.opening import open_backend

    backend = open_backend(data)
    company = await backend.company()
    first, end = read_moment("--since", since, company.zone), read_moment("--until", until, company.zone)
    count = written = faulty = 0
    total = await backend.export_count(first, end)
    with _written(out) as stream, progress_bar("export", total, shown=stream is not sys.stdout) as advance:
        async for lines in backend.export(first, end):
            if isinstance(lines, str):
                faulty += 1
                say(lines)
                advance()
                continue
            for line in lines:
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            count, written = count + 1, written + len(lines)
            advance()
    say(f"{count} cases, {written} lines" + (f" in {out}" if out else ""))
    return 1 if faulty else 0


def _end(until: str | None, start: datetime, *, zone: str) -> datetime | None:
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


def _local(moment: datetime, zone: str) -> str:
    from zoneinfo import ZoneInfo

    return moment.astimezone(ZoneInfo(zone)).isoformat()


def _read(file: str) -> tuple[list[str], dict[int, str]]:
    """The lines, blank ones and those that cannot be read as empty ones, and by its number why one cannot be read."""
    texts: list[str] = []
    faults = {}
    for line in JsonLines(file):
        texts += [""] * (line.number - 1 - len(texts))
        texts.append(line.text or "")
        if line.text is None:
            faults[line.number] = line.fault
    return texts, faults


@contextmanager
def _written(out: str | None) -> Iterator[TextIO]:
    """Open the file to write to, or standard output."""
    if out is None:
        yield sys.stdout
        return
    try:
        stream = Path(out).open("w", encoding="utf-8")  # noqa: SIM115 - only opening it is the option's fault
    except OSError as error:
        raise Problem(f"--out {out}: cannot be written: {error.strerror}") from None
    with stream:
        yield stream
