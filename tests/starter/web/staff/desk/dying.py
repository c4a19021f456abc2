"""What the process of a report dies of; it imports this module, and nothing else of the tests."""

from __future__ import annotations

import os
import signal


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
