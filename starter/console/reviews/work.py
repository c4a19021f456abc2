"""What people do with a review: name its author, hand in and approve its report, follow its measures (R27)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from starter.console.options import CommandOptions
from starter.console.screen import Number
from starter.console.sender import OptionalText, Sender, Why, company_zone, read_due, send_command
from workflows.domain.problem import Problem

ReportFile = Annotated[Path | None, Parameter(help="The report as TOML; bihuan review draft N makes one to fill in.")]
CorrectiveActionLines = Annotated[
    list[str] | None,
    Parameter(name="--measure", negative=(), help='A measure as "what; person\'s id; until when"; several times.'),
]
CorrectiveActionNumber = Annotated[int, Parameter(help="Number of the measure, from 1.")]
_KEYS = ("root_cause", "what_happened", "measures")
_ACTION_KEYS = ("what", "owner", "due")

_send = partial(send_command, review=True)


async def submit(
    number: Number,
    file: ReportFile = None,
    /,
    *,
    root_cause: Annotated[str | None, Parameter(help="Why it happened.")] = None,
    what_happened: Annotated[str | None, Parameter(help="What the timeline does not say.")] = None,
    measure: CorrectiveActionLines = None,
    sender: Sender,
) -> int:
    """Hand in the report: from a file, or from options. Times without a zone are the company's; a date is its end.

    Example: bihuan review submit FB202605110001 report.toml --as tech-001
    """
    given = {"root_cause": root_cause, "what_happened": what_happened, "measures": measure}
    if file is not None:
        if any(value is not None for value in given.values()):
            raise Problem("the report comes from a file or from options; allowed: one of them")
        fields = read_report(file)
    else:
        fields = {"root_cause": root_cause, "what_happened": what_happened}
        fields["measures"] = [_corrective_action(line) for line in measure or ()]
    zone = await company_zone(sender)
    measures = fields["measures"] = [dict(one) for one in fields.get("measures") or ()]
    _must_be_filled_in(fields, typed=file is None)
    for index, one in enumerate(measures, start=1):
        one["due"] = read_due(one.get("due"), zone, f"measure {index}: due")
    not_typed = () if file is None else _KEYS
    return await _send("review", number, sender, typed="review submit", not_typed=not_typed, **fields)


async def assign(
    number: Number,
    /,
    *,
    to: Annotated[str, Parameter(help="Person who writes the report.")],
    why: OptionalText = None,
    sender: Sender,
) -> int:
    """Name the author of the report; the head of the department, or somebody above, does.

    Example: bihuan review assign FB202605110001 --to tech-001 --as tech-head
    """
    return await _send("name_author", number, sender, typed="review assign", author=to, why=why)


async def approve(number: Number, /, *, text: OptionalText = None, sender: Sender) -> int:
    """Approve the report; from now on its measures are followed.

    Example: bihuan review approve FB202605110001 --as tech-head
    """
    return await _send("approve", number, sender, typed="review approve", text=text)


async def return_(number: Number, /, *, why: Why, sender: Sender) -> int:
    """Give the report back to its author, with the reason.

    Example: bihuan review return FB202605110001 --as tech-head --why "根因没有说到为什么告警没有触发"
    """
    return await _send("return_report", number, sender, typed="review return", why=why)


async def end(number: Number, /, *, why: Why, sender: Sender) -> int:
    """End a review that is not needed, with the reason; the head of the department, or somebody above, does.

    Example: bihuan review end FB202605110001 --as tech-head --why "与 FB202605060003 的复盘相同"
    """
    return await _send("end", number, sender, typed="review end", reason=why)


async def measure_done(
    number: Number,
    measure: CorrectiveActionNumber,
    /,
    *,
    result: Annotated[str | None, Parameter(help="What came of it.")] = None,
    sender: Sender,
) -> int:
    """Report a measure as done; with the last one the review ends.

    Example: bihuan review measure done FB202605110001 1 --as tech-001 --result "告警已上线"
    """
    return await _send(
        "measure_done",
        number,
        sender,
        typed="review measure done",
        not_typed=("measure",),
        measure=measure,
        result=result,
    )


async def measure_move(
    number: Number,
    measure: CorrectiveActionNumber,
    /,
    *,
    to: Annotated[str | None, Parameter(help="Another owner.")] = None,
    due: Annotated[str | None, Parameter(help="Another due time: a date, or with time and zone.")] = None,
    why: Why,
    sender: Sender,
) -> int:
    """Give a measure another owner or due time, with the reason.

    Example: bihuan review measure move FB202605110001 1 --due 2026-06-12 --as tech-head --why "等待采购"
    """
    until = read_due(due, await company_zone(sender), "--due") if due is not None else None
    return await _send(
        "move_measure",
        number,
        sender,
        typed="review measure move",
        not_typed=("measure",),
        measure=measure,
        owner=to,
        due=until,
        why=why,
    )


def read_report(file: Path) -> dict[str, Any]:
    """The keys of a report file.

    Raises:
        Problem: it cannot be read, is no TOML, or has keys a report does not have.
    """
    from activities.document_text import read_toml_table

    data = read_toml_table(file)
    measures = data.get("measures", [])
    if not isinstance(measures, list) or not all(isinstance(one, dict) for one in measures):
        raise Problem(f"{file}: measures is no list of tables; allowed: [[measures]] with what, owner, due")
    for where, keys, known in [
        ("", data, _KEYS),
        *((f"measures {index}: ", one, _ACTION_KEYS) for index, one in enumerate(measures, start=1)),
    ]:
        if unknown := [key for key in keys if key not in known]:
            raise Problem(f"{file}: {where}unknown key {unknown[0]!r}; allowed: {', '.join(known)}")
    return {key: value for key, value in data.items() if value not in ("", [])}


def _must_be_filled_in(fields: dict[str, Any], *, typed: bool) -> None:
    """Everything that is empty, at once: whoever fills in a draft wants to go back to it once.

    Raises:
        Problem: naming each option where the report was `typed`, else each key of its file.
    """
    names = {key: CommandOptions.of("review", _KEYS).named(key) if typed else key for key in _KEYS}
    empty = [] if fields.get("root_cause") else [names["root_cause"]]
    empty += [] if fields["measures"] else [f"{names['measures']} (at least one)"]
    for index, one in enumerate(fields["measures"], start=1):
        empty += [f"measures {index}.{key}" for key in _ACTION_KEYS if one.get(key) in {None, ""}]
    if empty:
        raise Problem(f"the report lacks {', '.join(empty)}; nothing was handed in")


def _corrective_action(line: str) -> dict[str, Any]:
    parts = [part.strip() for part in line.replace("；", ";").split(";")]
    if len(parts) != len(_ACTION_KEYS) or not all(parts):
        raise Problem(f'--measure {line!r} is not of three parts; allowed: "what; person\'s id; until when"')
    return dict(zip(_ACTION_KEYS, parts, strict=True))
