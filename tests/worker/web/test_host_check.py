"""A page in somebody's browser does not reach our endpoints by a host name of its own (DNS rebinding)."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from activities.key_ring import Key, KeyRing
from tests.timeouts import TIMEOUT
from tests.worker.ports import free_ports
from worker.installation.settings import Settings, load_settings
from worker.web.codec_server import safe_endpoint, serving
from worker.web.host_check import KnownHosts
from worker.web.monitor import open_monitor
from workflows.domain.problem import Problem

_LOOPBACK = ["localhost", "LOCALHOST:9464", "localhost.", "127.0.0.1", "127.0.0.1:9464", "127.8.8.8", "[::1]:9464"]
_FOREIGN = [
    "evil.example", "evil.example:9464", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example#localhost",
    "localhost@evil.example", "user@localhost", "localhost, evil.example", "", " localhost", "[evil.example]", "1",
]  # fmt: skip


def _status(port: int, head: str, path: str = "/live") -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
        connection.sendall(f"GET {path} {head}\r\n\r\n".encode())
        return int(connection.makefile("rb").readline().split()[1])


@pytest.mark.parametrize("host", [*_LOOPBACK, "worker-1.example.com:9464", "Worker-1.Example.com"])
def test_this_machine_and_configured_names_are_answered(host: str) -> None:
    assert KnownHosts.of("127.0.0.1", ["worker-1.example.com"]).allow(host)


@pytest.mark.parametrize("host", [*_FOREIGN, "192.0.2.7"])
def test_any_other_name_is_refused(host: str) -> None:
    assert not KnownHosts.of("127.0.0.1", ["worker-1.example.com"]).allow(host)


@pytest.mark.parametrize("listening", ["0.0.0.0", "[::]"])
def test_where_other_machines_ask_by_address_any_address_will_do_and_no_name(listening: str) -> None:
    hosts = KnownHosts.of(listening, [])
    assert hosts.allow("192.0.2.7:9464")
    assert hosts.allow("[2001:db8::7]:9464")
    assert not any(map(hosts.allow, _FOREIGN))


async def test_health_and_metrics_are_no_page_s_of_another_name(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    async with open_monitor(Settings(data=tmp_path, monitor=f"127.0.0.1:{port}", hosts="worker-1, worker-2")):
        for head, expected in (
            ("HTTP/1.1\r\nHost: evil.example", 421),
            ("HTTP/1.1\r\nHost: evil.example\r\nHost: localhost", {400, 421}),
            ("HTTP/1.1", {400, 421}),
            ("HTTP/1.1\r\nHost: worker-2:9464", 200),
            ("HTTP/1.1\r\nHost: 127.0.0.1", 200),
            ("HTTP/1.0", 200),
        ):
            for path in ("/live", "/metrics"):
                found = await asyncio.to_thread(_status, port, head, path)
                assert found in (expected if isinstance(expected, set) else {expected}), head


async def test_the_codec_endpoint_is_no_page_s_of_another_name() -> None:
    (port,) = free_ports(1)
    endpoint = safe_endpoint("127.0.0.1", port, None, [], ["codec.example.com"])
    async with serving(KeyRing((Key.new("2026-11"),)), endpoint):
        path = f"/{endpoint.token}/decode"
        for host, expected in (("evil.example", 421), ("127.0.0.1", 405), ("codec.example.com", 405)):
            assert await asyncio.to_thread(_status, port, f"HTTP/1.1\r\nHost: {host}", path) == expected


@pytest.mark.parametrize("hosts", ["http://worker-1", "worker-1:9464", "worker 1", "*"])
def test_a_name_that_is_none_is_refused(hosts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIHUAN_HOSTS", hosts)
    with pytest.raises(Problem, match=r"^BIHUAN_HOSTS: .*allowed: names without scheme and port"):
        load_settings()
