"""A one-time code goes to the case's own contact, and only its reader sees the digits (R40)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from activities.database.database import Database
from activities.delivery.mail import Smtp
from activities.delivery.outbox import Outbox
from activities.delivery.transport import PermanentDeliveryError, Transport
from activities.messages.one_time_code import CodeCompletion, code_row
from activities.portal.codes import MARK, Codes, new_code
from tests.activities.samples import register_case
from tests.builders import MONDAY, NUMBER
from workflows.domain.model import Json
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Contact

_COMPANY = {"name": "启明软件", "name_en": "Qiming", "hotline": "400-800-1234", "email": "service@example.com"}
_WAYS: dict[str, Transport] = {Contact.EMAIL.value: Smtp.from_url("smtp://127.0.0.1:25", "service@example.com")}
_CUSTOMER = {"name": "林晓", "email": "linxiao@example.com", "preferred_contact": "email"}


def _row(code: str = "id", templates: Path | None = None, **customer: str) -> dict[str, Any] | None:
    form: Json = {"customer": {**_CUSTOMER, **customer}}
    return code_row(
        NUMBER, code, form, _WAYS, company=_COMPANY, calendar=Calendar(), at=MONDAY, templates=templates
    )  # fmt: skip


@pytest.mark.parametrize(("locale", "said"), [("zh_CN", "验证码"), ("en", "Your code")])
def test_the_message_is_in_the_customer_s_language_and_goes_to_their_own_address(locale: str, said: str) -> None:
    row = _row(locale=locale)
    assert row is not None
    assert (row["address"], row["channel"], row["message"]) == ("linxiao@example.com", "email", "one_time_code")
    assert said in row["subject"]
    assert NUMBER in row["text"]
    assert all(MARK in row[part] for part in ("text", "html", "short"))
    assert f"\n{MARK}\n" in row["text"]


def test_who_is_reached_by_no_channel_gets_none() -> None:
    assert _row(email="", phone="13912345678", preferred_contact="phone") is None


def test_a_company_s_template_that_leaves_the_code_out_gives_way_to_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "zh_CN" / "one_time_code.j2"
    own.parent.mkdir()
    own.write_text('{% extends "shipped/zh_CN/one_time_code.j2" %}{% block short %}没有{% endblock %}', "utf-8")
    row = _row(templates=tmp_path)
    assert row is not None
    assert MARK in row["short"]
    own.write_text('{% extends "shipped/zh_CN/one_time_code.j2" %}{% block short %}码{{ code }}{% endblock %}', "utf-8")
    row = _row(templates=tmp_path)
    assert row is not None
    assert row["short"] == f"码{MARK}"


async def test_the_digits_are_made_at_delivery_and_stand_in_no_row(database: Database) -> None:
    await register_case(database)
    codes, code = Codes(database), new_code()
    row = _row(code)
    assert row is not None
    now = datetime.now(MONDAY.tzinfo)
    async with database.begin() as connection:
        await codes.request(connection, code, "session", NUMBER, now)
        (key,) = await Outbox(database).add(connection, [row])
    state = (await Outbox(database).states([key]))[key]
    sent = await CodeCompletion(codes)(state.envelope)
    digits = sent.short.partition("验证码")[2][:6]
    assert digits.isdecimal()
    assert all(digits in text and MARK not in text for text in (sent.text, sent.html, sent.short))
    kept = (await Outbox(database).states([key]))[key].envelope
    assert digits not in f"{kept}"
    assert await codes.use("session", digits, now)
    with pytest.raises(PermanentDeliveryError):
        await CodeCompletion(codes)(state.envelope)
