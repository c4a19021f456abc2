"""Nothing an article says leads back to the customer (R28)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.privacy.masking import Mask, without_customer

FORM: dict[str, Any] = {
    "customer": {
        "name": "林晓",
        "company": "远山贸易有限公司",
        "phone": "+8613912345678",
        "wechat": "linxiao_shop",
        "email": "linxiao@example.com",
        "other": "QQ 48213377",
        "locale": "zh_CN",
    }
}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("林晓反馈小票打印不出来", "[客户]反馈小票打印不出来"),
        ("林 晓女士来电，林女士很急，请林总放心", "[客户]来电，[客户]很急，请[客户]放心"),
        ("森林晓得打印", "森[客户]得打印"),
        ("远山贸易有限公司的收银台", "[公司]的收银台"),
        ("远山贸易说远山的店都这样", "[公司]说[公司]的店都这样"),
        ("回电13912345678，或 139-1234-5678，或 +86 139 1234 5678", "回电[电话]，或 [电话]，或 [电话]"),
        ("回电１３９１２３４５６７８", "回电[电话]"),
        ("回电139\u200b12345678", "回电[电话]"),
        ("同事的号码是13800138000，座机010-62345678", "同事的号码是[电话]，[电话]"),
        ("座机010-62345678转801，或400-810-1234 分机 5", "[电话]，或[电话]"),
        ("发到LinXiao@Example.COM，抄送boss@qinghe.cn", "发到[邮箱]，抄送[邮箱]"),
        ("账号linxiao登录不了", "账号[邮箱]登录不了"),
        ("加微信linxiao_shop", "加微信[微信]"),
        ("微信号：wx_other99", "[微信]"),
        ("48213377这个QQ", "[联系方式]这个QQ"),
        ("身份证11010519491231002X", "身份证[证件号]"),
        ("call +44 20 7946 0123 or (415) 555-2671", "call [电话] or [电话]"),
    ],
)
def test_no_name_number_or_address_of_a_customer_is_left(text: str, masked: str) -> None:
    assert Mask(FORM)(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "错误代码 0x80070005，版本 10.2.14，IP 192.168.10.25，端口 8080",
        "订单 FB202405060001 于 2024-05-06 09:30:15 保存失败，重试 3 次，耗时 1200 ms",
        "金额 12,345.67 元，数量 1000000，日志第 123456 行",
        "重启打印服务后恢复；微信支付回调超时，手机端正常",
        "HTTP 500 at /api/v2/orders?page=12&size=100",
    ],
)
def test_what_makes_an_article_useful_is_left(text: str) -> None:
    assert Mask(FORM)(text) == text


def test_an_english_name_is_masked_whole_and_by_its_parts() -> None:
    mask = Mask({"customer": {"name": "Robert Taylor", "company": "Acme Printing Co., Ltd.", "locale": "en"}})
    said = "Mr. Taylor (robert taylor) of ACME PRINTING: Robert's tailor, acme printing co., ltd."
    assert mask(said) == "Mr. [customer] ([customer]) of [company]: [customer]'s tailor, [company]"


def test_a_form_without_a_customer_stops_nothing() -> None:
    forms: list[dict[str, Any]] = [{}, {"customer": None}, {"customer": {"name": None, "phone": 7}}]
    for form in forms:
        assert Mask(form)("打印失败") == "打印失败"


@given(
    name=st.text("林晓王a.( )[*\\😀", min_size=1, max_size=8),
    email=st.text("ab.@+中", max_size=12),
    text=st.text(max_size=80),
)
def test_no_text_and_no_name_makes_masking_fail(name: str, email: str, text: str) -> None:
    mask = Mask({"customer": {"name": name, "email": email, "company": name, "phone": email, "other": name}})
    assert isinstance(mask(text), str)


@given(before=st.text("打印小票，。 \n", max_size=10), after=st.text("打印小票，。 \n", max_size=10))
def test_wherever_it_stands_it_is_masked(before: str, after: str) -> None:
    shown = Mask(FORM)(f"{before}林晓{after}13912345678{before}linxiao@example.com{after}")
    assert not {"林晓", "13912345678", "linxiao@example.com"} & {part for part in shown.split("[") if part}
    assert "林晓" not in shown
    assert "1391234" not in shown
    assert "linxiao" not in shown


def test_a_form_without_its_customer_still_says_what_it_is_about() -> None:
    form = {
        "customer": {"name": "欧阳锋", "phone": "13811112222"},
        "product": "收银台",
        "description": {"symptom": "小票打不出来,请回电欧阳锋 13811112222", "steps": None},
        "attachments": ["欧阳锋.png"],
    }
    seen = without_customer(form)  # type: ignore[arg-type]
    assert "customer" not in seen
    assert seen["product"] == "收银台"
    assert "欧阳锋" not in str(seen)
    assert "13811112222" not in str(seen)
