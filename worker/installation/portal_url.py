"""The address at which customers reach the pages: `https://HOST[:PORT]`, or `http://` on this machine alone.

A link opens a case for whoever reads it on its way, so it never goes over an open line. The portal has a name of its
own: its cookies and its checks of where a form comes from hold for a whole host.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from workflows.domain.text import without_invisible

_ALLOWED: Final = (
    "allowed: https://HOST or https://HOST:PORT, such as https://service.example.com; http:// only on 127.0.0.1, "
    "[::1] or localhost"
)
_LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_URL: Final = re.compile(
    rf"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|{_LABEL}(\.{_LABEL})*)(:(?P<port>[0-9]{{1,5}}))?(?P<rest>[/?#].*)?",
    re.IGNORECASE,
)
_LONGEST_HOST: Final = 253
_PORTS: Final = range(1, 65536)


def portal_url(text: str) -> str:
    """The address in lower case, without the slash at its end.

    Raises:
        ValueError: it is none; one line says what is wrong, and what is allowed.
    """
    given = without_invisible(text).strip()
    match = _URL.fullmatch(given)
    if match is None:
        raise ValueError(f"{_fault(given)}; {_ALLOWED}")
    scheme, host, port = match["scheme"].lower(), match["host"].lower(), match["port"]
    if (match["rest"] or "").strip("/"):
        raise ValueError(f"has something behind the host: the portal needs a host name of its own; {_ALLOWED}")
    if port is not None and int(port) not in _PORTS:
        raise ValueError(f"port {port} is none; {_ALLOWED}")
    if not _is_host(host):
        raise ValueError(f"the host is no name and no address; {_ALLOWED}")
    if scheme == "http" and not _is_here(host):
        raise ValueError(f"links would go over an open line; {_ALLOWED}")
    return f"{scheme}://{host}" + (f":{int(port)}" if port is not None else "")


def _fault(given: str) -> str:
    if "@" in given:
        return "has a user name or password in it"
    if not given.isascii():
        return "has letters that are not ASCII (write such a host name in its xn-- form)"
    return "is no web address"


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return isinstance(_address(host), ipaddress.IPv6Address)
    if re.fullmatch(r"[0-9.]+", host):
        return isinstance(_address(host), ipaddress.IPv4Address)
    return len(host) <= _LONGEST_HOST


def _is_here(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
