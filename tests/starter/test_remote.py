"""The admin script on a desk of its own: light, careful with tokens, and one clear line for what is wrong (R46)."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from activities.database.database import Database
from activities.organisation.directory import Directory
from activities.organisation.loading import sample_organisation
from starter.services.identity.tokens import make_token, revoke_token
from tests.activities.queries.test_customer_view import written
from tests.builders import NUMBER
from tests.starter.both_ways import served
from tests.starter.command_line import BIHUAN, bihuan, bihuan_environment
from tests.worker.ports import free_ports
from tests.worker.temporal.certificates import Authority
from worker.installation.settings import Settings
from worker.installation.version import RELEASE_HEADER, installed_version

_HEAVY = (
    "sqlalchemy",
    "temporalio",
    "alembic",
    "starlette",
    "uvicorn",
    "jinja2",
    "prometheus_client",
    "pydantic_settings",
)


@dataclass(frozen=True)
class Desk:
    """A machine without an installation; `token` is tech-001's."""

    folder: Path
    url: str
    token: str
    settings: Settings

    def run(self, *arguments: str, given: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        known = {"BIHUAN_URL": self.url, "BIHUAN_TOKEN": self.token, "XDG_CONFIG_HOME": str(self.folder / "settings")}
        return bihuan(*arguments, folder=self.folder, environment={**known, **changes}, given=given)

    def login(self, url: str, token: str = "bh_x", *options: str) -> subprocess.CompletedProcess[str]:
        return self.run("login", url, *options, given=f"{token}\n", BIHUAN_URL="", BIHUAN_TOKEN="")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One case of tech-001, and pages that are served."""
    folder = tmp_path_factory.mktemp("server")
    settings = Settings(data=folder / "bihuan-data")
    settings.data.mkdir()

    async def fill() -> str:
        database = Database.open(settings.database)
        await database.migrate()
        await Directory(database).load(sample_organisation())
        await (await written(database)).send("claim", "tech-001")
        await database.close()
        return (await make_token(settings, person="tech-001", system=None))[1]

    token = asyncio.run(fill())
    with served(folder, {}) as url:
        yield Desk(tmp_path_factory.mktemp("desk"), url, token, settings)


def refused(answered: subprocess.CompletedProcess[str], *said: str) -> None:
    """One clear line, and the exit code of what was refused."""
    assert answered.returncode == 1, answered
    assert answered.stdout == ""
    assert answered.stderr.count("\n") == 1, answered.stderr
    assert "unexpected" not in answered.stderr
    for part in said:
        assert part in answered.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", NUMBER),
        ("list", "--json"),
        ("mine",),
        ("outbox",),
        ("kb", "list"),
        ("review", "list"),
        ("files", NUMBER),
    ],
    ids=" ".join,
)
def test_a_desk_waits_for_nothing_that_only_a_server_needs(desk: Desk, arguments: tuple[str, ...]) -> None:
    code = (
        "import sys; from starter.admin import run; code = run(sys.argv[1:]);"
        f"print([name for name in {_HEAVY!r} if name in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    environment = {"BIHUAN_URL": desk.url, "BIHUAN_TOKEN": desk.token}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=desk.folder, env=bihuan_environment(environment),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "[]"), done.stderr


def test_a_login_is_for_its_user_alone_and_ends(desk: Desk) -> None:
    logged_in = desk.login(desk.url + "/", desk.token)
    assert logged_in.returncode == 0, logged_in.stderr
    assert "knows you as tech-001" in logged_in.stderr
    assert desk.token not in logged_in.stderr + logged_in.stdout
    file = desk.folder / "settings" / "bihuan" / "login.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    known = {"XDG_CONFIG_HOME": str(desk.folder / "settings")}
    environment = {name: value for name, value in bihuan_environment(known).items() if name != "BIHUAN_URL"}
    command = [*BIHUAN, "list", "--json"]
    listed = subprocess.run(command, cwd=desk.folder, env=environment, capture_output=True, text=True, check=False)
    assert [case["number"] for case in json.loads(listed.stdout)] == [NUMBER], listed.stderr
    file.chmod(0o644)
    open_to_all = subprocess.run(command, cwd=desk.folder, env=environment, capture_output=True, text=True, check=False)
    refused(open_to_all, "others may read the token; allowed: chmod 600")
    assert desk.run("logout").returncode == 0
    assert not file.exists()
    refused(desk.run("logout"), "there is no login")


def test_a_token_that_is_not_taken_is_not_kept(desk: Desk) -> None:
    refused(desk.login(desk.url, "bh_" + "a" * 52), "does not take this token: it is wrong, expired or revoked")
    refused(desk.login(desk.url, ""), "there is no token")
    refused(desk.login("http://service.example.com"), "is not encrypted", "--plain-http")
    refused(desk.login("http://10.1.2.3:8080/api/v1"), "is not encrypted")
    refused(desk.login("service.example.com"), "is no address; allowed: https://service.example.com")
    refused(desk.login("https://me:secret@service.example.com"), "holds more than an address")
    refused(desk.login("https://[::1"), "is no address")
    assert not (desk.folder / "settings" / "bihuan" / "login.json").exists()


def test_a_revoked_token_ends_at_the_next_command(desk: Desk) -> None:
    token, secret = asyncio.run(make_token(desk.settings, person="tech-001", system=None))
    assert desk.run("show", NUMBER, BIHUAN_TOKEN=secret).returncode == 0
    asyncio.run(revoke_token(desk.settings, token.id))
    refused(desk.run("show", NUMBER, BIHUAN_TOKEN=secret), "does not take this token")


def test_a_server_that_is_away_is_named(desk: Desk) -> None:
    address = f"http://127.0.0.1:{free_ports(1)[0]}"
    refused(desk.run("list", BIHUAN_URL=address), f"{address} cannot be reached: Connection refused")
    refused(desk.run("claim", NUMBER, BIHUAN_URL=address), "cannot be reached")
    refused(desk.run("list", BIHUAN_TOKEN=""), "BIHUAN_URL is set without BIHUAN_TOKEN")


@contextmanager
def _stub(status: int, headers: dict[str, str], body: bytes = b"<html>") -> Iterator[str]:
    """Something else that answers there."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (200, {}, "answers 200, but not as bihuan does"),
        (404, {}, "answers 404, but not as bihuan does"),
        (302, {"Location": "https://elsewhere.example/api/v1/cases"}, "points to https://elsewhere.example, but not"),
        (502, {}, "what stands before the server answers 502: it is away"),
        (200, {RELEASE_HEADER: "0.99.1"}, "runs bihuan 0.99.1, and this is "),
    ],
)
def test_another_server_or_release_is_told_from_ours(
    desk: Desk, status: int, headers: dict[str, str], said: str
) -> None:
    with _stub(status, headers) as url:
        refused(desk.run("list", BIHUAN_URL=url), said)


def test_an_answer_that_is_nested_without_end_is_one_line(desk: Desk) -> None:
    with _stub(200, {RELEASE_HEADER: installed_version()}, b"[" * 100_000) as url:
        refused(desk.run("list", BIHUAN_URL=url), "answers 200, but not as bihuan does")


def test_a_shell_is_offered_no_word_that_it_would_run(desk: Desk) -> None:
    people = {"people": {"tech-001": "蒋华", "$(touch x)": "", "`id`": "", "a;b": "", "\x1b[2J": ""}, "departments": {}}
    with _stub(200, {RELEASE_HEADER: installed_version()}, json.dumps(people).encode()) as url:
        offered = desk.run("completion", "people", BIHUAN_URL=url)
    assert (offered.returncode, offered.stdout) == (0, "tech-001\n"), offered.stderr


def test_a_certificate_that_nobody_vouches_for_ends_the_connection_before_the_token_is_sent(
    desk: Desk, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    issued = authority.issue("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        received: list[bytes] = []

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    with context.wrap_socket(connection, server_side=True) as safe:
                        received.append(safe.recv(1))
                except OSError:
                    pass

        thread = threading.Thread(target=answer)
        thread.start()
        refused(
            desk.run("list", BIHUAN_URL=f"https://127.0.0.1:{listening.getsockname()[1]}"),
            "the connection is not safe", "nothing was sent",
        )  # fmt: skip
        thread.join()
    assert received in ([], [b""])


def test_the_token_says_who_somebody_is(desk: Desk) -> None:
    refused(
        desk.run("note", NUMBER, "--text", "x", "--as", "tech-002"),
        "the token says who you are; allowed: --as customer",
    )
    refused(
        desk.run("confirm", NUMBER, "--as", "customer", "--relayed-by", "tech-002"), "the token says who took it down"
    )
    mine = desk.run("mine", "--json", BIHUAN_AS="tech-002")
    assert json.loads(mine.stdout)["person"] == "tech-001"


def test_what_is_not_ours_to_see_is_not_there(desk: Desk) -> None:
    _, secret = asyncio.run(make_token(desk.settings, person="sales-001", system=None))
    refused(
        desk.run("show", NUMBER, BIHUAN_TOKEN=secret), f"{NUMBER}: there is no such case; bihuan list shows the cases"
    )
    refused(desk.run("show", NUMBER[-4:], BIHUAN_TOKEN=secret), "no number of a case ends so")
    refused(desk.run("show", "FB209901010001"), "FB209901010001: there is no such case; bihuan list shows the cases")
    assert json.loads(desk.run("outbox", "--json", BIHUAN_TOKEN=secret).stdout) == []
    refused(desk.run("report", "--last", "week", BIHUAN_TOKEN=secret), "is for whoever may see every case")
    refused(desk.run("export", BIHUAN_TOKEN=secret), "is for whoever may see every case")
