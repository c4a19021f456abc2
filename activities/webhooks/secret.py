"""Secrets of webhooks, and the signature made with them: `v1` of Standard Webhooks, HMAC-SHA256 (R47)."""

from __future__ import annotations

import base64
import binascii
import hmac
from pathlib import Path
from typing import Final

from activities.ordinary_file import read_ordinary
from workflows.domain.problem import Problem

_PREFIX: Final = "whsec_"
_SHORTEST, _LONGEST = 24, 64
_MOST: Final = 5
_LARGEST: Final = 4096
_ALLOWED: Final = f"allowed: whsec_ and {_SHORTEST} to {_LONGEST} bytes in base64, such as: openssl rand -base64 32"


def parse_secrets(text: str) -> tuple[bytes, ...]:
    """The keys of one secret, or of several with blanks or line ends between them.

    Raises:
        ValueError: one of them is none; nothing of it is repeated.
    """
    words = text.split()
    if not 1 <= len(words) <= _MOST:
        raise ValueError(f"holds {len(words)} secrets; allowed: 1 to {_MOST}, each whsec_…")
    return tuple(map(_key, words))


def read_secrets(name: str, path: Path) -> tuple[bytes, ...]:
    """The keys in a file, one a line.

    Raises:
        Problem: it cannot be read, or holds something else.
    """
    try:
        return parse_secrets(read_ordinary(path, _LARGEST).decode())
    except OSError as error:
        raise Problem(f"{name}: {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise Problem(f"{name}: {path} is no text; {_ALLOWED}") from None
    except ValueError as error:
        raise Problem(f"{name}: {path} {error}") from None


def signature(keys: tuple[bytes, ...], id_: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one for each key, so that receivers may know an old one or the new one."""
    signed = f"{id_}.{timestamp}.".encode() + body
    return " ".join(f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}" for key in keys)


def _key(word: str) -> bytes:
    encoded = word.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"is no secret of a webhook; {_ALLOWED}") from None
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(f"is no secret of a webhook: it has {len(key)} bytes; {_ALLOWED}")
    return key
