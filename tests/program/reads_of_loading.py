"""Loads a program's modules as ``fork_server.py`` does, and prints what that looked at: ``READER what`` on each line.

What is looked at when a module is loaded is the same for all forks, whatever their own folder and environment are.
"""

from __future__ import annotations

import locale
import os
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from tests.program.fork_server import load

_PASSED_ON = {"os", "posixpath", "pathlib", "pathlib._local", "collections.abc", "_collections_abc", "tempfile",
              "importlib._bootstrap", "importlib._bootstrap_external", __name__}
_ASKED: dict[Any, tuple[str, ...]] = {
    os: ("getcwd", "getcwdb", "getpid", "getppid", "geteuid", "getuid", "urandom", "umask", "isatty"),
    os.path: ("expanduser",),
    time: ("time", "time_ns", "localtime", "monotonic", "perf_counter"),
    locale: ("getlocale", "setlocale", "getpreferredencoding"),
    socket: ("gethostname", "getaddrinfo"),
    tempfile: ("gettempdir",),
    threading.Thread: ("start",),
}
_CODE = (sys.prefix, sys.base_prefix, str(Path(__file__).parents[2]))
found: set[str] = set()


def note(what: str) -> None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") in _PASSED_ON:
        frame = frame.f_back
    found.add(f"{frame.f_globals.get('__name__') if frame is not None else '?'} {what}")


class Environment(type(os.environ)):  # type: ignore[misc]
    def __getitem__(self, key: str) -> str:
        note(f"${key}")
        value: str = super().__getitem__(key)
        return value

    def __contains__(self, key: object) -> bool:
        note(f"${key}")
        return bool(super().__contains__(key))

    def __iter__(self) -> Any:
        note("$*")
        return super().__iter__()


def watch(owner: Any, name: str) -> None:
    real = getattr(owner, name)

    def watched(*arguments: Any, **more: Any) -> Any:
        note(f"{name}()")
        return real(*arguments, **more)

    setattr(owner, name, watched)


def audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        file, mode, _flags = arguments
        if isinstance(file, int) or not os.fsdecode(file).startswith(_CODE) or set(mode or "r") & set("wax+"):
            note(f"open {file} {mode}")
    elif event.startswith(("subprocess.", "socket.", "os.", "shutil.", "tempfile.")) and event != "os.listdir":
        note(event)


def main(program: str) -> None:
    os.environ.__class__ = Environment
    for owner, names in _ASKED.items():
        for name in names:
            watch(owner, name)
    sys.addaudithook(audit)
    load(program)
    noted = sorted(found)
    print("\n".join(noted))


if __name__ == "__main__":
    main(sys.argv[1])
