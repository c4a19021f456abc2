"""A customer with nothing but a telephone gets the code for the portal by SMS."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from activities.channels.build import build_channels
from activities.channels.sms_template import CODE
from activities.delivery.transport import Envelope
from activities.messages.one_time_code import CodeCompletion, code_row
from activities.portal.codes import MARK
from tests.activities.channels.made import ALIYUN, channel, send
from tests.activities.channels.vendors.vendor_server import vendor_server
from worker.installation.settings import load_settings
from workflows.domain.problem import Problem
from workflows.domain.time.calendar import Calendar

TEMPLATE = {"id": "SMS_300", "text": "您的验证码为${code}，案件编号${number}。", "variables": ["code", "number"]}
FORM: dict[str, Any] = {"customer": {"name": "王芳", "phone": "+8613800138000", "preferred_contact": "phone"}}
NOW = datetime(2026, 5, 11, 1, tzinfo=UTC)


class Codes:
    async def make(self, code: str, now: datetime) -> str:
        return "482913"


def row(transports: Any) -> dict[str, Any] | None:
    return code_row(
        "FB202605110001", "c1", FORM, transports, company={}, calendar=Calendar(), at=NOW, templates=None
    )  # fmt: skip


async def test_the_code_is_in_the_message_and_never_in_the_outbox() -> None:
    async with vendor_server(b'{"Code":"OK"}') as vendor:
        sms = channel(ALIYUN, endpoint=vendor.url, templates={"one_time_code": TEMPLATE})
        written = row({"sms": sms})
        assert written is not None
        assert "482913" not in str(written)
        assert written["facts"][CODE] == MARK
        envelope = Envelope(**{name: written[name] for name in Envelope.__dataclass_fields__ if name in written})
        await send(sms, await CodeCompletion(Codes())(envelope))  # type: ignore[arg-type]
    assert '"482913"' in vendor.received[0].query["TemplateParam"]


def test_without_a_template_for_it_no_code_goes_by_sms() -> None:
    assert row({"sms": channel(ALIYUN, endpoint="http://127.0.0.1:9")}) is None


@pytest.mark.parametrize(
    "templates",
    [{"created": TEMPLATE}, {"one_time_code": {"id": "S", "text": "编号${number}。", "variables": ["number"]}}],
)
def test_a_code_is_in_its_own_template_and_in_no_other(templates: dict[str, Any]) -> None:
    with pytest.raises(Problem, match="code is a variable of one_time_code, and of no other message"):
        build_channels(load_settings(channels={"sms": {**ALIYUN, "templates": templates}}).channels)
