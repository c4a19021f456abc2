"""A system is told by a signed request, and only at an address that it may have: tried on real sockets (R47)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.channels.http import ask, http_client, trusted
from activities.delivery.transport import DeliveryError, TemporaryDeliveryError, UnreachableError
from activities.webhooks.addresses import Reach
from activities.webhooks.endpoint import EndpointGoneError
from activities.webhooks.secret import parse_secrets, signature
from tests.activities.channels.vendors.vendor_server import Received, ok, vendor_server
from tests.activities.webhooks.told import OTHER, SECRET, envelope, is_signed, webhook
from tests.worker.temporal.certificates import Authority, Certificate

TOKEN = "/hook?token=T0pSecret"


async def tell(url: str, **changes: Any) -> None:
    async with webhook(url, **changes).connect() as connection:
        await connection.send(envelope())


async def fault(answer: bytes | None, **changes: Any) -> DeliveryError:
    async with vendor_server(lambda _: answer) as system:
        with pytest.raises(DeliveryError) as caught:
            await tell(system.url + TOKEN, **changes)
    assert len(system.received) == 1
    assert not any(word in str(caught.value) for word in ("T0pSecret", "MfKQ9r8", system.received[0].body.decode()))
    return caught.value


def test_the_signature_is_the_one_of_the_standard() -> None:
    """The example of the standard's own libraries."""
    (key,) = parse_secrets(SECRET)
    made = signature((key,), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_a_system_can_check_who_tells_it_also_while_its_secret_is_exchanged() -> None:
    async with vendor_server(lambda _: ok(b"", "204 No Content")) as system:
        await tell(system.url + TOKEN, secret=f"{SECRET} {OTHER}")
    (told,) = system.received
    assert (told.method, told.target, told.body) == ("POST", TOKEN, envelope().text.encode())
    assert is_signed(told)
    assert is_signed(told, OTHER)
    assert not is_signed(told, "whsec_" + "A" * 32)
    assert told.headers["webhook-id"] == envelope().key


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 100_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf",
        ok(b"<html>what?", "202 Accepted"),
    ],
    ids=["a gigabyte", "broken off", "nonsense"],
)
async def test_what_a_system_says_beside_2xx_is_of_no_account_and_is_not_read(answer: bytes) -> None:
    async with vendor_server(lambda _: answer) as system:
        await tell(system.url)
    assert len(system.received) == 1


@pytest.mark.parametrize(
    ("status", "wait"),
    [("400 Bad Request", None), ("401 Unauthorized", None), ("404 Not Found", None), ("500 Oh", None),
     ("429 Slow", timedelta(seconds=42)), ("503 Busy", timedelta(seconds=42))],
)  # fmt: skip
async def test_a_system_that_refuses_is_told_later_and_when_it_wants_to_be(status: str, wait: timedelta | None) -> None:
    error = await fault(ok(b"", status, **({"Retry_After": "42"} if wait else {})))
    assert isinstance(error, TemporaryDeliveryError)
    assert (error.wait, str(error)) == (wait, f"webhook shop: it answers status {status[:3]}")


async def test_a_system_that_is_gone_says_so() -> None:
    assert isinstance(await fault(ok(b"", "410 Gone")), EndpointGoneError)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
async def test_nobody_sends_an_event_elsewhere(status: str) -> None:
    async with vendor_server(b"") as inside:
        error = await fault(ok(b"", status, Location=f"{inside.url}/latest/meta-data"))
    assert inside.received == []
    assert "which is not followed" in str(error)


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000])
async def test_an_answer_that_is_none_is_for_later_and_closes_the_way_for_now(answer: bytes) -> None:
    assert isinstance(await fault(answer), UnreachableError)


async def test_a_system_that_hangs_is_waited_for_no_longer_than_its_settings_say() -> None:
    async with vendor_server(lambda _: None) as system:
        channel = webhook(system.url)
        _, request = channel.written(envelope())
        async with http_client(channel.transport()) as client:
            with pytest.raises(DeliveryError, match=r"no answer from 127\.0\.0\.1:\d+ within 0\.05 s"):
                await ask(client, channel.vendor.endpoint, request, 0.05)


# Whom it believes


@dataclass
class Secured:
    """A system that speaks TLS with a certificate of the company's own authority; `shown` makes it show another."""

    url: str
    authority: Authority
    context: ssl.SSLContext
    received: list[Received]

    def shown(self, certificate: Certificate) -> None:
        self.context.load_cert_chain(certificate.certificate, certificate.key)


@pytest.fixture(scope="module")
async def secured(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secured]:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    async with vendor_server(b"", context) as system:
        yield Secured(system.url, authority, context, system.received)


@pytest.fixture
def believed(secured: Secured, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The company's own authority, by the variable that every program reads."""
    monkeypatch.setenv("SSL_CERT_FILE", str(secured.authority.file))
    trusted.cache_clear()
    secured.received.clear()
    yield monkeypatch
    trusted.cache_clear()


async def test_a_system_with_a_certificate_of_the_companys_own_authority_is_told(
    secured: Secured, believed: pytest.MonkeyPatch
) -> None:
    secured.shown(secured.authority.issue("shop.example.com"))
    _leads_to(believed, "127.0.0.1")
    await tell(secured.url.replace("127.0.0.1", "shop.example.com"))
    (told,) = secured.received
    assert is_signed(told)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("authority", "unable to get local issuer certificate"),
        ("name", "Hostname mismatch"),
        ("expired", "certificate has expired"),
    ],
)
async def test_nothing_is_told_behind_a_certificate_that_is_not_the_systems(
    secured: Secured, believed: pytest.MonkeyPatch, tmp_path: Path, wrong: str, said: str
) -> None:
    authority = Authority(tmp_path, "stranger") if wrong == "authority" else secured.authority
    name = "another.example.com" if wrong == "name" else "shop.example.com"
    secured.shown(authority.issue(name, expired=wrong == "expired"))
    _leads_to(believed, "127.0.0.1")
    with pytest.raises(UnreachableError, match=f"cannot be reached: .*{said}"):
        await tell(secured.url.replace("127.0.0.1", "shop.example.com"))
    assert secured.received == []


# Where it may lead


def _leads_to(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Any name leads to these addresses, one after the other; what was asked."""
    asked, left, real = [], list(answers), socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(str(host))
        return real(left.pop(0) if left else host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "10.1.2.3", "::1", "fd00:ec2::254", "0.0.0.0",
     "100.100.100.200", "64:ff9b::a00:1", "2002:a00:1::", "fe80::1", "224.0.0.1"],
)  # fmt: skip
async def test_a_name_that_leads_inside_is_refused_at_connecting(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _leads_to(monkeypatch, address)
    with pytest.raises(UnreachableError, match="which is not public and not named in allow_private"):
        await tell("https://hooks.example.com/x", allow_private=False)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_an_address_in_another_spelling_is_the_same_address(host: str) -> None:
    with pytest.raises(UnreachableError, match=r"leads to (127\.0\.0\.1|::1), which is not public"):
        await tell(f"https://{host}/x", allow_private=False)


async def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async with vendor_server(b"") as named, vendor_server(b"") as inside:
        # Its second answer would lead to this machine's other address, which is not named.
        asked = _leads_to(monkeypatch, "127.0.0.1", "127.0.0.2")
        await tell(f"http://rebinding.example.com:{named.port}/x", allow_private=["127.0.0.1"])
    assert (len(named.received), len(inside.received), asked[0]) == (1, 0, "rebinding.example.com")
    assert named.received[0].headers["host"] == f"rebinding.example.com:{named.port}"


async def test_no_proxy_of_the_environment_resolves_names_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    async with vendor_server(b"") as proxy, vendor_server(b"") as system:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        await tell(system.url)
    assert (len(proxy.received), len(system.received)) == (0, 1)


def test_private_addresses_that_are_named_are_let_in_and_those_of_a_clouds_metadata_one_by_one() -> None:
    inside, metadata = Reach(private=True), ("169.254.169.254", "fd00:ec2::254", "100.100.100.200")
    assert [inside.fault(one, plain=True) for one in ("10.0.0.1", "::1", "192.168.1.2")] == [None] * 3
    assert all(inside.fault(one, plain=False) for one in metadata)
    assert "without TLS" in str(inside.fault("8.8.8.8", plain=True))
    assert Reach().fault("8.8.8.8", plain=False) is None
    assert Reach().fault("2606:4700::1111", plain=False) is None
