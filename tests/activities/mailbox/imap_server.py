"""A real IMAP server (pymap) for a test run, with a folder of its own for each test."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from imapclient import IMAPClient

from activities.mailbox.settings import MailboxSettings
from tests.activities.mailbox.known import US
from tests.timeouts import TIMEOUT
from tests.worker.ports import free_ports

USER, PASSWORD = "demouser", "demopass"
_PYMAP = """
from pysasl.hashing import BuiltinHash
BuiltinHash.__init__.__kwdefaults__["rounds"] = 1
from pymap.main import main
main()
"""
"""With one round of hashing a password: half a million, as its own command makes, were most of what a test cost."""
_folders = itertools.count()


@contextmanager
def running_server() -> Iterator[int]:
    """The port it listens at."""
    [port] = free_ports(1)
    command = [sys.executable, "-c", _PYMAP, "--host", "127.0.0.1", "--port", str(port), "--no-tls", "dict",
               "--demo-data"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ) as server:
        try:
            _until_it_listens(port, server)
            yield port
        finally:
            server.terminate()


def _until_it_listens(port: int, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        with closing(socket.socket()) as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"pymap ended with {server.returncode}")


def client(port: int) -> IMAPClient:
    found = IMAPClient("127.0.0.1", port, ssl=False, timeout=TIMEOUT)
    found.login(USER, PASSWORD)
    return found


def new_folder(port: int, *mails: bytes) -> str:
    """A folder with these mails in it, none of them read."""
    name = f"Test{next(_folders)}"
    with client(port) as server:
        server.create_folder(name)
        for mail in mails:
            server.append(name, mail)
    return name


def put(port: int, folder: str, *mails: bytes) -> None:
    with client(port) as server:
        for mail in mails:
            server.append(folder, mail)


def mailbox(port: int, folder: str, **changes: object) -> MailboxSettings:
    given: dict[str, object] = {
        "address": US, "host": "127.0.0.1", "port": port, "tls": "none", "user": USER, "password": PASSWORD,
        "folder": folder, "poll": 5,
    }  # fmt: skip
    return MailboxSettings.model_validate(given | changes)
