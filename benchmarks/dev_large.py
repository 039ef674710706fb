"""sitepub dev in sites of very many files: until it is ready, a save, and Ctrl-C at every moment.

    python -m benchmarks.dev_large --files 10000 100000 300000 --folder /dev/shm

The site is not uploaded, as in ``benchmarks.scale``. See README.md beside this file."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.deployed import CHANGED, Site
from benchmarks.peak import embedded_cloud, run
from benchmarks.scale import pretended

_AFTER = (0.05, 0.2, 0.4, 0.6, 0.9, 1.3, 2.0, 3.0)
"""Seconds after its start, or after a change, at which dev is interrupted."""


class Dev:
    """A `sitepub dev` under way."""

    def __init__(self, site: Site, environ: Mapping[str, str], program: str) -> None:
        self._log = (site.project.parent / "dev.txt").open("w+")
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [program, "-m", "sitepub", "dev", "--local", "--no-logs", "--yes", "--allow-delete", "--json",
             "--cwd", str(site.project)],
            cwd=site.project.parent, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log,
            text=True)
        self.lines: list[float] = []
        self._ended = False
        self._came = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with contextlib.suppress(ValueError):
            for _ in self.process.stdout:
                with self._came:
                    self.lines.append(time.perf_counter())
                    self._came.notify_all()
        with self._came:
            self._ended = True
            self._came.notify_all()

    def published(self, number: int) -> float:
        """When it was said that publish ``number`` (from 1) was live."""
        with self._came:
            self._came.wait_for(lambda: len(self.lines) >= number or self._ended, 600)
            if len(self.lines) < number:
                self._log.seek(0)
                raise SystemExit(f"dev published nothing:\n{self._log.read()[-2000:]}")
        return self.lines[number - 1]

    def cpu(self) -> float:
        """Seconds of processor time so far (Linux)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """The most memory so far (10**6 bytes)."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024 / 1e6
        return 0.0

    def end(self) -> float:
        """Ctrl-C; seconds until the process has ended."""
        began = time.perf_counter()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self._log.close()
        return time.perf_counter() - began


def measured(options: argparse.Namespace, files: int, work: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"files": files}
    with embedded_cloud(work, latency=options.latency, program=options.python) as cloud:
        environ = cloud["environ"]
        site = pretended(work, files, options.size, environ, [options.python, "-m", "sitepub"])
        time.sleep(2.1)
        run(site.deploy, environ, work)
        found["deploy, nothing changed"] = run(site.deploy, environ, work).figures
        numbers = iter(range(1_000_000))

        def save() -> None:
            (site.folder / CHANGED).write_text(f"<!doctype html><p>{next(numbers)}</p>", encoding="utf-8")

        for kind in ("after a deploy", "after a run of dev"):
            dev = Dev(site, environ, options.python)
            ready = dev.published(1) - dev.began
            found[f"ready, {kind}"] = {"seconds": round(ready, 2), "cpu": round(dev.cpu(), 2),
                                       "peak_mb": round(dev.memory())}
            time.sleep(0.5)
            before, times = dev.cpu(), []
            for number in range(options.saves):
                save()
                began = time.perf_counter()
                times.append(dev.published(number + 2) - began)
                time.sleep(0.2)
            found[f"a save, {kind}"] = {"seconds": round(sorted(times)[len(times) // 2], 3),
                                        "cpu": round((dev.cpu() - before) / options.saves, 3),
                                        "peak_mb": round(dev.memory())}
            found[f"Ctrl-C, idle, {kind}"] = round(dev.end(), 2)
        found["Ctrl-C"] = _interrupted(options, site, environ, work, save)
    return found


def _interrupted(options: argparse.Namespace, site: Site, environ: dict[str, str], work: Path, save: Any
                 ) -> dict[str, list[float]]:
    """Seconds that dev took to end, by what it was doing."""
    def new_files() -> None:
        for number in range(3000):
            path = site.folder / f"new-{number % 7}/{number}-{time.time_ns()}.html"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"<!doctype html><p>{number} {time.time_ns()}</p>", encoding="utf-8")

    ends: dict[str, list[float]] = {"start": [], "first scan": [], "save": [], "upload": []}
    for after in _AFTER:
        dev = Dev(site, environ, options.python)
        time.sleep(after)
        ends["start"].append(round(dev.end(), 2))
    for after in _AFTER:
        for forget in ("home", "cache"):
            for left in (work / forget).rglob("index"):
                shutil.rmtree(left, ignore_errors=True)
            for left in (work / forget).rglob("hashes*"):
                shutil.rmtree(left, ignore_errors=True)
        dev = Dev(site, environ, options.python)
        time.sleep(0.3 + 1.5 * after)
        ends["first scan"].append(round(dev.end(), 2))
    run(site.deploy, environ, work)
    for kind, change in (("save", save), ("upload", new_files)):
        for after in (0.02, 0.06, 0.1, 0.3) if kind == "save" else _AFTER:
            dev = Dev(site, environ, options.python)
            dev.published(1)
            change()
            time.sleep(after)
            ends[kind].append(round(dev.end(), 2))
    return ends


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--size", type=int, default=64, help="bytes of a file")
    parser.add_argument("--latency", type=int, default=0, help="milliseconds before every answer")
    parser.add_argument("--saves", type=int, default=20)
    parser.add_argument("--folder", help="where the site lies; in memory: /dev/shm")
    parser.add_argument("--python", default=sys.executable, help="interpreter of the revision to measure")
    options = parser.parse_args()
    for files in options.files:
        work = Path(tempfile.mkdtemp(prefix="sitepub-dev-", dir=options.folder))
        try:
            print(json.dumps(measured(options, files, work), indent=1), flush=True)
        finally:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
