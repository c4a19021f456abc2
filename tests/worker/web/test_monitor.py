"""What a monitoring system gets to see when something is wrong: nothing old, and one line where it cannot be served."""

from __future__ import annotations

import asyncio
import urllib.request
from pathlib import Path

import pytest
from temporalio.runtime import PrometheusConfig

from tests.timeouts import TIMEOUT
from tests.worker.ports import free_ports
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from worker.web.monitor import open_monitor
from workflows.domain.problem import Problem


def _scrape(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=TIMEOUT) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text: str = answer.read().decode()
    return text


async def test_a_record_that_cannot_be_read_gives_no_old_figures_and_is_named(tmp_path: Path) -> None:
    port, nobody = free_ports(2)
    settings = Settings(data=tmp_path / "data", monitor=f"127.0.0.1:{port}", build_id="1.4.0")
    gone = PrometheusConfig(bind_address=f"127.0.0.1:{nobody}")
    async with open_monitor(settings, gone) as monitor, open_installation(settings, prepare=True) as installation:
        before = await asyncio.to_thread(_scrape, port)
        assert 'build_id="1.4.0"' in before
        assert "bihuan_cases_open" not in before
        monitor.watch(installation)
        good = await asyncio.to_thread(_scrape, port)
        assert "bihuan_record_readable 1.0" in good
        assert 'bihuan_cases_open{priority="P0",status="dispatched"} 0.0' in good
        await installation.database.close()
        (tmp_path / "data" / "bihuan.db").rename(tmp_path / "elsewhere.db")
        assert monitor.metrics is not None
        # As if the minute had passed for which figures are good.
        monitor.metrics.watch(installation)
        bad = await asyncio.to_thread(_scrape, port)
        assert "bihuan_record_readable 0.0" in bad
        assert "bihuan_cases_open" not in bad


async def test_an_address_that_is_taken_is_one_line(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    settings = Settings(data=tmp_path, monitor=f"127.0.0.1:{port}")
    async with open_monitor(settings):
        with pytest.raises(
            Problem, match=rf"^monitor 127\.0\.0\.1:{port}: cannot be listened on \(Address already in use\)"
        ):
            async with open_monitor(settings):
                pass


async def test_nothing_is_served_unless_it_is_asked_for(tmp_path: Path) -> None:
    async with open_monitor(Settings(data=tmp_path)) as monitor:
        assert monitor.metrics is None
