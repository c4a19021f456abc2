"""The store in a bucket does what the one in a folder does, against a server that speaks S3 (R41)."""

from __future__ import annotations

import hashlib
import http.client
import io
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from activities.database.database import Database
from activities.files.ledger import FileLedger
from activities.files.preview import preview_of
from activities.files.reception import Reception
from activities.files.refusal import FileStoreError
from activities.files.store import FileStore, open_store
from activities.files.upkeep import FileUpkeep
from tests.activities.files import made
from tests.activities.files.test_reception import received
from tests.worker.ports import free_ports
from workflows.domain.policy.files import FileType
from workflows.domain.problem import Problem

BUCKET = "s3://files-of-cases/bihuan"


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of a server with the bucket in it."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    (port,) = free_ports(1)
    serving = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    serving.start()
    asked = http.client.HTTPConnection("127.0.0.1", port)
    asked.request(
        "PUT",
        "/files-of-cases",
        headers={"Authorization": "AWS4-HMAC-SHA256 Credential=x/20240501/us-east-1/s3/aws4_request"},
    )
    assert asked.getresponse().status == 200
    asked.close()
    yield port
    serving.stop()


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Of one kind: what is tried here is the store."""
    return f"sqlite:///{tmp_path}/bihuan.db"


def parts_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


def standard_variables(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def store(server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileStore:
    standard_variables(monkeypatch, server)
    return open_store(BUCKET, tmp_path)


async def test_a_file_goes_to_the_bucket_and_comes_back_as_it_was(
    database: Database, store: FileStore, tmp_path: Path
) -> None:
    store.check()
    photo = made.photo_with_place("green")
    row = await received(Reception(database, store), content=photo)
    digest = hashlib.sha256(photo).hexdigest()
    assert row.sha256 == digest
    assert store.size(digest) == len(photo)
    with store.open(digest) as file:
        assert file.read() == photo
    with store.open(digest) as file:
        shown = await preview_of(file, FileType.JPEG)
    assert shown is not None
    assert Image.open(io.BytesIO(shown)).size == (40, 60)
    assert not parts_in(tmp_path)


async def test_what_no_row_has_is_given_up_and_the_rest_stays(database: Database, store: FileStore) -> None:
    reception, ledger = Reception(database, store), FileLedger(database)
    kept = await received(reception, content=made.picture(colour="white"))
    gone = await received(reception, content=made.picture(colour="black"))
    await reception.discard(await ledger.drop_staged([gone.id]))
    assert store.size(str(gone.sha256)) is None
    assert str(kept.sha256) in set(store.older_than(datetime.now(UTC) + timedelta(hours=1)))
    assert not set(store.older_than(datetime.now(UTC) - timedelta(hours=1)))
    with pytest.raises(FileNotFoundError):
        store.open(str(gone.sha256))
    store.discard(str(gone.sha256))
    assert await FileUpkeep(reception).sweep(datetime.now(UTC)) == []


async def test_a_bucket_that_is_away_takes_no_file_and_leaves_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standard_variables(monkeypatch, free_ports(1)[0])
    monkeypatch.setattr("activities.files.s3_store._RETRIES", {"max_retries": 0})
    away = open_store(BUCKET, tmp_path)
    with pytest.raises(FileStoreError, match="the store of files s3://files-of-cases/bihuan takes no file"):
        await received(Reception(database, away))
    assert not parts_in(tmp_path)
    assert not await FileLedger(database).unscanned(10)


@pytest.mark.parametrize(
    "setting", ["s3://", "s3://B", "gs://bucket/x", "http://bucket", "s3://bucket/a b", "s3://bucket/../x?y"]
)
def test_a_place_that_is_none_is_refused_in_one_line(tmp_path: Path, setting: str) -> None:
    with pytest.raises(Problem, match="allowed: a folder, or s3://bucket/prefix"):
        open_store(setting, tmp_path)
