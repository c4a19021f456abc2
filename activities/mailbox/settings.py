"""Settings of a mailbox that is read: `[mailboxes.NAME]` (R42).

Only shapes stand here. A secret is given directly, or by a file of its own, and is shown nowhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator, model_validator

from activities.mail_address import carried_address
from activities.mailbox.oauth2 import OAuth2Settings, access_token
from activities.secret_file import read_secret_file

_WAYS = ("password", "password_file", "oauth2_token_file", "oauth2")
_PORTS: Final = {"implicit": 993, "starttls": 143, "none": 143}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_Line = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\r\n\x00]+$")]


class MailboxSettings(BaseModel):
    """One mailbox.

    Attributes:
        address: what customers write to; answers to our mails come here, with a token behind a plus sign.
        tls: `none` only for a server on this very machine.
        user: the address, where it is left out.
        oauth2_token_file: holds an access token; it is read again at every login, so something else may renew it.
        oauth2: asks a provider for access tokens itself.
        groups: mailing lists of the company that lead here: their mails are customers'.
        poll: seconds; how often it is looked, where the server does not tell by itself.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    address: str
    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")]
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    user: _Line | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    oauth2_token_file: Path | None = None
    oauth2: OAuth2Settings | None = None
    folder: _Line = "INBOX"
    groups: tuple[str, ...] = ()
    poll: int = Field(default=60, ge=5, le=1500)

    @field_validator("address")
    @classmethod
    def _is_address(cls, value: str) -> str:
        try:
            return carried_address(value)
        except ValueError as error:
            raise ValueError(f"is no mail address ({error}); allowed: such as service@example.com") from None

    @model_validator(mode="after")
    def _usable(self) -> Self:
        given = [name for name in _WAYS if getattr(self, name) is not None]
        if len(given) != 1:
            what = " and ".join(given) + " are both set" if given else "nothing to log in with"
            raise ValueError(f"{what}; allowed: one of {', '.join(_WAYS)}")
        if self.tls == "none" and self.host not in _LOOPBACK:
            raise ValueError("tls none would send the password in the clear; allowed: none for 127.0.0.1 alone")
        return self

    @property
    def login(self) -> str:
        """The user's name."""
        return self.user or self.address

    @property
    def by_token(self) -> bool:
        """Whether it logs in with a token (XOAUTH2) instead of a password."""
        return self.oauth2_token_file is not None or self.oauth2 is not None

    @property
    def at_port(self) -> int:
        """The port, by default that of its kind of connection."""
        return self.port or _PORTS[self.tls]

    def secret_files(self) -> list[Path]:
        """The files that hold its secrets."""
        own = [path for path in (self.password_file, self.oauth2_token_file) if path is not None]
        return own + (self.oauth2.secret_files() if self.oauth2 else [])

    def secret(self) -> str:
        """The password, or a token as it is now. With `oauth2` it waits for the network.

        Raises:
            Problem: its file cannot be read.
            MailboxError: no token can be had.
        """
        if self.password is not None:
            return self.password.get_secret_value().strip()
        if self.oauth2 is not None:
            return access_token(self.oauth2)
        return read_secret_file(self.password_file or self.oauth2_token_file or Path(), blanks=True)
