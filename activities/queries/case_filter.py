"""Which cases a list shows, and in which order (R30); light, for whoever only asks for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

Order = Literal["received", "due", "opened", "priority", "updated"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)


@dataclass(frozen=True)
class Filter:
    """Which cases a list shows, and in which order; None means any. `text` is part of the number, `customer` part of a
    name, company or contact of the customer, `search` part of one of these; since ≤ received < until.

    `department` is one that is concerned: it leads the case, assists, or has or had a task in it (R30). `unclaimed`:
    nobody has taken the case on. `due_before`: a deadline is before that time. `naming`: a person who owns the case or
    for whom it waits, where a few more may be found. `numbers`: these alone. `late_at`: late at that time, where
    those are found as well that have made their promise good. `unacknowledged`: an escalation waits for somebody.
    """

    status: str | None = None
    open_only: bool = False
    priority: str | None = None
    type: str | None = None
    subtype: str | None = None
    department: str | None = None
    group: str | None = None
    owner: str | None = None
    escalated: bool | None = None
    breached: bool | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = 100
    after: tuple[datetime, str] | None = None
    """When a case was received, and its number: only what is listed after it."""
    offset: int = 0
    """How many of the order are left out at its beginning."""
    customer: str | None = None
    sort: Order = "received"
    search: str | None = None
    unclaimed: bool = False
    due_before: datetime | None = None
    naming: str | None = None
    numbers: tuple[str, ...] | None = None
    late_at: datetime | None = None
    unacknowledged: bool | None = None
