"""The company's sign-on: `oidc-provider-mock` really served, and a proxy before it that lies as a test wants."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import RSAKey

from activities.channels.http import trusted
from tests.worker.ports import free_ports

Lie = Callable[[dict[str, Any], dict[str, Any]], tuple[dict[str, Any], dict[str, Any]]]
"""Header and claims of an id token -> those that it has instead."""


@dataclass
class Provider:
    """`lie` changes the id tokens, which are signed anew by `key`; `about` what it says of itself; `instead` whole
    answers, by the end of their path.
    """

    address: str
    behind: str
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "own", "alg": "RS256"}))
    lie: Lie | None = None
    about: dict[str, Any] = field(default_factory=dict)
    signed_by: RSAKey | None = None
    unsigned: bool = False
    down: bool = False
    instead: dict[str, bytes] = field(default_factory=dict)

    def answer(self, path: str, body: bytes) -> bytes:
        """What the provider behind said, as this one passes it on."""
        if (end := path.rpartition("/")[2]) in self.instead:
            return self.instead[end]
        text = body.decode().replace(self.behind, self.address)
        found: dict[str, Any] = json.loads(text)
        if path.endswith("openid-configuration"):
            found |= self.about
        if path.endswith("jwks"):
            found = {"keys": [self.key.as_dict(private=False)]}
        if "id_token" in found:
            found["id_token"] = self._token(found["id_token"])
        return json.dumps(found).encode()

    def _token(self, token: str) -> str:
        claims = json.loads(_part(token, 1))
        header: dict[str, Any] = {"alg": "RS256", "kid": "own"}
        claims["iss"] = self.address
        if self.lie is not None:
            header, claims = self.lie(header, claims)
        if self.unsigned:
            return f"{_encoded({'alg': 'none'})}.{_encoded(claims)}."
        return jwt.encode(header, claims, self.signed_by or self.key)


def _part(token: str, index: int) -> bytes:
    part = token.split(".")[index]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encoded(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@contextmanager
def provider(*people: tuple[str, str]) -> Iterator[Provider]:
    """One that knows these people: what they are called there, and their mail address."""
    users = [json.dumps({"sub": sub, "email": email, "email_verified": True}) for sub, email in people]
    (port,) = free_ports(1)
    options = [option for user in users for option in ("--user-claims", user)]
    # A process of its own: it uses what its library warns of.
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        behind = f"http://127.0.0.1:{port}"
        _until_it_answers(process, behind)
        told: list[Provider] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._pass()

            def do_POST(self) -> None:
                self._pass()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

            def _pass(self) -> None:
                if told[0].down:
                    self.send_error(503)
                    return
                length = int(self.headers.get("content-length") or 0)
                headers = {name: self.headers[name] for name in ("authorization", "content-type") if self.headers[name]}
                answer = httpx2.request(
                    self.command, f"{behind}{self.path}", content=self.rfile.read(length), headers=headers,
                    follow_redirects=False, trust_env=False, verify=trusted(),
                )  # fmt: skip
                is_json = "json" in answer.headers.get("content-type", "")
                body = told[0].answer(urlsplit(self.path).path, answer.content) if is_json else answer.content
                self.send_response(answer.status_code)
                for name in ("content-type", "location"):
                    if name in answer.headers:
                        self.send_header(name, answer.headers[name])
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        before = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        told.append(Provider(f"http://127.0.0.1:{before.server_port}", behind))
        thread = threading.Thread(target=before.serve_forever, daemon=True)
        thread.start()
        try:
            yield told[0]
        finally:
            before.shutdown()
            before.server_close()
            thread.join()
    finally:
        process.terminate()
        process.wait()


def _until_it_answers(process: subprocess.Popen[bytes], address: str) -> None:
    while process.poll() is None:
        try:
            httpx2.get(f"{address}/jwks", trust_env=False, verify=trusted()).raise_for_status()
        except httpx2.HTTPError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"the provider ended with {process.returncode}")
