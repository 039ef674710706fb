"""How long from a saved file until a visitor of the local preview gets it, and what an idle dev costs.

A real `sitepub dev --local` on a folder of pages; a file is saved, and the preview is asked for it until it
answers with the new content. See README.md beside this file. Run it as `python -m benchmarks.dev`.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import platform
import queue
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import overload
from urllib.parse import urlsplit

from benchmarks.upload import make_site

PROJECT = """\
component: website
name: bench
inputs:
  src:
    src: ./site
  bucketName: bench-dev
"""
PATIENCE = 120.0


@dataclass(frozen=True)
class Figures:
    """Milliseconds from the end of the write until the first answer with the new content."""

    files: int
    saves: int
    p50: float
    p90: float
    p99: float
    longest: float
    browser_p50: float | None
    """Milliseconds until a browser that was looking at the page shows it; None without a browser."""
    browser_p90: float | None
    reload_p50: float | None
    """Milliseconds of those that came after dev had said that it was live."""
    reload_p90: float | None
    first_publish_seconds: float
    idle_cpu_percent: float
    """Of one processor, over a while in which nothing happens."""


class Dev:
    """A `sitepub dev` under way."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.log = folder.with_name("dev.log")
        began = time.perf_counter()
        with self.log.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sitepub", "dev", "--local", "--no-logs", "--json"], cwd=folder, env=environ,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"sitepub dev did not start:\n{self.log.read_text()}")
        self.first = time.perf_counter() - began
        self.url: str = json.loads(line)["url"]
        self._published: queue.SimpleQueue[float] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._published.put(json.loads(line)["time"])

    def forget(self) -> None:
        """Publishes that were told so far count no more."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._published.get_nowait()

    def published(self) -> float:
        """When the next publish was live, as dev says (Unix seconds)."""
        return self._published.get(timeout=PATIENCE)

    def cpu(self) -> float:
        """Seconds of processor time so far (Linux)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


class Visitor:
    """Asks for a page again and again on one connection."""

    def __init__(self, url: str) -> None:
        self.host = urlsplit(url).netloc
        self.connection = http.client.HTTPConnection("127.0.0.1", urlsplit(url).port or 80, timeout=60)

    def wait_for(self, path: str, text: bytes) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.connection.request("GET", f"/{path}", headers={"Host": self.host})
            if text in self.connection.getresponse().read():
                return
            time.sleep(0.002)
        raise SystemExit(f"{path} never became live")


def in_browser(dev: Dev, page: Path, saves: int) -> tuple[list[float], list[float]]:
    """Milliseconds until Chromium has loaded the page anew: from the end of each write, and from when it was live."""
    from tests.chromium import run_chromium

    times, reloads = [], []
    with run_chromium() as browser:
        browser.open(dev.url)
        for number in range(saves):
            browser.wait_for("navigator.locks.query().then(found => found.held.length > 0)")
            time.sleep(0.2)
            dev.forget()
            page.write_text(f"<!doctype html><title>save {number}</title>", encoding="utf-8")
            began = time.time()
            while True:
                with contextlib.suppress(RuntimeError):  # the page goes away while it is asked
                    if browser.evaluate("document.title") == f"save {number}":
                        break
                time.sleep(0.003)  # who asks all the time takes the processor from those who work
            shown = time.time()
            times.append((shown - began) * 1000)
            reloads.append((shown - dev.published()) * 1000)
    return times, reloads


@overload
def share(times: list[float], part: float) -> float: ...
@overload
def share(times: None, part: float) -> None: ...
def share(times: list[float] | None, part: float) -> float | None:
    if times is None:
        return None
    ordered = sorted(times)
    return round(ordered[min(len(ordered) - 1, int(part * len(ordered)))], 1)


def measure(files: int, saves: int, idle: float, work: Path, environ: Mapping[str, str], *,
            browser: bool) -> Figures:
    folder = work / f"project-{files}"
    make_site(folder / "site", files, 4096)
    (folder / "serverless.yml").write_text(PROJECT.replace("bench-dev", f"bench-dev-{files}"), encoding="utf-8")
    rand = random.Random(3)
    pages = sorted((folder / "site").rglob("*.html"))
    times: list[float] = []
    with running(folder, environ) as dev:
        visitor = Visitor(dev.url)
        for number in range(saves):
            page = rand.choice(pages)
            text = f"<!doctype html><p>save {number} {rand.random()}</p>".encode()
            page.write_bytes(text)
            began = time.perf_counter()
            visitor.wait_for(page.relative_to(folder / "site").as_posix(), text)
            times.append((time.perf_counter() - began) * 1000)
            time.sleep(0.2 + rand.random() / 5)
        shown, reloads = in_browser(dev, folder / "site/index.html", saves) if browser else (None, None)
        before = dev.cpu()
        time.sleep(idle)
        percent = 100 * (dev.cpu() - before) / idle
        first = dev.first
    return Figures(files, saves, share(times, 0.5), share(times, 0.9), share(times, 0.99), round(max(times), 1),
                   share(shown, 0.5), share(shown, 0.9), share(reloads, 0.5), share(reloads, 0.9), round(first, 2),
                   round(percent, 2))


@contextlib.contextmanager
def running(folder: Path, environ: Mapping[str, str]) -> Iterator[Dev]:
    dev = Dev(folder, environ)
    try:
        yield dev
    finally:
        dev.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, nargs="*", default=[1000, 20_000])
    parser.add_argument("--saves", type=int, default=100)
    parser.add_argument("--browser", action="store_true", help="also measure the reload in Chromium")
    parser.add_argument("--idle", type=float, default=20.0, help="seconds of doing nothing")
    parser.add_argument("--output", type=Path, help="also write the figures to this JSON file")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="sitepub-bench-"))
    environ = {**os.environ, "SITEPUB_HOME": str(work / "home"), "SITEPUB_LOCAL_DATA": str(work / "cloud")}
    try:
        figures = [measure(files, options.saves, options.idle, work, environ, browser=options.browser)
                   for files in options.files]
    finally:
        subprocess.run([sys.executable, "-m", "sitepub", "local", "stop"], env=environ, check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(work, ignore_errors=True)
    report = {"processors": os.cpu_count(), "python": platform.python_version(),
              "runs": [asdict(each) for each in figures]}
    text = json.dumps(report, indent=1)
    if options.output is not None:
        options.output.write_text(text + "\n", encoding="utf-8")
    print(text)
    lines = [f"{'files':>8}{'p50':>10}{'p90':>10}{'p99':>10}{'longest':>10}{'browser p50':>15}{'p90':>10}"
             f"{'reload p50':>15}{'p90':>10}{'first publish':>15}{'idle':>9}"]
    lines += [f"{one.files:>8}{one.p50:>7} ms{one.p90:>7} ms{one.p99:>7} ms{one.longest:>7} ms"
              f"{one.browser_p50 or '-':>12} ms{one.browser_p90 or '-':>7} ms"
              f"{one.reload_p50 or '-':>12} ms{one.reload_p90 or '-':>7} ms"
              f"{one.first_publish_seconds:>13} s{one.idle_cpu_percent:>8}%" for one in figures]
    print("\n".join(lines), file=sys.stderr)


if __name__ == "__main__":
    main()
