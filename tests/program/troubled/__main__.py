"""Begins the trouble, then the program."""

from __future__ import annotations

import datetime as dates
import errno
import os
import resource
import runpy
import signal
import sys
import time
from pathlib import Path
from typing import Any

from sitepub.tencent.network.clock import Clock
from tests.program.troubled import Trouble

_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.utime", "os.link", "sqlite3.connect")
_MAKES = ("open", "os.mkdir", "sqlite3.connect")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def set_clock(ahead: float) -> None:
    wall, wall_ns = time.time, time.time_ns

    class Moved(dates.datetime):
        @classmethod
        def now(cls, tz: dates.tzinfo | None = None) -> Any:
            return dates.datetime.fromtimestamp(time.time(), tz)

    def fake() -> float:
        return wall() + ahead

    time.time, time.time_ns = fake, lambda: wall_ns() + int(ahead * 1e9)
    Clock.__init__.__defaults__ = (fake,)
    for name, module in list(sys.modules.items()):
        if name.startswith("sitepub.") and getattr(module, "datetime", None) is dates.datetime:
            module.datetime = Moved  # type: ignore[attr-defined]


def watch_files(trouble: Trouble) -> None:
    root = str(trouble.below)
    count = 0

    def hook(event: str, given: tuple[Any, ...]) -> None:
        nonlocal count
        if event == "open":
            if not isinstance(given[2], int) or not given[2] & _WRITES:
                return
        elif event not in _CHANGES:
            return
        # A file that is open is named by its number.
        path = Path(f"/proc/self/fd/{given[0]}").readlink() if isinstance(given[0], int) else given[0]
        if not os.fsdecode(path).startswith(root):
            return
        if trouble.log:
            os.write(2, f"change {count}: {event} {given[0]!r}\n".encode())
        if count == trouble.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if 0 <= trouble.fail_at <= count and event in _MAKES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count += 1

    sys.addaudithook(hook)


def begin(trouble: Trouble) -> None:
    if trouble.clock:
        set_clock(trouble.clock)
    if trouble.below is not None:
        watch_files(trouble)
    if trouble.limit >= 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL if trouble.killed_by_limit else signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (trouble.limit, trouble.limit))


if __name__ == "__main__":
    begin(Trouble.given(os.environ))
    runpy.run_module("sitepub", run_name="__main__", alter_sys=True)
