"""Submissions, a small organisation and written cases, for tests of the record."""

from __future__ import annotations

from datetime import date
from typing import Any

from activities.database.database import Database
from activities.intake.form import Form
from activities.intake.register import Register
from tests.builders import MONDAY, NUMBER
from workflows.domain.event import Event, EventKind, Message, Notice
from workflows.domain.formats import Weekday
from workflows.domain.organisation.organisation import Company, Department, Duty, FollowUp, Group, Organisation, Person
from workflows.domain.vocabulary import Audience, Locale

DAY = date(2024, 5, 6)


def form(**changes: Any) -> Form:
    """The form of a customer who prefers short messages, unless a test says otherwise."""
    standard: dict[str, Any] = {
        "intake_key": None,
        "channel": "portal",
        "customer": {
            "name": "王芳",
            "kind": "individual",
            "phone": "+8613800138000",
            "email": "wangfang@example.com",
            "preferred_contact": "sms",
            "locale": "zh_CN",
        },
        "product": "智办公CRM系统",
        "type": "technical",
        "description": {"symptom": "点击保存后提示网络错误", "steps": None},
        "attachments": [],
    }
    return Form.model_validate(standard | changes)


def customer(**changes: Any) -> dict[str, Any]:
    """The customer of that form, changed."""
    known: dict[str, Any] = form().model_dump(mode="json")["customer"]
    return known | changes


async def register_case(database: Database, **changes: Any) -> str:
    """Register a submission; the first of a database has the number of `tests.builders`."""
    registration = await Register(database).register(form(**changes), received_at=MONDAY, day=DAY)
    return registration.number


def event(sequence: int, *notices: Notice, kind: EventKind = EventKind.PROGRESSED, **detail: Any) -> Event:
    """An entry of the timeline, a minute after the one before."""
    return Event(sequence=sequence, at=MONDAY, kind=kind, by="tech-001", detail=detail, notices=notices)


def to_customer(key: str = "c1", message: Message = Message.PROGRESSED, **facts: Any) -> Notice:
    """Something to tell the customer."""
    said = {"text": "已定位原因", "by": "tech-001", "next_update": None}
    return Notice(message=message, audience=Audience.CUSTOMER, recipient="customer", key=key, facts=said | facts)


def to_staff(recipient: str = "tech-001", key: str = "claim") -> Notice:
    """Something to tell somebody who works here."""
    facts = {"due": MONDAY.isoformat()}
    return Notice(message=Message.CLAIM_REMINDER, audience=Audience.STAFF, recipient=recipient, key=key, facts=facts)


def organisation(**company: str) -> Organisation:
    """One department with two people."""
    labels = {Locale.ZH_CN: "技术支持", Locale.EN: "Technical support"}
    place = {"department": "technical_support", "group": "tech"}
    return Organisation(
        company=Company(**company),
        departments=(Department(id="technical_support", labels=labels, head="tech-head"),),
        groups=(Group(id="tech", labels=labels, department="technical_support", head="tech-head"),),
        people=(
            Person(id="tech-head", name="周主管", email="head@example.com", **place),
            Person(id="tech-001", name="Li Lei", email="lilei@example.com", locale=Locale.EN, **place),
            Person(id="tech-002", name="韩梅梅", **place),
        ),
        duty=(Duty(person="tech-head", weekdays=tuple(Weekday)),),
        follow_up=FollowUp(specialists=("tech-002",), supervisor="tech-head"),
    )


__all__ = ["DAY", "NUMBER", "customer", "event", "form", "organisation", "register_case", "to_customer", "to_staff"]
