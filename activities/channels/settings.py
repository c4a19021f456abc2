"""Settings of channels: `[channels.NAME]` with a kind, and what each kind needs (R44).

Only shapes stand here, so that a command that reads settings does not wait for HTTP; `activities.channels.build` makes
transports of them. A secret is given directly, or by a file of its own (`…_file`), and is shown nowhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator, model_validator

from activities.channels.address import endpoint_fault
from activities.channels.rate import Rate, RateLimit
from activities.channels.sms_template import CODE, SmsTemplate
from activities.secret_file import read_secret_file
from workflows.domain.policy.delivery import MAIL
from workflows.domain.vocabulary import ONE_TIME_CODE, Contact, Message

_Word = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^\S+$")]
ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$", max_length=30)]
"""Lower case, so that a variable can name it: `BIHUAN_CHANNELS__SMS__KIND`."""
MessageKind = Literal["one_time_code"] | Message
"""What a template is for; `one_time_code` is the code by which a customer finds their case on the portal."""
RESERVED = frozenset({MAIL, Contact.EMAIL.value})
"""Mail is set by `smtp_url`."""


class _Channel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    secrets: ClassVar[tuple[str, ...]] = ()
    optional_secrets: ClassVar[tuple[str, ...]] = ()

    rate: tuple[Rate, ...] = ()
    """For all that this channel sends."""
    rate_per_person: tuple[Rate, ...] = ()

    @field_validator("endpoint", "token_endpoint", check_fields=False)
    @classmethod
    def _https(cls, value: str) -> str:
        if fault := endpoint_fault(value):
            raise ValueError(fault)
        return value

    @field_validator("templates", check_fields=False)
    @classmethod
    def _code_where_it_is_meant(cls, templates: dict[MessageKind, SmsTemplate]) -> dict[MessageKind, SmsTemplate]:
        for kind, template in templates.items():
            if (CODE in template.variables) is not (kind == ONE_TIME_CODE):
                raise ValueError(f"{kind}: {CODE} is a variable of {ONE_TIME_CODE}, and of no other message")
        return templates

    @model_validator(mode="after")
    def _given_once(self) -> Self:
        for name in (*self.secrets, *self.optional_secrets):
            given = [one for one in (name, f"{name}_file") if getattr(self, one) is not None]
            if len(given) > 1:
                raise ValueError(f"{name} and {name}_file are both set; allowed: one of them")
            if not given and name in self.secrets:
                raise ValueError(f"{name} is missing; allowed: {name}, or {name}_file with the path of a file")
        return self

    def secret_files(self) -> list[Path]:
        """The files that hold its secrets."""
        named = (getattr(self, f"{name}_file") for name in (*self.secrets, *self.optional_secrets))
        return [path for path in named if path is not None]

    def secret(self, name: str) -> str:
        """What it is, empty where it is not set.

        Raises:
            Problem: its file cannot be read.
        """
        direct, path = getattr(self, name), getattr(self, f"{name}_file")
        if isinstance(direct, SecretStr):
            return direct.get_secret_value().strip()
        return "" if path is None else read_secret_file(path, f"{name}_file")


class AliyunSmsSettings(_Channel):
    """Short messages by Aliyun."""

    kind: Literal["aliyun_sms"]
    access_key_id: _Word
    access_key_secret: SecretStr | None = None
    access_key_secret_file: Path | None = None
    sign_name: Annotated[str, StringConstraints(min_length=1, max_length=30)]
    endpoint: str = "https://dysmsapi.aliyuncs.com"
    templates: Annotated[dict[MessageKind, SmsTemplate], Field(min_length=1)]
    secrets: ClassVar[tuple[str, ...]] = ("access_key_secret",)


class TencentSmsSettings(_Channel):
    """Short messages by Tencent."""

    kind: Literal["tencent_sms"]
    secret_id: _Word
    secret_key: SecretStr | None = None
    secret_key_file: Path | None = None
    app_id: _Word
    sign_name: Annotated[str, StringConstraints(min_length=1, max_length=30)]
    region: _Word = "ap-guangzhou"
    endpoint: str = "https://sms.tencentcloudapi.com"
    templates: Annotated[dict[MessageKind, SmsTemplate], Field(min_length=1)]
    rate_per_person: tuple[Rate, ...] = (RateLimit(1, 30.0),)
    secrets: ClassVar[tuple[str, ...]] = ("secret_key",)


class HttpSettings(_Channel):
    """Any gateway for short messages."""

    kind: Literal["http"]
    endpoint: str
    method: Literal["POST", "PUT", "GET"] = "POST"
    headers: dict[str, str] = Field(default_factory=lambda: {"Content-Type": "application/json"}, repr=False)
    body: Annotated[str, StringConstraints(min_length=1, max_length=20_000)] = Field(repr=False)
    secret_value: SecretStr | None = None
    secret_value_file: Path | None = None
    success_status: int = Field(default=200, ge=200, le=299)
    success_pointer: Annotated[str, StringConstraints(pattern=r"^(/.*)?$")] = ""
    success_value: str = ""
    later_values: tuple[str, ...] = ()
    knows_repeats: bool = False
    """Whether the gateway takes two messages with the same `id` for one."""
    templates: dict[MessageKind, SmsTemplate] = Field(default_factory=dict)
    """Where it has some, it carries only these kinds of messages."""
    optional_secrets: ClassVar[tuple[str, ...]] = ("secret_value",)


class WecomRobotSettings(_Channel):
    """The robot of a WeCom group."""

    kind: Literal["wecom_robot"]
    key: SecretStr | None = None
    key_file: Path | None = None
    endpoint: str = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"
    rate: tuple[Rate, ...] = (RateLimit(20, 60.0),)
    secrets: ClassVar[tuple[str, ...]] = ("key",)


class DingtalkRobotSettings(_Channel):
    """The robot of a DingTalk group."""

    kind: Literal["dingtalk_robot"]
    access_token: SecretStr | None = None
    access_token_file: Path | None = None
    sign_secret: SecretStr | None = None
    sign_secret_file: Path | None = None
    endpoint: str = "https://oapi.dingtalk.com/robot/send"
    rate: tuple[Rate, ...] = (RateLimit(20, 60.0),)
    secrets: ClassVar[tuple[str, ...]] = ("access_token",)
    optional_secrets: ClassVar[tuple[str, ...]] = ("sign_secret",)


class FeishuRobotSettings(_Channel):
    """The robot of a Feishu group."""

    kind: Literal["feishu_robot"]
    token: SecretStr | None = None
    token_file: Path | None = None
    sign_secret: SecretStr | None = None
    sign_secret_file: Path | None = None
    endpoint: str = "https://open.feishu.cn/open-apis/bot/v2/hook"
    rate: tuple[Rate, ...] = (RateLimit(100, 60.0), RateLimit(5, 1.0))
    secrets: ClassVar[tuple[str, ...]] = ("token",)
    optional_secrets: ClassVar[tuple[str, ...]] = ("sign_secret",)


class WecomAppSettings(_Channel):
    """An app of the company's at WeCom, which writes to people one by one."""

    kind: Literal["wecom_app"]
    corp_id: _Word
    corp_secret: SecretStr | None = None
    corp_secret_file: Path | None = None
    agent_id: int = Field(ge=1)
    endpoint: str = "https://qyapi.weixin.qq.com"
    rate_per_person: tuple[Rate, ...] = (RateLimit(30, 60.0), RateLimit(1000, 3600.0))
    """What is above is dropped without a word."""
    secrets: ClassVar[tuple[str, ...]] = ("corp_secret",)


class DingtalkNoticeSettings(_Channel):
    """Work notices of an app at DingTalk."""

    kind: Literal["dingtalk_notice"]
    app_key: _Word
    app_secret: SecretStr | None = None
    app_secret_file: Path | None = None
    agent_id: int = Field(ge=1)
    endpoint: str = "https://oapi.dingtalk.com"
    token_endpoint: str = "https://api.dingtalk.com"  # noqa: S105 - an address
    rate_per_person: tuple[Rate, ...] = (RateLimit(500, 86_400.0),)
    secrets: ClassVar[tuple[str, ...]] = ("app_secret",)


class FeishuAppSettings(_Channel):
    """An app of the company's at Feishu, which writes to people one by one."""

    kind: Literal["feishu_app"]
    app_id: _Word
    app_secret: SecretStr | None = None
    app_secret_file: Path | None = None
    id_type: Literal["open_id", "user_id", "union_id", "email"] = "open_id"
    endpoint: str = "https://open.feishu.cn"
    rate: tuple[Rate, ...] = (RateLimit(1000, 60.0), RateLimit(50, 1.0))
    rate_per_person: tuple[Rate, ...] = (RateLimit(5, 1.0),)
    secrets: ClassVar[tuple[str, ...]] = ("app_secret",)


ChannelSettings = Annotated[
    AliyunSmsSettings
    | TencentSmsSettings
    | HttpSettings
    | WecomRobotSettings
    | DingtalkRobotSettings
    | FeishuRobotSettings
    | WecomAppSettings
    | DingtalkNoticeSettings
    | FeishuAppSettings,
    Field(discriminator="kind"),
]
KINDS: dict[str, type[BaseModel]] = {
    "aliyun_sms": AliyunSmsSettings, "tencent_sms": TencentSmsSettings, "http": HttpSettings,
    "wecom_robot": WecomRobotSettings, "dingtalk_robot": DingtalkRobotSettings, "feishu_robot": FeishuRobotSettings,
    "wecom_app": WecomAppSettings, "dingtalk_notice": DingtalkNoticeSettings, "feishu_app": FeishuAppSettings,
}  # fmt: skip
