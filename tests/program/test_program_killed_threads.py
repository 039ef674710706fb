"""A process that was killed has ended when the last of its threads has: until then it holds its locks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sitepub.embedded.process import alive
from sitepub.publish.locking.owner import is_dead, process_space, started_at

if sys.platform != "linux":
    pytest.skip("Linux shows a process as ended while threads of it still end", allow_module_level=True)

import fcntl

_HOLDER = """
import fcntl, sys, threading, time
held = open(sys.argv[1], "r+b")
fcntl.flock(held, fcntl.LOCK_EX)
memory = bytearray(30_000_000)
for _ in range(60):
    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()
print("ready", flush=True)
time.sleep(99)
"""
_PARENT = """
import subprocess, sys
holders = []
for line in sys.stdin:
    holders.append(subprocess.Popen([sys.executable, "-c", sys.argv[1], line.strip()], stdout=subprocess.PIPE))
    holders[-1].stdout.readline()
    print(holders[-1].pid, flush=True)
"""


@pytest.fixture
def start() -> Iterator[Callable[[Path], int]]:
    """Starts what holds a lock on a file, as the child of another process, which does not wait for its end."""
    with subprocess.Popen([sys.executable, "-c", _PARENT, _HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True, encoding="utf-8") as parent:
        assert parent.stdin is not None and parent.stdout is not None
        streams = parent.stdin, parent.stdout

        def one(file: Path) -> int:
            streams[0].write(f"{file}\n")
            streams[0].flush()
            return int(streams[1].readline())

        yield one
        parent.kill()


@pytest.mark.parametrize("question", ["alive", "is_dead"])
def test_what_has_ended_holds_nothing_any_more(start: Callable[[Path], int], tmp_path: Path, question: str) -> None:
    for number in range(8):
        file = tmp_path / str(number)
        file.touch()
        pid = start(file)
        began = started_at(pid)
        assert began and alive(pid) and not is_dead(process_space(), pid, began)
        os.kill(pid, signal.SIGKILL)
        while alive(pid) if question == "alive" else not is_dead(process_space(), pid, began):
            pass
        with file.open("r+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
