"""`bihuan resend` sends messages again that failed for good; `bihuan bounced` notes that one came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from starter.backend.opening import open_local
from starter.console.case_number import find_number
from starter.console.screen import (
    AsJson,
    DataFolder,
    print_json,
    print_table,
    progress_bar,
    read_moment,
    say,
    shortened,
)
from workflows.domain.problem import Problem, printable

if TYPE_CHECKING:
    from activities.queries.cases import OutboxEntry
    from worker.installation.company_time import CompanyTime

_MISUSED = 2


async def resend(
    number: Annotated[str | None, Parameter(help="Number of the case; or say --all.")] = None,
    /,
    *,
    all_: Annotated[bool, Parameter(name="--all", negative=(), help="Failed messages of every case.")] = False,
    key: Annotated[str | None, Parameter(help="Only this one; `bihuan outbox --json` has the keys.")] = None,
    to: Annotated[str | None, Parameter(help="Only those to this person, `customer`, or system.")] = None,
    since: Annotated[str | None, Parameter(help="Only those written on this day or at this time, or later.")] = None,
    until: Annotated[str | None, Parameter(help="Only those written before that.")] = None,
    error: Annotated[str | None, Parameter(help="Only those in whose error these words stand.")] = None,
    dry_run: Annotated[bool, Parameter(negative=(), help="Show which they are, and change nothing.")] = False,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> int:
    """Send messages again that failed for good, such as while a mail server refused everybody. What was sent is never
    sent twice, and each keeps its Message-ID; mail servers are given three days anew. A case that knows of the failure
    is not told of it twice, and needs no call to the customer any more once the message is sent.

    Example: bihuan resend FB202605110001
    Example: bihuan resend --all --since 2026-05-11T09:00 --until 2026-05-11T10:30 --error 550 --dry-run
    """
    if (number is not None) == all_:
        say("which messages? allowed: the number of a case, or --all")
        return _MISUSED
    from starter.services.system import resending
    from worker.installation.company_time import CompanyTime
    from worker.installation.installation import open_installation
    from worker.installation.settings import load_settings

    settings = load_settings(data=data)
    async with open_installation(settings) as installation:
        company = await CompanyTime.read(settings)
        choice = resending.ResendSelection(
            number=await find_number(open_local(data), number) if number is not None else None,
            key=key,
            recipient=to,
            since=read_moment("--since", since, company.zone),
            until=read_moment("--until", until, company.zone),
            error=error,
        )
        rows, taken = await choice.failed(installation), 0
        if not dry_run:
            again = []
            with progress_bar("resend", len(rows), shown=not as_json) as advance:
                async for row, is_taken in resending.resend(installation, rows):
                    again.append(row)
                    taken += is_taken
                    advance()
            rows = again
    if as_json:
        print_json({"dry_run": dry_run, "handed_over": taken, "messages": [_json(row, company) for row in rows]})
        return 0
    _print(rows, company)
    if dry_run:
        print(f"{len(rows)} failed; without --dry-run they are sent again")
    else:
        later = f", the next sweep begins {len(rows) - taken} of them" if taken < len(rows) else ""
        print(f"{len(rows)} are sent again{later}; bihuan outbox shows how that ends")
    return 0


async def bounced(
    key: Annotated[str, Parameter(help="Of the message; `bihuan outbox --json` has the keys.")],
    /,
    *,
    error: Annotated[str, Parameter(help="What the notice says, such as: 550 no such user.")],
    data: DataFolder = None,
) -> None:
    """Note that a message came back although the mail server had taken it. Its case treats it like one that was refused
    for good: a person tells the customer instead.

    Example: bihuan bounced FB202605110001:result:r1:customer --error "550 no such user"
    """
    from starter.services.system import resending
    from worker.installation.installation import open_installation
    from worker.installation.settings import load_settings

    if not error.strip():
        raise Problem("--error is empty; allowed: what the notice says")
    async with open_installation(load_settings(data=data)) as installation:
        at_once = await resending.take_back(installation, key, error)
    print(printable(f"{key} came back; its case hears of it {'now' if at_once else 'by the next sweep'}"))


def _json(row: OutboxEntry, company: CompanyTime) -> dict[str, Any]:
    """The message as `bihuan outbox --json` has it, as it stood before."""
    shown: dict[str, Any] = company.localized(row.as_json())
    return shown


def _print(rows: list[OutboxEntry], company: CompanyTime) -> None:
    print_table(
        ("Case", "When", "Message", "To", "By", "Tried", "Error"),
        [
            (
                row.number,
                company.text(row.created_at, "%m-%d %H:%M"),
                row.message,
                row.recipient,
                row.channel,
                str(row.attempts),
                shortened(row.error or "", 80),
            )
            for row in rows
        ],
        spare=("Tried", "By", "When"),
    )
