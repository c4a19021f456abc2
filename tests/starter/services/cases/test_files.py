"""Files from a customer's hand to the case and back, without a server: received, given to a case, read, shown (R41)."""

from __future__ import annotations

import io
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import update

from activities.database.tables import file
from activities.files.refusal import FileRefusal, FileRefusedError, FileStoreError
from starter.services.cases import files
from starter.services.cases.files import CaseFile, ReceivedFile
from starter.services.intake.submissions import Intake
from tests.activities.files import made
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import Settings
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import ScanState, Via

FORM = {
    "channel": "portal",
    "customer": {"name": "测试客户", "phone": "13800000000"},
    "description": {"symptom": "保存时报错"},
}


@pytest.fixture
async def installation(tmp_path: Path, migrated_file: Path) -> AsyncIterator[Installation]:
    settings = Settings(data=tmp_path)
    shutil.copy(migrated_file, tmp_path / "bihuan.db")
    async with open_installation(settings, prepare=True) as opened:
        await opened.settle_organisation()
        yield opened


async def received(installation: Installation, name: str = "photo.jpg", content: bytes | None = None) -> ReceivedFile:
    chunks = made.in_portions(made.photo_with_place() if content is None else content)
    return await files.receive(installation, name, chunks, by="customer", via=Via.LINK)


async def registered(installation: Installation, **form: Any) -> str:
    return (await Intake(installation, None).accept(FORM | form)).number


async def content_of(installation: Installation, one: CaseFile) -> bytes:
    _, chunks = await files.read_file(installation, one.number, one.id)
    return b"".join([chunk async for chunk in chunks])


async def test_what_was_handed_in_with_a_case_is_read_back_as_it_was(installation: Installation) -> None:
    both = [await received(installation, "image.jpg"), await received(installation, "image.jpg", made.picture())]
    number = await registered(installation, attachments=[one.name for one in both])
    await files.attach_to_new(installation, number, [one.id for one in both])
    found = await files.files_of(installation, number)
    assert [(one.id, one.name, one.type, one.by, one.via) for one in found] == [
        (one.id, "image.jpg", "jpeg", "customer", "link") for one in both
    ]
    assert [await content_of(installation, one) for one in found] == [made.photo_with_place(), made.picture()]
    assert found[0].media_type == "image/jpeg"


async def test_the_same_submission_again_gives_a_case_no_file_twice(installation: Installation) -> None:
    number = await registered(installation)
    for _ in range(2):
        await files.attach_to_new(installation, number, [(await received(installation)).id])
    assert len(await files.files_of(installation, number)) == 1


async def test_a_preview_is_small_upright_and_tells_nothing_of_where_it_was_taken(installation: Installation) -> None:
    number = await registered(installation)
    one = await received(installation)
    await files.attach_to_new(installation, number, [one.id])
    shown = await files.preview(installation, number, one.id)
    assert shown is not None
    with Image.open(io.BytesIO(shown)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (40, 60))
        assert not picture.getexif()
        assert "comment" not in picture.info
    assert b"Made-up Maker" not in shown


@pytest.mark.parametrize(
    ("name", "content"),
    [("flood.png", made.flood()), ("cut.jpg", made.picture()[:40]), ("a.pdf", made.PDF), ("IMG.heic", made.HEIC)],
)
async def test_what_cannot_be_shown_small_is_taken_and_has_no_preview(
    installation: Installation, name: str, content: bytes
) -> None:
    number = await registered(installation)
    one = await received(installation, name, content)
    await files.attach_to_new(installation, number, [one.id])
    assert await files.preview(installation, number, one.id) is None
    (found,) = await files.files_of(installation, number)
    assert await content_of(installation, found) == content


async def test_nobody_reads_a_file_by_the_number_of_another_case(installation: Installation) -> None:
    one, other = await registered(installation), await registered(installation, description={"symptom": "别的问题"})
    mine, staged = await received(installation), await received(installation)
    await files.attach_to_new(installation, one, [mine.id])
    for number, id_ in ((other, mine.id), (one, staged.id), (one, "0" * 32), (one, "../../etc/passwd")):
        with pytest.raises(LookupError):
            await files.read_file(installation, number, id_)
        assert await files.preview(installation, number, id_) is None


async def test_an_infected_file_is_listed_and_never_given_out(installation: Installation) -> None:
    number = await registered(installation)
    one = await received(installation)
    await files.attach_to_new(installation, number, [one.id])
    async with installation.database.begin() as connection:
        await connection.execute(update(file).values(scan=ScanState.INFECTED.value))
    (found,) = await files.files_of(installation, number)
    assert found.scan is ScanState.INFECTED
    with pytest.raises(LookupError):
        await files.read_file(installation, number, one.id)
    assert await files.preview(installation, number, one.id) is None


async def test_bytes_that_are_gone_are_said_to_be_missing(installation: Installation) -> None:
    number = await registered(installation)
    one = await received(installation)
    await files.attach_to_new(installation, number, [one.id])
    (found,) = await files.files_of(installation, number)
    installation.file_store.discard(found.sha256 or "")
    with pytest.raises(FileStoreError, match="missing"):
        await files.read_file(installation, number, one.id)


async def test_what_is_given_up_before_it_has_a_case_leaves_nothing(installation: Installation, tmp_path: Path) -> None:
    one = await received(installation)
    await files.discard_staged(installation, [one.id])
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file() and path.name != ".lock"]


async def test_a_file_for_a_case_that_is_not_there_is_not_taken(installation: Installation) -> None:
    with pytest.raises(Problem, match="there is no such case"):
        await files.receive(
            installation, "a.pdf", made.in_portions(made.PDF), by="customer", via=Via.LINK, case="FB202605110001"
        )


async def test_a_name_that_is_none_is_refused_with_a_reason(installation: Installation) -> None:
    with pytest.raises(FileRefusedError) as refused:
        await received(installation, "..")
    assert refused.value.reason_code is FileRefusal.NO_NAME
