"""By which way a message goes: the one that was chosen, then the next, then a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from activities.delivery.transport import AddressKind, Transports
from activities.messages.routing import Way, reachable, route_to_customer, routes_to_person
from workflows.domain.organisation.organisation import Person
from workflows.domain.policy.delivery import DeliveryRule
from workflows.domain.vocabulary import Audience, Message, Reachable


@dataclass(frozen=True)
class Somewhere:
    takes: AddressKind
    messages: frozenset[str] | None = None
    knows_repeats: bool = False

    def carries(self, message: str) -> bool:
        return self.messages is None or message in self.messages

    def connect(self) -> Any:
        raise AssertionError


MAIL = Somewhere(AddressKind.MAIL)
SMS = Somewhere(AddressKind.MOBILE, frozenset({"created"}))
WAYS: Transports = {
    "email": MAIL,
    "sms": SMS,
    "sms2": Somewhere(AddressKind.MOBILE),
    "robot": Somewhere(AddressKind.DINGTALK),
    "lark": Somewhere(AddressKind.FEISHU),
}
PHONE, ADDRESS = "+8613800138000", "w@example.com"


def form(**customer: Any) -> dict[str, Any]:
    return {"customer": {"name": "王芳", "phone": PHONE, "email": ADDRESS, **customer}}


def rule(*channels: str, audience: Audience = Audience.CUSTOMER, **more: Any) -> DeliveryRule:
    return DeliveryRule(audience=audience, channels=channels, **more)


@pytest.mark.parametrize(
    ("preferred", "by", "goes"),
    [
        ("sms", None, [("sms", PHONE), ("sms2", PHONE), ("email", ADDRESS)]),
        ("phone", None, [("sms", PHONE), ("sms2", PHONE), ("email", ADDRESS)]),
        ("email", None, [("email", ADDRESS), ("sms", PHONE), ("sms2", PHONE)]),
        ("wechat", rule("sms2", "mail"), [("sms2", PHONE), ("email", ADDRESS)]),
        ("email", rule("sms2", "mail"), [("email", ADDRESS), ("sms2", PHONE)]),
        ("sms", rule("mail"), [("email", ADDRESS)]),
        ("sms", rule("robot", "gone"), []),
    ],
)
def test_the_chosen_channel_is_tried_first_then_the_next(
    preferred: str, by: DeliveryRule | None, goes: list[tuple[str, str]]
) -> None:
    route = route_to_customer(form(preferred_contact=preferred), WAYS, by, Message.CREATED)
    assert [Way(route.channel, route.address), *route.others] == goes or (not goes and not route.deliverable)


def test_a_message_without_a_template_goes_by_the_next_channel_and_is_said_where_there_is_none() -> None:
    only_sms = {"sms": SMS}
    wanted = form(preferred_contact="sms")
    assert route_to_customer(wanted, {**only_sms, "email": MAIL}, None, Message.RESULT).channel == "email"
    route = route_to_customer(wanted, only_sms, None, Message.RESULT)
    assert (route.deliverable, route.untemplated) == (False, True)
    assert route_to_customer(wanted, only_sms, None, Message.CREATED).deliverable
    assert reachable(wanted, only_sms) is Reachable.CHANNEL


@pytest.mark.parametrize("phone", ["+861062345678", "+862161234567", "", "not a number"])
def test_no_short_message_goes_to_a_landline(phone: str) -> None:
    customer = form(phone=phone, email=None, preferred_contact="phone")
    assert not route_to_customer(customer, WAYS, None, Message.CREATED).deliverable
    assert reachable(customer, WAYS) is Reachable.BY_PERSON


def test_a_group_of_colleagues_is_no_way_to_a_customer() -> None:
    assert reachable(form(), {"robot": WAYS["robot"]}) is Reachable.BY_PERSON


def test_staff_get_a_message_by_the_policys_channels_and_copies_besides() -> None:
    person = Person(id="li", name="Li", email="li@example.com", phone="13900139000", feishu="ou_1")
    alarm = rule("robot", "mail", audience=Audience.STAFF, copies=("sms2", "lark"))
    main, *copies = routes_to_person(person, "li", WAYS, alarm, Message.DUTY_ALERT)
    assert (main.channel, main.address, main.others) == ("robot", "+8613900139000", (Way("email", "li@example.com"),))
    assert [(one.channel, one.address) for one in copies] == [("sms2", "+8613900139000"), ("lark", "ou_1")]
    (plain,) = routes_to_person(person, "li", WAYS, None, Message.DUTY_ALERT)
    assert (plain.channel, plain.address, plain.others) == ("email", "li@example.com", ())


def test_who_cannot_be_mentioned_in_a_group_is_written_to_otherwise() -> None:
    person = Person(id="li", name="Li", email="li@example.com")
    by_robot = rule("robot", "lark", "mail", audience=Audience.STAFF, copies=("sms2",))
    (route,) = routes_to_person(person, "li", WAYS, by_robot, Message.DUTY_ALERT)
    assert (route.channel, route.deliverable) == ("email", True)
    (nobody,) = routes_to_person(None, "gone", WAYS, by_robot, Message.DUTY_ALERT)
    assert (nobody.channel, nobody.deliverable) == ("email", False)


@pytest.mark.parametrize("chat", ["a b", "x<script>", 'x"y', "x" * 65])
def test_an_id_of_a_chat_platform_is_nothing_but_an_id(chat: str) -> None:
    with pytest.raises(ValueError, match="feishu"):
        Person(id="li", name="Li", feishu=chat)
