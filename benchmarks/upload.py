"""sitepub against the programs that people use today: a first upload, one that changes nothing, one changed file.

All talk to the same embedded cloud, which waits before every answer as a distant one would. See README.md
beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks import peers
from benchmarks.peak import work_folder

PROJECT = """\
component: website
name: bench
inputs:
  src:
    src: ./site
  bucketName: bench-sitepub
"""
BLOCK = 1 << 20


@dataclass(frozen=True)
class Run:
    """One start of a program, from the start of the process to its end."""

    seconds: float
    cpu: float
    """Seconds of processor time of the client."""


@dataclass(frozen=True)
class Figures:
    """One program's three runs."""

    program: str
    first: Run
    again: Run
    """Nothing has changed."""
    changed: Run
    """One file of all has other content."""


@dataclass(frozen=True)
class Report:
    files: int
    bytes_each: int
    latency_ms: int
    processors: int
    python: str
    runs: list[Figures] = field(default_factory=list)

    def ratio(self, what: str, other: Figures) -> float:
        """How many times as long as sitepub the other one took."""
        ours: Run = getattr(self.runs[0], what)
        theirs: Run = getattr(other, what)
        return theirs.seconds / ours.seconds


def make_site(folder: Path, files: int, size: int) -> None:
    """Pages of random text in folders of a hundred, so that no two are alike."""
    rand = random.Random(7)
    folder.mkdir(parents=True)
    for name in ("index.html", "error.html"):
        (folder / name).write_text(f"<!doctype html><title>{name}</title>", encoding="utf-8")
    for number in range(files - 2):
        page = folder / f"posts-{number // 100:03}" / f"{number:05}.html"
        page.parent.mkdir(exist_ok=True)
        write(page, rand, size)


def write(page: Path, rand: random.Random, size: int) -> None:
    """Small files are text; of big ones only the beginning is, so that a gigabyte is written quickly."""
    with page.open("wb") as out:
        head = b"<!doctype html>"[:size]
        out.write(head)
        left = size - len(head)
        while left > 0:
            block = rand.randbytes(min(left, BLOCK)) if size > BLOCK else rand.randbytes(left // 2 + 1).hex().encode()
            out.write(block[:left])
            left -= len(block)


def measured(command: Sequence[str], environ: Mapping[str, str], folder: Path) -> tuple[Run, str]:
    """Run a command; what it cost, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed ({done.returncode}):\n{done.stderr[-1000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(seconds, cpu), done.stdout


class Change:
    """One page gets other content of another size; both are random."""

    def __init__(self, site: Path) -> None:
        self.page, self.times = max(site.rglob("*.html")), 0

    def make(self) -> None:
        self.times += 1
        with self.page.open("ab") as out:
            out.write(b"changed" * self.times)


def run_sitepub(folder: Path, environ: Mapping[str, str], files: int, change: Change, *,
                program: str = sys.executable) -> Figures:
    command = [program, "-m", "sitepub", "deploy", "--local", "--yes", "--json", "--quiet"]
    first, said = measured(command, environ, folder)
    changes = json.loads(said)["changes"]
    if changes["uploaded"] + changes["copied"] != files:
        raise SystemExit(f"sitepub uploaded {changes}, not {files} files")
    again, said = measured(command, environ, folder)
    if json.loads(said)["changes"]["unchanged"] != files:
        raise SystemExit(f"sitepub's second run changed something: {said}")
    change.make()
    changed, said = measured(command, environ, folder)
    if json.loads(said)["changes"]["uploaded"] != 1:
        raise SystemExit(f"sitepub did not upload one file: {said}")
    return Figures("sitepub deploy", first, again, changed)


def run_peer(peer: peers.Peer, work: Path, files: int, change: Change) -> Figures:
    first, _ = measured(peer.upload, peer.environ, work)
    if (there := peer.objects()) != files:
        raise SystemExit(f"{peer.label} uploaded {there} files, not {files}")
    again, _ = measured(peer.upload, peer.environ, work)
    change.make()
    changed, _ = measured(peer.upload, peer.environ, work)
    return Figures(peer.label, first, again, changed)


def run(options: argparse.Namespace, work: Path) -> Report:
    project = work / "project"
    site = project / "site"
    make_site(site, options.files, options.size)
    (project / "serverless.yml").write_text(PROJECT, encoding="utf-8")
    environ = {**os.environ, "SITEPUB_HOME": str(work / "home")}
    programs = peers.install(options.peers, work / "venv") if options.peers else work
    local = [sys.executable, "-m", "sitepub", "local"]
    start = [*local, "start", "--latency", str(options.latency), "--port", "0", "--json"]
    _, said = measured(start, environ, work)
    try:
        place = peers.Place(json.loads(said), site, work, programs)
        change = Change(site)
        runs = [run_sitepub(project, environ, options.files, change)]
        for name in options.peers:
            try:
                runs.append(run_peer(peers.ready(name, place), work, options.files, change))
            except peers.Missing as missing:
                print(f"left out: {missing}", file=sys.stderr)
    finally:
        measured([*local, "stop"], environ, work)
    return Report(options.files, options.size, options.latency, os.cpu_count() or 1,
                  platform.python_version(), runs)


def table(report: Report) -> str:
    lines = [f"{report.files} files of {report.bytes_each} bytes, {report.latency_ms} ms latency, "
             f"{report.processors} processors, Python {report.python}", "",
             "| seconds (of the client's processor) | first upload | nothing changed | one file changed |",
             "| --- | ---: | ---: | ---: |"]
    for each in report.runs:
        cells = "".join(f" {run.seconds:.2f} ({run.cpu:.2f}) |" for run in (each.first, each.again, each.changed))
        lines.append(f"| {each.program} |{cells}")
    lines += ["", "| times sitepub's seconds | first upload | nothing changed | one file changed |",
              "| --- | ---: | ---: | ---: |"]
    for each in report.runs[1:]:
        cells = "".join(f" {report.ratio(what, each):.2f} |" for what in ("first", "again", "changed"))
        lines.append(f"| {each.program} |{cells}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=4096, help="bytes of a file")
    parser.add_argument("--latency", type=int, default=30, help="milliseconds before every answer")
    parser.add_argument("--peers", nargs="*", default=["s5cmd", "rclone:64", "aws", "coscmd:64"],
                        help=f"of {', '.join(peers.PEERS)}, NAME:N for N threads; none: sitepub alone")
    parser.add_argument("--output", type=Path, help="also write the figures to this JSON file")
    options = parser.parse_args()
    with work_folder() as work:
        report = run(options, work)
    figures = json.dumps(asdict(report), indent=1)
    if options.output is not None:
        options.output.write_text(figures + "\n", encoding="utf-8")
    print(figures)
    print(table(report), file=sys.stderr)


if __name__ == "__main__":
    main()
