"""The doctor names files whose bytes are missing, a store that cannot be used, and a scanner that is away (R41)."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from starter.doctor.check import CheckResult, CheckStatus
from starter.doctor.checks.files import files
from starter.doctor.context import DoctorContext
from starter.services.cases.files import attach_to_new, files_of, receive
from starter.services.intake.submissions import Intake
from tests.activities.files import made
from tests.activities.files.clamd import Clamd
from tests.starter.command_line import intake_form
from tests.worker.ports import free_ports
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import Settings
from workflows.domain.vocabulary import Via


@pytest.fixture
async def installation(tmp_path: Path, migrated_file: Path) -> AsyncIterator[Installation]:
    """With one case that has one file."""
    shutil.copy(migrated_file, tmp_path / "bihuan.db")
    async with open_installation(Settings(data=tmp_path), prepare=True) as opened:
        await opened.settle_organisation()
        number = (await Intake(opened, None).accept(intake_form())).number
        received = await receive(opened, "a.pdf", made.in_portions(made.PDF), by="customer", via=Via.LINK)
        await attach_to_new(opened, number, [received.id])
        yield opened


async def lines(settings: Settings) -> list[CheckResult]:
    context = DoctorContext(settings)
    try:
        return list(await files(context))
    finally:
        await context.close()


async def test_all_is_well_where_the_bytes_are_there_and_the_scanner_answers(installation: Installation) -> None:
    async with Clamd().listening() as address:
        found = await lines(installation.settings.model_copy(update={"clamd": address}))
    assert [one.status for one in found] == [CheckStatus.OK, CheckStatus.OK]
    assert found[1].what == "the bytes of 1 files are there"


async def test_missing_and_cut_bytes_are_named_by_their_case(installation: Installation) -> None:
    number = str(await installation.register.unstarted(1)).strip("[]'")
    (file,) = await files_of(installation, number)
    place = installation.settings.data / "files" / str(file.sha256)[:2] / str(file.sha256)
    for break_it in (lambda: place.write_bytes(b"cut"), place.unlink):
        break_it()
        (found,) = await lines(installation.settings)
        assert (found.status, number in found.what) == (CheckStatus.FAULT, True)


async def test_a_scanner_that_is_away_is_a_warning_and_a_store_that_is_none_a_fault(
    installation: Installation, tmp_path: Path
) -> None:
    away = {"clamd": f"tcp://127.0.0.1:{free_ports(1)[0]}"}
    found = await lines(installation.settings.model_copy(update=away))
    assert [one.status for one in found] == [CheckStatus.WARNING, CheckStatus.OK]
    (found_too,) = await lines(installation.settings.model_copy(update={"files": "gs://elsewhere"}))
    assert found_too.status is CheckStatus.FAULT
    assert "allowed: a folder, or s3://bucket/prefix" in found_too.what
