"""Where the embedded server of a data folder answers, so that other commands find it by themselves."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

_FILE = "endpoint.json"


@dataclass(frozen=True)
class Endpoint:
    """`pid` is the process of `bihuan up`, `server_pid` the Temporal server it started."""

    address: str
    ui: str
    pid: int
    server_pid: int
    namespace: str = "default"

    def write(self, data: Path) -> None:
        """Leave it in the data folder; a reader never sees half a file."""
        partial = data / f"{_FILE}.{os.getpid()}"
        partial.write_text(json.dumps(asdict(self)) + "\n", "utf-8")
        partial.replace(data / _FILE)

    @classmethod
    def read(cls, data: Path) -> Endpoint | None:
        """The one left in a data folder, if any; whether somebody still answers there is another question."""
        try:
            return cls(**json.loads((data / _FILE).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    @staticmethod
    def remove(data: Path) -> None:
        """Take it away when the server is gone."""
        (data / _FILE).unlink(missing_ok=True)
