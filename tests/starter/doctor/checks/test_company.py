"""What a company has written down is checked against its record: policy, people, holidays."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from activities.organisation.loading import load_organisation
from activities.queries.monitoring.sweeps import keep_sweep
from starter.doctor.checks.company import calendar, organisation, policy
from tests.activities.policy.test_files import shipped
from tests.starter.doctor.test_doctor import MONDAY, lines, own_organisation, prepared, wrong
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from workflows.ports import SweepRun

# What the company has written down


async def test_a_policy_that_names_unknown_departments_or_people_is_named(tmp_path: Path) -> None:
    content = shipped("activities.policy", "standard.toml")
    own = tmp_path / "own.toml"
    changed = content.replace('department = "after_sales"', 'department = "aftersales"', 1)
    own.write_text(changed.replace("recipients = []", 'recipients = ["nobody-001", "a@example.com"]'), "utf-8")
    async with prepared(tmp_path, policy=str(own)) as installation:
        found = wrong(await lines(organisation, installation.settings))
        assert [status for status, *_ in found] == ["fault", "fault"]
        assert "'aftersales' is no department of the organisation" in found[0][1]
        assert "nobody in the organisation: nobody-001" in found[1][1]
        run = SweepRun(began=MONDAY, ended=MONDAY, every=120, policy="another")
        await keep_sweep(installation.database, run, ())
        [(status, what, todo)] = wrong(await lines(policy, installation.settings))
        assert (status, "the worker goes by another policy" in what) == ("warning", True)
        assert "bihuan retime --all" in todo
        own.write_text(content.replace('id = "technical"', 'idd = "technical"', 1), "utf-8")
        found = wrong(await lines(policy, installation.settings))
        assert found
        assert all(status == "fault" and "own.toml: types" in what for status, what, _ in found)


async def test_days_without_a_duty_manager_and_groups_without_anybody_are_named(tmp_path: Path) -> None:
    away = 'away = [{ first = 2026-05-13, last = 2026-05-14 }]\nid = "duty-001"'
    path = own_organisation(
        tmp_path,
        ('id = "duty-001"', away),
        ('email = "duty-002@example.com"\n', ""),
    )
    content = path.read_text("utf-8")
    agents = [one.id for one in load_organisation(path).members("tech-support")]
    for key in agents:
        content = content.replace(f'id = "{key}"\n', f'id = "{key}"\naway = true\n', 1)
    path.write_text(content, "utf-8")
    sending: dict[str, Any] = {"smtp_url": SecretStr("smtp://127.0.0.1:9"), "mail_from": "support@example.com"}
    async with prepared(tmp_path, organisation=path, virtual_start=MONDAY, **sending) as installation:
        found = wrong(await lines(organisation, installation.settings))
        said = {what.partition(":")[0]: (status, what) for status, what, _ in found}
        assert set(said) == {
            "group tech-support", "the duty manager is away", "1 people have no mail address",
        }  # fmt: skip
        status, gap = said["the duty manager is away"]
        assert (status, "2026-05-13 (duty-001), 2026-05-14 (duty-001)" in gap) == ("fault", True)
        assert said["1 people have no mail address"][1].endswith(": duty-002")
        path.write_text(content.replace("启明", "新启明"), "utf-8")
        again = wrong(await lines(organisation, installation.settings))
        assert ("warning", f"{path} is not the organisation in force", f"bihuan org load {path}") in again
    async with open_installation(Settings(data=tmp_path / "bare"), prepare=True) as bare:
        [(status, _, todo)] = wrong(await lines(organisation, bare.settings))
        assert (status, todo) == ("fault", "bihuan org load FILE")


async def test_holidays_that_are_not_announced_yet_are_named(tmp_path: Path) -> None:
    async with prepared(tmp_path, virtual_start=datetime(2051, 1, 2, tzinfo=UTC)) as installation:
        [(status, what, todo)] = wrong(await lines(calendar, installation.settings))
    assert (status, "holidays of 2051 are not announced" in what) == ("warning", True)
    assert "bihuan retime --all" in todo
