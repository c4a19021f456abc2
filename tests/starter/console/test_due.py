"""A due time without an offset is the company's own, wherever one is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from starter.console.cases import staff
from starter.console.sender import Sender
from tests.starter.command_line import make_record
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from workflows.domain.problem import Problem


@pytest.fixture
async def sender(tmp_path: Path) -> Sender:
    make_record(tmp_path / "data")
    async with open_installation(Settings(data=tmp_path / "data"), prepare=True):
        return Sender(by="agent-001", data=str(tmp_path / "data"))


@pytest.mark.parametrize(
    ("due", "sent"),
    [
        ("2026-05-12T17:00", "2026-05-12T17:00:00+08:00"),
        ("2026-05-12 17:00", "2026-05-12T17:00:00+08:00"),
        ("2026-05-12", "2026-05-12T23:59:00+08:00"),
        ("2026-05-12T17:00Z", "2026-05-12T17:00:00+00:00"),
        (None, None),
    ],
)
async def test_collaboration_is_due_on_the_company_s_clock(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, due: str | None, sent: str | None
) -> None:
    found: dict[str, Any] = {}

    async def send(*_: object, **fields: Any) -> int:
        found.update(fields)
        return 0

    monkeypatch.setattr(staff, "send_command", send)
    await staff.collaborate("FB202605110001", department="product", duty="确认", due=due, sender=sender)
    assert found["due"] == sent


async def test_a_due_time_that_is_none_is_one_line(sender: Sender) -> None:
    with pytest.raises(Problem, match="--due 'tomorrow' is no time; allowed: 2026-06-05 or 2026-06-05T18:00"):
        await staff.collaborate("FB202605110001", department="product", duty="确认", due="tomorrow", sender=sender)
