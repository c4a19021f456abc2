"""`bihuan show`, `list`, `stuck` and `outbox`: one case, many, those that need a person, and messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, cast

from cyclopts import Parameter

from starter.backend.opening import open_backend
from starter.console.case_number import find_number
from starter.console.screen import (
    AsJson,
    DataFolder,
    Number,
    print_json,
    print_rich,
    print_table,
    read_moment,
    readable_rows,
    say,
)
from workflows.domain.problem import Problem, printable

if TYPE_CHECKING:
    from activities.queries.case_filter import Order
    from activities.queries.people import People
    from worker.installation.company_time import CompanyTime

_MOST_ROWS = 1_000_000
_MOST_ALLOWED = 20


def _filter(text: str) -> Parameter:
    return Parameter(help=text)


async def show(
    number: Number,
    /,
    *,
    whole: Annotated[
        bool, Parameter(name="--all", negative=(), help="The whole history, not only the latest.")
    ] = False,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """One case: where it stands, who must act until when, its deadlines and the last hundred steps of its history.

    Example: bihuan show FB202605110001 --json
    """
    backend = open_backend(data)
    shown = await backend.case(await find_number(backend, number))
    if as_json:
        print_json(shown)
        return
    from starter.console.cases.panel import CasePanel

    company, people, locale = await backend.company(), await backend.people(), await backend.locale()
    print_rich(*CasePanel(shown, company, locale, whole=whole, name=people.named).parts())


async def list_(
    *,
    status: Annotated[str | None, _filter("Such as in_progress or closed.")] = None,
    open_only: Annotated[bool, Parameter(name="--open", negative=(), help="Only cases that are not closed.")] = False,
    priority: Annotated[str | None, _filter("P0, P1, P2 or P3.")] = None,
    type: Annotated[str | None, _filter("Id of a type.")] = None,  # noqa: A002
    subtype: Annotated[str | None, _filter("A subtype.")] = None,
    department: Annotated[
        str | None, _filter("Id of a department that leads, assists or has a part in the case.")
    ] = None,
    group: Annotated[str | None, _filter("Id of a handling group.")] = None,
    owner: Annotated[str | None, _filter("Id of a person.")] = None,
    escalated: Annotated[bool, Parameter(negative=(), help="Only cases at an escalation level.")] = False,
    breached: Annotated[bool, Parameter(negative=(), help="Only cases that missed a deadline.")] = False,
    text: Annotated[str | None, _filter("Part of the number.")] = None,
    since: Annotated[str | None, _filter("Received at or after: a day, or an ISO 8601 time.")] = None,
    until: Annotated[str | None, _filter("Received before: a day, or an ISO 8601 time.")] = None,
    customer: Annotated[str | None, _filter("Part of the customer's name, company, telephone or mail address.")] = None,
    sort: Annotated[str, _filter("received, due, opened, priority or updated: what comes first.")] = "received",
    limit: Annotated[int, _filter("At most so many.")] = 100,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Cases, the latest received first, or by --sort: `due` has the next deadline first, `priority` P0.

    Example: bihuan list --customer 青禾 --sort updated
    Example: bihuan list --open --department technical_support --breached
    """
    from activities.queries.case_filter import ORDERS, Filter
    from workflows.domain.vocabulary import Priority, Status

    backend = open_backend(data)
    company = await backend.company()
    wanted = Filter(
        status=_one_of("--status", status, Status),
        open_only=open_only,
        priority=_one_of("--priority", priority, Priority),
        type=type,
        subtype=subtype,
        department=department,
        group=group,
        owner=owner,
        escalated=escalated or None,
        breached=breached or None,
        text=text,
        since=read_moment("--since", since, company.zone),
        until=read_moment("--until", until, company.zone),
        limit=_positive("--limit", limit),
        customer=_said("--customer", customer),
        sort=cast("Order", _one_of("--sort", sort, ORDERS)),
    )
    shown = await backend.cases(wanted)
    named = {"department": department, "group": group, "owner": owner, "type": type, "subtype": subtype}
    if not shown and any(named.values()):
        _must_be_known(named, await backend.names())
    if as_json:
        print_json(shown)
        return
    if not shown:
        print("no cases")
        return
    columns: tuple[str, ...] = ("Number", "P", "Status", "Type", "Owner", "Lvl", "Waits for", "Until", "Customer")
    shares = (department,) if department is not None else ()
    columns = (*columns, *shares)
    people = await backend.people()

    def row(case: dict[str, Any]) -> tuple[str, ...]:
        return (*_row(case, company, people), *(_share(case, one, company, people) for one in shares))

    rows = readable_rows(shown, row, name=lambda case: case["number"], width=len(columns), place=2)
    print_table(columns, rows, spare=("Type", "Lvl", "Customer", "Owner"))
    if len(shown) == limit:
        say(f"shown are the {'latest' if sort == 'received' else 'first'} {limit}; --limit shows more")


async def stuck(*, as_json: AsJson = False, data: DataFolder = None) -> None:
    """What needs a person: overdue, unacknowledged, untold, undeliverable, not started, or failing in Temporal.

    Example: bihuan stuck --json
    """
    backend = open_backend(data)
    findings, warning = await backend.stuck()
    if warning is not None:
        say(warning)
    if as_json:
        print_json(findings)
        return
    if not findings:
        print("nothing is stuck")
        return
    company, people = await backend.company(), await backend.people()
    print_table(
        ("Number", "Why", "Since", "What", "Who", "Error", "Web UI"),
        [
            (
                finding["number"],
                finding["reason"],
                company.text(finding["since"]),
                finding["what"] or "",
                people.named(finding["who"]),
                finding["error"] or "",
                finding["link"] or "",
            )
            for finding in findings
        ],
        spare=("Web UI", "Error", "Since"),
    )
    for finding in findings:
        if finding["todo"]:
            print(printable(f"{finding['number']} {finding['reason']}: {finding['todo']}"))


async def outbox(
    number: Annotated[str | None, Parameter(help="Only of this case.")] = None,
    /,
    *,
    status: Annotated[str | None, _filter("stored, pending, sending, sent, failed, untold or told.")] = None,
    limit: Annotated[int, _filter("At most so many, the latest.")] = 200,
    full: Annotated[bool, Parameter(negative=(), help="With the text of each message.")] = False,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """What was sent to whom, how often it was tried, and how that ended.

    Example: bihuan outbox FB202605110001 --full
    """
    from starter.services.results import MESSAGE_STATUSES

    backend = open_backend(data)
    wanted = _one_of("--status", status, MESSAGE_STATUSES)
    case = await find_number(backend, number) if number is not None else None
    rows = await backend.messages(case, status=wanted, limit=_positive("--limit", limit))
    if as_json:
        left_out = () if full else ("text", "short", "html")
        print_json([{key: value for key, value in row.items() if key not in left_out} for row in rows])
        return
    columns = ("Case", "When", "Message", "To", "By", "Status", "Tried", "Subject")
    company, people = await backend.company(), await backend.people()

    def cells(row: dict[str, Any]) -> tuple[str, ...]:
        return (
            row["number"],
            company.text(row["created_at"], "%m-%d %H:%M"),
            row["event"],
            people.named(row["recipient"]),
            row["channel"],
            f"{row['status']}: {row['error']}" if row["error"] else row["status"],
            str(row["attempts"]),
            row["subject"],
        )

    shown = readable_rows(rows, cells, name=lambda row: str(row["number"]), width=len(columns), place=2)
    print_table(columns, shown, spare=("Subject", "Tried", "By"))
    if full:
        for row in rows:
            print_table((f"{row['event']} → {people.named(row['recipient'])}",), [(row["text"],)])


def _must_be_known(named: Mapping[str, str | None], known: Mapping[str, Sequence[str]]) -> None:
    """What no case has must be there at least; cases of a person or department that is gone are still found."""
    for option, value in named.items():
        allowed = known.get(option)
        if value is None or allowed is None or value in allowed:
            continue
        where = "the policy" if option in {"type", "subtype"} else "the organisation"
        shown = get_close_matches(value, allowed) or allowed
        raise Problem(f"--{option} {value}: is not in {where}; allowed: {', '.join(shown[:_MOST_ALLOWED])}")


def _share(case: dict[str, Any], department: str, company: CompanyTime, people: People) -> str:
    """What a department has to do with a case."""
    if case["department"] == department:
        return "leads"
    tasks = [task for task in case.get("collaborations") or () if task["department"] == department]
    if not tasks:
        return "assists"
    last = tasks[-1]
    if last["status"] != "open":
        return f"part {last['status']}"
    return f"part open, {people.named(last['person']) or 'nobody yet'} until {company.text(last['due'], '%m-%d %H:%M')}"


def _row(case: dict[str, Any], company: CompanyTime, people: People) -> tuple[str, ...]:
    waiting = case.get("waiting") or {}
    until = company.text(waiting.get("until"), "%m-%d %H:%M")
    customer = case["form"].get("customer") or {}
    return (
        case["number"],
        case["priority"] or "",
        case["status"] or "registered",
        " / ".join(str(case[key]) for key in ("type", "subtype") if case[key]),
        people.named(case["owner"]),
        str(case["escalation_level"] or ""),
        people.named(waiting.get("who")),
        until,
        str(customer.get("company") or customer.get("name") or ""),
    )


def _one_of(option: str, value: str | None, allowed: Iterable[str]) -> str | None:
    if value is not None and value not in (allowed := tuple(allowed)):
        raise Problem(f"{option} {value}: allowed: {', '.join(allowed)}")
    return value


def _said(option: str, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise Problem(f"{option} is empty; allowed: part of a name, company, telephone or mail address")
    return value


def _positive(option: str, value: int) -> int:
    if not 1 <= value <= _MOST_ROWS:
        raise Problem(f"{option} {value}: allowed: a number from 1 to {_MOST_ROWS:,}")
    return value
