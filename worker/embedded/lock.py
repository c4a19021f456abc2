"""The lock on a data folder: two Temporal servers on one SQLite file would ruin it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from worker.installation.private_files import PRIVATE_FILE, make_data_folder
from workflows.domain.problem import Problem


class DataLock:
    """Held while the `with` block runs; the kernel releases it however the process dies."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Create the folder and lock it.

        Raises:
            Problem: the folder cannot be created, or another process has locked it (the text has its pid).
        """
        make_data_folder(self._data)
        path = self._data / "up.lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        except OSError as error:
            raise Problem(f"data folder {self._data}: {error.strerror}; choose another with --data") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise Problem(
                f"data folder {self._data} is in use by another bihuan (pid {holder}); "
                "stop that one, or choose another folder with --data"
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
