"""A process that has loaded a program's modules and forks for every run of it: ``fork_server.py MODULE DESCRIPTOR``.

To load them takes longer than most commands do. Here, too, each run is a process of its own, with its own arguments,
folder, environment, streams, signals and exit code; it begins where ``python -m MODULE`` has started the interpreter.
``starting.py`` is the other side.

Each byte on the socket DESCRIPTOR brings four descriptors: stdin, stdout, stderr, and the channel of the run. On the
channel comes a line of JSON (arguments, folder, environment, umask), then signals to send, a byte each; the answers are
the process id and the exit code, a line each. When a channel is closed, its run is killed; when DESCRIPTOR is closed,
all are, and this process ends.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import threading
import time
import types
from collections.abc import Iterator
from typing import Any

LATER: dict[str, tuple[str, ...]] = {
    "sitepub": ("_strptime", "ahocorasick_rs", "brotli", "chardet", "cryptography.hazmat.primitives.asymmetric.padding",
                "cryptography.hazmat.primitives.asymmetric.rsa", "cryptography.hazmat.primitives.serialization",
                "cryptography.x509.verification", "dns.resolver", "encodings.ascii", "encodings.idna",
                "encodings.utf_16_le", "fastcrc", "idna", "pydantic.plugin._loader", "qcloud_cos", "requests",
                "rich.live", "segno", "selectolax.lexbor", "tencentcloud.common.common_client", "truststore", "urllib3",
                "xml.dom.expatbuilder"),
    "sitepub.local": ("encodings.idna", "uvloop"),
}
"""Program → what is imported only where it is needed, and most runs need."""


def modules(program: str) -> Iterator[str]:
    """The modules to load: those of the program, but for what runs when it is imported."""
    package = importlib.import_module(program)
    for found in pkgutil.walk_packages(package.__path__, f"{program}."):
        of_another = program == "sitepub" and (found.name + ".").startswith("sitepub.local.")
        if not of_another and not found.name.endswith(".__main__"):
            yield found.name
    yield from LATER.get(program, ())


def load(program: str) -> None:
    for module in modules(program):
        importlib.import_module(module)


class Server:
    """The runs that have not ended, and the way to whoever wants them."""

    def __init__(self, front: socket.socket) -> None:
        self._front = front
        self._runs: dict[int, tuple[int, int]] = {}
        """Descriptor of the process → process id, channel."""
        self._poll = select.poll()
        self._poll.register(front, select.POLLIN)

    def serve(self) -> None:
        """Comes back in forked processes only."""
        while True:
            ready = {descriptor for descriptor, _events in self._poll.poll()}
            if self._front.fileno() in ready and self._fork():
                return
            for process, (pid, channel) in list(self._runs.items()):
                if process in ready:
                    self._ended(process)
                elif channel in ready:
                    self._send(pid, channel)

    def _fork(self) -> bool:
        """Whether this is the new process."""
        word, descriptors, _flags, _address = socket.recv_fds(self._front, 1, 4)
        if not word:
            for pid, _channel in self._runs.values():
                os.kill(pid, signal.SIGKILL)
            os._exit(0)
        *streams, channel = descriptors
        wanted = json.loads(_read_line(channel))
        pid = os.fork()
        if pid == 0:
            self._front.detach()
            become(wanted, streams)
            return True
        for stream in streams:
            os.close(stream)
        _say(channel, pid)
        process = os.pidfd_open(pid)
        self._runs[process] = pid, channel
        self._poll.register(process, select.POLLIN)
        self._poll.register(channel, select.POLLIN)
        return False

    def _ended(self, process: int) -> None:
        pid, channel = self._runs.pop(process)
        _say(channel, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        for descriptor in (process, channel):
            with contextlib.suppress(KeyError):
                self._poll.unregister(descriptor)
            os.close(descriptor)

    def _send(self, pid: int, channel: int) -> None:
        try:
            numbers = os.read(channel, 64)
        except OSError:
            numbers = b""
        if not numbers:
            self._poll.unregister(channel)
            numbers = bytes([signal.SIGKILL])
        for number in numbers:
            os.kill(pid, number)


def _say(channel: int, number: int) -> None:
    with contextlib.suppress(OSError):  # nobody is interested any more
        os.write(channel, b"%d\n" % number)


def _read_line(channel: int) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(channel, 1 << 16)
        if not part:
            raise EOFError("a run without words")
        line += part
    return line


def become(wanted: dict[str, Any], streams: list[int]) -> None:
    """In a forked process: be as ``python -m`` is when it has started, with what is wanted."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.umask(wanted["umask"])
    os.chdir(wanted["cwd"])
    os.environ.clear()
    os.environ.update(wanted["environ"])
    time.tzset()
    program = sys.argv[1]
    sys.argv = ["-m", *wanted["arguments"]]
    sys.orig_argv = [sys.executable, "-m", program, *wanted["arguments"]]
    if not sys.flags.safe_path:
        sys.path.insert(0, os.getcwd())  # noqa: PTH109 - a string


def _leave_modules_alone() -> None:
    """At the end of a run the interpreter takes every module apart. Those that were loaded before are kept from it:
    their memory belongs to both processes, and would be copied for that."""
    kept = {name: sys.modules.pop(name) for name in _loaded if name in sys.modules}
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))


_loaded: list[str] = []


def main() -> None:
    program = sys.argv[1]
    atexit.register(_leave_modules_alone)  # the first one is called last
    del sys.path[0]
    load(program)
    if threading.active_count() > 1:
        raise RuntimeError(f"importing has started threads: {threading.enumerate()}")
    _loaded.extend(name for name in sys.modules if name not in ("sys", "builtins", "__main__"))
    gc.collect()
    gc.freeze()
    Server(socket.socket(fileno=int(sys.argv[2]))).serve()
    # What the interpreter does for `python -m`.
    fresh = types.ModuleType("__main__")
    fresh.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = fresh
    runpy._run_module_as_main(program)  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
