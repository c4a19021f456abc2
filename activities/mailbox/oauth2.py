"""Access tokens for a mailbox, asked for at every login (RFC 6749: refresh token, or client credentials)."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, Self, TypeGuard

from pydantic import BaseModel, ConfigDict, SecretStr, StringConstraints, field_validator, model_validator

from activities.channels.address import endpoint_fault, place
from activities.mailbox.errors import MailboxError, MailboxLoginError
from activities.secret_file import read_secret_file
from workflows.domain.problem import Problem

_LARGEST: Final = 8192
_ANSWER: Final = 65_536
_TIMEOUT: Final = 15.0
_Line = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\r\n\x00]+$")]


class OAuth2Settings(BaseModel):
    """Where tokens come from.

    Attributes:
        token_url: the token endpoint.
        client_secret: of a confidential client; a public one has none.
        refresh_token_file: holds a refresh token; one that comes in its place is written there. Without it the client's
            own credentials are used, as for an application that may read the mailbox.
        scope: what the provider wants to be asked for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    token_url: _Line
    client_id: _Line
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    refresh_token_file: Path | None = None
    scope: _Line | None = None

    @field_validator("token_url")
    @classmethod
    def _may_be_asked(cls, value: str) -> str:
        if (fault := endpoint_fault(value)) is not None:
            raise ValueError(fault)
        return value

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.client_secret is not None and self.client_secret_file is not None:
            raise ValueError("client_secret and client_secret_file are both set; allowed: one of them")
        if not (self.refresh_token_file or self.client_secret or self.client_secret_file):
            raise ValueError("nothing to ask for a token with; allowed: refresh_token_file, client_secret or its file")
        return self

    def secret_files(self) -> list[Path]:
        """The files that hold its secrets."""
        return [path for path in (self.client_secret_file, self.refresh_token_file) if path is not None]


def access_token(settings: OAuth2Settings) -> str:
    """A new one. Waits for the network.

    Raises:
        MailboxLoginError: the endpoint refuses the client or its refresh token.
        MailboxError: it cannot be asked now.
        Problem: a file of a secret cannot be read.
    """
    secret = settings.client_secret.get_secret_value().strip() if settings.client_secret else ""
    if settings.client_secret_file is not None:
        secret = read_secret_file(settings.client_secret_file, blanks=True)
    asked = {"client_id": settings.client_id}
    asked |= {"client_secret": secret} if secret else {}
    asked |= {"scope": settings.scope} if settings.scope else {}
    if settings.refresh_token_file is None:
        return _granted(settings, asked | {"grant_type": "client_credentials"})["access_token"]
    with _alone(settings.refresh_token_file) as file:
        refresh = read_secret_file(file, blanks=True)
        granted = _granted(settings, asked | {"grant_type": "refresh_token", "refresh_token": refresh})
        if (newer := granted.get("refresh_token")) and newer != refresh:
            _replace(file, newer)
    return granted["access_token"]


def _granted(settings: OAuth2Settings, asked: dict[str, str]) -> dict[str, str]:
    # Every command reads settings, and few ask for a token.
    import httpx2

    from activities.channels.http import said

    where = place(settings.token_url)
    secrets = [asked[name] for name in ("client_secret", "refresh_token") if name in asked]
    try:
        with httpx2.stream(
            "POST", settings.token_url, data=asked, headers={"Accept": "application/json"}, timeout=_TIMEOUT
        ) as response:
            body = b""
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _ANSWER:
                    raise MailboxError(f"the token endpoint {where} answers with more than {_ANSWER:,} bytes")
    except httpx2.HTTPError as error:
        raise MailboxError(f"the token endpoint {where} cannot be asked: {type(error).__name__}") from None
    found = _object(body)
    token = found.get("access_token")
    if response.status_code == httpx2.codes.OK and isinstance(token, str) and token.isascii() and token.isprintable():
        newer = found.get("refresh_token")
        return {"access_token": token} | ({"refresh_token": newer} if _is_secret(newer) else {})
    why = said(f"{found.get('error') or ''} {found.get('error_description') or ''}", secrets)
    why = why or f"status {response.status_code}, no token"
    if response.status_code in {400, 401, 403} and found.get("error") != "temporarily_unavailable":
        what = "client and refresh_token_file" if "refresh_token" in asked else "client and its secret"
        raise MailboxLoginError(f"the token endpoint {where} gives no token: {why}; correct {what}")
    raise MailboxError(f"the token endpoint {where} gives no token now: {why}")


def _object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_secret(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= _LARGEST and value.isprintable()


@contextmanager
def _alone(path: Path) -> Iterator[Path]:
    """Alone on this machine in asking for a token: a provider that gives a new refresh token each time takes two askers
    with one token for thieves. The folder is locked, since the file is replaced.
    """
    try:
        folder = os.open(path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield path
    finally:
        os.close(folder)


def _replace(path: Path, secret: str) -> None:
    """Whole, in one moment.

    Raises:
        MailboxError: it cannot be written; the one that was is good no more with providers that give each once.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w") as file:
            file.write(f"{secret}\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise MailboxError(f"the new refresh token cannot be written to {path}: {error.strerror}") from None
