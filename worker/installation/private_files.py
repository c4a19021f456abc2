"""What an installation keeps on a machine is for its own user alone: the data folder, its files, keys and settings.

Whatever is made in the data folder is made private; what an earlier release or a restored copy left open is closed at
the start, and what is not the installation's own to close is named.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from activities.database.url import DatabaseUrl
from worker.installation.config_file import SECRETS, config_file, read_config
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from worker.installation.settings import Settings

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OWN = (
    "bihuan.db*", "temporal.db*", "temporal.log*", "up.lock", "endpoint.json*", "codec-address*", "*.partial-*",
    "link-keys*", "archive", "attachments", "files", "reports",
)  # fmt: skip
"""Names that bihuan gives to what it makes in a data folder."""


@dataclass(frozen=True)
class OpenPath:
    """A file or folder that other accounts of the machine can get at: `what` it is, and its permission bits."""

    what: str
    path: Path
    mode: int
    wanted: int

    @property
    def finding(self) -> str:
        """What is wrong, in one line."""
        return f"{self.what} {self.path} is open to other accounts of this machine (mode {self.mode:04o})"

    @property
    def todo(self) -> str:
        """The command that closes it."""
        return f"chmod {self.wanted:o} {self.path}"


def make_data_folder(data: Path) -> None:
    """Make the data folder where there is none, and close it and its files to others where they are this user's.

    A folder that holds other things than bihuan's stays as it is, since others may need those; its files are closed.

    Raises:
        Problem: the folder cannot be made.
    """
    try:
        data.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        entries = list(data.iterdir())
    except OSError as error:
        why = "is a file" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
        raise Problem(f"data folder {data}: {why}; choose another with --data") from None
    own = [entry for entry in entries if _is_own(entry)]
    if len(own) == len(entries):
        _close(data)
    for entry in own:
        _close(entry)


def write_private(file: Path, text: str) -> None:
    """Write a small file that only this user can read, all of it or nothing, also where the power fails.

    Raises:
        OSError: it cannot be written.
    """
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        partial.touch(PRIVATE_FILE)
        with partial.open("w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        partial.replace(file)
    except OSError:
        partial.unlink(missing_ok=True)  # on a full disk a new one would stay behind at every start
        raise


def close_database_file(database: str) -> None:
    """Make a record in a SQLite file private, wherever it is; one that is not there yet is made, empty."""
    for file in _database_files(database):
        # Only one that is new is opened: to close a file drops every lock that this process holds on it, and with them
        # what keeps SQLite's writers apart (sqlite.org/howtocorrupt.html, 2.2).
        with suppress(OSError):
            os.close(os.open(file, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE))
        for one in _with_logs(file):
            _close(one)


def open_paths(settings: Settings) -> list[OpenPath]:
    """What other accounts of this machine can read or write, and should not: customers' data, keys and passwords."""
    found = list(_open("data folder", settings.data, PRIVATE_FOLDER))
    if settings.data.is_dir() and not _is_closed(settings.data):
        with suppress(OSError):
            for entry in sorted(settings.data.iterdir()):
                if _is_own(entry) and not entry.is_symlink():
                    found += _open("file" if entry.is_file() else "folder", entry, _wanted(entry))
    for file in _database_files(settings.database):
        if file.resolve().parent != settings.data.resolve():
            for one in _with_logs(file):
                found += _open("record", one, PRIVATE_FILE)
    files = Path(settings.files) if settings.files and "://" not in settings.files else None
    if files is not None:
        found += _open("files", files, PRIVATE_FOLDER)
    for name, folder in (("archive", settings.archive), ("reports", settings.reports)):
        # A folder of the company's own choice may be meant for a group, never for everybody.
        if folder is not None:
            found += _open(name, folder, 0o750, to=stat.S_IRWXO)
    found += [one for what, file in _secret_files(settings) for one in _open(what, file, PRIVATE_FILE)]
    if (toml := config_file()) is not None and SECRETS & read_config().keys():
        # The units of docs/deploy let the group of the service read its settings.
        found += _open("settings file with passwords or keys", toml, 0o640, to=stat.S_IRWXO)
    return found


def _secret_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Files of keys and passwords that the settings name, and what each is."""
    named = (
        ("file of keys", settings.encryption_keys_file), ("file of keys", settings.link_keys_file),
        ("key of the pages", settings.web.key_file), ("secret of the sign-on", settings.oidc.client_secret_file),
    )  # fmt: skip
    yield from ((what, file) for what, file in named if file is not None)
    for name, mailbox in settings.mailboxes.items():
        yield from ((f"secret of mailbox {name}", file) for file in mailbox.secret_files())
    for name, channel in settings.channels.items():
        yield from ((f"secret of channel {name}", file) for file in channel.secret_files())
    for name, webhook in settings.webhooks.items():
        yield from ((f"secret of webhook {name}", file) for file in webhook.secret_files())


def _is_own(entry: Path) -> bool:
    return any(fnmatch(entry.name, pattern) for pattern in _OWN)


def _with_logs(file: Path) -> Iterator[Path]:
    """A SQLite file, and what SQLite keeps beside it."""
    return (one for one in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))) if one.exists())


def _database_files(database: str) -> list[Path]:
    address = DatabaseUrl.parse(database)
    return [address.path] if address.kind == "sqlite" else []


def _wanted(path: Path) -> int:
    return PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE


def _close(path: Path) -> None:
    """Take every right from others, where the file is this user's; a link is left alone."""
    with suppress(OSError):
        now = path.lstat()
        ours = now.st_uid == os.geteuid() and not now.st_mode & stat.S_ISVTX
        if ours and now.st_mode & _OTHERS and (stat.S_ISREG(now.st_mode) or stat.S_ISDIR(now.st_mode)):
            path.chmod(stat.S_IMODE(now.st_mode) & ~_OTHERS)


def _open(what: str, path: Path, wanted: int, *, to: int = _OTHERS) -> Iterator[OpenPath]:
    with suppress(OSError):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & to:
            yield OpenPath(what, path, mode, wanted)


def _is_closed(folder: Path) -> bool:
    return not folder.stat().st_mode & _OTHERS
