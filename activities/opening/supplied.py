"""What is supplied later: checked as a form is when it comes in, and triaged again (R3, R5, R10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import ValidationError

from activities.intake.form import Form, parse_form
from activities.intake.submission import supply
from workflows.domain.form_fields import value_of
from workflows.domain.model import Json
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.triage import Triage, triage
from workflows.domain.problem import Problem
from workflows.domain.terms import SuppliedForm, TriagedAgain


def check_supplied(
    form: Json, fields: Mapping[str, str], *, accepted_at: datetime, now: datetime, policy: Policy
) -> dict[str, str]:
    """The values as the form keeps them. What the form held before is not judged again.

    Raises:
        Problem: one line that names what is wrong, where (dotted keys), and what is allowed.
    """
    customer = form.get("customer")
    name = customer.get("name") if isinstance(customer, dict) else None
    around: Json = {
        "channel": form.get("channel"),
        "customer": {"name": name or "-", "other": "-"},
        "description": form.get("description"),
        "received_at": form.get("received_at") or accepted_at.isoformat(),
    }
    given = supply(around, dict(fields))
    checked = parse_form(given, now=max(now, accepted_at), policy=policy, organisation=None).model_dump(mode="json")
    values = {key: value_of(checked, key) for key in fields}
    if empty := [key for key, value in values.items() if not value]:
        raise Problem("form: " + "; ".join(f"{key}: is empty; allowed: some text" for key in empty))
    return {key: str(value) for key, value in values.items()}


def triage_supplied(form: Json, fields: Mapping[str, str], supplied: SuppliedForm, policy: Policy) -> TriagedAgain:
    """What the rules say of the form with what was supplied, where that is not what they said of it before."""
    try:
        before = _triaged(form, None, supplied, policy)
        after = _triaged(supply(form, dict(fields)), supplied.text, supplied, policy)
    except ValidationError:  # recorded before there was this check: people classify such a case
        return TriagedAgain()
    said = f"{after.type}/{after.subtype}" if after.subtype else after.type
    is_new = after.classified and (after.type, after.subtype) != (before.type, before.subtype)
    return TriagedAgain(
        type=policy.type_terms(said) if is_new else None,
        priority=after.priority if after.priority is not before.priority else None,
        reasons=after.reasons,
    )


def _triaged(form: Json, text: str | None, supplied: SuppliedForm, policy: Policy) -> Triage:
    submission = Form.model_validate(form).submission()
    changes: dict[str, str | None] = {"text": "\n".join(part for part in (submission.text, text) if part)}
    if supplied.type is not None:
        changes |= {"type": supplied.type, "subtype": supplied.subtype}
    return triage(submission.model_copy(update=changes), policy)
