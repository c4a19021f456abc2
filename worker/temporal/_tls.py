"""Why a secured connection to Temporal fails, in words that name the setting to look at.

The SDK's core reports TLS faults only as the text of its error, in the names of its Rust types, so that text has to be
searched. Where the server refuses the client's certificate by closing the connection, it reports nothing of the kind:
then the settings tell what to look at.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from temporalio.envconfig import ClientConnectConfig
from temporalio.service import TLSConfig

_CERTIFICATE = "TEMPORAL_TLS_CLIENT_CERT_PATH"
_KEY = "TEMPORAL_TLS_CLIENT_KEY_PATH"


class Explanation(NamedTuple):
    """`what` is wrong, and what to do about it; None where that is plain."""

    what: str
    todo: str | None = None

    def __str__(self) -> str:
        """What is wrong and what to do, in one line."""
        return f"{self.what}; {self.todo}" if self.todo else self.what


_MARKS = {
    "CertificateRequired": Explanation("the server wants a client certificate", f"set {_CERTIFICATE} and {_KEY}"),
    "CertificateExpired": Explanation(
        "the server says that the client certificate has expired", f"renew {_CERTIFICATE}"
    ),
    "UnknownCA": Explanation("the server does not know who issued the client certificate", f"check {_CERTIFICATE}"),
    "BadCertificate": Explanation("the server does not accept the client certificate", f"check {_CERTIFICATE}"),
    "UnknownIssuer": Explanation(
        "nobody trusted here has issued the server's certificate", "check TEMPORAL_TLS_SERVER_CA_CERT_PATH"
    ),
    "InvalidCertificate(Expired": Explanation(
        "the server's certificate has expired", "renew it there, and check the clock here"
    ),
    "InvalidCertificate(NotValidYet": Explanation(
        "the server's certificate is not valid yet", "check the clock here and there"
    ),
    "InvalidContentType": Explanation(
        "no TLS is spoken there", "check the port of TEMPORAL_ADDRESS, or set TEMPORAL_TLS=false"
    ),
    "PrivateKeyParseError": Explanation(f"{_KEY} holds no private key in PEM form"),
    "KeyMismatch": Explanation(f"{_KEY} is not the key of {_CERTIFICATE}"),
    "both client cert and private key": Explanation(f"set both {_CERTIFICATE} and {_KEY}, or neither"),
    "Unauthenticated": Explanation("the server does not accept the key", "check TEMPORAL_API_KEY"),
    "PermissionDenied": Explanation(
        "the server allows this key nothing", "check TEMPORAL_API_KEY and TEMPORAL_NAMESPACE"
    ),
}
"""By a mark in the error's text; the first that is in it counts."""
_CLOSED = re.compile(r"connection closed|ConnectionReset|UnexpectedEof|BrokenPipe|broken pipe")
_NAMES = re.compile(r'(?:DnsName\(\\?"|IpAddress\()([^")\\]+)')


def explain(error: BaseException, config: ClientConnectConfig) -> Explanation | None:
    """What is wrong with TLS or keys; None where the error has nothing to do with either."""
    text = str(error)
    if "NotValidForName" in text:
        _, _, presented = text.partition("presented")
        names = ", ".join(_NAMES.findall(presented)) or "another name"
        return Explanation(
            f"the server's certificate is for {names}", "check TEMPORAL_ADDRESS, or set TEMPORAL_TLS_SERVER_NAME"
        )
    for mark, explanation in _MARKS.items():
        if mark in text:
            return explanation
    return _closed(config.get("tls")) if _CLOSED.search(text) else None


def _closed(tls: TLSConfig | bool | None) -> Explanation:
    closed = "the connection was closed at once"
    if not tls:
        return Explanation(closed, "if the server wants TLS, set TEMPORAL_TLS=true")
    certificate = tls.client_cert if isinstance(tls, TLSConfig) else None
    if certificate is None:
        return Explanation(closed, f"if a client certificate is wanted, set {_CERTIFICATE} and {_KEY}")
    expired = _expiry(certificate)
    if expired is not None and expired < datetime.now(UTC):
        return Explanation(f"the client certificate expired on {expired:%Y-%m-%d}", f"renew {_CERTIFICATE}")
    return Explanation(closed, f"check that the server trusts who issued {_CERTIFICATE}")


def _expiry(certificate: bytes) -> datetime | None:
    """The last moment of a certificate in PEM form."""
    from cryptography import x509

    with suppress(ValueError):
        return x509.load_pem_x509_certificate(certificate).not_valid_after_utc
    return None
