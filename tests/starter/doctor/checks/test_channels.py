"""What `bihuan doctor` says of channels before a message is lost on one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from activities.recording.activity import leave_deliveries_to_case
from starter.doctor.checks.channels import channels
from tests.activities.channels.made import ALIYUN, DINGTALK, SECRET, WECOM
from tests.activities.channels.vendors.vendor_server import ok, vendor_server
from tests.activities.policy.test_files import shipped
from tests.starter.doctor.test_doctor import lines, prepared, wrong
from worker.composition_root import build_activities
from worker.installation.settings import Settings
from workflows.domain.problem import Problem


def date(ahead: timedelta = timedelta()) -> str:
    return format_datetime(datetime.now(UTC) + ahead, usegmt=True)


async def test_a_channel_is_reached_and_nothing_is_sent_by_it(tmp_path: Path) -> None:
    async with vendor_server(lambda _: ok(b"", "404 Not Found", Date=date())) as vendor:
        ways: Any = {"sms": {**ALIYUN, "endpoint": vendor.url}, "group": {**WECOM, "endpoint": f"{vendor.url}/send"}}
        found = await lines(channels, Settings(data=tmp_path, channels=ways))
    assert not wrong(found)
    assert [(one.method, one.target, one.body) for one in vendor.received] == [("HEAD", "/", b"")] * 2
    assert "its key is not tried; carries created" in found[0].what
    assert SECRET not in str(found)


async def test_a_clock_that_differs_is_named_since_signatures_are_refused_by_it(tmp_path: Path) -> None:
    async with vendor_server(lambda _: ok(b"", Date=date(timedelta(hours=2)))) as vendor:
        ways: Any = {"group": {**DINGTALK, "endpoint": vendor.url}}
        [(status, what, todo)] = wrong(await lines(channels, Settings(data=tmp_path, channels=ways)))
    assert (status, "its clock is 120 min ahead of this one's" in what) == ("warning", True)
    assert "NTP" in todo


async def test_a_channel_that_is_away_is_named_without_its_key(tmp_path: Path) -> None:
    ways: Any = {"group": {**WECOM, "endpoint": "http://127.0.0.1:9/send"}}
    [(status, what, _)] = wrong(await lines(channels, Settings(data=tmp_path, channels=ways)))
    assert (status, "group (wecom_robot): 127.0.0.1:9 cannot be reached" in what) == ("fault", True)
    assert SECRET not in what


async def test_a_policy_that_names_a_channel_that_is_not_set_up_is_named_and_starts_no_worker(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        shipped("activities.policy", "standard.toml")
        + '\n[[delivery]]\naudience = "staff"\ndepartments = ["technical_support"]\nchannels = ["group", "pigeon"]\n'
        '[[delivery]]\naudience = "customer"\nchannels = ["group"]\n',
        "utf-8",
    )
    ways: Any = {"group": {**WECOM, "endpoint": "http://127.0.0.1:9/send"}}
    async with prepared(tmp_path, channels=ways, policy=str(own)) as installation:
        found = [what for _, what, _ in wrong(await lines(channels, installation.settings))]
        assert "policy: delivery[0]: pigeon is not set up; there are: group" in found
        assert "policy: delivery[1]: group leads to colleagues, not to customers; allowed: mail and SMS" in found
        assert any(one.startswith("group does not lead to ") for one in found)
        with pytest.raises(Problem, match="pigeon is not set up"):
            build_activities(None, installation, leave_deliveries_to_case)  # type: ignore[arg-type]
