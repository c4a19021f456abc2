"""A customer who gives their own contact gets in, however it is written; nobody else does (R30)."""

from __future__ import annotations

import pytest

from activities.queries.contact import reaches
from tests.activities.samples import customer, form
from workflows.domain.model import Json


def form_with(**contacts: str | None) -> Json:
    plain = {"phone": None, "email": None, "wechat": None, "other": None}
    return form().model_dump(mode="json") | {"customer": customer(**(plain | contacts))}


@pytest.mark.parametrize(
    ("known", "given"),
    [
        ({"phone": "+8613800138000"}, "13800138000"),
        ({"phone": "13800138000"}, " 138 0013 8000 "),
        ({"phone": "13800138000"}, "+86 138-0013-8000"),
        ({"phone": "13800138000"}, "0086 13800138000"),
        ({"phone": "13800138000"}, "8613800138000"),
        ({"phone": "13800138000"}, "１３８００１３８０００"),
        ({"phone": "010-65551234"}, "(010) 6555 1234"),
        ({"phone": "010-65551234转801"}, "01065551234 分机 801"),
        ({"phone": "010-65551234 ext. 801"}, "+86 10 6555 1234 转801"),
        ({"phone": "13800138000"}, "\u202d13800138000\u202c"),
        ({"email": "wangfang@example.com"}, "wangfang\u200b@example.com"),
        ({"phone": "+49 30 1234567"}, "030 1234567"),
        ({"email": "wangfang@example.com"}, "WangFang@Example.COM "),
        ({"wechat": "wang_fang"}, "Wang_Fang"),
        ({"other": "QQ 123456"}, "qq 123456"),
    ],
)
def test_a_customer_gets_in_however_they_write_their_contact(known: dict[str, str], given: str) -> None:
    assert reaches(form_with(**known), given)


@pytest.mark.parametrize(
    ("known", "given"),
    [
        ({"phone": "13800138000"}, "13800138001"),
        ({"phone": "010-65551234转801"}, "010-65551234转802"),
        ({"phone": "13800138000"}, "38000"),
        ({"phone": "13800138000"}, "3800138000"),
        ({"phone": "13800138000"}, "8000"),
        ({"phone": "13800138000"}, ""),
        ({"phone": "138****8000"}, "138****8000"),
        ({"email": "[邮箱]"}, "[邮箱]"),
        ({"email": "wangfang@example.com"}, "fang@example.com"),
        ({"email": "wangfang@example.com"}, "@example.com"),
        ({"email": "wangfang@example.com"}, "%"),
        ({"wechat": "wf"}, "wf"),
        ({"other": ""}, ""),
        ({"phone": None}, "None"),
    ],
)
def test_who_knows_less_than_a_whole_contact_learns_nothing(known: dict[str, str | None], given: str) -> None:
    assert not reaches(form_with(**known), given)


@pytest.mark.parametrize("broken", [None, {}, {"customer": None}, {"customer": {"phone": 13800138000, "email": []}}])
def test_a_form_without_contacts_lets_nobody_in(broken: Json | None) -> None:
    assert not reaches(broken, "13800138000")
    assert not reaches(broken, "wangfang@example.com")
