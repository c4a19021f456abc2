"""One real server, worker and mail server for all tests of this folder; commands are processes of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.activities.delivery.mail_server import mail_server
from tests.starter.end_to_end.desk import SENDER, SOLUTION, ClosedCase, Desk, take_in
from tests.starter.installation import Installation, running


@pytest.fixture(scope="package")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """An installation where it is Monday morning, whatever the day of the test."""
    async with (
        mail_server() as mail,
        running(
            tmp_path_factory.mktemp("desk"),
            BIHUAN_SMTP_URL=mail.url(),
            BIHUAN_MAIL_FROM=SENDER,
            BIHUAN_VIRTUAL_START="2026-05-11T09:00+08:00",
        ) as installation,
    ):
        yield Desk(installation, mail, await take_in(installation))


@pytest.fixture(scope="package")
def installation(desk: Desk) -> Installation:
    return desk.installation


@pytest.fixture(scope="package")
async def closed_case(desk: Desk) -> ClosedCase:
    """The standard case, by commands alone."""
    installation, number = desk.installation, desk.numbers["life"]
    opened: dict[str, Any] = (await installation.run("show", number, "--json")).value
    owner = opened["owner"]
    steps: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("claim", owner, ("--command-id", "claim-1")),
        ("reply", owner, ("--text", "已定位到同步服务异常,正在修复")),
        ("progress", owner, ("--text", "方案测试中", "--step", "1")),
        ("resolve", owner, SOLUTION),
        ("confirm", "customer", ()),
        ("rate", "customer", ("--score", "非常满意", "--comment", "处理很快")),
    )
    outcomes = {name: await installation.send(name, number, by, *arguments) for name, by, arguments in steps}
    await installation.until_closed(number)
    return ClosedCase(number, owner, opened, outcomes, (await installation.run("show", number, "--json")).value)
