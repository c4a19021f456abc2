"""The activities that settle a case when it opens, and answer what a command needs to know (R5, R8-R13)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.database.database import Database
from activities.database.judged import find_judged
from activities.database.reader import open_reader
from activities.database.tables import case_record, registration
from activities.delivery.outbox import disproof
from activities.delivery.transport import Transports
from activities.intake.form import Form
from activities.intake.submission import supply
from activities.messages.routing import reachable
from activities.opening.decision import Decision
from activities.opening.store import Settlements
from activities.organisation.directory import Directory
from activities.policy.in_force import PolicyInForce
from workflows.domain.case.aggregate import Case
from workflows.domain.form_fields import CONTACT_KEYS
from workflows.domain.ids import review_id
from workflows.domain.model import Json
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.terms import Consultation, Judged, Lookup, MainCase, Settlement
from workflows.domain.time.virtual_time import VirtualTime

_REGISTERED = select(registration.c.form, registration.c.received_at).where(registration.c.number == bindparam("of"))


@dataclass
class OpeningActivities:
    """Settles terms and dispatch.

    Attributes:
        database: where forms and settlements are kept.
        policy: the policy in force.
        directory: who works here.
        time: relation of the case's time to the wall clock.
        now: the wall clock.
        file: where the policy is read again whenever it has changed; without one `policy` stays.
        transports: the ways messages can go, which decide whether a channel leads to a customer.
    """

    database: Database
    policy: Policy
    directory: Directory
    time: VirtualTime = field(default_factory=VirtualTime)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    file: PolicyInForce | None = None
    transports: Transports = field(default_factory=dict)

    @activity.defn
    async def settle(self, number: str) -> Settlement:
        """Triage, terms and dispatch of a registered submission; asked again it answers the same.

        Raises:
            ApplicationError: the number is not registered; trying again is of no use.
            Problem: no organisation is loaded yet, or the policy's country is not known; it can be mended.
        """
        settlements = Settlements()
        async with self.database.read_brief() as connection:
            organisation = await self._organisation(connection)
            known = await settlements.get(connection, number)
            if known is not None:
                return known
            content, accepted_at = await _registered(connection, number)
        decision = Decision(self._policy(), organisation)
        at = max(self.time.virtual(self.now()), accepted_at)
        settled = decision.settlement(Form.model_validate(content), accepted_at, at)
        opening = settled.opening.model_copy(
            update={"reachable": reachable(content, self.transports, self._policy().delivery)}
        )
        settled = settled.model_copy(update={"opening": opening})
        async with self.database.begin() as connection:
            if not decision.waits(settled):
                loads = await settlements.loads(connection)
                settled = decision.dispatched(settled, _product(content), loads, at)
            _must_open(number, settled, at)
            return await settlements.put(connection, number, settled)

    @activity.defn
    async def consult(self, lookup: Lookup) -> Consultation:
        """Look up people, departments, types, an owner or the present terms; what is not there becomes a problem.

        Raises:
            ApplicationError: the number is not registered; trying again is of no use.
            Problem: no organisation is loaded yet, or the policy's country is not known; it can be mended.
        """
        async with self.database.read_brief() as connection:
            organisation = await self._organisation(connection)
            if lookup.involved is not None:
                return Decision(self._policy(), organisation).renewal(lookup.involved, lookup.at)
            disproved = await disproof(connection, lookup.number, lookup.message) if lookup.message else None
            content, accepted_at = await _registered(connection, lookup.number)
            loads = await Settlements().loads(connection) if lookup.dispatch else {}
            settled = await Settlements().get(connection, lookup.number) if lookup.terms else None
            main = await _main_case(connection, lookup.main, organisation) if lookup.main else None
        judged = await self._judged(lookup, lookup.command_id) if lookup.command_id else None
        if judged is not None or disproved is not None:
            return Consultation(judged=judged, disproved=disproved)
        product, policy = _product(content), self._policy()
        if lookup.terms and self.file and self.file.fault:
            # A `retime` must fail here: the file of the present policy is faulty, and an older one is in force.
            return Consultation(problems=(self.file.fault,))
        answer = Decision(policy, organisation).consultation(
            lookup, product, loads, accepted_at, settled, form=content, now=self.time.virtual(self.now())
        )
        if contacts := {key: value for key, value in (answer.fields or {}).items() if key in CONTACT_KEYS}:
            way = reachable(supply(content, contacts), self.transports, policy.delivery)
            answer = answer.model_copy(update={"reachable": way})
        if lookup.main is None:
            return answer
        unknown = () if main else (f"{lookup.main}: there is no such open case; bihuan list --open shows them",)
        problems = (*answer.problems, *unknown)
        return answer.model_copy(update={"main": main, "product": product, "problems": problems})

    async def _judged(self, lookup: Lookup, command_id: str) -> Judged | None:
        async with open_reader(self.database.address) as reader:
            if lookup.review:
                return await find_judged(reader, review_id(lookup.number), command_id, kind="review")
            return await find_judged(reader, lookup.number, command_id)

    def _policy(self) -> Policy:
        return self.file.current() if self.file else self.policy

    async def _organisation(self, connection: AsyncConnection) -> Organisation:
        organisation = await self.directory.current(connection)
        if organisation is None:
            raise Problem("no organisation is loaded; load one with `bihuan org load FILE`")
        return organisation


def _must_open(number: str, settled: Settlement, at: datetime) -> None:
    """A case that cannot open must not be settled so for good: what is wrong is said, and tried again once mended."""
    try:
        Case.open(number, settled, at)
    except Exception as error:
        raise Problem(f"{number} cannot open under the policy {settled.terms.policy}: {error}") from error


async def _registered(connection: AsyncConnection, number: str) -> tuple[Json, datetime]:
    """The form as it stands, and when it was accepted under its number."""
    row = (await connection.execute(_REGISTERED, {"of": number})).one_or_none()
    if row is None:
        raise ApplicationError(f"{number} is not registered", type="UnknownNumber", non_retryable=True)
    content, accepted_at = row
    return content, accepted_at


async def _main_case(connection: AsyncConnection, number: str, organisation: Organisation) -> MainCase | None:
    """The case as it was last recorded; None where nobody has opened it."""
    columns = select(case_record.c.view, registration.c.form).join(
        registration, registration.c.number == case_record.c.number
    )
    row = (await connection.execute(columns.where(case_record.c.number == number))).one_or_none()
    if row is None:
        return None
    view, content = row
    owner = view["owner"]
    known = owner is not None and organisation.person(owner) is not None
    return MainCase(
        number=number,
        status=view["status"],
        resolution=view["resolution"],
        linked_to=view.get("linked_to"),
        leads=tuple(organisation.members_with_superiors([owner])) if known else (),
        product=_product(content),
    )


def _product(content: Json) -> str:
    product = content.get("product")
    return product if isinstance(product, str) else ""
