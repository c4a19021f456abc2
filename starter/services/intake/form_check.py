"""A form validated without being registered: for questions at a terminal, and for trying a file first (R3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from activities.intake.form import parse_form
from worker.installation.company_time import CompanyTime
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Channel, Locale

NOBODY: Final = {"name": "-", "other": "-"}
"""The customer that a form has to name before anything else of it is looked at."""


@dataclass(frozen=True)
class FormCheck:
    """The policy and the organisation that forms are held against."""

    policy: Policy
    organisation: Organisation | None
    company: CompanyTime

    def form_fault(self, form: dict[str, Any]) -> str | None:
        """What would be refused of a whole form, in one line; None where it would be taken."""
        try:
            parse_form(form, now=self.company.now(), policy=self.policy, organisation=self.organisation)
        except Problem as problem:
            return "; ".join(str(problem).splitlines())
        return None

    def type_names(self, locale: Locale) -> list[tuple[str, str]]:
        """The types of the policy: id, and what it is called."""
        return [(one.id, one.labels.get(locale) or one.id) for one in self.policy.types]

    def section_fault(self, part: dict[str, Any]) -> str | None:
        """What would be refused of a few fields of a form that is not whole yet."""
        customer = NOBODY | (part.get("customer") or {})
        fault = self.form_fault({"channel": Channel.PORTAL.value, **part, "customer": customer})
        return fault.removeprefix("form: ") if fault else None


async def load_form_check(settings: Settings) -> FormCheck:
    """The validation of forms by what the installation has now; nothing is written, and nothing stays open.

    Raises:
        Problem: settings, policy or database are not usable, or there is no installation yet.
    """
    async with open_installation(settings) as installation:
        organisation = await installation.directory.current()
        return FormCheck(installation.policy, organisation, await CompanyTime.read(settings))
