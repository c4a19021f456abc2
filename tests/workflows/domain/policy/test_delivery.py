"""Which messages go by which channels is data of the policy."""

from __future__ import annotations

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
        ({"audience": "customer", "copies": ["sms"]}, "copies and departments are for staff"),
        ({"audience": "customer", "departments": ["sales"]}, "copies and departments are for staff"),
        ({"audience": "everybody"}, "audience"),
        ({"messages": ["telegram"]}, "messages"),
        ({"channel": "sms"}, "channel"),
        ({"channels": ["SMS!"]}, "channels"),
    ],
)
def test_a_rule_that_says_nothing_sensible_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        rule(**given)
