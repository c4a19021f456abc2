"""Settings of how staff sign in to the pages: the company's own sign-on by OIDC, and how long a session lasts (R45)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from activities.channels.address import endpoint_fault
from activities.secret_file import read_secret_file
from workflows.domain.formats import Span


class Desk(BaseModel):
    """Sessions of people who have signed in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    idle: Span = Field(default=timedelta(days=7), ge=timedelta(minutes=5), le=timedelta(days=90))
    """Without a request for so long, one has to sign in again."""
    lifetime: Span = Field(default=timedelta(days=30), ge=timedelta(minutes=5), le=timedelta(days=366))
    """After that in any case."""
    mailed_links: bool = True
    """Whether people may sign in by a link that is mailed to them; False where the sign-on asks for more."""


class Oidc(BaseModel):
    """The company's sign-on, which says who somebody is."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    issuer: str | None = None
    """Its address, exactly as the provider writes it in its own configuration and tokens."""
    client_id: str | None = Field(default=None, max_length=500)
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    name: str | None = Field(default=None, max_length=60)
    """What the button says."""
    scopes: str = Field(default="openid email profile", pattern=r"^openid( [!#-\[\]-~]+)*$")
    claim: str = Field(default="email", pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,60}$")
    """Which of its words says who it is: `email` is compared with mail addresses of the organisation, any other with
    ids.
    """

    @field_validator("issuer")
    @classmethod
    def _https(cls, issuer: str | None) -> str | None:
        if issuer is not None and (fault := endpoint_fault(issuer)):
            raise ValueError(fault)
        return issuer

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.issuer is not None and not self.client_id:
            raise ValueError("client_id is missing; allowed: what the provider calls this client")
        if self.client_secret is not None and self.client_secret_file is not None:
            raise ValueError("client_secret and client_secret_file are both set; allowed: one of them")
        return self

    @property
    def secret(self) -> str | None:
        """The client secret; None for a client without one.

        Raises:
            Problem: its file cannot be read.
        """
        if self.client_secret is not None:
            return self.client_secret.get_secret_value()
        return read_secret_file(self.client_secret_file, "oidc.client_secret_file") if self.client_secret_file else None
