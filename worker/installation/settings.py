"""All settings of an installation: `BIHUAN_*` variables go before `bihuan.toml`, which goes before the defaults.

The file is `bihuan.toml` in the working directory, or the one that `BIHUAN_CONFIG` names; paths in it are relative to
its folder. How to reach a Temporal cluster is set the standard way (`TEMPORAL_*` variables or a TOML profile), see
`worker.temporal.connection`.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Mapping
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from activities.channels.settings import KINDS, RESERVED, ChannelName, ChannelSettings
from activities.key_ring import KeyRing
from activities.mailbox.settings import MailboxSettings
from activities.webhooks.settings import EVENTS, WebhookSettings
from activities.webhooks.settings import RESERVED as NO_SYSTEMS
from worker.installation.config_file import (
    CONFIG_VARIABLE,
    DEFAULT_DATA,
    LINK_KEYS,
    PERSON_VARIABLE,
    PREFIX,
    SECRETS,
    SERVER_VARIABLES,
    config_file,
    read_config,
    record_url,
)
from worker.installation.portal_url import portal_url
from worker.installation.sign_on import Desk, Oidc, span
from worker.installation.variables import KNOWN_VARIABLES, unknown_variables
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
    sweep: Annotated[timedelta, BeforeValidator(span)] = Field(
        default=timedelta(minutes=2), ge=timedelta(seconds=10), le=timedelta(days=1)
    )
    monitor: str | None = Field(default=None, pattern=r"^(\[[0-9A-Fa-f:.]+\]|[\w.-]+):[0-9]{1,5}$")
    deployment: str = Field(default="bihuan", pattern=r"^[^.:\s]{1,200}$")
    build_id: str | None = Field(default=None, pattern=r"^\S{1,200}$")
    sizes: Sizes = Sizes()
    server: ServerSettings = ServerSettings()
    web: Web = Web()
    desk: Desk = Desk()
    oidc: Oidc = Oidc()

    _hints: ClassVar[Mapping[str, str]] = {
        "virtual_start": "an ISO 8601 time with offset, such as 2026-05-11T09:00+08:00",
        "speed": "a number above 0; 1 is real time",
        "sweep": "from 10s to 1d, such as 2m",
        "codec_token": "16 to 200 characters, such as `openssl rand -hex 16` prints",
        "files": "a folder, or s3://bucket/prefix",
        "clamd": "tcp://host:port or unix:///path",
        "monitor": "an address and port, such as 127.0.0.1:9464",
        "hosts": "names without scheme and port, with commas between them, such as worker-1.example.com",
        "deployment": "a name without dots, colons and blanks",
        "build_id": "a name without blanks, such as the release or the commit",
        "desk": "idle from 5m to 90d, lifetime from 5m to 366d, such as 12h; mailed_links true or false",
        "oidc": "issuer (https://…), client_id, client_secret or client_secret_file, name, scopes, claim",
        "web": "ip, port, url (such as https://service.example.com), proxies (such as 10.0.0.0/8, 192.168.1.7), "
        "certificate_file and key_file",
    }

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
    _refuse_unknown_variables(os.environ)
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except SettingsError as error:
        raise Problem(f"settings: {error}; a group is given as JSON or as BIHUAN_<GROUP>__<NAME>") from None
    except ValidationError as error:
        raise Problem("\n".join(_faults(error, given))) from None


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    known = {*KNOWN_VARIABLES, CONFIG_VARIABLE, PERSON_VARIABLE, *SERVER_VARIABLES}
    faults = [f"{name}: no such setting{_did_you_mean(name, known)}" for name in unknown_variables(environment)]
    if faults:
        raise Problem("\n".join(faults))


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; there are: {', '.join(sorted(known))}"


def _faults(error: ValidationError, options: Mapping[str, Any]) -> Iterable[str]:
    for fault in error.errors(include_url=False):
        keys = [str(part) for part in fault["loc"]]
        if keys[0] == "channels":
            yield _channel_fault(fault, keys, options)
            continue
        if keys[0] in _NAMED:
            yield _named_fault(fault, keys, options)
            continue
        where = _where(keys, options)
        if fault["type"] == "extra_forbidden":
            group = Settings.model_fields.get(keys[0])
            within = group.annotation if len(keys) > 1 and group is not None else Settings
            names = within.model_fields if isinstance(within, type) and issubclass(within, BaseModel) else {}
            yield f"{where}: no such setting{_did_you_mean(keys[-1], names)}"
            continue
        allowed = Settings._hints.get(keys[0])
        # An address may have a password in it.
        is_secret = keys[0] in SECRETS or "@" in str(fault["input"])
        shown = "" if is_secret else f" (got {fault['input']!r})"
        message = fault["msg"].removeprefix("Value error, ")
        yield f"{where}: {message}{shown}" + (f"; allowed: {allowed}" if allowed else "")


def _channel_fault(fault: ErrorDetails, keys: list[str], options: Mapping[str, Any]) -> str:
    """A fault of a channel. Any value may be a secret in the wrong place, so none is repeated."""
    kind = next((key for key in keys[2:3] if key in KINDS), None)
    path = [key for index, key in enumerate(keys) if not (index == 2 and kind) and key != "[key]"]
    where, what, context = _where(path, options), fault["type"], fault.get("ctx", {})
    if what == "extra_forbidden" and kind:
        names = [name for name in KINDS[kind].model_fields if name != "kind"]
        close = get_close_matches(path[-1], names, n=1, cutoff=0.6) if len(path) == 3 else []
        hint = f"; did you mean {close[0]}?" if close else f"; there are: {', '.join(names)}"
        return f"{where}: no such setting{hint if len(path) == 3 else ''}"
    if what in {"union_tag_invalid", "union_tag_not_found"}:
        return f"{where}: kind is missing or not known; allowed: {', '.join(KINDS)}"
    if keys[-1] == "[key]":
        allowed = context.get("expected") or "lower-case letters, digits, - and _, such as sms or robot_support"
        return f"{where}: is no name that can stand here; allowed: {allowed}"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"


_NAMED: Mapping[str, tuple[type[BaseModel], str]] = {
    "mailboxes": (MailboxSettings, "service"),
    "webhooks": (WebhookSettings, "shop"),
}
"""Groups of which a company chooses the names: what each is, and such a name."""


def _named_fault(fault: ErrorDetails, keys: list[str], options: Mapping[str, Any]) -> str:
    """A fault of a mailbox or webhook; no value is repeated, as for channels."""
    where = _where([key for key in keys if key != "[key]"], options)
    model, name = _NAMED[keys[0]]
    if fault["type"] == "extra_forbidden":
        return f"{where}: no such setting{_did_you_mean(keys[-1], model.model_fields)}"
    if keys[-1] == "[key]":
        return f"{where}: is no name that can stand here; allowed: lower-case letters, digits, - and _, such as {name}"
    if fault["type"] == "enum":
        return f"{where}: is no event of a case; allowed: {', '.join(EVENTS)}"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"


def _where(keys: list[str], options: Mapping[str, Any]) -> str:
    """Where a setting was given: the option, the variable, or the file and its key."""
    if keys[0] in options:
        return "--" + "-".join(keys).replace("_", "-").removeprefix("server-").removeprefix("web-")
    variable = PREFIX + "__".join(keys).upper()
    upper = {name.upper() for name in os.environ}
    if variable in upper or PREFIX + keys[0].upper() in upper:
        return variable
    return f"{config_file() or 'settings'}: {'.'.join(keys)}"
