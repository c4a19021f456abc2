"""The file in a data folder that says where its embedded server listens, so that other commands find it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from activities.ordinary_file import read_inside
from worker.installation.private_files import write_private

_FILE = "endpoint.json"
_LARGEST = 10_000


@dataclass(frozen=True)
class Endpoint:
    """`pid` is the process of `bihuan up`, `server_pid` the Temporal server it started."""

    address: str
    ui: str
    pid: int
    server_pid: int
    namespace: str = "default"

    def write(self, data: Path) -> None:
        """Write it into the data folder, atomically."""
        write_private(data / _FILE, json.dumps(asdict(self)) + "\n")

    @classmethod
    def read(cls, data: Path) -> Endpoint | None:
        """The one in a data folder, None where there is none; the server may have ended without removing it."""
        try:
            return cls(**json.loads(read_inside(data.resolve(), _FILE, _LARGEST)))
        except (OSError, ValueError, TypeError):
            return None

    @staticmethod
    def remove(data: Path) -> None:
        """Remove it once the server has ended."""
        (data / _FILE).unlink(missing_ok=True)
