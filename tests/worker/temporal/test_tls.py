"""A company's Temporal wants TLS, certificates and keys: what is wrong with them is said in one line (mTLS)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.worker.temporal.certificates import Authority, Certificate
from tests.worker.temporal.headers import Headers, refusing
from tests.worker.temporal.wire import wire
from worker.installation.settings import Settings
from worker.temporal.connection import connect
from workflows.domain.problem import Problem

_NAME = "temporal.test"


@dataclass(frozen=True)
class Secured:
    """A server behind TLS; `variables` get in. `elsewhere`: one whose certificate has expired, one without TLS, and
    one that accepts no key.
    """

    authority: Authority
    stranger: Authority
    variables: dict[str, str]
    elsewhere: dict[str, str]
    heard: Headers


@pytest.fixture(scope="module")
async def secured(local: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secured]:
    folder = tmp_path_factory.mktemp("certificates")
    authority, stranger = Authority(folder), Authority(folder, "stranger")
    inside = authority.server_side(authority.issue(_NAME))
    expired = authority.server_side(authority.issue(_NAME, expired=True))
    target = local.client.service_client.config.target_host
    heard = Headers()
    async with (
        wire(target, tls=inside, listener=heard.listen) as way,
        wire(target, tls=expired) as late,
        refusing(inside) as refuser,
    ):
        yield Secured(
            authority,
            stranger,
            {
                "TEMPORAL_ADDRESS": way.address,
                "TEMPORAL_TLS": "true",
                "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(authority.file),
                "TEMPORAL_TLS_SERVER_NAME": _NAME,
                **_client(authority.issue("worker.test")),
            },
            {"late": late.address, "plain": target, "refuser": refuser},
            heard,
        )


def _client(certificate: Certificate) -> dict[str, str]:
    return {
        "TEMPORAL_TLS_CLIENT_CERT_PATH": str(certificate.certificate),
        "TEMPORAL_TLS_CLIENT_KEY_PATH": str(certificate.key),
    }


Change = Callable[[Secured], dict[str, str | None]]
_FAULTS: dict[str, tuple[Change, str]] = {
    "somebody else issued the server's certificate": (
        lambda given: {"TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(given.stranger.file)},
        "nobody trusted here has issued the server's certificate; check TEMPORAL_TLS_SERVER_CA_CERT_PATH",
    ),
    "the authority is forgotten": (
        lambda given: {"TEMPORAL_TLS_SERVER_CA_CERT_PATH": None},
        "nobody trusted here has issued the server's certificate; check TEMPORAL_TLS_SERVER_CA_CERT_PATH",
    ),
    "the server's certificate has expired": (
        lambda given: {"TEMPORAL_ADDRESS": given.elsewhere["late"]},
        "the server's certificate has expired; renew it there, and check the clock here",
    ),
    "the server has another name": (
        lambda given: {"TEMPORAL_TLS_SERVER_NAME": "other.test"},
        "the server's certificate is for temporal.test, 127.0.0.1; "
        "check TEMPORAL_ADDRESS, or set TEMPORAL_TLS_SERVER_NAME",
    ),
    "the client's certificate is forgotten": (
        lambda given: {"TEMPORAL_TLS_CLIENT_CERT_PATH": None, "TEMPORAL_TLS_CLIENT_KEY_PATH": None},
        "the connection was closed at once; if a client certificate is wanted, "
        "set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH",
    ),
    "the client's certificate is of another authority": (
        lambda given: {**_client(given.stranger.issue("worker.test"))},
        "the connection was closed at once; check that the server trusts who issued TEMPORAL_TLS_CLIENT_CERT_PATH",
    ),
    "the client's certificate has expired": (
        lambda given: {**_client(given.authority.issue("worker.test", expired=True))},
        "the client certificate expired on ",
    ),
    "the key is forgotten": (
        lambda given: {"TEMPORAL_TLS_CLIENT_KEY_PATH": None},
        "set both TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH, or neither",
    ),
    "the key is another one's": (
        lambda given: {"TEMPORAL_TLS_CLIENT_KEY_PATH": str(given.stranger.issue("other.test").key)},
        "TEMPORAL_TLS_CLIENT_KEY_PATH is not the key of TEMPORAL_TLS_CLIENT_CERT_PATH",
    ),
    "the key is none": (
        lambda given: {"TEMPORAL_TLS_CLIENT_KEY_PATH": str(given.authority.file)},
        "TEMPORAL_TLS_CLIENT_KEY_PATH holds no private key in PEM form",
    ),
    "no TLS here, but there": (
        lambda given: {name: None for name in given.variables if name != "TEMPORAL_ADDRESS"},
        "the connection was closed at once; if the server wants TLS, set TEMPORAL_TLS=true",
    ),
    "TLS here, but not there": (
        lambda given: {"TEMPORAL_ADDRESS": given.elsewhere["plain"]},
        "no TLS is spoken there; check the port of TEMPORAL_ADDRESS, or set TEMPORAL_TLS=false",
    ),
    "the API key is not accepted": (
        lambda given: {"TEMPORAL_ADDRESS": given.elsewhere["refuser"], "TEMPORAL_API_KEY": "secret"},
        "the server does not accept the key; check TEMPORAL_API_KEY",
    ),
}


@pytest.mark.parametrize("fault", _FAULTS)
async def test_what_keeps_a_client_out_is_said_in_one_line_with_what_to_check(
    fault: str, secured: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, said = _FAULTS[fault]
    for name, value in (secured.variables | change(secured)).items():
        if value is not None:
            monkeypatch.setenv(name, value)
    with pytest.raises(Problem) as caught:
        await connect(Settings(data=tmp_path))
    text = str(caught.value)
    assert f": {said}" in text
    assert text.startswith("cannot reach Temporal at 127.0.0.1:")
    assert "\n" not in text
    assert "secret" not in text


async def test_a_certificate_that_is_not_where_it_should_be_is_named(
    secured: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (secured.variables | {"TEMPORAL_TLS_SERVER_CA_CERT_PATH": "/nowhere/ca.pem"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Problem, match=r"^Temporal settings: /nowhere/ca\.pem: No such file or directory; check "):
        await connect(Settings(data=tmp_path))


async def test_a_profile_says_the_same_as_the_variables(
    secured: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = secured.variables
    (tmp_path / "temporal.toml").write_text(
        f"""
        [profile.company]
        address = "{given["TEMPORAL_ADDRESS"]}"
        api_key = "of-the-profile"
        [profile.company.tls]
        server_name = "{_NAME}"
        server_ca_cert_path = "{given["TEMPORAL_TLS_SERVER_CA_CERT_PATH"]}"
        client_cert_path = "{given["TEMPORAL_TLS_CLIENT_CERT_PATH"]}"
        client_key_path = "{given["TEMPORAL_TLS_CLIENT_KEY_PATH"]}"
        """,
        "utf-8",
    )
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(tmp_path / "temporal.toml"))
    monkeypatch.setenv("TEMPORAL_PROFILE", "company")
    before = len(secured.heard.requests)
    client = await connect(Settings(data=tmp_path))
    assert await client.service_client.check_health()
    said = [request["authorization"] for request in secured.heard.requests[before:]]
    assert said
    assert set(said) == {"Bearer of-the-profile"}
