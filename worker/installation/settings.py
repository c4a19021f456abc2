"""All settings of an installation: `BIHUAN_*` variables go before `bihuan.toml`, which goes before the defaults.

The file is `bihuan.toml` in the working directory, or the one that `BIHUAN_CONFIG` names; paths in it are relative to
its folder. How to reach a Temporal cluster is set the standard way (`TEMPORAL_*` variables or a TOML profile), see
`worker.temporal.connection`.
"""

from __future__ import annotations

import ipaddress
import os
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from activities.channels.settings import RESERVED, ChannelName, ChannelSettings
from activities.key_ring import KeyRing
from activities.mailbox.settings import MailboxSettings
from activities.webhooks.settings import RESERVED as NO_SYSTEMS
from activities.webhooks.settings import WebhookSettings
from worker.installation.config_file import (
    DEFAULT_DATA,
    LINK_KEYS,
    PREFIX,
    read_config,
    record_url,
)
from worker.installation.portal_url import portal_url
from worker.installation.setting_faults import refuse_unknown_variables, setting_faults
from worker.installation.sign_on import Desk, Oidc
from workflows.domain.formats import Span
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import WEBHOOK, Locale


class ServerSettings(BaseModel):
    """The embedded Temporal server of `bihuan up`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int = Field(default=7233, ge=1, le=65535)
    ui_port: int = Field(default=8233, ge=1, le=65535)
    ip: str = "127.0.0.1"
    synchronous: Literal["full", "normal"] = "full"
    """`full` keeps acknowledged writes through a power cut; `normal` is a fifth faster."""
    log_level: Literal["debug", "info", "warn", "error"] = "error"


class Sizes(BaseModel):
    """Slots of one worker process, and the size of its cache."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workflow_tasks: int = Field(default=50, ge=2)
    activities: int = Field(default=50, ge=1)
    local_activities: int = Field(default=50, ge=1)
    cached_workflows: int = Field(default=2000, ge=0)
    """About 0.1 MB each; a cache smaller than the cases that are active costs much processor time."""


class Web(BaseModel):
    """The pages for customers: `bihuan web`, and within `bihuan up`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ip: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    proxies: str | None = Field(default=None, pattern=r"^\s*[0-9A-Fa-f:./]+(\s*,\s*[0-9A-Fa-f:./]+)*\s*$")
    """Whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
    url: str | None = None
    """The address that customers see, without a slash at its end."""
    certificate_file: Path | None = None
    key_file: Path | None = None
    """With both the pages speak TLS themselves: a chain and its key, as PEM."""

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.certificate_file is None) is not (self.key_file is None):
            left_out = "key_file" if self.key_file is None else "certificate_file"
            raise ValueError(f"{left_out} is missing; allowed: certificate_file and key_file, or neither")
        return self

    @property
    def trusted_proxies(self) -> list[str]:
        """Addresses and networks."""
        return [proxy.strip() for proxy in (self.proxies or "").split(",") if proxy.strip()]

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str | None) -> str | None:
        return None if url is None else portal_url(url)

    @field_validator("proxies")
    @classmethod
    def _check_networks(cls, proxies: str | None) -> str | None:
        for proxy in (proxies or "").split(","):
            if proxy.strip():
                ipaddress.ip_network(proxy.strip())
        return proxies


class Settings(BaseSettings):
    """Settings of every process of an installation; build them with `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    data: Path = DEFAULT_DATA
    database_url: str | None = None
    database_connections: int = Field(default=15, ge=2, le=1000)
    policy: str = "standard"
    organisation: Path | None = None
    templates: Path | None = None
    archive: Path | None = None
    reports: Path | None = None
    files: str | None = None
    clamd: str | None = Field(default=None, pattern=r"^(tcp://(\[[0-9A-Fa-f:.]+\]|[\w.-]+):[0-9]{1,5}|unix:///.+)$")
    smtp_url: SecretStr | None = None
    mail_from: str | None = None
    channels: dict[ChannelName, ChannelSettings] = Field(default={})
    mailboxes: dict[ChannelName, MailboxSettings] = Field(default={})
    webhooks: dict[ChannelName, WebhookSettings] = Field(default={})
    speed: float = Field(default=1.0, gt=0, le=1_000_000, allow_inf_nan=False)
    virtual_start: AwareDatetime | None = None
    task_queue: str = Field(default="bihuan", min_length=1, max_length=200)
    web_ui: str | None = None
    encryption_keys: SecretStr | None = None
    encryption_keys_file: Path | None = None
    link_keys: SecretStr | None = None
    link_keys_file: Path | None = None
    codec_token: SecretStr | None = Field(default=None, min_length=16, max_length=200)
    codec_ip: str = "127.0.0.1"
    codec_port: int | None = Field(default=None, ge=1, le=65535)
    codec_origins: str | None = None
    hosts: str | None = Field(default=None, pattern=r"^\s*[A-Za-z0-9._-]+(\s*,\s*[A-Za-z0-9._-]+)*\s*$")
    locale: Locale = Locale.ZH_CN
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    delivery: Literal["standalone", "workflow"] = "standalone"
    sweep: Span = Field(default=timedelta(minutes=2), ge=timedelta(seconds=10), le=timedelta(days=1))
    monitor: str | None = Field(default=None, pattern=r"^(\[[0-9A-Fa-f:.]+\]|[\w.-]+):[0-9]{1,5}$")
    deployment: str = Field(default="bihuan", pattern=r"^[^.:\s]{1,200}$")
    build_id: str | None = Field(default=None, pattern=r"^\S{1,200}$")
    sizes: Sizes = Sizes()
    server: ServerSettings = ServerSettings()
    web: Web = Web()
    desk: Desk = Desk()
    oidc: Oidc = Oidc()

    @property
    def database(self) -> str:
        """URL of the record: the configured one, or a SQLite file in the data folder."""
        return record_url(self.database_url, self.data)

    @property
    def archive_folder(self) -> Path:
        """Where closed cases are archived: the configured folder, or one in the data folder."""
        return self.archive or self.data / "archive"

    @property
    def attachment_folder(self) -> Path:
        """Where files that customers attached are looked for: `<number>/<name>`."""
        return self.data / "attachments"

    @property
    def report_folder(self) -> Path:
        """Where reports go, each in a folder of its own."""
        return self.reports or self.data / "reports"

    @property
    def host_names(self) -> list[str]:
        """The names of this machine that endpoints are asked for by, beside those of the loopback address."""
        return [name.strip() for name in (self.hosts or "").split(",") if name.strip()]

    @property
    def database_synchronous(self) -> Literal["FULL", "NORMAL"]:
        """SQLite's `synchronous` for the record, the same as for Temporal's own file."""
        return "FULL" if self.server.synchronous == "full" else "NORMAL"

    def key_ring(self) -> KeyRing | None:
        """The encryption keys; None where nothing is encrypted.

        Raises:
            Problem: the file of keys cannot be read, or keys are given twice.
        """
        return self._ring("encryption_keys", None)

    def link_key_ring(self) -> KeyRing | None:
        """The keys of the links in messages, else those that `bihuan up` has made; None where there are none.

        Raises:
            Problem: the file of keys cannot be read, or keys are given twice.
        """
        made = self.data / LINK_KEYS
        return self._ring("link_keys", made if made.exists() else None)

    def _ring(self, name: str, otherwise: Path | None) -> KeyRing | None:
        keys, file = getattr(self, name), getattr(self, f"{name}_file")
        if keys is None:
            return KeyRing.read(path) if (path := file or otherwise) is not None else None
        if file is not None:
            raise Problem(f"{name} and {name}_file are both set; allowed: one of them")
        return KeyRing.parse(keys.get_secret_value())

    @field_validator("channels")
    @classmethod
    def _not_reserved(cls, channels: dict[str, ChannelSettings]) -> dict[str, ChannelSettings]:
        if taken := sorted(RESERVED & channels.keys()):
            raise ValueError(f"{', '.join(taken)} is taken: mail is set by smtp_url; allowed: any other name")
        if WEBHOOK in channels:
            raise ValueError(f"{WEBHOOK} is taken: systems are set by webhooks; allowed: any other name")
        return channels

    @field_validator("webhooks")
    @classmethod
    def _not_somebody(cls, webhooks: dict[str, WebhookSettings]) -> dict[str, WebhookSettings]:
        if taken := sorted(NO_SYSTEMS & webhooks.keys()):
            raise ValueError(f"{', '.join(taken)} is taken; allowed: the name of a system, such as shop")
        return webhooks

    @field_validator("encryption_keys", "link_keys")
    @classmethod
    def _check_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is not None:
            try:
                KeyRing.parse(keys.get_secret_value())
            except Problem as problem:
                raise ValueError(str(problem)) from None
        return keys

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options of the command line, then the environment, then the file."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=read_config())


class IsolatedSettings(Settings):
    """Settings that are given in code alone, for demonstrations and measurements.

    Whatever the environment and `bihuan.toml` name, no company's database or mail server is touched.
    """

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The arguments, and nothing else."""
        return (init_settings,)


def load_settings(**options: Any) -> Settings:
    """The settings of this process; an option that is None counts as not given.

    Raises:
        Problem: one line a fault: what is wrong, where, and what is allowed.
    """
    refuse_unknown_variables(os.environ)
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except SettingsError as error:
        raise Problem(f"settings: {error}; a group is given as JSON or as BIHUAN_<GROUP>__<NAME>") from None
    except ValidationError as error:
        raise Problem("\n".join(setting_faults(error, given, Settings))) from None
