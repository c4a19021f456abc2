"""Channels of a test, as settings make them, and a message to send."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from activities.channels.build import build_channels
from activities.channels.channel import HttpChannel
from activities.channels.settings import ChannelName, ChannelSettings
from activities.delivery.transport import Envelope

FACTS = {
    "number": "FB202405060001",
    "product": "智办公CRM系统",
    "type": "技术类",
    "priority": "紧急",
    "time": "05-06 10:00",
}
SECRET = "Sup3rSecretKey0fTheChannel"
ALIYUN = {
    "kind": "aliyun_sms",
    "access_key_id": "LTAI5tExample",
    "access_key_secret": SECRET,
    "sign_name": "闭环",
    "templates": {
        "created": {
            "id": "SMS_100",
            "text": "您反馈的${product}问题已受理，编号${number}，登录 https://help.example.com 可查进展。",
            "variables": ["product", "number"],
        }
    },
}
TENCENT = {
    "kind": "tencent_sms",
    "secret_id": "AKIDexample",
    "secret_key": SECRET,
    "app_id": "1400000000",
    "sign_name": "闭环",
    "templates": {"created": {"id": "1234", "text": "{1}问题已受理，编号：{2}。", "variables": ["product", "number"]}},
}
GATEWAY = {
    "kind": "http",
    "headers": {"Content-Type": "application/json", "X-Token": "{{ secret }}"},
    "body": '{"phone": "{{ to }}", "content": "{{ text }}", "ref": "{{ id }}"}',
    "secret_value": SECRET,
    "success_pointer": "/result/code",
    "success_value": "0",
    "later_values": ["busy"],
}
WECOM = {"kind": "wecom_robot", "key": SECRET}
DINGTALK = {"kind": "dingtalk_robot", "access_token": SECRET, "sign_secret": "SECabc"}
FEISHU = {"kind": "feishu_robot", "token": SECRET, "sign_secret": "abc"}
ALL: dict[str, dict[str, Any]] = {
    "aliyun": ALIYUN, "tencent": TENCENT, "gateway": GATEWAY, "wecom": WECOM, "dingtalk": DINGTALK, "feishu": FEISHU,
}  # fmt: skip
_SETTINGS: TypeAdapter[dict[str, ChannelSettings]] = TypeAdapter(dict[ChannelName, ChannelSettings])


def read_channels(**given: dict[str, Any]) -> dict[str, ChannelSettings]:
    return _SETTINGS.validate_python(given)


def channel(settings: dict[str, Any], **changes: Any) -> HttpChannel:
    return build_channels(read_channels(one={**settings, **changes}))["one"]


def envelope(**changes: Any) -> Envelope:
    standard: dict[str, Any] = {
        "key": "FB202405060001:created:open:customer", "number": "FB202405060001", "message": "created",
        "recipient": "customer", "channel": "one", "address": "+8613800138000", "name": "王芳", "locale": "zh_CN",
        "subject": "问题 FB202405060001 已受理", "text": "已受理。\n", "html": "<p>已受理。</p>",
        "short": "【闭环】FB202405060001已受理", "facts": FACTS,
    }  # fmt: skip
    return Envelope(**standard | changes)


async def send(sender: HttpChannel, *envelopes: Envelope) -> None:
    async with sender.connect() as connection:
        for one in envelopes or (envelope(),):
            await connection.send(one)
