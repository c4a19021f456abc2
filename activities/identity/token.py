"""A token: 256 random bits in letters that survive lower case, of which the record has the hash alone (R45)."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from typing import Final

PREFIX: Final = "bh_"
"""By which people, and programs that look for secrets, know one."""
_TOKEN: Final = re.compile(r"bh_[a-z2-7]{52}")


def new_token() -> str:
    """A new random token, to be shown once."""
    return PREFIX + base64.b32encode(secrets.token_bytes(32)).decode().rstrip("=").lower()


def token_hash(token: str) -> str | None:
    """What the record knows it by; None for what cannot be one."""
    plain = token.strip().lower()
    return hashlib.sha256(f"token:{plain}".encode()).hexdigest() if _TOKEN.fullmatch(plain) else None
