"""A program as a process: its seconds, its processor time and the most memory that it had at once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any


@contextmanager
def work_folder() -> Iterator[Path]:
    """For all that a measurement writes; deleted in the end."""
    work = Path(tempfile.mkdtemp(prefix="sitepub-bench-"))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@dataclass(frozen=True)
class Run:
    seconds: float
    """Wall clock, from the start of the process to its end."""
    cpu: float
    """Seconds of processor time of the process."""
    peak_mb: float
    """The most memory at once (resident, in 10**6 bytes)."""
    output: str

    @property
    def figures(self) -> dict[str, float]:
        return {"seconds": round(self.seconds, 2), "cpu": round(self.cpu, 2), "peak_mb": round(self.peak_mb, 1)}


def run(command: Sequence[str], environ: Mapping[str, str], folder: Path, *, cwd: Path | None = None) -> Run:
    """Raises SystemExit with what it printed when it fails."""
    out, errors = folder / "out.txt", folder / "errors.txt"
    with out.open("wb") as output, errors.open("wb") as failed:
        began = perf_counter()
        process = subprocess.Popen(command, env=environ, cwd=cwd or folder, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=failed)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C: no program goes on alone
            process.kill()
            process.wait()
            raise
        seconds = perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed ({process.returncode}):\n{out.read_text()[-2000:]}\n"
                         f"{errors.read_text()[-2000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6, out.read_text())


@contextmanager
def embedded_cloud(folder: Path, *, latency: int = 0, program: str = sys.executable, port: int = 0
                   ) -> Iterator[dict[str, Any]]:
    """The embedded cloud of its own folder below ``folder``; what it says of itself, and ``environ`` for programs.
    ``port``: 0 for a free one."""
    environ = {**os.environ, "SITEPUB_HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "cache")}
    local = [program, "-m", "sitepub", "local"]
    said = run([*local, "start", "--latency", str(latency), "--port", str(port), "--json"], environ, folder).output
    try:
        yield {**json.loads(said), "environ": environ}
    finally:
        run([*local, "stop"], environ, folder)
