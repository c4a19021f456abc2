"""The connection to the pages: the certificate by which they speak TLS themselves, or who does it before them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starter.doctor.check import Check, CheckResult
from starter.doctor.context import DoctorContext
from starter.web.server import web_certificate
from worker.web.host_check import is_loopback
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from cryptography import x509

    from worker.installation.settings import Web
    from worker.web.tls import ServerCertificate

_SOON: Final = timedelta(days=14)
"""Before its end a certificate should have been renewed: who does that by themselves does it a month before."""


async def pages(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether passwords, links and customers' words go over the network in the clear, now or soon."""
    check, web = Check("pages"), context.settings.web
    try:
        certificate = web_certificate(web)
    except Problem as problem:
        return check.problem(problem, "mend it: `bihuan web` does not start with it")
    if certificate is not None:
        return list(_served_with(check, certificate, web))
    if not is_loopback(web.ip) and not web.proxies:
        what = f"the pages listen on {web.ip} without TLS, and no proxy is named that has it"
        todo = "set BIHUAN_WEB__CERTIFICATE_FILE and BIHUAN_WEB__KEY_FILE, or BIHUAN_WEB__PROXIES (docs/security.md)"
        return [check.warning(what, todo)]
    return [check.ok(f"on {web.ip} port {web.port}, without TLS of their own")]


def _served_with(
    check: Check, served: ServerCertificate, web: Web, now: datetime | None = None
) -> Iterable[CheckResult]:
    from cryptography import x509

    first = x509.load_pem_x509_certificates(served.certificate.read_bytes())[0]
    end, now = first.not_valid_after_utc, datetime.now(UTC)
    if end <= now:
        yield check.fault(f"{served.certificate} ended on {end:%Y-%m-%d}: no browser comes in", "renew it")
    elif end - now < _SOON:
        yield check.warning(f"{served.certificate} ends on {end:%Y-%m-%d}", "renew it; nothing has to be restarted")
    else:
        yield check.ok(f"TLS by {served.certificate}, good until {end:%Y-%m-%d}")
    host = urlsplit(web.url).hostname if web.url else None
    if host is not None and not _is_for(first, host):
        what = f"{served.certificate} is not for {host}: browsers refuse it"
        yield check.warning(what, "get one for the name in BIHUAN_WEB__URL")


def _is_for(certificate: x509.Certificate, host: str) -> bool:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if host in {str(address) for address in names.get_values_for_type(x509.IPAddress)}:
        return True
    parent = host.partition(".")[2]
    return any(name.lower() in {host, f"*.{parent}"} for name in names.get_values_for_type(x509.DNSName))
