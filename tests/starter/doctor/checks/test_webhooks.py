"""What `bihuan doctor` says of systems before an event is late (R47)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from activities.webhooks.switch import Switch
from starter.doctor.checks.webhooks import webhooks
from tests.activities.channels.vendors.vendor_server import ok, vendor_server
from tests.activities.webhooks.told import HERE, SECRET
from tests.starter.doctor.checks.test_channels import date
from tests.starter.doctor.test_doctor import lines, prepared, wrong
from worker.installation.settings import Settings


async def test_a_system_is_reached_without_an_event_and_what_is_wrong_with_one_is_named(tmp_path: Path) -> None:
    late = date(timedelta(hours=2))
    async with vendor_server(lambda _: ok(b"", "404 Not Found", Date=late)) as shop:
        told: Any = {
            "shop": {"url": f"{shop.url}/T0pSecret", "secret": SECRET, "allow_private": HERE, "departments": ["moon"]},
            "inside": {"url": "https://169.254.169.254/", "secret": SECRET, "allow_private": True},
        }
        async with prepared(tmp_path, webhooks=told) as installation:
            await Switch(installation.database, "shop", told["shop"]["url"]).turn(on=False)
            await installation.settle_organisation()
            found = await lines(webhooks, installation.settings)
    assert [(one.method, one.target) for one in shop.received] == [("HEAD", "/")]
    assert [(status, what.partition(" (")[0].partition(": h")[0]) for status, what, _ in wrong(found)] == [
        ("warning", "shop: its clock is 120 min ahead of this one's: it will refuse the time stamps"),
        ("fault", "inside: 169.254.169.254:443 cannot be reached: ConnectError"),
        ("fault", "shop"),
        ("warning", "shop: there is no department moon"),
    ]
    assert "T0pSecret" not in str(found)


async def test_no_system_is_no_fault_and_a_secret_that_cannot_be_read_is_one(tmp_path: Path) -> None:
    assert not wrong(await lines(webhooks, Settings(data=tmp_path)))
    told: Any = {"shop": {"url": "https://shop.example.com", "secret_file": tmp_path / "none"}}
    [(status, what, _)] = wrong(await lines(webhooks, Settings(data=tmp_path, webhooks=told)))
    assert (status, "webhooks.shop: secret_file:" in what) == ("fault", True)
