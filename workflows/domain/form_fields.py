"""Every field of the registration form: what may be asked for or supplied, what is personal, where to write (R3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from workflows.domain.vocabulary import Contact


class FormField(NamedTuple):
    """One field, in the order in which the form has it and customers are asked for it.

    Attributes:
        key: its dotted key, such as `customer.phone`.
        required: a policy may require it (R5).
        supplied: a customer may be asked for it and may supply it later (R5).
        personal: it is a name of the customer or a contact of theirs: masked as a whole (R28).
        kept: it stays as it is when the case is masked, since reports count it, or since it is no text (R28).
        channels: the ways to tell the customer something that use this address (R21).
    """

    key: str
    required: bool = False
    supplied: bool = False
    personal: Literal["name", "contact"] | None = None
    kept: bool = False
    channels: tuple[Contact, ...] = ()

    @property
    def section(self) -> str:
        """`customer` of `customer.phone`; empty for a field that is in no section."""
        return self.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        """`phone` of `customer.phone`."""
        return self.key.rpartition(".")[2]


FIELDS: Final = (
    FormField("intake_key", kept=True),
    FormField("channel", kept=True),
    FormField("customer.name", supplied=True, personal="name"),
    FormField("customer.kind"),
    FormField("customer.company", required=True, personal="name"),
    FormField("customer.phone", supplied=True, personal="contact", channels=(Contact.PHONE, Contact.SMS)),
    FormField("customer.wechat", supplied=True, personal="contact", channels=(Contact.WECHAT,)),
    FormField("customer.email", supplied=True, personal="contact", channels=(Contact.EMAIL,)),
    FormField("customer.other", personal="contact"),
    FormField("customer.preferred_contact"),
    FormField("customer.locale"),
    FormField("product", required=True, supplied=True, kept=True),
    FormField("type", required=True, kept=True),
    FormField("subtype", required=True, kept=True),
    FormField("occurred_at", required=True, supplied=True, kept=True),
    FormField("description.symptom", required=True, supplied=True),
    FormField("description.steps", required=True, supplied=True),
    FormField("description.expected", required=True, supplied=True),
    FormField("description.actual", required=True, supplied=True),
    FormField("impact.blocks_normal_use", required=True),
    FormField("impact.effect", required=True, supplied=True),
    FormField("hoped_for", required=True, kept=True),
    FormField("attachments", required=True),
    FormField("received_by", kept=True),
    FormField("received_at", kept=True),
    FormField("priority", kept=True),
    FormField("priority_reason"),
)
REQUIRED: Final = tuple(field.key for field in FIELDS if field.required)
"""Keys that a policy may require."""
SUPPLIED: Final = tuple(
    sorted((field.key for field in FIELDS if field.supplied), key=lambda key: key.startswith("customer."))
)
"""Keys that a customer may be asked for and may supply later: what the issue is first, then who has it."""
TIMES: Final = frozenset({"occurred_at", "received_at"})
NAMES: Final = tuple(field for field in FIELDS if field.personal == "name")
CONTACTS: Final = tuple(field for field in FIELDS if field.personal == "contact")
CONTACT_KEYS: Final = frozenset(field.key for field in CONTACTS)
ADDRESSES: Final = {channel: field for field in FIELDS for channel in field.channels}
"""Where the address for each way of telling the customer something stands; `portal` needs none."""


def value_of(form: Mapping[str, Any], key: str) -> Any:
    """The value under a dotted key; None where a section or the field is not there."""
    value: Any = form
    for step in key.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
