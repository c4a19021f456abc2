"""All processes of an installation share its database, organisation, policy and time."""

from __future__ import annotations

import importlib.resources
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.database.database import ACTIVITY_LOCK_TIMEOUT, LOCK_TIMEOUT
from worker.installation.company_time import CompanyTime
from worker.installation.installation import open_installation
from worker.installation.settings import Settings, load_settings
from workflows.domain.problem import Problem

_REAL = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
_MONDAY = "2026-05-11T09:00+08:00"


@pytest.fixture
def data(tmp_path: Path, record_url: str) -> Path:
    """The data folder of an installation that has nothing yet, with its record there or on a server."""
    return tmp_path / "bihuan-data"


async def _time_of(settings: Settings, at: datetime = _REAL) -> tuple[float, datetime]:
    async with open_installation(settings, prepare=True, wall_clock=lambda: at) as installation:
        return installation.time.speed, installation.time.virtual(at)


async def test_every_process_of_an_installation_goes_by_the_time_it_began_with(data: Path) -> None:
    monday = datetime.fromisoformat(_MONDAY)
    assert await _time_of(load_settings(data=data, speed=60, virtual_start=_MONDAY)) == (60, monday)
    later = _REAL + timedelta(minutes=1)
    assert await _time_of(load_settings(data=data), later) == (60, monday + timedelta(hours=1))
    company = await CompanyTime.read(load_settings(data=data))
    assert company.virtual(later) == monday + timedelta(hours=1)


async def test_another_speed_on_the_same_cases_is_refused_in_one_line(data: Path) -> None:
    await _time_of(load_settings(data=data))
    with pytest.raises(Problem, match=r"^speed 60: this installation has run at speed 1 .* --data$"):
        await _time_of(load_settings(data=data, speed=60))
    with pytest.raises(Problem, match=r"^virtual_start 2026-05-11T09:00:00\+08:00: .* --data$"):
        await _time_of(load_settings(data=data, virtual_start=_MONDAY))


async def test_a_company_without_its_own_organisation_can_begin_with_the_sample(data: Path) -> None:
    async with open_installation(load_settings(data=data), prepare=True) as installation:
        await installation.settle_organisation()
        assert await installation.directory.current() is not None


async def test_an_organisation_file_that_is_not_in_force_is_pointed_out(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sample = importlib.resources.files("activities.organisation").joinpath("sample.toml").read_text("utf-8")
    own = data / "own.toml"
    own.write_text(sample, "utf-8")
    async with open_installation(load_settings(data=data, organisation=own), prepare=True) as installation:
        await installation.settle_organisation()
        await installation.settle_organisation()
        assert not caplog.records
        own.write_text(sample.replace('name = "', 'name = "新', 1), "utf-8")
        await installation.settle_organisation()
        assert f"`bihuan org load {own}` makes it so" in caplog.text
        own.unlink()
        with pytest.raises(Problem, match=r"own\.toml: cannot be read"):
            await installation.settle_organisation()


async def test_times_are_shown_by_the_companys_wall_clock_whatever_the_machine(data: Path) -> None:
    async with open_installation(load_settings(data=data), prepare=True):
        company = await CompanyTime.read(load_settings(data=data))
    shown = company.localized(
        {"at": "2026-05-11T01:00:00Z", "text": "2026-05-11", "list": [{"due": "2026-05-11T01:00:00+00:00"}]}
    )
    assert shown == {
        "at": "2026-05-11T09:00:00+08:00",
        "text": "2026-05-11",
        "list": [{"due": "2026-05-11T09:00:00+08:00"}],
    }


async def test_looking_at_cases_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="there is none; start `bihuan up` once"):
        async with open_installation(load_settings(data=tmp_path / "typo")):
            pass
    assert not (tmp_path / "typo").exists()


async def test_a_start_beside_a_program_that_holds_the_record_ends_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(data=tmp_path)
    await _time_of(settings)
    monkeypatch.setattr("activities.database.database.LOCK_TIMEOUT", timedelta(milliseconds=100))
    with closing(sqlite3.connect(tmp_path / "bihuan.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Problem, match=r"^the database .*bihuan\.db is locked by another process for .* try again$"):
            await _time_of(settings)


async def test_activities_wait_no_longer_for_the_record_than_they_have_time(tmp_path: Path) -> None:
    async with open_installation(load_settings(data=tmp_path), prepare=True) as installation:
        assert installation.database.lock_timeout == LOCK_TIMEOUT
        assert installation.for_activities().database.lock_timeout == ACTIVITY_LOCK_TIMEOUT
        assert installation.for_activities().register is not installation.register
