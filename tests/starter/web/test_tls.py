"""The pages speak TLS themselves, where no proxy does: with a certificate that is looked at, renewed and never half."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from starter.doctor.checks.pages import pages
from starter.web.server import serving_pages, web_certificate
from tests.starter.doctor.test_doctor import lines, wrong
from tests.starter.web.conftest import Portal
from tests.worker.ports import free_ports
from tests.worker.temporal.certificates import Authority, Certificate
from worker.installation.private_files import open_paths
from worker.installation.settings import IsolatedSettings, Settings, Web, load_settings
from worker.web.tls import ServerCertificate
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import LinkPurpose


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def served_with(issued: Certificate, **web: object) -> Web:
    return Web(port=free_ports(1)[0], certificate_file=issued.certificate, key_file=issued.key, **web)


async def test_pages_with_a_certificate_are_served_by_tls_and_nothing_else(
    portal: Portal, authority: Authority
) -> None:
    web = served_with(authority.issue("service.example.com"))
    link = await portal.link(LinkPurpose.SEE)
    trusted = ssl.create_default_context(cafile=authority.file)
    async with (
        serving_pages(portal.settings.model_copy(update={"web": web})) as address,
        httpx2.AsyncClient(verify=trusted) as client,
    ):
        assert address == f"https://127.0.0.1:{web.port}"
        answer = await client.get(f"{address}{link}")
        assert answer.headers["set-cookie"].startswith("__Host-bihuan=")
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        with pytest.raises(httpx2.HTTPError):
            await client.get(address.replace("https", "http"))


async def test_a_renewed_certificate_serves_without_a_restart_and_one_that_is_not_whole_does_not(
    authority: Authority, tmp_path: Path
) -> None:
    first, second = authority.issue("one.example.com"), authority.issue("two.example.com")
    served = Certificate(tmp_path / "live.pem", tmp_path / "live.key")
    for live, issued in ((served.certificate, first.certificate), (served.key, first.key)):
        live.write_bytes(issued.read_bytes())
    certificate = ServerCertificate(served.certificate, served.key)
    assert not certificate.renew()
    served.certificate.write_bytes(second.certificate.read_bytes())
    with pytest.raises(Problem, match="the key is not that of the certificate"):
        certificate.renew()
    assert _shown_by(certificate, authority) == "one.example.com"
    served.key.write_bytes(second.key.read_bytes())
    assert certificate.renew()
    assert _shown_by(certificate, authority) == "two.example.com"


def _shown_by(certificate: ServerCertificate, authority: Authority) -> str:
    """The name in what a browser is shown."""
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=authority.file)
    context.check_hostname = False
    client = context.wrap_bio(theirs, ours)
    server = certificate.context.wrap_bio(ours, theirs, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    shown = client.getpeercert(binary_form=True)
    assert shown is not None
    names = x509.load_der_x509_certificate(shown).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return names.value.get_values_for_type(x509.DNSName)[0]


async def test_what_is_no_certificate_is_said_in_one_line_before_anything_is_served(
    authority: Authority, tmp_path: Path
) -> None:
    issued, other = authority.issue("service.example.com"), authority.issue("other.example.com")
    locked = tmp_path / "locked.key"
    key = serialization.load_pem_private_key(issued.key.read_bytes(), None)
    scheme = serialization.BestAvailableEncryption(b"secret")
    kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked.write_bytes(key.private_bytes(*kinds, scheme))
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("secret words")
    for chain, with_key, said in (
        (issued.certificate, other.key, "the key is not that of the certificate"),
        (issued.certificate, locked, "the key has a password"),
        (nonsense, issued.key, "hold no certificate and key"),
        (issued.certificate, tmp_path / "away", f"web.key_file: {tmp_path / 'away'} cannot be read: No such file"),
    ):
        settings = IsolatedSettings(data=tmp_path, web=served_with(Certificate(chain, with_key)))
        with pytest.raises(Problem) as refused:
            async with serving_pages(settings):
                pass
        assert said in str(refused.value)
        assert "\n" not in str(refused.value) and "secret words" not in str(refused.value)
        ((status, what, _),) = wrong(await lines(pages, settings))
        assert (status, said in what) == ("fault", True)


def test_half_of_it_is_refused_and_files_are_beside_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "bihuan.toml"
    file.write_text('[web]\ncertificate_file = "tls.pem"\n')
    with pytest.raises(Problem, match="web: key_file is missing; allowed: certificate_file and key_file, or neither"):
        load_settings()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "own.toml").write_text('[web]\ncertificate_file = "tls.pem"\nkey_file = "tls.key"\n')
    monkeypatch.setenv("BIHUAN_CONFIG", str(elsewhere / "own.toml"))
    web = load_settings().web
    assert (web.certificate_file, web.key_file) == (elsewhere / "tls.pem", elsewhere / "tls.key")
    assert web_certificate(Web()) is None


async def test_doctor_names_what_keeps_browsers_out_and_who_could_read_the_key(
    authority: Authority, tmp_path: Path
) -> None:
    issued = authority.issue("service.example.com")
    url = "https://service.example.com"
    (told,) = await lines(pages, Settings(data=tmp_path, web=served_with(issued, url=url)))
    assert (told.status.value, told.what.startswith(f"TLS by {issued.certificate}, good until ")) == ("ok", True)
    elsewhere = Settings(data=tmp_path, web=served_with(issued, url="https://other.example.com"))
    assert wrong(await lines(pages, elsewhere)) == [
        ("warning", f"{issued.certificate} is not for other.example.com: browsers refuse it",
         "get one for the name in BIHUAN_WEB__URL")
    ]  # fmt: skip
    over = authority.issue("service.example.com", expired=True)
    ((status, what, _),) = wrong(await lines(pages, Settings(data=tmp_path, web=served_with(over, url=url))))
    assert (status, "no browser comes in" in what) == ("fault", True)
    ((status, what, _),) = wrong(await lines(pages, Settings(data=tmp_path, web=Web(ip="0.0.0.0"))))
    assert (status, what.startswith("the pages listen on 0.0.0.0 without TLS")) == ("warning", True)
    assert wrong(await lines(pages, Settings(data=tmp_path, web=Web(ip="0.0.0.0", proxies="10.0.0.0/8")))) == []
    issued.key.chmod(0o644)
    assert [one.what for one in open_paths(elsewhere) if one.path == issued.key] == ["key of the pages"]
