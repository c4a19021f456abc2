"""A clock that is wrong under the workers only: a small library before theirs adds seconds to what the system says.

It needs a C compiler and no rights; time that is measured rather than told (CLOCK_MONOTONIC) goes on as it is.
"""

from __future__ import annotations

import multiprocessing.forkserver
import os
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_SOURCE = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static long long right, *shift = &right;
__attribute__((constructor)) static void find(void) {
    int file = open(getenv("BIHUAN_TEST_CLOCK"), O_RDONLY);
    void *found = mmap(0, sizeof right, PROT_READ, MAP_SHARED, file, 0);
    if (found != MAP_FAILED) shift = found;
    close(file);
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *shift;
    return failed;
}
"""


@dataclass(frozen=True)
class WrongClock:
    """The clock of every process of `tests.faults.processes`."""

    file: Path

    @classmethod
    def put_under_workers(cls, folder: Path) -> Self | None:
        """Have them go by one that is right at first, before the first of them is started; None without a compiler."""
        compiler = shutil.which("cc")
        if compiler is None:
            return None
        clock, library, source = cls(folder / "shift"), folder / "clock.so", folder / "clock.c"
        clock.shift(0)
        source.write_text(_SOURCE, "utf-8")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
        os.environ |= {"LD_PRELOAD": str(library), "BIHUAN_TEST_CLOCK": str(clock.file)}
        try:
            # All of them are forked from this process; nothing else that a test starts has the clock.
            multiprocessing.forkserver.ensure_running()
        finally:
            del os.environ["LD_PRELOAD"], os.environ["BIHUAN_TEST_CLOCK"]
        return clock

    def shift(self, seconds: int) -> None:
        """Ahead by so many seconds from now on, behind where negative."""
        with self.file.open("r+b" if self.file.exists() else "wb", buffering=0) as file:
            file.write(struct.pack("=q", seconds))
