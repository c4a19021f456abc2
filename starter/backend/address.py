"""The server's address and the token for it: from the environment, else as `bihuan login` has kept them (R46)."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from worker.installation.config_file import SERVER_VARIABLES
from workflows.domain.problem import Problem

URL_VARIABLE, TOKEN_VARIABLE, PLAIN_VARIABLE = SERVER_VARIABLES
_API = "/api/v1"
_ALLOWED = "allowed: https://service.example.com, without name, password or question mark"
_LOOPBACK = frozenset({"localhost", "localhost.localdomain"})


@dataclass(frozen=True)
class ServerAddress:
    """`url` without the API's path and a slash at its end; `plain`: without TLS, to another machine, as was told."""

    url: str
    token: str = field(repr=False)
    plain: bool = False


def find_address() -> ServerAddress | None:
    """The server that commands go to; None where they work on this machine.

    `BIHUAN_URL` with `BIHUAN_TOKEN`, else what was kept at the login. An empty `BIHUAN_URL` means this machine.

    Raises:
        Problem: an address without a token, one that is none, or a kept login that cannot be read or that others may.
    """
    url = os.environ.get(URL_VARIABLE)
    if url is not None and not url.strip():
        return None
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    kept = None if url and token else read_login()
    if url is None:
        return kept if kept is None or not token else checked(kept.url, token, plain=kept.plain)
    plain = os.environ.get(PLAIN_VARIABLE, "") in {"1", "true"}
    if not token:
        if kept is None or kept.url != _plain_url(url, URL_VARIABLE):
            raise Problem(f"{URL_VARIABLE} is set without {TOKEN_VARIABLE}; allowed: both, or bihuan login URL")
        token, plain = kept.token, plain or kept.plain
    return checked(url, token, plain=plain)


def checked(url: str, token: str, *, plain: bool, name: str = URL_VARIABLE) -> ServerAddress:
    """The address, if a token may go there; `name` is what the person gave it as.

    Raises:
        Problem: it is none, or has no TLS and leads to another machine, and nobody said that this is meant.
    """
    read = _plain_url(url, name)
    parts = urlsplit(read)
    if parts.scheme == "http" and not plain and not _is_here(parts.hostname or ""):
        raise Problem(
            f"{name} {read}: is not encrypted, everybody on the way would read the token; allowed: https://…, "
            f"or where the way is safe bihuan login --plain-http, {PLAIN_VARIABLE}=1"
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Problem(f"the token is none; allowed: what bihuan token new showed ({TOKEN_VARIABLE})")
    return ServerAddress(read, token, plain)


def login_file() -> Path:
    """Where a login is kept: in the user's own settings folder."""
    folder = os.environ.get("XDG_CONFIG_HOME", "")
    home = Path(folder) if folder.startswith("/") else Path("~/.config").expanduser()
    return home / "bihuan" / "login.json"


def read_login() -> ServerAddress | None:
    """The login that is kept; None where there is none.

    Raises:
        Problem: others may read it, or it cannot be read.
    """
    file = login_file()
    try:
        with file.open(encoding="utf-8") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            kept = json.load(opened)
        url, token, plain = str(kept["url"]), str(kept["token"]), bool(kept.get("plain_http"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no login"
        raise Problem(f"{file}: {why}; bihuan login URL makes it anew, bihuan logout removes it") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Problem(f"{file}: others may read the token; allowed: chmod 600, and a new token if somebody has")
    return checked(url, token, plain=plain, name=str(file))


def keep_login(address: ServerAddress) -> Path:
    """Keep it for this user alone; answers where.

    Raises:
        Problem: it cannot be written.
    """
    file = login_file()
    part = file.with_suffix(".part")
    body = {"url": address.url, "token": address.token, **({"plain_http": True} if address.plain else {})}
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            json.dump(body, opened)
        part.replace(file)
    except OSError as error:
        raise Problem(f"{file}: cannot be written: {error.strerror}") from None
    return file


def forget_login() -> bool:
    """Remove the kept login; answers whether there was one.

    Raises:
        Problem: it cannot be removed.
    """
    file = login_file()
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Problem(f"{file}: cannot be removed: {error.strerror}") from None
    return True


def _plain_url(text: str, name: str) -> str:
    """The address as it is kept.

    Raises:
        Problem: it is none.
    """
    said, parts, is_sound = text.strip(), urlsplit(""), False
    with contextlib.suppress(ValueError):  # a bracket without its other half, a port that is none
        parts = urlsplit(said)
        is_sound = parts.port != 0 and parts.scheme in {"https", "http"} and bool(parts.hostname) and said.isascii()
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise Problem(f"{name}: holds more than an address; {_ALLOWED}")
    if not is_sound or any(sign.isspace() for sign in said):
        raise Problem(f"{name} {said[:100]!r}: is no address; {_ALLOWED}")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/').removesuffix(_API)}"


def _is_here(host: str) -> bool:
    if host in _LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
