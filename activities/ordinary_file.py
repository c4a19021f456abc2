"""Opening ordinary files alone: no pipe, no device, nothing endless, and in folders of ours no link.

What a file is, is asked of the opened file, so that nobody can exchange it in between.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import BinaryIO

_READING = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
"""Not waiting: opening a pipe would last until somebody writes into it."""
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {
    stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}  # fmt: skip


def open_ordinary(path: Path) -> BinaryIO:
    """Open a file that a person or a setting names, to read its bytes; a link to one is followed.

    Raises:
        OSError: it cannot be opened, or is no ordinary file; `strerror` says so.
    """
    try:
        return _checked(os.open(path, _READING), path)
    except ValueError:  # a NUL character
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from None


def read_ordinary(path: Path, largest: int) -> bytes:
    """All of such a file.

    Raises:
        OSError: it cannot be read, is no ordinary file, or is longer than so many bytes; `strerror` says so.
    """
    with open_ordinary(path) as file:
        return _whole(file, path, largest)


def open_inside(folder: Path, name: str) -> BufferedReader:
    """Open a file in a folder of ours, to read its bytes; `name` may have folders before it, with `/` between.

    Neither the folder, nor one below it, nor the file may be a link.

    Raises:
        OSError: it cannot be opened, is a link, or is no ordinary file in the folder; `strerror` says so.
    """
    path = folder / name
    *above, _ = _parts(name, path)
    place = folder
    descriptor = _open(place, FOLDER)
    try:
        for part in above:
            place /= part
            below = _open(place, FOLDER, within=descriptor)
            os.close(descriptor)
            descriptor = below
        return _checked(_open(path, _READING | os.O_NOFOLLOW, within=descriptor), path)
    finally:
        os.close(descriptor)


def read_inside(folder: Path, name: str, largest: int) -> bytes:
    """All of such a file.

    Raises:
        OSError: as `open_inside`; or it is longer than so many bytes.
    """
    with open_inside(folder, name) as file:
        return _whole(file, folder / name, largest)


def write_inside(folder: Path, name: str, text: str) -> Path:
    """Write a file of a folder whole: it is there with all of the text, or as it was. A link of that name is replaced,
    never followed.

    Raises:
        OSError: it cannot be written.
    """
    path, part = folder / name, folder / f".{name}"
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    return part.replace(path)


def write_together(folder: Path, files: Mapping[str, str]) -> None:
    """Write files that belong together into a folder, which is made where there is none. Nobody else does meanwhile: a
    Schedule and people may make the same ones at the same time.

    Raises:
        OSError: the folder cannot be made or written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for name, text in files.items():
            write_inside(folder, name, text)
    finally:
        os.close(descriptor)


def is_inside(folder: Path, name: str) -> bool:
    """Whether there is such a file that can be read."""
    try:
        open_inside(folder, name).close()
    except OSError:
        return False
    return True


def _open(path: Path, flags: int, *, within: int | None = None) -> int:
    try:
        return os.open(path if within is None else path.name, flags, dir_fd=within)
    except OSError as error:
        if error.errno == errno.ELOOP or (error.errno == errno.ENOTDIR and path.is_symlink()):
            raise OSError(errno.ELOOP, "is a link; allowed: files and folders themselves", str(path)) from None
        raise OSError(error.errno, error.strerror, str(path)) from None


def _parts(name: str, path: Path) -> tuple[str, ...]:
    parts = PurePosixPath(name).parts
    if not parts or {"..", "/"} & {*parts} or "\0" in name:
        raise FileNotFoundError(errno.ENOENT, "is not in its folder", str(path))
    return parts


def _checked(descriptor: int, path: Path) -> BufferedReader:
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        raise OSError(number, f"is {kind}; allowed: an ordinary file", str(path))
    return os.fdopen(descriptor, "rb")


def _whole(file: BinaryIO, path: Path, largest: int) -> bytes:
    content = file.read(largest + 1)
    if len(content) > largest:
        raise OSError(errno.EFBIG, f"is too long; allowed: at most {largest:,} bytes", str(path))
    return content
