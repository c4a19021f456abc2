"""Encrypted payloads are shown to whoever has the token, and to nobody else."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToJson, Parse
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload, Payloads

from activities.key_ring import Key, KeyRing
from tests.timeouts import TIMEOUT
from tests.worker.ports import free_ports
from worker.encryption.codec import Encryption
from worker.installation.settings import Settings
from worker.web.codec_server import CodecEndpoint, beside_server, origins_of, safe_endpoint, serving
from workflows.domain.problem import Problem

_RING = KeyRing((Key.new("2026-11"),))
_PLAIN = Payload(metadata={"encoding": b"json/plain"}, data='"王芳"'.encode())
_UI = "http://127.0.0.1:8233"
_TOKEN = "0123456789abcdef"


@pytest.fixture(scope="module")
async def endpoint() -> AsyncIterator[CodecEndpoint]:
    one = safe_endpoint("127.0.0.1", free_ports(1)[0], _TOKEN, [f"{_UI}/namespaces/default"])
    async with serving(_RING, one):
        yield one


async def _ask(
    endpoint: CodecEndpoint, path: str, body: str | bytes, method: str = "POST", **headers: str
) -> tuple[int, str, dict[str, str]]:
    def asked() -> tuple[int, str, dict[str, str]]:
        connection = HTTPConnection(endpoint.ip, endpoint.port, timeout=TIMEOUT)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body if isinstance(body, bytes) else body.encode(), names)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text, {name.lower(): value for name, value in answer.getheaders()}

    return await asyncio.to_thread(asked)


async def _sealed(*payloads: Payload) -> str:
    return MessageToJson(Payloads(payloads=await Encryption(_RING).encode(payloads)))


async def test_a_payload_is_read_with_the_token_in_the_address_or_as_bearer_and_not_without(
    endpoint: CodecEndpoint,
) -> None:
    body = await _sealed(_PLAIN)
    status, text, _ = await _ask(endpoint, f"/{_TOKEN}/decode", body, X_Namespace="default")
    assert (status, Parse(text, Payloads()).payloads[0]) == (200, _PLAIN)
    status, text, _ = await _ask(endpoint, "/decode", body, Authorization=f"Bearer {_TOKEN}")
    assert (status, Parse(text, Payloads()).payloads[0]) == (200, _PLAIN)
    for path, headers, expected in (
        ("/decode", {}, 401),
        ("/decode", {"Authorization": "Bearer "}, 401),
        ("/decode", {"Authorization": "Bearer 0123456789abcdeg"}, 403),
        ("/0123456789abcdeg/decode", {}, 403),
        ("/encode", {}, 401),
    ):
        status, text, _ = await _ask(endpoint, path, body, **headers)
        assert (status, "王芳" in text) == (expected, False), path
    status, text, _ = await _ask(endpoint, f"/{_TOKEN}/encode", MessageToJson(Payloads(payloads=[_PLAIN])))
    assert await Encryption(_RING).decode(Parse(text, Payloads()).payloads) == [_PLAIN]


async def test_what_cannot_be_read_comes_back_as_it_was_beside_what_can(endpoint: CodecEndpoint) -> None:
    (foreign,) = await Encryption(KeyRing((Key.new("2020-01"),))).encode([_PLAIN])
    (own,) = await Encryption(_RING).encode([_PLAIN])
    body = MessageToJson(Payloads(payloads=[foreign, own, _PLAIN]))
    status, text, _ = await _ask(endpoint, f"/{_TOKEN}/decode", body)
    assert (status, list(Parse(text, Payloads()).payloads)) == (200, [foreign, _PLAIN, _PLAIN])


async def test_only_the_pages_of_the_web_ui_may_ask(endpoint: CodecEndpoint) -> None:
    asks = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "content-type,x-namespace"}
    for origin, allowed in ((_UI, True), ("http://localhost:8233", True), ("http://evil.example", False)):
        status, _, headers = await _ask(endpoint, f"/{_TOKEN}/decode", "", "OPTIONS", Origin=origin, **asks)
        assert (status == 200, headers.get("access-control-allow-origin") == origin) == (allowed, allowed)
        _, _, headers = await _ask(endpoint, f"/{_TOKEN}/decode", await _sealed(_PLAIN), Origin=origin)
        assert (headers.get("access-control-allow-origin") == origin) is allowed


@pytest.mark.parametrize("body", [b"", b"5", b"\xff\xfe", b'{"payloads": 5}'])
async def test_a_request_that_is_none_gets_one_line(
    endpoint: CodecEndpoint, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        status, text, _ = await _ask(endpoint, f"/{_TOKEN}/decode", body)
    assert (status, text.count("\n")) == (400, 0)
    assert not [record for record in caplog.records if record.name.startswith(("uvicorn", "starlette"))]


async def test_a_request_without_end_is_cut_off_and_nothing_of_one_is_logged(
    endpoint: CodecEndpoint, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        status, text, _ = await _ask(endpoint, f"/{_TOKEN}/decode", json.dumps({"payloads": [], "x": "王" * 3_000_000}))
        await _ask(endpoint, f"/{_TOKEN}/decode", await _sealed(_PLAIN))
    assert (status, text) == (413, "allowed: at most 8000000 bytes")
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert "王" not in said
    assert _TOKEN not in said


def test_other_machines_are_let_in_only_with_a_token_that_somebody_chose() -> None:
    for ip in ("0.0.0.0", "::", "192.0.2.1", "support.example.com"):
        with pytest.raises(Problem, match="set BIHUAN_CODEC_TOKEN"):
            safe_endpoint(ip, 8234, None, [])
        assert safe_endpoint(ip, 8234, _TOKEN, []).token == _TOKEN
    tokens = {safe_endpoint("127.0.0.1", 8234, None, []).token for _ in range(9)}
    assert len(tokens) == 9
    assert min(map(len, tokens)) >= 32
    with pytest.raises(Problem, match="codec_origins: 'everywhere' is no address of a Web UI"):
        safe_endpoint("127.0.0.1", 8234, None, ["everywhere"])


async def test_a_taken_port_is_named(endpoint: CodecEndpoint) -> None:
    with pytest.raises(Problem, match=f"cannot listen on 127.0.0.1 port {endpoint.port} .*BIHUAN_CODEC_PORT"):
        async with serving(_RING, endpoint):
            pass


async def test_the_token_stays_in_a_file_of_this_user_and_is_the_same_after_a_restart(tmp_path: Path) -> None:
    """No Web UI is told it, which would tell every account of the machine and every page that resolves to it."""
    keys = _RING.first.line()
    port = free_ports(1)[0]
    own = Settings(
        data=tmp_path, encryption_keys=keys, codec_port=port, codec_origins="https://ui.example.com/x, http://a.example"
    )
    found = set()
    for _ in range(2):
        async with beside_server(own, _UI) as file:
            assert file is not None
            assert file.stat().st_mode & 0o777 == 0o600
            kept = file
            found.add(address := file.read_text("utf-8").strip())
            path = f"/{address.rpartition('/')[2]}/decode"
            assert (await _ask(CodecEndpoint("127.0.0.1", port, ""), path, "{}"))[0] == 200
    assert len(found) == 1
    assert found.pop().startswith(f"http://127.0.0.1:{port}/")
    chosen = own.model_copy(update={"codec_token": SecretStr(_TOKEN)})
    async with beside_server(chosen, _UI) as file:
        assert file is None
        assert (await _ask(CodecEndpoint("127.0.0.1", port, _TOKEN), f"/{_TOKEN}/decode", "{}"))[0] == 200
    assert not kept.exists()
    async with beside_server(Settings(data=tmp_path, codec_port=port), _UI) as file:
        assert file is None
    assert origins_of(own, _UI) == [_UI, "https://ui.example.com/x", " http://a.example"]
