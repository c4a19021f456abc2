"""In a chat the page where to do what a message asks stands whole, however long the message is (R48)."""

from __future__ import annotations

from typing import Any

import pytest

from activities.channels.sms_template import PAGE
from activities.channels.vendors.dingtalk_notice import DingtalkNotice
from activities.channels.vendors.dingtalk_robot import DingtalkRobot
from activities.channels.vendors.feishu_app import FeishuApp
from activities.channels.vendors.feishu_robot import FeishuRobot
from activities.channels.vendors.wecom_app import WecomApp
from activities.channels.vendors.wecom_robot import WecomRobot
from tests.activities.channels.made import FACTS, envelope

_URL = "https://service.example.com/desk/cases/FB202405060001"
_VENDORS: tuple[Any, ...] = (
    WecomRobot("", ""),
    DingtalkRobot("", ""),
    FeishuRobot("", ""),
    WecomApp.__new__(WecomApp),
    DingtalkNotice.__new__(DingtalkNotice),
    FeishuApp.__new__(FeishuApp),
)


@pytest.mark.parametrize("vendor", _VENDORS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("short", ["已派发给您", "字" * 60_000])
def test_the_page_stands_alone_on_the_last_line_and_nothing_of_a_customers_is_a_link(vendor: Any, short: str) -> None:
    said = vendor.words(envelope(short=f"https://evil.example {short}", facts={**FACTS, PAGE: _URL}))
    assert said.split("\n")[-1] == _URL
    assert said.count("://") == 1
    without = vendor.words(envelope(short=short))
    assert "://" not in without
    assert len(said.encode()) <= max(len(without.encode()), 1_000) + 10
