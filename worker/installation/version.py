"""The version of bihuan that is installed; server and console tell each other theirs."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

RELEASE_HEADER: Final = "Bihuan-Release"


@cache
def installed_version() -> str:
    """Such as `0.2.0`; `unknown` where the source tree was never installed."""
    try:
        return version("bihuan")
    except PackageNotFoundError:
        return "unknown"
