"""Why a secured connection to Temporal does not come about, in words that name the setting to look at.

The engine's library says it in its own types, and says nothing at all where the server closes the connection because
it does not like the client's certificate: then what is set tells what to look at.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime

from temporalio.envconfig import ClientConnectConfig
from temporalio.service import TLSConfig

_CERTIFICATE = "TEMPORAL_TLS_CLIENT_CERT_PATH"
_KEY = "TEMPORAL_TLS_CLIENT_KEY_PATH"
_MARKS = (
    ("CertificateRequired", f"the server wants a client certificate; set {_CERTIFICATE} and {_KEY}"),
    ("CertificateExpired", f"the server says that the client certificate has expired; renew {_CERTIFICATE}"),
    ("UnknownCA", f"the server does not know who issued the client certificate; check {_CERTIFICATE}"),
    ("BadCertificate", f"the server does not accept the client certificate; check {_CERTIFICATE}"),
    (
        "UnknownIssuer",
        "nobody trusted here has issued the server's certificate; check TEMPORAL_TLS_SERVER_CA_CERT_PATH",
    ),
    ("InvalidCertificate(Expired", "the server's certificate has expired; renew it there, and check the clock here"),
    ("InvalidCertificate(NotValidYet", "the server's certificate is not valid yet; check the clock here and there"),
    ("InvalidContentType", "no TLS is spoken there; check the port of TEMPORAL_ADDRESS, or set TEMPORAL_TLS=false"),
    ("PrivateKeyParseError", f"{_KEY} holds no private key in PEM form"),
    ("KeyMismatch", f"{_KEY} is not the key of {_CERTIFICATE}"),
    ("both client cert and private key", f"set both {_CERTIFICATE} and {_KEY}, or neither"),
    ("Unauthenticated", "the server does not accept the key; check TEMPORAL_API_KEY"),
    ("PermissionDenied", "the server allows this key nothing; check TEMPORAL_API_KEY and TEMPORAL_NAMESPACE"),
)
_CLOSED = re.compile(r"connection closed|ConnectionReset|UnexpectedEof|BrokenPipe|broken pipe")
_NAMES = re.compile(r'(?:DnsName\(\\?"|IpAddress\()([^")\\]+)')


def explain(error: BaseException, config: ClientConnectConfig) -> str | None:
    """What is wrong and where to look, without the address; None where it has nothing to do with TLS or keys."""
    text = str(error)
    if "NotValidForName" in text:
        _, _, presented = text.partition("presented")
        names = ", ".join(_NAMES.findall(presented)) or "another name"
        return f"the server's certificate is for {names}; check TEMPORAL_ADDRESS, or set TEMPORAL_TLS_SERVER_NAME"
    for mark, words in _MARKS:
        if mark in text:
            return words
    return _closed(config.get("tls")) if _CLOSED.search(text) else None


def _closed(tls: TLSConfig | bool | None) -> str:
    if not tls:
        return "the connection was closed at once; if the server wants TLS, set TEMPORAL_TLS=true"
    certificate = tls.client_cert if isinstance(tls, TLSConfig) else None
    if certificate is None:
        return f"the connection was closed at once; if a client certificate is wanted, set {_CERTIFICATE} and {_KEY}"
    ended = _ended(certificate)
    if ended is not None and ended < datetime.now(UTC):
        return f"the client certificate expired on {ended:%Y-%m-%d}; renew {_CERTIFICATE}"
    return f"the connection was closed at once; check that the server trusts who issued {_CERTIFICATE}"


def _ended(certificate: bytes) -> datetime | None:
    """The last moment of a certificate in PEM form."""
    from cryptography import x509

    with suppress(ValueError):
        return x509.load_pem_x509_certificate(certificate).not_valid_after_utc
    return None
