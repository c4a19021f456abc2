"""Which addresses of gateways and vendors may be asked."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_ALLOWED = "allowed: such as https://sms.example.com/send"


def endpoint_fault(url: str) -> str | None:
    """Why nothing may be sent to that address: https only, but to this very machine; None where it may.

    What holds a secret is set apart from the address, so an address may be shown.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return f"is no address; {_ALLOWED}"
    if not host or re.search(r"[\s\x00-\x1f\\]", url):
        return f"is no address; {_ALLOWED}"
    if parts.username is not None or parts.query or parts.fragment:
        return f"holds a user, a query or a fragment; {_ALLOWED}"
    if parts.scheme == "http" and _is_loopback(host):
        return None
    return None if parts.scheme == "https" else f"is not https; {_ALLOWED}"


def place(url: str) -> str:
    """Host and port of an address: all of it that stands in an error."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
