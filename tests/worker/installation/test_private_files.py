"""Another account of the machine reads no customer's data, no key and no password of an installation."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from activities.key_ring import Key
from starter.doctor.checks.machine import access
from starter.doctor.context import DoctorContext
from worker.embedded.lock import DataLock
from worker.installation.installation import open_installation
from worker.installation.private_files import close_database_file, open_paths
from worker.installation.settings import Settings, load_settings
from worker.temporal.endpoint import Endpoint


@pytest.fixture(autouse=True)
def _usual_umask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    before = os.umask(0o022)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _open_to_others(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in (folder, *folder.rglob("*")) if _mode(one) & 0o077)


async def test_another_account_gets_at_nothing_in_a_new_data_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with DataLock(data):
        Endpoint("127.0.0.1:7233", "http://127.0.0.1:8233", 1, 2).write(data)
        async with open_installation(Settings(data=data), prepare=True) as installation:
            await installation.settle_organisation()
            assert {one.name for one in data.iterdir()} >= {"bihuan.db", "bihuan.db-wal", "up.lock", "endpoint.json"}
            assert _open_to_others(data) == []


async def test_a_start_closes_the_data_folder_that_an_earlier_release_left_open(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with open_installation(Settings(data=data), prepare=True):
        pass
    (data / "archive").mkdir()
    (data / "temporal.db").touch()
    for one in (data, *data.iterdir()):
        one.chmod(0o755 if one.is_dir() else 0o644)
    with DataLock(data):
        assert _open_to_others(data) == []


async def test_a_folder_with_other_things_in_it_stays_as_it_is_and_is_named(tmp_path: Path) -> None:
    data = tmp_path / "shared"
    data.mkdir(mode=0o755)
    (data / "page.html").touch()
    settings = Settings(data=data)
    async with open_installation(settings, prepare=True):
        assert _open_to_others(data) == [".", "page.html"]
    assert [(one.what, one.todo) for one in open_paths(settings)] == [("data folder", f"chmod 700 {data}")]


async def test_a_record_elsewhere_is_closed_too(tmp_path: Path) -> None:
    file = tmp_path / "record.sqlite"
    settings = Settings(data=tmp_path / "data", database_url=f"sqlite:///{file}")
    async with open_installation(settings, prepare=True):
        assert [_mode(file.with_name(file.name + end)) for end in ("", "-wal", "-shm")] == [0o600] * 3
    file.chmod(0o644)
    assert [one.path for one in open_paths(settings)] == [file]
    async with open_installation(settings, prepare=True):
        assert _mode(file) == 0o600


async def test_doctor_names_keys_and_passwords_that_other_accounts_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, file = tmp_path / "keys", tmp_path / "bihuan.toml"
    keys.write_text(Key.new("2026-11").line())
    file.write_text('smtp_url = "smtp://user:secret@mail.example.com"\nmail_from = "support@example.com"\n')
    monkeypatch.setenv("BIHUAN_ENCRYPTION_KEYS_FILE", str(keys))
    settings = load_settings()
    found = [(one.status.value, one.what, one.todo) for one in await access(DoctorContext(settings))]
    assert found == [
        (
            "warning",
            f"file of keys {keys} is open to other accounts of this machine (mode 0644)",
            f"chmod 600 {keys}",
        ),
        (
            "warning",
            "settings file with passwords or keys bihuan.toml is open to other accounts of this machine (mode 0644)",
            "chmod 640 bihuan.toml",
        ),
    ]
    keys.chmod(0o400)
    file.chmod(0o640)
    (one,) = await access(DoctorContext(settings))
    assert one.status.value == "ok"


async def test_doctor_names_a_server_without_a_login_that_other_machines_reach(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with DataLock(data):
        Endpoint("0.0.0.0:7233", "http://0.0.0.0:8233", 1, 2).write(data)
        (one,) = await access(DoctorContext(Settings(data=data, server={"ip": "0.0.0.0"})))
    assert "listen on 0.0.0.0 and have no login" in one.what


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TEMPORAL_ADDRESS": "temporal.example.com:7233"}, ["is asked in the clear: whoever reaches it signals"]),
        ({"TEMPORAL_ADDRESS": "temporal.example.com:7233", "TEMPORAL_TLS": "true"}, ["without a certificate or key"]),
        ({"TEMPORAL_ADDRESS": "temporal.example.com:7233", "TEMPORAL_API_KEY": "secret"}, []),
        ({"TEMPORAL_ADDRESS": "127.0.0.1:7233"}, []),
        ({"BIHUAN_WEB_UI": "http://ui.example.com"}, ["the Web UI at http://ui.example.com is asked in the clear"]),
        ({"BIHUAN_WEB_UI": "https://ui.example.com"}, []),
    ],
)
async def test_doctor_names_a_temporal_elsewhere_that_lets_anybody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: list[str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = await access(DoctorContext(load_settings(data=tmp_path / "data")))
    told = [one.what for one in found if one.status.value == "warning"]
    assert len(told) == len(said)
    assert all(part in what and "secret" not in what for part, what in zip(said, told, strict=True))


def test_the_secret_of_the_sign_on_is_looked_at_as_other_secrets_are(tmp_path: Path) -> None:
    secret = tmp_path / "oidc-secret"
    secret.write_text("s3cret")
    oidc = {"issuer": "https://id.example.com", "client_id": "bihuan", "client_secret_file": secret}
    settings = Settings(data=tmp_path / "data", oidc=oidc)
    assert [(one.what, one.todo) for one in open_paths(settings)] == [("secret of the sign-on", f"chmod 600 {secret}")]
    secret.chmod(0o600)
    assert open_paths(settings) == []


def test_closing_a_record_to_other_accounts_takes_no_lock_from_whoever_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "bihuan.db"
    other = f"import sqlite3; sqlite3.connect({str(file)!r}, timeout=0).execute('BEGIN IMMEDIATE')"
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("CREATE TABLE held (by TEXT)")
        writer.execute("BEGIN EXCLUSIVE")
        close_database_file(f"sqlite:///{file}")
        tried = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=False)
    assert tried.stderr.endswith("database is locked\n")
