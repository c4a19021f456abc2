"""Which release this is; server and console tell each other."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

RELEASE_HEADER: Final = "Bihuan-Release"


@cache
def release() -> str:
    """Such as `0.2.0`; `0` where it was never installed."""
    try:
        return version("bihuan")
    except PackageNotFoundError:
        return "0"
