"""Secret keys, each with an id, so that a new one can replace an old one step by step (rotation).

How they are written in settings and files, for whatever they are used: encryption (`worker.encryption`), links
(`activities.links`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from activities.ordinary_file import read_ordinary
from workflows.domain.problem import Problem

KEY_BYTES = 32
"""For AES-256 and for HMAC-SHA256."""
_LARGEST = 1_000_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_ALLOWED = "ID:KEY with the key of 32 bytes in base64, as `bihuan keys new` prints it"


@dataclass(frozen=True)
class Key:
    """One key. Its `check` tells two keys of the same id apart without revealing either."""

    id: str
    secret: bytes = field(repr=False)

    @property
    def check(self) -> bytes:
        """Four bytes that may be shown, and travel with everything the key encrypts."""
        return hashlib.sha256(b"bihuan key check\0" + self.secret).digest()[:4]

    @classmethod
    def new(cls, name: str) -> Self:
        """A random key with that id.

        Raises:
            Problem: the id is not well-formed.
        """
        if not _ID.fullmatch(name):
            raise Problem(f"key id {name!r}: allowed: up to 32 letters, digits, '.', '_' and '-'")
        return cls(name, secrets.token_bytes(KEY_BYTES))

    @property
    def fingerprint(self) -> str:
        """Names this very key, also beside another one of the same id; it may be shown."""
        return f"{self.id}/{self.check.hex()}"

    def line(self) -> str:
        """The key as settings take it (`ID:KEY`, in base64); a secret."""
        return f"{self.id}:{base64.b64encode(self.secret).decode()}"


@dataclass(frozen=True)
class KeyRing:
    """One or more keys: new things are made with the first; all of them read what was made before."""

    keys: tuple[Key, ...]

    @property
    def first(self) -> Key:
        """The one that new things are made with."""
        return self.keys[0]

    def find(self, fingerprint: str) -> Key | None:
        """The key of that fingerprint."""
        return next((key for key in self.keys if key.fingerprint == fingerprint), None)

    @classmethod
    def parse(cls, text: str) -> Self:
        """`ID:KEY`, several with commas or line breaks between them; what follows a `#` is a remark.

        Raises:
            Problem: a key is not well-formed; the text says which one, and never repeats any part of a key.
        """
        keys: list[Key] = []
        for place, entry in enumerate(_entries(text), start=1):
            name, separator, secret = (part.strip() for part in entry.partition(":"))
            if not separator:
                raise Problem(f"key {place} has no id; allowed: {_ALLOWED}")
            if not _ID.fullmatch(name):
                raise Problem(
                    f"the id of key {place} is not understood; allowed: up to 32 letters, digits, '.', '_' and '-'"
                )
            if name in {key.id for key in keys}:
                raise Problem(f"two keys have the id {name}; give each key an id of its own")
            keys.append(Key(name, _secret(name, secret)))
        if not keys:
            raise Problem(f"holds no key; allowed: {_ALLOWED}")
        return cls(tuple(keys))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Keys from a file, such as a credential of systemd or a secret of a container.

        Raises:
            Problem: it cannot be read, or a key in it is wrong.
        """
        try:
            return cls.parse(read_ordinary(path, _LARGEST).decode())
        except OSError as error:
            raise Problem(f"{path}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise Problem(f"{path}: is no text; allowed: {_ALLOWED}") from None
        except Problem as problem:
            raise Problem(f"{path}: {problem}") from None


def _entries(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from (entry for part in line.partition("#")[0].split(",") if (entry := part.strip()))


def _secret(name: str, text: str) -> bytes:
    try:
        secret = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise Problem(f"key {name} is no base64; allowed: {_ALLOWED}") from None
    if len(secret) != KEY_BYTES:
        raise Problem(
            f"key {name} has {len(secret)} bytes; allowed: {KEY_BYTES} bytes, as `bihuan keys new` makes them"
        )
    return secret
