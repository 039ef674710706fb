"""Starts the program for tests: each run a process of its own, in the way that is quicker.

- "fork": a process that has loaded the program's modules forks (``fork_server.py``); one per worker and program.
- "exec": a new interpreter, as users have it. So in ``tests/run --long``, on other systems than Linux, and for runs
  whose environment has another locale, or another variable of those that are read only when a process starts.

The variable SITEPUB_TESTS_START chooses one of them for everything.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from tests.amount import AMOUNT

VARIABLE = "SITEPUB_TESTS_START"
FORKS = sys.platform == "linux" and hasattr(os, "pidfd_open")
WAY = os.environ.get(VARIABLE) or ("fork" if FORKS and AMOUNT != "long" else "exec")
if WAY not in ("fork", "exec"):
    raise ValueError(f"{VARIABLE} is {WAY!r}, and may be fork, exec")
_VERY_LONG = 86400.0
_READ_AT_THE_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "GLIBC_", "OPENSSL_", "SSL", "PYDANTIC_")


class Running(Protocol):
    """What forks have in common with ``subprocess.Popen[str]``."""

    pid: int

    @property
    def returncode(self) -> int | None: ...

    @property
    def stdout(self) -> IO[str] | None: ...

    @property
    def stderr(self) -> IO[str] | None: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def communicate(self, *, timeout: float | None = None) -> tuple[str, str]: ...

    def send_signal(self, sig: int) -> None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


def start(program: str, arguments: Sequence[str], *, cwd: Path, environ: Mapping[str, str], log: IO[str] | None = None
          ) -> Running:
    """Start ``python -m PROGRAM`` with nothing to read, and pipes for what it writes; stderr can be a file."""
    server = _server(program) if WAY == "fork" else None
    if server is not None and read_at_the_start(environ) == server.environ:
        return server.fork(arguments, cwd, environ, log)
    return subprocess.Popen([sys.executable, "-m", program, *arguments], cwd=cwd, env=dict(environ), encoding="utf-8",
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log or subprocess.PIPE)


def run(program: str, arguments: Sequence[str], *, cwd: Path, environ: Mapping[str, str], timeout: float
        ) -> tuple[int, str, str]:
    """Exit code, stdout and stderr. Raises subprocess.TimeoutExpired when the run is not over; it is killed then."""
    process = start(program, arguments, cwd=cwd, environ=environ)
    try:
        out, err = process.communicate(timeout=timeout)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return process.wait(), out, err


def read_at_the_start(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that a process does not look at again once it has started and loaded its modules."""
    return {name: value for name, value in environ.items() if name.startswith(_READ_AT_THE_START)}


class Forked:
    """A run that the server has forked. It is killed when this object is forgotten before the run's end."""

    def __init__(self, channel: socket.socket, stdout: IO[str], stderr: IO[str] | None) -> None:
        self.stdout, self.stderr = stdout, stderr
        self.returncode: int | None = None
        self._channel = channel
        self._said = b""
        self.pid = self._number(None)

    def _number(self, timeout: float | None) -> int:
        until = None if timeout is None else time.monotonic() + timeout
        while b"\n" not in self._said:
            self._channel.settimeout(None if until is None else max(0.0, until - time.monotonic()))
            try:
                part = self._channel.recv(64)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0) from None
            if not part:
                raise EOFError("the process that forks has ended")
            self._said += part
        number, _, self._said = self._said.partition(b"\n")
        return int(number)

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, negative for a signal. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self.returncode = self._number(timeout)
            self._channel.close()
        return self.returncode

    def communicate(self, *, timeout: float | None = None) -> tuple[str, str]:
        """The rest of what it writes, and of what those write who have its pipes. Raises subprocess.TimeoutExpired."""
        until = time.monotonic() + (_VERY_LONG if timeout is None else timeout)
        streams = [stream for stream in (self.stdout, self.stderr) if stream is not None]
        found = dict.fromkeys(streams, b"")
        with selectors.DefaultSelector() as selector:
            for stream in streams:
                if not stream.closed:
                    selector.register(stream, selectors.EVENT_READ, stream)
            while selector.get_map():
                if time.monotonic() > until:
                    raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
                for key, _events in selector.select(max(0.0, until - time.monotonic())):
                    part = os.read(key.fd, 1 << 16)
                    found[key.data] += part
                    if not part:
                        selector.unregister(key.fileobj)
                        key.data.close()
        self.wait(max(0.0, until - time.monotonic()))
        out, err = ([_text(found[stream]) for stream in streams] + [""])[:2]
        return out, err

    def send_signal(self, sig: int) -> None:
        """Through the server: it knows whether the process has ended, and its number belongs to another one."""
        if self.poll() is None:
            with contextlib.suppress(OSError):
                self._channel.send(bytes([sig]))

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _text(written: bytes) -> str:
    return written.decode().replace("\r\n", "\n").replace("\r", "\n")


class _Server:
    """The process that forks."""

    def __init__(self, program: str) -> None:
        environ = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        self.environ = read_at_the_start(environ)
        self._front, theirs = socket.socketpair()
        words = [sys.executable, str(Path(__file__).with_name("fork_server.py")), program, str(theirs.fileno())]
        with theirs:
            # Its streams have to be of the kind that its forks get.
            self._process = subprocess.Popen(words, env=environ, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._asking = threading.Lock()
        atexit.register(self.end)

    def end(self) -> str:
        """What it had to say."""
        self._front.close()
        return self._process.communicate()[1].decode(errors="replace")

    def fork(self, arguments: Sequence[str], cwd: Path, environ: Mapping[str, str], log: IO[str] | None) -> Forked:
        wanted = {"arguments": arguments, "cwd": str(cwd), "environ": dict(environ), "umask": _umask()}
        ours, theirs = socket.socketpair()
        reading, writing = zip(os.pipe(), os.pipe(), strict=True)
        pipes = [open(descriptor, encoding="utf-8") for descriptor in reading]  # noqa: PTH123, SIM115 - the test's
        error = pipes[1]
        if log is not None:
            error.close()
        try:
            with theirs, Path(os.devnull).open("rb") as nothing, self._asking:
                socket.send_fds(self._front, [b"."], [nothing.fileno(), writing[0], log.fileno() if log else writing[1],
                                                      theirs.fileno()])
                ours.sendall(json.dumps(wanted).encode() + b"\n")
            return Forked(ours, pipes[0], None if log else error)
        except (OSError, EOFError) as ended:
            raise RuntimeError(f"the process that forks has ended: {self.end()}") from ended
        finally:
            for descriptor in writing:
                os.close(descriptor)


def _umask() -> int:
    for line in Path("/proc/self/status").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("Umask:"):
            return int(line.split()[1], 8)
    raise RuntimeError("the system does not say which umask it is")


_servers: dict[str, _Server] = {}
_starting = threading.Lock()


def _server(program: str) -> _Server:
    with _starting:
        if program not in _servers:
            _servers[program] = _Server(program)
        return _servers[program]
