"""All bytes that a Python program sends and receives, for revisions of sitepub that log no sizes.

A ``sitecustomize`` that Python loads at its start counts them where a socket is written and read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_COUNTING = '''\
import os
import socket
import threading

_file = os.open(os.environ["BENCHMARKS_TRAFFIC"], os.O_WRONLY | os.O_CREAT, 0o600)
_lock = threading.Lock()
_counts = [0, 0]


def _counted(name, way, size):
    real = getattr(socket.socket, name)

    def method(self, data, *args):
        done = real(self, data, *args)
        with _lock:
            _counts[way] += size(data, done)
            # At once, because a program may end without a word.
            os.pwrite(_file, b"%20d %20d" % tuple(_counts), 0)
        return done

    setattr(socket.socket, name, method)


_counted("send", 0, lambda data, done: done)
_counted("sendall", 0, lambda data, done: len(data))
_counted("recv", 1, lambda data, done: len(done))
_counted("recv_into", 1, lambda data, done: done)
'''


class Traffic:
    """``environ`` starts a program that is counted, once."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        place = folder / "traffic"
        place.mkdir(exist_ok=True)
        (place / "sitecustomize.py").write_text(_COUNTING, encoding="utf-8")
        self._file = place / "bytes"
        self._file.unlink(missing_ok=True)
        self.environ = {**environ, "PYTHONPATH": str(place), "BENCHMARKS_TRAFFIC": str(self._file)}

    def read(self) -> tuple[int, int] | None:
        """Bytes sent and received, with the headers of requests and answers; None when nothing was counted."""
        if not self._file.exists():
            return None
        sent, received = self._file.read_text(encoding="utf-8").split()
        return int(sent), int(received)
