"""Batches of files, judged by as many processes as there are processors. Parsing holds Python's lock: threads would not
help."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from queue import SimpleQueue

import msgspec

from sitepub.check.site import Site, Source
from sitepub.check.work.judge import Judge
from sitepub.check.work.judged import Judged
from sitepub.check.work.worker import read, write
from sitepub.errors import SitepubError
from sitepub.threads import pool

BATCH = 100
"""Files."""
_FEW = 800
"""Files that one process reads sooner than others would start."""
_MOST = 32
_AHEAD = 4
"""Batches for each process that may be under way or done and not taken: memory stays flat."""


def processors() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def judged(site: Site, sources: Sequence[Source], count: int | None = None) -> Iterator[Judged]:
    """What is found in the files, batch by batch in their order. ``count``: of processes."""
    batches = (list(sources[start:start + BATCH]) for start in range(0, len(sources), BATCH))
    number = min(count or processors(), _MOST, -(-len(sources) // BATCH))
    if count is None and (len(sources) < _FEW or number < 2):
        judge = Judge(site)
        yield from map(judge.judge, batches)
        return
    workers = [_Worker() for _ in range(number)]
    try:
        idle: SimpleQueue[_Worker] = SimpleQueue()
        message = msgspec.msgpack.encode(site)
        for worker in workers:
            idle.put(worker)

        def ask(batch: list[Source]) -> Judged:
            worker = idle.get()
            try:
                return worker.ask(message, batch)
            finally:
                idle.put(worker)

        with pool(number, "check") as threads:
            waiting = [threads.submit(ask, batch) for batch in islice(batches, number * _AHEAD)]
            while waiting:
                future = waiting.pop(0)
                done = future.result()
                waiting += [threads.submit(ask, batch) for batch in islice(batches, 1)]
                yield done
    finally:
        for worker in workers:
            worker.end()


_JUDGED = msgspec.msgpack.Decoder(Judged)


class _Worker:
    def __init__(self) -> None:
        import sitepub

        environ = {name: value for name, value in os.environ.items()
                   if not name.startswith(("TENCENT_", "TENCENTCLOUD_", "COS_SECRET"))}
        home = str(Path(sitepub.__file__).resolve().parent.parent)
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, [home, environ.get("PYTHONPATH")]))
        environ["PYTHONUTF8"] = "1"
        # -P: a module of the current folder, which may be a stranger's project, is never loaded. Out of reach of the
        # terminal's Ctrl-C: this process ends it.
        words = [sys.executable, "-P", "-m", "sitepub.check.work.worker"]
        if sys.platform == "win32":
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ,
                                            creationflags=subprocess.CREATE_NEW_PROCESS_GROUP)
        else:
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ,
                                            start_new_session=True)
        self._ready = False

    def ask(self, site: bytes, batch: list[Source]) -> Judged:
        process = self.process
        assert process.stdin is not None and process.stdout is not None
        try:
            if not self._ready:
                write(process.stdin, msgspec.Raw(site))
                self._ready = True
            write(process.stdin, batch)
            answer = read(process.stdout)
        except (OSError, ValueError):
            answer = None
        if answer is None:
            raise SitepubError("a process that checks pages has ended", code="CheckEnded",
                               hint="there may not be enough memory; run again, and with --debug if it stays so")
        return _JUDGED.decode(answer)

    def end(self) -> None:
        self.process.kill()
        with suppress(OSError):
            self.process.wait(5)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
