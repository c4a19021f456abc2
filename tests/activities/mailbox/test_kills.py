"""Killed before any effect that taking mails in has outside the process, it loses none and takes none twice (R42)."""

from __future__ import annotations

import json
import shutil
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from activities.database.database import Database
from activities.database.tables import file, incoming_mail, outbox, timeline
from activities.files.ledger import FileLedger
from activities.files.upkeep import FileUpkeep
from activities.intake.register import Register
from tests.activities.mailbox.imap_server import client, new_folder
from tests.activities.mailbox.interpretation.test_reading import _raw
from tests.activities.mailbox.killed_process import look, take_in_and_die, with_temporal
from tests.activities.mailbox.known import A, B
from tests.activities.mailbox.way_in import NOW, WayIn, bounced, mail, real, sent_message, set_up, way_in
from tests.faults import processes

_SENT = f"{A}:created:open:customer"
_MAILS = (
    "att-raw-utf8.eml",  # a new issue with a file
    "aliyun-mail.eml",  # an answer with a file
)


@pytest.fixture
async def begun(migrated_file: Path, tmp_path: Path) -> Path:
    """A record with two cases, and a mail that went out on one of them; to be copied."""
    path = tmp_path / "begun.db"
    shutil.copy(migrated_file, path)
    database = Database.open(f"sqlite:///{path}", synchronous="NORMAL")
    await set_up(database)
    await sent_message(database, _SENT)
    await database.close()
    return path


def _mails() -> list[bytes]:
    files = [real(_raw(name)) for name in _MAILS]
    robot = mail("I am on leave.", auto_submitted="auto-replied", message_id="<robot@example.cn>")
    return [files[0], mail(), files[1], bounced(_SENT), robot]


async def _killed_before(effect: int, begun: Path, data: Path, imap: int) -> bool:
    """Kill it there, and let another one do the rest; False where it had ended by itself."""
    data.mkdir()  # noqa: ASYNC240 - a test waits for it
    shutil.copy(begun, data / "bihuan.db")
    folder = new_folder(imap, *_mails())
    code = await processes.ended(processes.start(take_in_and_die, data, imap, folder, effect))
    assert code in {0, -signal.SIGKILL}, code
    database = Database.open(f"sqlite:///{data}/bihuan.db", synchronous="NORMAL")
    try:
        way = await way_in(database, data, new=False)
        with_temporal(way, data / "temporal")
        await look(way, imap, folder)
        await _judged(way, _told(data))
        await look(way, imap, folder)
        await _hold(way, data, imap, folder)
    finally:
        await database.close()
    return code != 0


def _told(data: Path) -> list[list[Any]]:
    return [json.loads(line) for line in (data / "temporal").read_text("utf-8").splitlines()]


async def _judged(way: WayIn, told: list[list[Any]]) -> None:
    """Case A takes each command once, as cases do, and the files that come with it."""
    commands = {one[3]["command_id"]: one for one in told if one[0] == "signal"}
    async with way.intake.database.begin() as connection:
        for sequence, (id_, (_, number, name, _)) in enumerate(commands.items(), 1):
            assert number == A
            await connection.execute(
                insert(timeline).values(
                    number=A, sequence=sequence, at=NOW, recorded_at=NOW, kind=name, by="customer", detail={},
                    command_id=id_,
                )
            )  # fmt: skip
    for _, _, _, payload in commands.values():
        await FileLedger(way.intake.database).bind(A, [one["id"] for one in payload.get("files", ())])


async def _hold(way: WayIn, data: Path, imap: int, folder: str) -> None:
    """What has to be true once somebody has done the rest."""
    told, database = _told(data), way.intake.database
    with client(imap) as server:
        server.select_folder(folder, readonly=True)
        assert server.search("UNSEEN") == []
    async with database.read() as connection:
        mails = (await connection.execute(select(incoming_mail.c.kind, incoming_mail.c.number))).all()
        bounced_now = await connection.scalar(select(outbox.c.status).where(outbox.c.key == _SENT))
    kinds = sorted(row.kind for row in mails)
    assert kinds == ["auto", "bounce", "new", "new", "reply"]
    opened = {row.number for row in mails if row.kind == "new"}
    assert len(opened) == await way.cases() == 2 and not opened & {A, B}
    started = {one[1] for one in told if one[0] == "start"}
    assert opened <= started | set(await Register(database).unstarted()), "a sweep starts what is not"
    assert {one[2] for one in told if one[0] == "signal"} == {"customer_wrote", "attach"}
    assert len({one[3]["command_id"] for one in told if one[0] == "signal"}) == 2, "sent again it is the same command"
    assert bounced_now == "failed"
    assert await way.intake.inbox.open() == []

    # What nobody needs is given up, and what is needed is there.
    await FileUpkeep(way.intake.reception).sweep(datetime.now(UTC) + timedelta(days=40))
    async with database.read() as connection:
        files = (await connection.execute(select(file.c.number, file.c.sha256))).all()
        raw = set(await connection.scalars(select(incoming_mail.c.sha256)))
    assert sorted(row.number in opened for row in files) == [False, True]
    assert {row.number for row in files} - opened == {A}
    stored = {path.name for path in (data / "files").rglob("*") if path.is_file() and len(path.name) == 64}
    assert stored == raw | {row.sha256 for row in files}
    assert list((data / "files" / "incoming").iterdir()) == []


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("first", "stride"), [(11, 23), *(pytest.param(first, 4, marks=pytest.mark.drill) for first in (1, 2, 3, 4))]
)
async def test_killed_before_any_effect_it_loses_no_mail_and_takes_none_twice(
    begun: Path, tmp_path: Path, imap: int, first: int, stride: int
) -> None:
    """Each effect is a command to the mailbox, a write or commit of the record, a file, or a word to Temporal."""
    effect, kills = first, 0
    while await _killed_before(effect, begun, data := tmp_path / str(effect), imap):
        kills += 1
        shutil.rmtree(data)
        effect += stride
    effects = (data / "effects").read_text("utf-8").splitlines()
    kinds = {line.split(" ")[0] for line in effects}
    assert kinds == {"imap", "database", "store", "temporal"}
    assert kills > 100 // stride
