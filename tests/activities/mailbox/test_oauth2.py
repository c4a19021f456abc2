"""A mailbox that is opened by a token: it is asked for at every login, and what is refused is said (R42)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from activities.mailbox.errors import MailboxError, MailboxLoginError
from activities.mailbox.imap import ImapMailbox
from activities.mailbox.settings import MailboxSettings
from tests.activities.mailbox.known import US
from tests.activities.mailbox.scripted_server import ScriptedServer
from tests.activities.mailbox.way_in import mail


@dataclass
class Provider:
    """A token endpoint. Each answer is (status, what it says); with none left a token is given: at-1, at-2, …"""

    url: str = ""
    answers: list[tuple[int, Any]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)

    def answer(self, asked: dict[str, str]) -> tuple[int, Any]:
        self.asked.append(asked)
        if self.answers:
            return self.answers.pop(0)
        return 200, {"access_token": f"at-{len(self.asked)}", "token_type": "Bearer", "expires_in": 3599}


@pytest.fixture
def provider() -> Iterator[Provider]:
    provided = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, said = provided.answer({name: values[0] for name, values in parse_qs(body).items()})
            raw = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    provided.url = f"http://127.0.0.1:{server.server_address[1]}/token"
    yield provided
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def refresh(tmp_path: Path) -> Path:
    file = tmp_path / "refresh"
    file.write_text("rt-very-secret-1\n")
    return file


def settings(server: ScriptedServer, provider: Provider, **oauth2: Any) -> MailboxSettings:
    given = {"token_url": provider.url, "client_id": "bihuan", "client_secret": "cs-very-secret"} | oauth2
    return MailboxSettings.model_validate(
        {"address": US, "host": "127.0.0.1", "port": server.port, "tls": "none", "oauth2": given}
    )


def read(box: MailboxSettings) -> int:
    with closing(ImapMailbox(box)) as opened:
        return len(opened.waiting(None))


def test_a_new_token_is_asked_for_at_every_login(provider: Provider, refresh: Path) -> None:
    with ScriptedServer(mails={1: mail()}, token="at-1") as server:
        box = settings(server, provider, refresh_token_file=refresh, scope="imap offline_access")
        assert read(box) == 1
        server.token = "at-2"
        assert read(box) == 1

    assert provider.asked == 2 * [
        {
            "grant_type": "refresh_token", "refresh_token": "rt-very-secret-1", "client_id": "bihuan",
            "client_secret": "cs-very-secret", "scope": "imap offline_access",
        }
    ]  # fmt: skip
    assert "secret" not in repr(box).replace("client_secret", "")


def test_a_refresh_token_that_is_replaced_by_its_provider_is_kept(provider: Provider, refresh: Path) -> None:
    provider.answers = [(200, {"access_token": "at-1", "refresh_token": "rt-2"})]
    with ScriptedServer(token="at-1") as server:
        box = settings(server, provider, refresh_token_file=refresh)
        read(box)
        server.token = "at-2"
        read(box)

    assert [one["refresh_token"] for one in provider.asked] == ["rt-very-secret-1", "rt-2"]
    assert (refresh.read_text(), refresh.stat().st_mode & 0o777) == ("rt-2\n", 0o600)
    assert [path.name for path in refresh.parent.iterdir()] == ["refresh"]


def test_an_application_of_its_own_needs_no_refresh_token(provider: Provider) -> None:
    with ScriptedServer(token="at-1") as server:
        read(settings(server, provider, scope="https://outlook.example.com/.default"))

    assert provider.asked[0]["grant_type"] == "client_credentials"


def test_a_token_that_the_mailbox_refuses_is_said_at_once(provider: Provider, refresh: Path) -> None:
    with (
        ScriptedServer(token="another one") as server,
        pytest.raises(MailboxLoginError, match=r"refused the login of .*Invalid credentials; correct user") as refusal,
    ):
        read(settings(server, provider, refresh_token_file=refresh))
    assert "at-1" not in str(refusal.value)


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        ((400, {"error": "invalid_grant", "error_description": "token rt-very-secret-1 has expired"}),
         MailboxLoginError, "invalid_grant token … has expired; correct client and refresh_token_file"),
        ((401, {"error": "invalid_client"}), MailboxLoginError, "gives no token: invalid_client"),
        ((503, b"<html>"), MailboxError, "gives no token now: status 503"),
        ((302, {}), MailboxError, "gives no token now: status 302"),
        ((200, b"[" * 50_000), MailboxError, "status 200, no token"),
        ((200, {"access_token": "a\r\nb"}), MailboxError, "status 200, no token"),
        ((200, b"x" * 100_000), MailboxError, "more than 65,536 bytes"),
    ],
)  # fmt: skip
def test_what_the_endpoint_answers_is_said_in_one_line_without_secrets(
    provider: Provider, refresh: Path, answer: tuple[int, Any], kind: type[Exception], said: str
) -> None:
    provider.answers = [answer]
    with ScriptedServer(token="at-1") as server, pytest.raises(MailboxError) as refusal:
        read(settings(server, provider, refresh_token_file=refresh))
    assert type(refusal.value) is kind
    assert said in str(refusal.value)
    assert "very-secret" not in str(refusal.value) and "\n" not in str(refusal.value)


def test_an_endpoint_that_is_away_is_an_error_of_one_line(provider: Provider, refresh: Path) -> None:
    with ScriptedServer() as server, pytest.raises(MailboxError, match=r"127\.0\.0\.1:1 cannot be asked"):
        read(settings(server, provider, refresh_token_file=refresh, token_url="http://127.0.0.1:1/token"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"token_url": "http://login.example.com/token"}, "is not https"),
        ({"client_secret_file": "x"}, "are both set"),
        ({"client_secret": None}, "nothing to ask for a token with"),
        ({"tokenurl": "x"}, "Extra inputs"),
    ],
)
def test_settings_by_which_no_token_can_be_had_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as fault:
        settings(ScriptedServer(port=1), Provider(url="https://login.example.com/token"), **changes)
    assert "very-secret" not in str(fault.value)
