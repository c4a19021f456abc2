"""Transports made of the settings of channels, with everything checked that can be checked before a message goes."""

from __future__ import annotations

import time
from collections.abc import Mapping

from activities.channels.channel import HttpChannel, Vendor
from activities.channels.rate import Pace
from activities.channels.settings import (
    AliyunSmsSettings,
    ChannelSettings,
    DingtalkNoticeSettings,
    DingtalkRobotSettings,
    FeishuAppSettings,
    FeishuRobotSettings,
    HttpSettings,
    MessageKind,
    TencentSmsSettings,
    WecomAppSettings,
    WecomRobotSettings,
)
from activities.channels.sms_template import LONGEST, SmsTemplate
from activities.channels.token import AccessTokens, TokenVendor
from activities.channels.vendors.aliyun_sms import AliyunSms
from activities.channels.vendors.dingtalk_notice import DingtalkNotice
from activities.channels.vendors.dingtalk_robot import DingtalkRobot
from activities.channels.vendors.feishu_app import FeishuApp
from activities.channels.vendors.feishu_robot import FeishuRobot
from activities.channels.vendors.gateway import Gateway, Success, template_fault
from activities.channels.vendors.tencent_sms import TencentSms
from activities.channels.vendors.wecom_app import WecomApp
from activities.channels.vendors.wecom_robot import WecomRobot
from workflows.domain.problem import Problem

_KNOWING = (WecomAppSettings, FeishuAppSettings)
"""Whose platforms know a message that comes again, for an hour or more."""


def build_channels(settings: Mapping[str, ChannelSettings]) -> dict[str, HttpChannel]:
    """The channels by name.

    Raises:
        Problem: one line a fault: which channel, what is wrong, what is allowed.
    """
    channels: dict[str, HttpChannel] = {}
    faults: list[str] = []
    for name, one in settings.items():
        try:
            channels[name] = _channel(name, one)
        except Problem as problem:
            faults += [f"channels.{name}: {line}" for line in str(problem).splitlines()]
    if faults:
        raise Problem("\n".join(faults))
    return channels


def _channel(name: str, settings: ChannelSettings) -> HttpChannel:
    pace = Pace(settings.rate, settings.rate_per_person, time.monotonic)
    templates = getattr(settings, "templates", {})
    messages = frozenset(map(str, templates)) if templates else None
    repeats = settings.knows_repeats if isinstance(settings, HttpSettings) else isinstance(settings, _KNOWING)
    vendor = _vendor(settings)
    tokens = AccessTokens(vendor, time.monotonic) if isinstance(vendor, TokenVendor) else None
    return HttpChannel(name, settings.kind, vendor, pace, messages, repeats, tokens)


def _vendor(settings: ChannelSettings) -> Vendor:
    match settings:
        case AliyunSmsSettings():
            return AliyunSms(
                endpoint=settings.endpoint,
                access_key_id=settings.access_key_id,
                access_key_secret=settings.secret("access_key_secret"),
                sign_name=settings.sign_name,
                templates=_templates(settings.templates, numbered=False),
            )
        case TencentSmsSettings():
            return TencentSms(
                endpoint=settings.endpoint,
                secret_id=settings.secret_id,
                secret_key=settings.secret("secret_key"),
                app_id=settings.app_id,
                sign_name=settings.sign_name,
                region=settings.region,
                templates=_templates(settings.templates, numbered=True),
            )
        case HttpSettings():
            return _gateway(settings)
        case WecomAppSettings():
            return WecomApp(settings.endpoint, settings.corp_id, settings.secret("corp_secret"), settings.agent_id)
        case DingtalkNoticeSettings():
            return DingtalkNotice(
                endpoint=settings.endpoint,
                token_endpoint=settings.token_endpoint,
                app_key=settings.app_key,
                app_secret=settings.secret("app_secret"),
                agent_id=settings.agent_id,
            )
        case FeishuAppSettings():
            return FeishuApp(settings.endpoint, settings.app_id, settings.secret("app_secret"), settings.id_type)
        case WecomRobotSettings():
            return WecomRobot(settings.endpoint, settings.secret("key"))
        case DingtalkRobotSettings():
            return DingtalkRobot(
                settings.endpoint, settings.secret("access_token"), settings.secret("sign_secret") or None
            )
        case FeishuRobotSettings():
            return FeishuRobot(settings.endpoint, settings.secret("token"), settings.secret("sign_secret") or None)


def _gateway(settings: HttpSettings) -> Gateway:
    gateway = Gateway(
        endpoint=settings.endpoint,
        method=settings.method,
        headers=settings.headers,
        body=settings.body,
        secret=settings.secret("secret_value"),
        success=Success(
            settings.success_status, settings.success_pointer, settings.success_value, settings.later_values
        ),
        templates={str(kind): template for kind, template in settings.templates.items()},
    )
    if fault := template_fault(settings.body, settings.headers, is_form=gateway.is_form):
        raise Problem(fault)
    return gateway


def _templates(given: Mapping[MessageKind, SmsTemplate], *, numbered: bool) -> dict[str, SmsTemplate]:
    """The templates as this vendor writes them.

    Raises:
        Problem: a variable is written as another vendor wants it, or longer than this one takes.
    """
    style = "{1}, {2} …" if numbered else "${name}"
    faults = []
    for kind, template in given.items():
        if any(place.isdigit() is not numbered for place in template.places()):
            faults.append(f"templates.{kind}: variables of this vendor are written {style}")
        if not numbered and template.longest > LONGEST:
            faults.append(f"templates.{kind}: longest is {template.longest}; allowed: at most {LONGEST}")
    if faults:
        raise Problem("\n".join(faults))
    return {str(kind): template for kind, template in given.items()}
