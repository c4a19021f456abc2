"""A service as a process: what came in before its start is handled, and stopping loses nothing."""

from __future__ import annotations

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.starter.command_line import bihuan, intake_form, make_installation, refused, started
from tests.starter.forked import Forked
from tests.worker.ports import free_ports


@contextmanager
def up(folder: Path, *ports: int) -> Iterator[Forked]:
    """`bihuan up` as a process, from its line of readiness to its end; whatever it says is read."""
    process, stderr = started(
        "up", "--port", str(ports[0]), "--ui-port", str(ports[1]), "--web-port", str(ports[2]),
        folder=folder, environment={"BIHUAN_SERVER__SYNCHRONOUS": "normal"},
    )  # fmt: skip
    with os.fdopen(stderr, encoding="utf-8") as said:
        first = said.readline()
        assert first.startswith("bihuan: ready: Temporal at 127.0.0.1:"), first + said.read()
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            said.read()
            process.join()


def _judged(folder: Path, *arguments: str) -> dict[str, Any]:
    """The command, again and again under one id until a worker has judged it: how soon that is, is the machine's."""
    while True:
        said = bihuan(*arguments, "--command-id", arguments[0], "--json", folder=folder)
        assert not said.stderr, said
        answer = json.loads(said.stdout)
        if answer["outcome"] != "queued":
            return dict(answer)


def test_what_came_in_before_the_service_ran_is_handled_and_stopping_loses_nothing(tmp_path: Path) -> None:
    make_installation(tmp_path)
    form = json.dumps(intake_form(intake_key="k"), ensure_ascii=False)
    number = json.loads(bihuan("open", "-", "--json", folder=tmp_path, given=form).stdout)["number"]
    ports = free_ports(3)
    with up(tmp_path, *ports) as service:
        noted = _judged(tmp_path, "note", number, "--as", "operator", "--text", "启动前登记")
        assert noted["outcome"] in {"accepted", "rejected"}, noted
        owner = json.loads(bihuan("show", number, "--json", folder=tmp_path).stdout)["owner"]
        assert owner
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[2]}/readyz") as pages:
            assert json.load(pages) == {"ready": True, "problems": []}
        second = refused("up", "--port", str(ports[0]), folder=tmp_path)
        assert (second.returncode, second.stderr.count("\n")) == (1, 1)
        assert f"(pid {service.pid})" in second.stderr
    assert service.returncode == 0
    unreachable = refused("claim", number, "--as", owner, folder=tmp_path)
    assert unreachable.returncode == 1
    assert "start one with `bihuan up`" in unreachable.stderr
    with up(tmp_path, *ports) as service:
        assert _judged(tmp_path, "claim", number, "--as", owner) == {
            "number": number,
            "command": "claim",
            "command_id": "claim",
            "outcome": "accepted",
            "reason": None,
        }
    assert service.returncode == 0
    assert json.loads(bihuan("show", number, "--json", folder=tmp_path).stdout)["status"] == "in_progress"
