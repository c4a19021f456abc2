"""`bihuan mailbox …`, as an operator uses it, and what is wrong with the settings of a mailbox."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.database.database import Database
from tests.activities.mailbox.imap_server import PASSWORD, USER, client, new_folder, running_server
from tests.activities.mailbox.known import US
from tests.activities.mailbox.way_in import answer, mail, way_in
from tests.starter.command_line import bihuan
from worker.installation.settings import Settings, load_settings
from workflows.domain.problem import Problem


@pytest.fixture(scope="module")
def imap() -> Iterator[int]:
    with running_server() as port:
        yield port


def settings(port: int, folder: str) -> str:
    return f"""
[mailboxes.service]
address = "{US}"
host = "127.0.0.1"
port = {port}
tls = "none"
user = "{USER}"
password = "{PASSWORD}"
folder = "{folder}"
"""


async def _installed(data: Path) -> None:
    database = Database.open(f"sqlite:///{data}/bihuan.db", synchronous="NORMAL")
    try:
        await database.migrate()
        way = await way_in(database, data)
        await way.intake.take(b"\r\n", "service", "7:1")
    finally:
        await database.close()


def test_a_check_says_what_would_become_of_each_mail_and_changes_nothing(tmp_path: Path, imap: int) -> None:
    folder = new_folder(imap, mail(), answer(references="", subject="已解决"))
    (tmp_path / "bihuan.toml").write_text(settings(imap, folder), "utf-8")
    (tmp_path / "bihuan-data").mkdir()
    asyncio.run(_installed(tmp_path / "bihuan-data"))
    key = bihuan("keys", "new", folder=tmp_path).stdout.strip()
    environment = {"BIHUAN_LINK_KEYS": key.splitlines()[-1]}

    checked = bihuan("mailbox", "check", "service", "--json", folder=tmp_path, environment=environment)
    assert [(one["line"].split(" ")[0], one["known"]) for one in json.loads(checked.stdout)] == [
        ("new", False), ("new", False),
    ]  # fmt: skip
    with client(imap) as server:
        server.select_folder(folder, readonly=True)
        assert len(server.search("UNSEEN")) == 2
    claimed = bihuan("mailbox", "claim", "service", folder=tmp_path, environment=environment)
    assert claimed.stdout == "service: no other installation had marked it\n"
    unknown = bihuan("mailbox", "check", "other", folder=tmp_path, environment=environment)
    assert "there is none of that name; there are: service" in unknown.stderr

    listed = json.loads(bihuan("mailbox", "list", "--json", folder=tmp_path).stdout)
    [aside] = listed["aside"]
    assert listed["mailboxes"][0]["address"] == US
    assert "is seen to" in bihuan("mailbox", "done", aside["id"][:8], folder=tmp_path).stdout
    assert json.loads(bihuan("mailbox", "list", "--json", folder=tmp_path).stdout)["aside"] == []
    assert PASSWORD not in f"{checked}{listed}{unknown}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tls": "none", "host": "imap.example.com"}, "would send the password in the clear"),
        ({"password": None}, "nothing to log in with; allowed: one of password"),
        ({"password_file": "x"}, "password and password_file are both set"),
        ({"address": "nobody"}, "is no mail address"),
        ({"poll": 1}, "greater than or equal to 5"),
        ({"adress": "x"}, "no such setting; did you mean address?"),
        ({"port": 0}, "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_with_a_mailbox_is_said_in_one_line_without_its_password(
    changes: dict[str, object], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"address": US, "host": "127.0.0.1", "tls": "none", "password": "very-secret"} | changes
    box = {key: value for key, value in given.items() if value is not None}
    monkeypatch.setenv("BIHUAN_MAILBOXES", json.dumps({"service": box}))
    with pytest.raises(Problem, match=r"(?i)service") as fault:
        load_settings()
    assert said in str(fault.value)
    assert "very-secret" not in str(fault.value) and "\n" not in str(fault.value)


def test_a_file_of_a_password_is_beside_the_settings_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret").write_text("geheim\n", "utf-8")
    toml = settings(1, "INBOX").replace(f'password = "{PASSWORD}"', 'password_file = "secret"')
    (tmp_path / "elsewhere" / "bihuan.toml").write_text(toml, "utf-8")
    monkeypatch.setenv("BIHUAN_CONFIG", str(tmp_path / "elsewhere" / "bihuan.toml"))
    found: Settings = load_settings()
    assert found.mailboxes["service"].secret() == "geheim"
    assert "geheim" not in repr(found)
