"""The archive packs the files of a case; masking erases them, but never the bytes that another case still has (R41)."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from sqlalchemy import select, update

from activities.archive.activity import ArchiveActivities
from activities.archive.package import read_package
from activities.database.database import Database
from activities.database.tables import file, registration, timeline
from activities.files.ledger import FileLedger
from tests.activities.archive.test_archive import MUCH_LATER, archiving_of, entry_of, run
from tests.activities.files import made
from tests.activities.knowledge.test_knowledge import _step, closed
from tests.activities.recording.test_activity import recording_of
from tests.activities.samples import register_case
from tests.builders import MINUTE, MONDAY, command, open_case
from workflows.domain.policy.files import FileRules
from workflows.domain.vocabulary import ScanState, Via


async def given(archiving: ArchiveActivities, number: str, name: str, content: bytes) -> str:
    ledger = FileLedger(archiving.database)
    at = MONDAY + len(await ledger.of_case(number)) * MINUTE
    row = await archiving.files.receive(
        name, made.in_portions(content), FileRules(), by="customer", via=Via.LINK, at=at
    )
    await ledger.bind(number, [row.id])
    return row.id


def bytes_of(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in (folder / "files").glob("??/*")}


async def test_files_are_packed_under_both_names_and_infected_ones_are_not(database: Database, tmp_path: Path) -> None:
    archiving = archiving_of(database, tmp_path)
    number = await closed(database, "打不出小票", attachments=["image.jpg", "只有名称.png"])
    for content in (made.picture(), made.picture(colour="blue")):
        await given(archiving, number, "image.jpg", content)
    infected = await given(archiving, number, "eicar.txt", made.EICAR)
    async with database.begin() as connection:
        await connection.execute(update(file).where(file.c.id == infected).values(scan=ScanState.INFECTED.value))
    assert (await run(archiving)).failures == ()
    path = archiving.store.path(str((await entry_of(archiving, number)).file))
    with zipfile.ZipFile(path) as packed:
        assert packed.namelist()[:2] == ["attachments/1-image.jpg", "attachments/2-image.jpg"]
        assert {packed.read(name) for name in packed.namelist()[:2]} == {made.picture(), made.picture(colour="blue")}
        page = packed.read("case.html").decode()
    assert "发现病毒" in page and "eicar.txt" in page
    assert "只有名称.png" in page
    kept = read_package(path)["attachments"]
    assert [(one["name"], one["member"] is not None, one.get("infected")) for one in kept] == [
        ("image.jpg", True, False),
        ("image.jpg", True, False),
        ("eicar.txt", False, True),
        ("只有名称.png", False, None),
    ]
    assert all("stored" not in one for one in kept)


async def test_masking_erases_bytes_and_names_but_not_what_another_case_has(database: Database, tmp_path: Path) -> None:
    archiving = archiving_of(database, tmp_path, now=lambda: MUCH_LATER)
    number = await closed(database, "打不出小票", attachments=["张三的身份证.jpg"])
    other = await register_case(database, description={"symptom": "另一个问题"})
    shared, own = made.picture(), made.picture(colour="blue")
    await given(archiving, number, "张三的身份证.jpg", own)
    await given(archiving, number, "两个案件都有.jpg", shared)
    theirs = await given(archiving, other, "两个案件都有.jpg", shared)
    progress = await run(archiving)
    assert (progress.masked, progress.failures) == (1, ())
    assert bytes_of(tmp_path) == {shared}
    ledger = FileLedger(database)
    assert {(one.name, one.sha256, one.erased_at) for one in await ledger.of_case(number)} == {
        ("[文件]", None, MUCH_LATER)
    }
    kept = await ledger.one(theirs)
    assert kept is not None and kept.sha256 is not None
    async with database.read() as connection:
        form = await connection.scalar(select(registration.c.form).where(registration.c.number == number))
    assert form is not None and form["attachments"] == ["[文件]"]


async def test_names_of_attached_files_are_masked_in_the_timeline(database: Database, tmp_path: Path) -> None:
    archiving = archiving_of(database, tmp_path, now=lambda: MUCH_LATER)
    number = await register_case(database, description={"symptom": "打不出小票"})
    case, events = open_case()
    recording = recording_of(database)
    await recording.record(_step(case, events, number))
    row = await archiving.files.receive(
        "李四.jpg", made.in_portions(made.picture()), FileRules(), by="customer", via=Via.LINK, at=MONDAY
    )
    attached = {"id": row.id, "name": row.name, "size": row.size, "type": row.type}
    said = (
        command("attach", "customer", files=[attached]),
        command("withdraw", "customer", why="不需要了"),
    )
    for minutes, sent in enumerate(said, start=1):
        await recording.record(_step(case, case.handle(sent, MONDAY + minutes * MINUTE), number))
    assert [one.name for one in await FileLedger(database).of_case(number)] == ["李四.jpg"]
    assert (await run(archiving)).masked == 1
    async with database.read() as connection:
        entries = await connection.scalars(select(timeline.c.detail).where(timeline.c.number == number))
        told = json.dumps(list(entries), ensure_ascii=False)
    assert "李四" not in told and "[文件]" in told
    assert bytes_of(tmp_path) == set()
