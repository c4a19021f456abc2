"""The registration form as it comes in, checked field by field (R1, R3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Field,
    StrictBool,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from activities.document_text import parse_json_object
from activities.intake.form_text import Name, OptionalName, OptionalProse, alias, check_email, check_phone
from activities.validation import fault_lines, shown
from workflows.domain.formats import moment_of
from workflows.domain.model import Instant, Json, Model
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.triage import Submission
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Channel, Contact, CustomerKind, Locale, Priority

_LARGEST = 1_000_000
_MOST_FAULTS = 5
_SKEW = timedelta(minutes=1)
"""How far the clock of whoever hands a form in may be ahead of ours; what it says is taken for now."""
_HOPES = {"立即": "立即", "24小时内": "24小时内", "3个工作日内": "3个工作日内"}
_HOPES |= {"immediately": "立即", "within 24 hours": "24小时内", "within 3 working days": "3个工作日内"}
_CHANNELS = {
    "热线": Channel.HOTLINE,
    "客服热线": Channel.HOTLINE,
    "电话": Channel.HOTLINE,
    "在线客服": Channel.CHAT,
    "邮箱": Channel.EMAIL,
    "邮件": Channel.EMAIL,
    "客服邮箱": Channel.EMAIL,
    "门户": Channel.PORTAL,
    "门户网站": Channel.PORTAL,
    "社媒": Channel.SOCIAL,
    "社媒官方账号": Channel.SOCIAL,
    "app反馈": Channel.APP,
    "在线表单": Channel.FORM,
    "客户经理": Channel.ACCOUNT_MANAGER,
}
_KINDS = {"个人": CustomerKind.INDIVIDUAL, "企业": CustomerKind.COMPANY}
_CONTACTS = {
    "电话": Contact.PHONE,
    "短信": Contact.SMS,
    "微信": Contact.WECHAT,
    "邮箱": Contact.EMAIL,
    "邮件": Contact.EMAIL,
    "在线消息": Contact.PORTAL,
    "门户": Contact.PORTAL,
}
_LOCALES = {"zh": Locale.ZH_CN, "zh-cn": Locale.ZH_CN, "zh_cn": Locale.ZH_CN, "中文": Locale.ZH_CN}
_LOCALES |= {"en-us": Locale.EN, "en_us": Locale.EN, "en-gb": Locale.EN, "en_gb": Locale.EN, "english": Locale.EN}


@dataclass(frozen=True)
class _IntakeContext:
    """What a form is checked against when it comes in; a form read back from the database is not checked again."""

    now: datetime
    policy: Policy
    organisation: Organisation | None


def _context(info: ValidationInfo) -> _IntakeContext | None:
    return info.context if isinstance(info.context, _IntakeContext) else None


class Customer(Model):
    """The customer: for a company, its contact person. At least one contact is required."""

    name: Name
    kind: Annotated[CustomerKind | None, BeforeValidator(alias(_KINDS))] = None
    company: OptionalName = None
    phone: OptionalName = None
    wechat: OptionalName = None
    email: OptionalName = None
    other: OptionalName = None
    preferred_contact: Annotated[Contact | None, BeforeValidator(alias(_CONTACTS))] = None
    locale: Annotated[Locale, BeforeValidator(alias(_LOCALES, absent=Locale.ZH_CN))] = Locale.ZH_CN

    @field_validator("phone")
    @classmethod
    def _phone_number(cls, value: str | None, info: ValidationInfo) -> str | None:
        context = _context(info)
        return check_phone(value, context.policy.calendar.country or "CN") if value and context else value

    @field_validator("email")
    @classmethod
    def _mail_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        return check_email(value) if value and _context(info) else value

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not (self.phone or self.wechat or self.email or self.other):
            raise ValueError("has no contact; allowed: at least one of phone, wechat, email, other")
        if self.kind is None:
            self.kind = CustomerKind.COMPANY if self.company else CustomerKind.INDIVIDUAL
        if self.preferred_contact is None:
            ways = ((Contact.EMAIL, self.email), (Contact.SMS, self.phone), (Contact.WECHAT, self.wechat))
            self.preferred_contact = next((way for way, address in ways if address), Contact.PORTAL)
        return self


class Description(Model):
    """What happened, in the customer's words."""

    symptom: OptionalProse = None
    steps: OptionalProse = None
    expected: OptionalProse = None
    actual: OptionalProse = None

    @model_validator(mode="after")
    def _not_too_long(self, info: ValidationInfo) -> Self:
        size = sum(len(part.encode()) for _, part in self if part)
        context = _context(info)
        if context and size > context.policy.limits.description_bytes:
            raise ValueError(f"is {size} bytes long; allowed: at most {context.policy.limits.description_bytes} in all")
        return self


class Impact(Model):
    """Whether it stops normal use, and what that does to the business."""

    blocks_normal_use: StrictBool | None = None
    effect: OptionalProse = Field(default=None, max_length=2_000)


class Form(Model):
    """R3. Type and subtype are ids of the policy, times are UTC, `hoped_for` is one of three wishes or a date."""

    intake_key: OptionalName = None
    channel: Annotated[Channel, BeforeValidator(alias(_CHANNELS))]
    customer: Customer
    product: OptionalName = None
    type: OptionalName = None
    subtype: OptionalName = None
    occurred_at: Instant | None = None
    description: Description = Field(default_factory=Description)
    impact: Impact = Field(default_factory=Impact)
    hoped_for: OptionalName = None
    attachments: list[Name] = Field(default_factory=list)
    received_by: OptionalName = None
    received_at: Instant | None = None
    priority: Priority | None = None
    priority_reason: OptionalName = None

    @field_validator("description", "impact", "attachments", mode="before")
    @classmethod
    def _absent(cls, value: Any, info: ValidationInfo) -> Any:
        return ([] if info.field_name == "attachments" else {}) if value is None else value

    @field_validator("occurred_at", "received_at", mode="before")
    @classmethod
    def _to_the_minute(cls, value: Any, info: ValidationInfo) -> Any:
        context = _context(info)
        if context is None or value is None or value == "":
            return value or None
        moment = moment_of(value, context.policy.calendar.zone)
        if moment > context.now + _SKEW:
            raise ValueError(f"{shown(value)} is in the future; allowed: at most now, {context.now:%Y-%m-%dT%H:%MZ}")
        moment = min(moment, context.now)
        return moment.replace(second=0, microsecond=0) if info.field_name == "occurred_at" else moment

    @field_validator("hoped_for")
    @classmethod
    def _known_hope(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None or _context(info) is None:
            return value
        wish = _HOPES.get(value.replace(" ", "") if value[-1] == "内" else value.lower())
        try:
            return wish or date.fromisoformat(value).isoformat()
        except ValueError:
            raise ValueError(
                f"{shown(value)} is not known; allowed: 立即, 24小时内, 3个工作日内, or a date such as 2024-05-31"
            ) from None

    @field_validator("attachments")
    @classmethod
    def _not_too_many(cls, value: list[str], info: ValidationInfo) -> list[str]:
        context = _context(info)
        if context and len(value) > context.policy.limits.attachments:
            raise ValueError(f"are {len(value)}; allowed: at most {context.policy.limits.attachments}")
        for name in value:
            if ".." in name.replace("\\", "/").split("/"):
                raise ValueError(f"{shown(name)} leads out of its folder; allowed: names of files")
        return value

    @field_validator("priority", mode="before")
    @classmethod
    def _known_priority(cls, value: Any, info: ValidationInfo) -> Any:
        context = _context(info)
        if context is None or not isinstance(value, str):
            return value
        labels = {text: key for key, level in context.policy.priorities.items() for text in level.labels.values()}
        return labels.get(value.strip(), value.strip().upper()) or None

    @model_validator(mode="after")
    def _known_here(self, info: ValidationInfo) -> Self:
        context = _context(info)
        if context and (faults := [*self._name_type(context.policy), *self._unfitting(context)]):
            raise ValueError("\n".join(faults))
        return self

    def _name_type(self, policy: Policy) -> Iterator[str]:
        """Make ids of type and subtype; a subtype that only one type has names its type too."""
        kind = policy.type_named(self.type) if self.type else None
        if self.type and kind is None:
            allowed = ", ".join(f"{entry.id} {entry.labels.get(Locale.ZH_CN, '')}".strip() for entry in policy.types)
            yield f"type: {shown(self.type)} is not known; allowed: {allowed}"
            return
        if kind is None and self.subtype:
            having = [entry for entry in policy.types if entry.subtype_named(self.subtype)]
            if len(having) != 1:
                known = " or ".join(entry.id for entry in having) or "the policy's subtypes"
                yield f"subtype: {shown(self.subtype)} needs its type; allowed: {known}"
                return
            kind = having[0]
        self.type = kind.id if kind else None
        if kind is not None and self.subtype:
            subtype = kind.subtype_named(self.subtype)
            if subtype is None:
                allowed = ", ".join(entry.id for entry in kind.subtypes) or "none"
                yield f"subtype: {shown(self.subtype)} is no subtype of {kind.id}; allowed: {allowed}"
            else:
                self.subtype = subtype.id

    def _unfitting(self, context: _IntakeContext) -> Iterator[str]:
        people = context.organisation
        if self.received_by and people is not None and people.person(self.received_by) is None:
            yield f"received_by: {shown(self.received_by)} is not in the organisation; allowed: the id of a person"
        if self.occurred_at and self.received_at and self.occurred_at > self.received_at:
            yield "occurred_at: is after received_at; allowed: at most that time"

    def submission(self) -> Submission:
        """What triage may look at. What the customer expected is left out: it says what did not happen."""
        parts = (self.description.symptom, self.description.steps, self.description.actual, self.impact.effect)
        return Submission(
            channel=self.channel,
            text="\n".join(part for part in parts if part),
            product=self.product or "",
            customer_kind=self.customer.kind or CustomerKind.INDIVIDUAL,
            blocks_normal_use=self.impact.blocks_normal_use,
            type=self.type,
            subtype=self.subtype,
            priority=self.priority,
            priority_reason=self.priority_reason,
        )


def parse_form(raw: str | bytes | Json, *, now: datetime, policy: Policy, organisation: Organisation | None) -> Form:
    """The form of a JSON text or object, checked against the policy and who works here at `now`.

    Raises:
        Problem: one line that names what is wrong, where (dotted keys), and what is allowed.
    """
    data = raw if isinstance(raw, dict) else _read_json(raw)
    try:
        return Form.model_validate(data, context=_IntakeContext(now, policy, organisation))
    except ValidationError as error:
        lines = [" ".join(line.split()) for line in fault_lines(error, Form, data)]
        more = f"; and {len(lines) - _MOST_FAULTS} more" if len(lines) > _MOST_FAULTS else ""
        raise Problem("form: " + "; ".join(lines[:_MOST_FAULTS]) + more) from error


def _read_json(raw: str | bytes) -> Json:
    if len(raw) > _LARGEST:
        raise Problem(f"form: is {len(raw)} bytes long; allowed: at most {_LARGEST}")
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw
    except UnicodeDecodeError as error:
        raise Problem(f"form: is no UTF-8 at byte {error.start}; allowed: one JSON object in UTF-8") from None
    try:
        return parse_json_object(text)
    except Problem as problem:
        raise Problem(f"form: {problem}") from None
