"""What a submission still lacks, as dotted keys of the form (R5)."""

from __future__ import annotations

from activities.intake.form import Form
from workflows.domain.form_fields import ADDRESSES, FIELDS, value_of
from workflows.domain.policy.policy import Policy
from workflows.domain.vocabulary import Contact, CustomerKind


def missing_fields(form: Form, kind: str, policy: Policy) -> tuple[str, ...]:
    """What to ask the customer for, in the order of the form; `kind` is the type triage found."""
    rules = policy.completeness
    wanted = {*rules.required, *rules.by_type.get(kind, ())}
    if form.customer.kind is CustomerKind.INDIVIDUAL:
        wanted.discard("customer.company")
    content = form.model_dump(mode="json")
    lacking: list[str] = [key for key in wanted if value_of(content, key) in (None, "", [])]
    symptom = "".join((form.description.symptom or "").split())
    if len(symptom) < rules.shortest_symptom:
        lacking.append("description.symptom")
    address = ADDRESSES.get(form.customer.preferred_contact or Contact.PORTAL)
    if address is not None and not value_of(content, address.key):
        lacking.append(address.key)
    return tuple(field.key for field in FIELDS if field.key in lacking)
