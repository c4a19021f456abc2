"""Closed cases are kept whole, in files that stay readable without us, whatever is killed in between (R28)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import signal
import tomllib
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from sqlalchemy import text, update

from activities.archive.activity import ArchiveActivities
from activities.archive.document import read_case_document
from activities.archive.ledger import ArchivedCase, Ledger
from activities.archive.package import read_package, unpack
from activities.archive.page import ArchivePage
from activities.archive.store import ArchiveStore, FileState, find_attachments
from activities.database.database import Database
from activities.database.tables import case_record, outbox, registration
from activities.files.folder_store import FolderStore
from activities.files.reception import Reception
from activities.organisation.directory import Directory
from activities.policy.loading import load_policy
from activities.queries.cases import Cases
from activities.rendering.labels import TEMPLATES
from tests.activities.knowledge.test_knowledge import closed, opened
from tests.activities.samples import organisation
from tests.builders import DAY, MONDAY
from tests.faults.processes import ended, start
from workflows.domain.policy.policy import Policy
from workflows.domain.vocabulary import Locale
from workflows.ports import ArchiveRun

ROOT = Path(__file__).parents[3]
LATER = MONDAY + 40 * DAY
MUCH_LATER = MONDAY + 400 * DAY


def archiving_of(database: Database, folder: Path, **changes: Any) -> ArchiveActivities:
    plain = ArchiveActivities(
        database=database,
        store=ArchiveStore(folder / "archive"),
        attachments=folder / "attachments",
        files=Reception(database, FolderStore(folder / "files")),
        policy=load_policy("standard"),
        directory=Directory(database),
        now=lambda: LATER,
    )
    return replace(plain, **changes)


async def run(archiving: ArchiveActivities) -> ArchiveRun:
    progress = ArchiveRun()
    while not progress.done:
        progress = await archiving.next_batch(progress, lambda number, error: None)
    return progress


async def entry_of(archiving: ArchiveActivities, number: str) -> ArchivedCase:
    (entry,) = await Ledger(archiving.database).entries(number)
    return entry


def files(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != ".lock"
    )


async def test_an_archived_case_can_be_read_without_the_program(either: Database, tmp_path: Path) -> None:
    await Directory(either).load(organisation(name="智办公"))
    number = await closed(either, "<script>收银台</script>打不出小票", "重启打印服务", attachments=["屏幕截图.png"])
    archiving = archiving_of(either, tmp_path)
    assert (await run(archiving)).archived == 1
    entry = await entry_of(archiving, number)
    assert (entry.file, entry.archived_at, entry.masked_at) == (f"2024/05/{number}.zip", LATER, None)
    path = tmp_path / "archive" / str(entry.file)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == entry.sha256
    with zipfile.ZipFile(path) as file:
        assert file.namelist() == ["case.html", "case.json", "SHA256SUMS"]
        file.extractall(tmp_path / "out")
    checking = await asyncio.create_subprocess_exec("sha256sum", "-c", "--quiet", "SHA256SUMS", cwd=tmp_path / "out")
    assert await checking.wait() == 0
    page = (tmp_path / "out" / "case.html").read_text("utf-8")
    for part in (
        number,
        "&lt;script&gt;收银台",
        "重启打印服务",
        "王芳",
        "受理登记",
        "Li Lei (tech-001)",
        "屏幕截图.png",
        "KB0001",
    ):
        assert part in page, part
    assert "<script" not in page
    case = json.loads((tmp_path / "out" / "case.json").read_text("utf-8"))
    record = await Cases(either).get(number)
    assert record is not None
    assert (case["form"], case["case"]) == (record.form, record.view)
    assert [one["sequence"] for one in case["timeline"]] == [one["sequence"] for one in record.timeline]
    assert {one["key"] for one in case["notifications"]} == {row.key for row in await Cases(either).outbox(number)}
    assert all(one["text"] and one["html"] for one in case["notifications"])
    assert case["article"]["solution"] == "重启打印服务"
    assert case["attachments"] == [{"name": "屏幕截图.png", "member": None, "size": None, "sha256": None}]


@pytest.mark.parametrize("locale", list(Locale))
async def test_a_case_of_an_earlier_release_is_archived_with_what_it_has(
    database: Database, tmp_path: Path, locale: Locale
) -> None:
    number = await closed(database, "打不出小票")
    few = {"number": number, "status": "closed", "priority": "P1", "type": "technical"}
    async with database.begin() as connection:
        await connection.execute(update(case_record).values(view=few))
        await connection.execute(update(registration).values(form={"channel": "portal"}))
    policy = load_policy("standard").model_copy(update={"locale": locale})
    archiving = archiving_of(database, tmp_path, policy=policy)
    assert (await run(archiving)).failures == ()
    with zipfile.ZipFile(archiving.store.path(str((await entry_of(archiving, number)).file))) as file:
        page = file.read("case.html").decode()
    assert {"zh_CN": "处理记录", "en": "What was done"}[locale] in page
    assert {"zh_CN": "<td>客户</td>", "en": "<td>the customer</td>"}[locale] in page


async def test_what_reviews_found_is_on_the_page(database: Database) -> None:
    number = await closed(database, "打不出小票")
    async with database.read() as connection:
        document = await read_case_document(connection, number)
    found = {"root_cause": "<b>驱动旧</b>", "measures": [{"what": "每月更新", "owner": "tech-head"}], "by": ["a", "b"]}
    page = ArchivePage(Locale.ZH_CN, "Asia/Shanghai").render({**document, "reviews": [{"view": found, "ended": None}]})
    assert "&lt;b&gt;驱动旧&lt;/b&gt;" in page
    assert "每月更新" in page and "a, b" in page and "ended" not in page


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_ten_thousand_cases_are_archived_with_templates_that_are_compiled_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await closed(database, "打不出小票")
    async with database.read() as connection:
        document = await read_case_document(connection, number)
    first = ArchivePage(Locale.ZH_CN, "Asia/Shanghai").render(document)
    monkeypatch.delattr(Environment, "compile")
    assert ArchivePage(Locale.ZH_CN, "Asia/Shanghai").render(document) == first


@pytest.mark.parametrize("locale", list(Locale))
def test_every_heading_of_the_page_has_its_word(locale: Locale) -> None:
    known = tomllib.loads((TEMPLATES / locale / "archive" / "words.toml").read_text("utf-8"))
    used = set(re.findall(r"words\.(\w+)", (TEMPLATES / "archive.html").read_text("utf-8")))
    assert used == set(known)


async def test_the_same_case_gives_the_same_file_and_a_second_run_nothing(either: Database, tmp_path: Path) -> None:
    number = await closed(either, "打不出小票")
    first = archiving_of(either, tmp_path / "first")
    await run(first)
    written = await entry_of(first, number)
    assert (await run(replace(first, now=lambda: LATER + DAY))).archived == 0
    assert await entry_of(first, number) == written
    again = await archiving_of(either, tmp_path / "second", now=lambda: LATER + DAY).archive_case(number)
    assert again.sha256 == written.sha256


async def test_what_a_customer_attached_goes_along_and_nothing_else_of_the_disk(
    database: Database, tmp_path: Path
) -> None:
    secret = tmp_path / "attachments" / "secret.txt"
    names = ["log.txt", "link.txt", "logs\\old.txt", "gone.png"]
    number = await closed(database, "打不出小票", attachments=names)
    (tmp_path / "attachments" / number).mkdir(parents=True)
    secret.write_text("密码")
    (tmp_path / "attachments" / number / "link.txt").symlink_to(secret)
    (tmp_path / "attachments" / number / "log.txt").write_text("第一行\n")
    (tmp_path / "attachments" / number / "logs\\old.txt").write_text("旧\n")
    archiving = archiving_of(database, tmp_path)
    await run(archiving)
    path = tmp_path / "archive" / str((await entry_of(archiving, number)).file)
    with zipfile.ZipFile(path) as file:
        assert file.namelist()[:2] == ["attachments/1-log.txt", "attachments/3-old.txt"]
        assert file.read("attachments/1-log.txt").decode() == "第一行\n"
        assert all("密码".encode() not in file.read(name) for name in file.namelist())
    kept = {one["name"]: one["size"] for one in read_package(path)["attachments"]}
    assert kept == {"log.txt": 10, "link.txt": None, "logs\\old.txt": 4, "gone.png": None}
    assert find_attachments(tmp_path / "attachments", number, ["../secret.txt", str(secret)]) == {}


async def test_no_name_and_no_character_keeps_a_case_from_being_archived(database: Database, tmp_path: Path) -> None:
    names = ["长" * 190 + ".png", "..", "a\u2028b?.txt", "x" * 200]
    number = await closed(database, "打不出小票", attachments=["a.txt"])
    async with database.begin() as connection:
        broken = {"channel": "portal", "description": {"symptom": "\ud83d 半个字"}, "attachments": names}
        raw = json.dumps(broken)
        await connection.execute(text("UPDATE registration SET form = :form"), {"form": raw})
    own = tmp_path / "attachments" / number
    own.mkdir(parents=True)
    (own / names[2]).write_text("?")
    archiving = archiving_of(database, tmp_path)
    assert (await run(archiving)).failures == ()
    path = archiving.store.path(str((await entry_of(archiving, number)).file))
    assert read_package(path)["form"] == broken
    unpacked = unpack(path, tmp_path / "out")
    assert all(place.is_relative_to(tmp_path / "out") and place.is_file() for place in unpacked)
    assert len(unpacked) == 4


async def test_only_what_has_been_closed_for_long_enough_is_archived(either: Database, tmp_path: Path) -> None:
    number = await closed(either, "打不出小票")
    await opened(either, "另一个问题")
    record = await Cases(either).get(number)
    assert record is not None and record.view is not None
    closed_at = MONDAY + timedelta(minutes=3)
    assert record.view["closed_at"] == closed_at.isoformat().replace("+00:00", "Z")
    early = archiving_of(either, tmp_path, now=lambda: closed_at + 30 * DAY - timedelta(seconds=1))
    assert await early.due() == ([], [], [])
    assert (await run(early)).archived == 0
    due = replace(early, now=lambda: closed_at + 30 * DAY)
    assert await due.due() == ([number], [], [])
    assert (await run(due)).archived == 1


async def test_a_case_with_a_message_still_on_its_way_waits(either: Database, tmp_path: Path) -> None:
    number = await closed(either, "打不出小票")
    await _message(either, status="pending")
    archiving = archiving_of(either, tmp_path)
    assert await archiving.due() == ([], [number], [])
    assert (await run(archiving)).archived == 0
    await _message(either, status="sent")
    assert (await run(archiving)).archived == 1


async def test_one_case_that_cannot_be_written_stops_no_other_and_is_seen(either: Database, tmp_path: Path) -> None:
    numbers = [await closed(either, "打不出小票") for _ in range(3)]
    archiving = archiving_of(either, tmp_path)
    blocked = tmp_path / "archive" / "2024" / "05" / f"{numbers[1]}.zip"
    (blocked / "in the way").mkdir(parents=True)
    done = await run(archiving)
    assert (done.archived, done.failed) == (2, 1)
    assert done.failures[0].number == numbers[1]
    assert "directory" in done.failures[0].reason.lower()
    (seen,) = [one for one in await Cases(either).attention(LATER) if one.reason == "not_archived"]
    assert (seen.number, seen.what, seen.since, seen.error) == (numbers[1], "archive", LATER, done.failures[0].reason)
    (blocked / "in the way").rmdir()
    blocked.rmdir()
    assert (await run(archiving)).archived == 1
    assert [one for one in await Cases(either).attention(LATER) if one.reason == "not_archived"] == []
    assert files(tmp_path / "archive") == sorted(f"2024/05/{number}.zip" for number in numbers)


async def test_a_folder_that_cannot_be_made_fails_every_case_and_no_run(database: Database, tmp_path: Path) -> None:
    number = await closed(database, "打不出小票")
    (tmp_path / "archive").write_text("a file")
    done = await run(archiving_of(database, tmp_path))
    assert (done.archived, [one.number for one in done.failures]) == (0, [number])


@pytest.mark.parametrize("moment", ["writing", "renaming", "marking", "committing"])
async def test_a_killed_run_is_made_good_by_the_next_one(tmp_path: Path, moment: str) -> None:
    from tests.activities.archive.process import archive_and_die  # which imports this module

    url = f"sqlite:///{tmp_path}/bihuan.db"
    database = Database.open(url)
    await database.migrate()
    number = await closed(database, "打不出小票")
    assert await ended(start(archive_and_die, url, tmp_path, moment)) == -signal.SIGKILL
    assert await Ledger(database).entries(number) == []
    left = {"writing": [f".{number}.zip.part"], "renaming": [f".{number}.zip.part"]}.get(moment, [f"{number}.zip"])
    assert [Path(name).name for name in files(tmp_path / "archive")] == left
    archiving = archiving_of(database, tmp_path)
    assert (await run(archiving)).archived == 1
    entry = await entry_of(archiving, number)
    assert entry.stored is not None
    assert archiving.store.state(entry.stored) is FileState.SOUND
    assert files(tmp_path / "archive") == [f"2024/05/{number}.zip"]
    assert (await archiving_of(database, tmp_path / "other").archive_case(number)).sha256 == entry.sha256
    await database.close()


async def test_a_half_written_file_from_elsewhere_is_replaced(database: Database, tmp_path: Path) -> None:
    number = await closed(database, "打不出小票")
    archiving = archiving_of(database, tmp_path)
    folder = tmp_path / "archive" / "2024" / "05"
    folder.mkdir(parents=True)
    (folder / f"{number}.zip").write_bytes(b"PK half of")
    (folder / f".{number}.zip.part").write_bytes(b"PK half of another and longer than what comes" * 10_000)
    assert (await run(archiving)).archived == 1
    assert read_package(folder / f"{number}.zip")["number"] == number
    assert files(tmp_path / "archive") == [f"2024/05/{number}.zip"]


async def test_the_schedule_and_a_person_may_archive_at_the_same_time(either: Database, tmp_path: Path) -> None:
    numbers = [await closed(either, "打不出小票") for _ in range(4)]
    one, other = archiving_of(either, tmp_path), archiving_of(either, tmp_path)
    done = await asyncio.gather(run(one), run(other))
    assert sum(each.failed for each in done) == 0
    entries = await Ledger(either).entries()
    assert [entry.number for entry in entries] == numbers
    assert all(entry.stored and one.store.state(entry.stored) is FileState.SOUND for entry in entries)


async def test_a_run_that_comes_second_everywhere_fails_nowhere_and_leaves_no_alarm(
    either: Database, tmp_path: Path
) -> None:
    numbers = [await closed(either, "打不出小票") for _ in range(3)]
    policy = load_policy("standard").model_dump(mode="json")
    masking = Policy.model_validate({**policy, "archive": {**policy["archive"], "mask_after": "365d"}})
    first = archiving_of(either, tmp_path, now=lambda: MUCH_LATER, policy=masking)

    class Overtaken(ArchiveActivities):
        """Whatever it has found to be due, the first run does before it."""

        async def _entry(self, number: str) -> ArchivedCase | None:
            await run(replace(first, store=ArchiveStore(tmp_path / "archive" / "beside")))
            return await super()._entry(number)

    second = Overtaken(**{name: getattr(first, name) for name in first.__dataclass_fields__})
    done = await run(second)
    assert (done.failed, done.failures) == (0, ())
    assert [entry.masked_at for entry in await Ledger(either).entries()] == [MUCH_LATER] * len(numbers)
    assert [one for one in await Cases(either).attention(MUCH_LATER) if one.reason == "not_archived"] == []


@pytest.mark.parametrize("step", ["archive", "mask"])
async def test_a_run_that_failed_where_another_did_not_leaves_no_alarm(
    either: Database, tmp_path: Path, step: str
) -> None:
    number = await closed(either, "打不出小票")
    archiving = archiving_of(either, tmp_path)
    await archiving.archive_case(number)
    await archiving.mask(number)
    async with either.begin() as connection:
        assert not await Ledger.failed(connection, number, step, "No space left on device", LATER)
    assert (await entry_of(archiving, number)).error is None


async def test_an_alarm_goes_when_nothing_is_to_be_masked_any_more(either: Database, tmp_path: Path) -> None:
    number = await closed(either, "打不出小票")
    archiving = archiving_of(either, tmp_path)
    await archiving.archive_case(number)
    async with either.begin() as connection:
        assert await Ledger.failed(connection, number, "mask", "not masked: its file is missing", LATER)
    assert "not_archived" in [one.reason for one in await Cases(either).attention(LATER)]
    policy = load_policy("standard").model_dump(mode="json")
    keeping = Policy.model_validate({**policy, "archive": {**policy["archive"], "mask_after": None}})
    await run(replace(archiving, policy=keeping))
    assert "not_archived" not in [one.reason for one in await Cases(either).attention(LATER)]


async def test_a_policy_that_archives_nothing_leaves_everything_where_it_is(database: Database, tmp_path: Path) -> None:
    await closed(database, "打不出小票")
    policy = load_policy("standard")
    without = Policy.model_validate({**policy.model_dump(mode="json"), "archive": {}})
    archiving = archiving_of(database, tmp_path, policy=without, now=lambda: MUCH_LATER)
    assert await archiving.due() == ([], [], [])
    assert (await run(archiving)).archived == 0


async def _message(database: Database, *, status: str) -> None:
    """The first message of the first case."""
    async with database.begin() as connection:
        key = await connection.scalar(outbox.select().with_only_columns(outbox.c.key).order_by(outbox.c.key).limit(1))
        await connection.execute(update(outbox).where(outbox.c.key == key).values(status=status))
