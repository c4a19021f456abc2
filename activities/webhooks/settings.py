"""Settings of a webhook: `[webhooks.NAME]`, the system that is told, what of, and how it is signed (R47).

Only shapes stand here. A secret is given directly, or by a file of its own, and is shown nowhere.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from activities.channels.rate import Rate, RateLimit
from activities.webhooks.addresses import AllowedReach, Reach
from activities.webhooks.secret import parse_secrets, read_secrets
from workflows.domain.formats import Span
from workflows.domain.vocabulary import CUSTOMER, OPERATOR, SYSTEM, EventKind

EVENTS: Final = tuple(kind for kind in EventKind if not kind.startswith(("review_", "measure_")))
"""Those of a case's timeline; reviews have one of their own, of which no system is told."""
RESERVED: Final = frozenset({CUSTOMER, OPERATOR, SYSTEM})
"""Names that mean somebody else in the outbox."""
_ALLOWED: Final = "allowed: such as https://shop.example.com/hooks"


class WebhookSettings(BaseModel):
    """One system.

    Attributes:
        url: where it is told; it may hold a token, so no more than host and port of it is ever shown.
        events: of these alone; without any, of all.
        departments: only of cases that one of these leads, assists or has a task in; without any, of all.
        contacts: with the customer's name and contacts, and with texts as they were written.
        allow_private: which addresses are let in beside public ones.
        timeout: how long it may take to answer.
        rate: how many events it is told of at most, by each worker.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: SecretStr
    secret: SecretStr | None = None
    secret_file: Path | None = None
    events: tuple[EventKind, ...] = ()
    departments: tuple[str, ...] = ()
    contacts: bool = False
    allow_private: AllowedReach = Reach()
    timeout: Span = Field(default=timedelta(seconds=10), ge=timedelta(seconds=1), le=timedelta(seconds=15))
    rate: tuple[Rate, ...] = (RateLimit(20, 1.0),)

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: SecretStr) -> SecretStr:
        if fault := _fault(url.get_secret_value()):
            raise ValueError(f"{fault}; {_ALLOWED}")
        return url

    @field_validator("secret")
    @classmethod
    def _check_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            parse_secrets(secret.get_secret_value())
        return secret

    @field_validator("events")
    @classmethod
    def _check_events(cls, events: tuple[EventKind, ...]) -> tuple[EventKind, ...]:
        if others := [kind.value for kind in events if kind not in EVENTS]:
            raise ValueError(f"{', '.join(others)}: no event of a case; allowed: {', '.join(EVENTS)}")
        return events

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if (self.secret is None) is (self.secret_file is None):
            what = "are both set" if self.secret else "are both missing"
            raise ValueError(f"secret and secret_file {what}; allowed: one of them")
        if self.parts.scheme == "http" and not self.allow_private:
            raise ValueError(f"url is not https, which only addresses of your own network may do without, named in "
                             f"allow_private; {_ALLOWED}")  # fmt: skip
        return self

    @property
    def parts(self) -> SplitResult:
        """The address; path and query may hold a token."""
        return urlsplit(self.url.get_secret_value())

    def keys(self) -> tuple[bytes, ...]:
        """What it is signed with.

        Raises:
            Problem: the file of the secret cannot be read, or holds something else.
        """
        if self.secret_file is not None:
            return read_secrets("secret_file", self.secret_file)
        return parse_secrets(self.secret.get_secret_value() if self.secret else "")

    def secret_files(self) -> list[Path]:
        """The files that hold its secrets."""
        return [self.secret_file] if self.secret_file is not None else []


def _fault(url: str) -> str | None:
    """Why that is no address to send to; nothing of it is repeated."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no address"
    if not host or not url.isascii() or re.search(r"[\s\x00-\x1f\\]", url):
        return "is no address"
    if parts.scheme not in {"http", "https"}:
        return "is not https"
    if parts.username is not None or parts.fragment:
        return "holds a user or a fragment"
    return None
