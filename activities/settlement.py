"""The activities that settle a case when it opens, and answer what a command needs to know (R5, R8-R13)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.calendars import build_calendar
from activities.completeness import missing_fields
from activities.database import Database
from activities.directory import Directory
from activities.form import Form
from activities.settlements import Settlements
from activities.tables import registration
from workflows.domain.assignment import Situation, assign, department_of, handling_group
from workflows.domain.model import Json
from workflows.domain.organisation import Organisation
from workflows.domain.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.terms import Consultation, DispatchRequest, Lookup, Member, Opening, Settlement, Terms, TypeTerms
from workflows.domain.triage import triage
from workflows.domain.virtual_time import VirtualTime
from workflows.domain.vocabulary import Contact, Priority


@dataclass
class Settling:
    """Settles terms and dispatch.

    Attributes:
        database: where forms and settlements are kept.
        policy: the policy in force.
        directory: who works here.
        time: relation of the case's time to the wall clock.
        now: the wall clock.
    """

    database: Database
    policy: Policy
    directory: Directory
    time: VirtualTime = field(default_factory=VirtualTime)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @activity.defn
    async def settle(self, number: str) -> Settlement:
        """Triage, terms and dispatch of a registered submission; asked again it answers the same.

        Raises:
            ApplicationError: the number is not registered; trying again is of no use.
            Problem: no organisation is loaded yet, or the policy's country is not known; it can be mended.
        """
        organisation = await self._organisation()
        settlements = Settlements()
        async with self.database.read() as connection:
            known = await settlements.get(connection, number)
            if known is not None:
                return known
            content, accepted_at = await _registered(connection, number)
        opening = self._opening(Form.model_validate(content), accepted_at)
        request = DispatchRequest(type=opening.type, subtype=opening.subtype, priority=opening.priority)
        at = max(self.time.virtual(self.now()), accepted_at)
        terms = self._terms(organisation, request, accepted_at, at)
        settled = Settlement(opening=opening, terms=terms, people=_around(organisation, terms, opening.received_by))
        waits = bool(opening.missing) and not terms.levels[opening.priority].dispatch_incomplete
        async with self.database.begin() as connection:
            if not waits:
                situation = self._situation(content, await settlements.loads(connection), at)
                dispatch = assign(request, organisation, self.policy, situation)
                settled = settled.model_copy(update={"dispatch": dispatch})
            return await settlements.put(connection, number, settled)

    @activity.defn
    async def consult(self, lookup: Lookup) -> Consultation:
        """Look up people, departments, types, an owner or the present terms; what is not there becomes a problem.

        Raises:
            ApplicationError: the number is not registered; trying again is of no use.
            Problem: no organisation is loaded yet, or the policy's country is not known; it can be mended.
        """
        organisation = await self._organisation()
        async with self.database.read() as connection:
            content, accepted_at = await _registered(connection, lookup.number)
            loads = await Settlements().loads(connection) if lookup.dispatch else {}
            settled = await Settlements().get(connection, lookup.number) if lookup.terms else None
        problems = [f"{key} is not in the organisation" for key in lookup.people if organisation.person(key) is None]
        heads = self._heads(organisation, lookup.departments, problems)
        people = organisation.members_with_superiors([*lookup.people, *heads.values()])
        types = self._types(lookup.types, problems)
        dispatch = None
        if lookup.dispatch is not None:
            try:
                situation = self._situation(content, loads, lookup.at)
                dispatch = assign(lookup.dispatch, organisation, self.policy, situation)
            except Problem as problem:
                problems.append(str(problem))
        terms = None
        if lookup.terms:
            request = lookup.dispatch or _request_of(settled, self.policy)
            terms = self._terms(organisation, request, accepted_at, lookup.at)
            people.update(_around(organisation, terms, None))
        return Consultation(
            people=people, heads=heads, types=types, dispatch=dispatch, terms=terms, problems=tuple(problems)
        )

    async def _organisation(self) -> Organisation:
        organisation = await self.directory.current()
        if organisation is None:
            raise Problem("no organisation is loaded; load one with `bihuan org load FILE`")
        return organisation

    def _opening(self, form: Form, accepted_at: datetime) -> Opening:
        found = triage(form.submission(), self.policy)
        said = f"{found.type}/{found.subtype}" if found.subtype else found.type
        kind = self.policy.type_terms(said)
        return Opening(
            channel=form.channel,
            received_at=form.received_at or accepted_at,
            accepted_at=accepted_at,
            received_by=form.received_by,
            type=found.type,
            subtype=found.subtype,
            priority=found.priority,
            reasons=found.reasons,
            missing=missing_fields(form, found.type, self.policy),
            by_phone=form.customer.preferred_contact is Contact.PHONE,
            tested=kind is not None and kind.tested,
            playbook=kind.playbook if kind else (),
        )

    def _terms(self, organisation: Organisation, request: DispatchRequest, since: datetime, at: datetime) -> Terms:
        """The calendar covers the year before the case began to two years ahead."""
        calendar = build_calendar(self.policy, range(since.year - 1, max(since, at).year + 3))
        day = calendar.local(at).date()
        department = department_of(request, organisation, self.policy)
        return self.policy.terms(calendar).model_copy(
            update={
                "duty_managers": organisation.duty_managers(day),
                "follow_up": organisation.follow_up_on(day),
                "follow_up_supervisor": organisation.follow_up.supervisor,
                "head": handling_group(request, department, organisation).head,
            }
        )

    def _situation(self, content: Json, loads: dict[str, int], at: datetime) -> Situation:
        product = content.get("product")
        day = build_calendar(self.policy, ()).local(at).date()
        return Situation(loads=loads, day=day, product=product if isinstance(product, str) else "")

    def _heads(self, organisation: Organisation, names: Iterable[str], problems: list[str]) -> dict[str, str]:
        heads: dict[str, str] = {}
        for name in names:
            found = organisation.department(name)
            if found is not None:
                heads[name] = found.head
            else:
                allowed = ", ".join(entry.id for entry in organisation.departments)
                problems.append(f"department {name!r} is not in the organisation; allowed: {allowed}")
        return heads

    def _types(self, names: Iterable[str], problems: list[str]) -> dict[str, TypeTerms]:
        found: dict[str, TypeTerms] = {}
        for name in names:
            terms = self.policy.type_terms(name)
            if terms is not None:
                found[name] = terms
                continue
            kind = self.policy.type_named(name.partition("/")[0])
            allowed = [sub.id for sub in kind.subtypes] if kind else [entry.id for entry in self.policy.types]
            what = f"subtype {name.partition('/')[2]!r} of {kind.id}" if kind else f"type {name.partition('/')[0]!r}"
            problems.append(f"{what} is not in the policy; allowed: {', '.join(allowed) or 'none'}")
        return found


async def _registered(connection: AsyncConnection, number: str) -> tuple[Json, datetime]:
    """The form as it stands, and when it was accepted under its number."""
    columns = select(registration.c.form, registration.c.received_at).where(registration.c.number == number)
    row = (await connection.execute(columns)).one_or_none()
    if row is None:
        raise ApplicationError(f"{number} is not registered", type="UnknownNumber", non_retryable=True)
    content, accepted_at = row
    return content, accepted_at


def _request_of(settled: Settlement | None, policy: Policy) -> DispatchRequest:
    if settled is None:
        return DispatchRequest(type=policy.default_type, priority=Priority.P3)
    opening = settled.opening
    return DispatchRequest(type=opening.type, subtype=opening.subtype, priority=opening.priority)


def _around(organisation: Organisation, terms: Terms, receiver: str | None) -> dict[str, Member]:
    """Who may have to be told about a case before anybody owns it, and everyone above them."""
    keys = (receiver, *terms.duty_managers, terms.follow_up, terms.follow_up_supervisor, terms.head)
    return organisation.members_with_superiors(key for key in keys if key is not None)
