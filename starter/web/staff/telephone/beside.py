"""The part of the page beside an issue that is being taken in: who may be calling, and proposals (R5, R8, R28)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from activities.rendering.filters import brief, kind
from starter.services.intake.callers import Caller, find_callers
from starter.services.intake.proposals import Proposal, propose

if TYPE_CHECKING:
    from starter.services.identity.bearer import Bearer
    from starter.web.staff.telephone.sheet import Sheet
    from starter.web.staff.visit import StaffVisit
    from starter.web.staff.wording import Wording

_CASES: Final = 5
"""Of one customer that are shown."""


@dataclass(frozen=True)
class CallerShown:
    """A customer who may be calling.

    Attributes:
        take: number of the case whose form has them; empty where the page has them already.
        contact: telephone and mail address.
        cases: number, status, and what it is about, the latest first.
        more: how many besides.
    """

    take: str
    name: str
    contact: str
    cases: list[tuple[str, str, str]]
    more: int


@dataclass(frozen=True)
class Beside:
    """What stands beside the form.

    Attributes:
        callers: those whom what was typed fits.
        proposal: what the rules make of it, and in words `kind`, `priority`, `missing`; None where nothing is said yet.
    """

    callers: list[CallerShown]
    proposal: Proposal | None = None
    kind: str = ""
    priority: str = ""
    missing: tuple[str, ...] = ()


async def beside(visit: StaffVisit, who: Bearer, shown: Wording, sheet: Sheet) -> Beside:
    """The callers and proposals for what is typed now.

    Raises:
        Problem: the database cannot be read.
    """
    installation = visit.installation
    found, proposal = await asyncio.gather(
        find_callers(installation, sheet.sought, who.may_read),
        propose(installation, sheet.proposed_from(visit.zone), who.may_read),
    )
    callers = [_shown(shown, one, sheet) for one in found]
    if proposal is None:
        return Beside(callers)
    labels = installation.policy.labels()
    return Beside(
        callers, proposal, kind(proposal.type, proposal.subtype, labels, visit.locale),
        f"{proposal.priority} {shown.label('priority', proposal.priority)}",
        tuple(shown.label("field", key) for key in proposal.missing),
    )  # fmt: skip


def _shown(shown: Wording, caller: Caller, sheet: Sheet) -> CallerShown:
    customer = caller.customer
    contact = " · ".join(brief(str(customer[key]), 60) for key in ("phone", "email") if customer.get(key))
    cases = [_case(shown, one) for one in caller.cases[:_CASES]]
    take = "" if _is_there(sheet, customer) else caller.cases[0].number
    return CallerShown(take, shown.customer({"customer": customer}), contact, cases, len(caller.cases) - len(cases))


def _case(shown: Wording, record: Any) -> tuple[str, str, str]:
    view = record.view
    status = shown.label("status", view["status"]) if view else str(shown.visit.words["desk"]["case"]["registered"])
    return record.number, status, shown.about(record.form)


def _is_there(sheet: Sheet, customer: Any) -> bool:
    return all(sheet.values[name] == str(customer.get(name) or "") for name in ("name", "company", "phone", "email"))
