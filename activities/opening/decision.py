"""What a policy and an organisation decide about a case, without a database: opening, terms, owner (R5, R8-R13).

The settling activity and a trial of a policy both ask here, so that a trial answers what would have happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from activities.intake.completeness import missing_fields
from activities.intake.form import Form
from activities.opening.supplied import check_supplied, triage_supplied
from activities.policy.calendars import build_calendar
from workflows.domain.model import Json
from workflows.domain.organisation.assignment import Situation, assign, department_of, handling_group
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.organisation.renewal import renewal
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.triage import triage
from workflows.domain.problem import Problem
from workflows.domain.terms import (
    Consultation,
    Dispatch,
    DispatchRequest,
    Involved,
    Lookup,
    Member,
    Opening,
    Settlement,
    Terms,
    TypeTerms,
)
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Contact, Priority


@dataclass(frozen=True)
class Decision:
    """Answers by one policy and one organisation; the same question gets the same answer.

    Raises:
        Problem: (every method) the policy's country is not known.
    """

    policy: Policy
    organisation: Organisation

    def settlement(self, form: Form, accepted_at: datetime, at: datetime) -> Settlement:
        """Everything a case opens with but its owner; `at` is the moment it is settled, for who is on duty."""
        opening = self._opening(form, accepted_at)
        request = DispatchRequest(type=opening.type, subtype=opening.subtype, priority=opening.priority)
        terms = self.terms(request, accepted_at, at)
        return Settlement(
            opening=opening, terms=terms, people=self.around(terms, opening.received_by, at), proves_messages=True
        )

    def waits(self, settled: Settlement) -> bool:
        """Whether the case is not dispatched before the customer has given what is missing (R5)."""
        opening = settled.opening
        return bool(opening.missing) and not settled.terms.levels[opening.priority].dispatch_incomplete

    def dispatched(self, settled: Settlement, product: str, loads: Mapping[str, int], at: datetime) -> Settlement:
        """The settlement with the owner chosen; `loads` are the open cases of each (R12)."""
        opening = settled.opening
        request = DispatchRequest(type=opening.type, subtype=opening.subtype, priority=opening.priority)
        return settled.model_copy(update={"dispatch": self.owner(request, product, loads, at)})

    def owner(self, request: DispatchRequest, product: str, loads: Mapping[str, int], at: datetime) -> Dispatch:
        """Exactly one owner (R12); `loads` are the open cases of each.

        Raises:
            Problem: the person or department asked for does not exist, or the person is away.
        """
        situation = Situation(loads=dict(loads), day=self._local_day(at), product=product)
        return assign(request, self.organisation, self.policy, situation)

    def consultation(
        self,
        lookup: Lookup,
        product: str,
        loads: Mapping[str, int],
        accepted_at: datetime,
        settled: Settlement | None = None,
        *,
        form: Json | None = None,
        now: datetime | None = None,
    ) -> Consultation:
        """What a command needs to know; what does not exist becomes a problem of one line.

        `settled` is what the case opened with, where its terms are asked for; `form` is its form as it stands, and
        `now` the time up to which what is supplied may have happened.
        """
        organisation = self.organisation
        problems = [f"{key} is not in the organisation" for key in lookup.people if organisation.person(key) is None]
        day = self._local_day(lookup.at)
        heads = self._heads(lookup.departments, day, problems)
        people = organisation.members_with_superiors([*lookup.people, *heads.values()], day)
        types = self._types(lookup.types, problems)
        answers, request = self._supplied(lookup, form or {}, accepted_at, now or lookup.at)
        dispatch = None
        if request is not None:
            try:
                dispatch = self.owner(request, product, loads, lookup.at)
            except Problem as problem:
                problems.append(str(problem))
        terms = None
        if lookup.terms:
            request = lookup.dispatch or self._request_of(settled)
            terms = self.terms(request, accepted_at, lookup.at)
            people.update(self.around(terms, None, lookup.at))
        return Consultation(
            people=people, heads=heads, types=types, dispatch=dispatch, terms=terms, problems=tuple(problems), **answers
        )

    def _supplied(
        self, lookup: Lookup, form: Json, accepted_at: datetime, now: datetime
    ) -> tuple[dict[str, Any], DispatchRequest | None]:
        """What a consultation says of what was supplied, and for whom an owner is looked for since then."""
        supplied, request = lookup.supplied, lookup.dispatch
        if supplied is None:
            return {}, request
        try:
            fields = check_supplied(form, supplied.fields, accepted_at=accepted_at, now=now, policy=self.policy)
        except Problem as problem:
            return {"faults": (str(problem),)}, request
        triaged = triage_supplied(form, fields, supplied, self.policy)
        if request is not None and triaged.type is not None:
            request = request.model_copy(update={"type": triaged.type.type, "subtype": triaged.type.subtype})
        if request is not None and triaged.priority is not None:
            request = request.model_copy(update={"priority": triaged.priority})
        return {"fields": fields, "triaged": triaged}, request

    def terms(self, request: DispatchRequest, since: datetime, at: datetime) -> Terms:
        """The calendar covers the year before the case began to two years ahead."""
        plain = self._terms_over(since.year - 1, max(since, at).year + 3)
        day = plain.calendar.local(at).date()
        department = department_of(request, self.organisation, self.policy)
        return plain.model_copy(
            update={
                "duty_managers": self.organisation.duty_managers(day),
                "follow_up": self.organisation.follow_up_on(day),
                "follow_up_supervisor": self.organisation.follow_up.supervisor,
                "head": handling_group(request, department, self.organisation).head,
            }
        )

    def renewal(self, involved: Involved, at: datetime) -> Consultation:
        """What has changed by then among the people that a case, task or review knows."""
        return renewal(involved, self.organisation, self.policy, self._local_day(at))

    def around(self, terms: Terms, receiver: str | None, at: datetime) -> dict[str, Member]:
        """Who may have to be told about a case before anybody owns it, and everyone above them."""
        keys = (receiver, *terms.duty_managers, terms.follow_up, terms.follow_up_supervisor, terms.head)
        return self.organisation.members_with_superiors((key for key in keys if key is not None), self._local_day(at))

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

    def _request_of(self, settled: Settlement | None) -> DispatchRequest:
        if settled is None:
            return DispatchRequest(type=self.policy.default_type, priority=Priority.P3)
        opening = settled.opening
        return DispatchRequest(type=opening.type, subtype=opening.subtype, priority=opening.priority)

    def _local_day(self, at: datetime) -> date:
        return self._zone.local(at).date()

    @cached_property
    def _zone(self) -> Calendar:
        return build_calendar(self.policy, ())

    @cached_property
    def _built(self) -> dict[tuple[int, int], Terms]:
        return {}

    def _terms_over(self, first: int, end: int) -> Terms:
        """Terms whose calendar knows the years from `first` to before `end`: the same object for every case."""
        if (first, end) not in self._built:
            self._built[first, end] = self.policy.terms(build_calendar(self.policy, range(first, end)))
        return self._built[first, end]

    def _heads(self, names: Iterable[str], day: date, problems: list[str]) -> dict[str, str]:
        heads: dict[str, str] = {}
        for name in names:
            found = self.organisation.department(name)
            if found is not None:
                heads[name] = self.organisation.at_work(found.head, day)
            else:
                allowed = ", ".join(entry.id for entry in self.organisation.departments)
                problems.append(f"department {name!r} is not in the organisation; allowed: {allowed}")
        return heads

    def _types(self, names: Iterable[str], problems: list[str]) -> dict[str, TypeTerms]:
        found: dict[str, TypeTerms] = {}
        for name in names:
            try:
                found[name] = self.policy.known_type(name)
            except Problem as problem:
                problems.append(str(problem))
        return found
