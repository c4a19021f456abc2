"""The version of bihuan that is installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """Such as `0.2.0`; `unknown` where the source tree was never installed."""
    try:
        return version("bihuan")
    except PackageNotFoundError:
        return "unknown"
