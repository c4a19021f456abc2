"""Which messages go by which channels is data of the policy."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from pydantic import ValidationError

from workflows.domain.policy.delivery import DeliveryRule, first_rule
from workflows.domain.vocabulary import Audience, Message, Priority

STAFF, CUSTOMER = Audience.STAFF, Audience.CUSTOMER


def rule(**given: Any) -> DeliveryRule:
    return DeliveryRule.model_validate({"audience": "staff", "channels": ["mail"], **given})


def test_the_first_rule_that_fits_holds() -> None:
    urgent = rule(priorities=["P0", "P1"], messages=["duty_alert"], copies=["sms"])
    technical = rule(departments=["technical_support"], channels=["group", "mail"])
    rest = rule(audience="customer", channels=["sms"])
    rules = (urgent, technical, rest)
    assert first_rule(rules, STAFF, Message.DUTY_ALERT, Priority.P0, "technical_support") is urgent
    assert first_rule(rules, STAFF, Message.DUTY_ALERT, Priority.P2, "technical_support") is technical
    assert first_rule(rules, STAFF, Message.DUTY_ALERT, Priority.P2, "sales") is None
    assert first_rule(rules, CUSTOMER, Message.CREATED, Priority.P0) is rest


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"channels": []}, "channels"),
        ({"channels": ["mail", "mail"]}, "names mail twice"),
        ({"channels": ["sms"], "copies": ["sms"]}, "names sms twice"),
        ({"audience": "customer", "copies": ["sms"]}, "copies, departments and hours are for staff"),
        ({"audience": "customer", "departments": ["sales"]}, "copies, departments and hours are for staff"),
        ({"audience": "everybody"}, "audience"),
        ({"messages": ["telegram"]}, "messages"),
        ({"channel": "sms"}, "channel"),
        ({"channels": ["SMS!"]}, "channels"),
    ],
)
def test_a_rule_that_says_nothing_sensible_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        rule(**given)


def test_at_night_another_rule_may_hold_than_by_day() -> None:
    night = rule(audience="staff", hours="20:00-08:00", channels=["sms"])
    day = rule(audience="staff", hours="08:00-20:00", channels=["chat"])

    def at(hour: int, minute: int = 0) -> DeliveryRule | None:
        return first_rule((night, day), STAFF, Message.ESCALATED, Priority.P1, at=time(hour, minute))

    assert [at(7, 59), at(8), at(19, 59), at(20), at(0)] == [night, day, day, night, night]
    assert first_rule((night,), STAFF, Message.ESCALATED, Priority.P1) is None


@pytest.mark.parametrize("hours", ["8-20", "20:00", "24:00-08:00", "08:00-20:60"])
def test_hours_that_are_none_are_refused(hours: str) -> None:
    with pytest.raises(ValidationError, match="hours"):
        rule(audience="staff", hours=hours, channels=["sms"])


def test_hours_are_for_staff_since_customers_are_told_at_once() -> None:
    with pytest.raises(ValidationError, match="hours are for staff"):
        rule(audience="customer", hours="08:00-20:00", channels=["sms"])
