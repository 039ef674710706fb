"""All that docs/performance.md shows, in one run: sites of up to a million files, and other programs.

    python -m benchmarks --write docs/performance.md
    python -m benchmarks --files 10000 100000 --rows sizes          # a part of it

The figures go to --output after each step; a run that was interrupted goes on from there. See README.md beside this
file.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.deployed import make_project
from benchmarks.table import markdown, measuring, needs, revisions, rows
from benchmarks.table.figures import Figures, load, machine, open_figures
from benchmarks.table.measuring import Record
from benchmarks.table.revisions import Revision

ROWS = ("page", "peers", "large", "renames", "sizes")
_LARGEST_BEFORE = 300_000


@dataclass
class Bench:
    options: argparse.Namespace
    figures: Figures
    work: Path
    revisions: list[Revision]
    programs: Path
    peers: list[str]
    """Those that are installed, with their number of threads."""
    began: float

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.began:6.0f} s] {text}", file=sys.stderr, flush=True)

    def measure(self, row: str, who: str, work: Callable[[Path, Record], None]) -> None:
        """One line or column of a row, unless the figures have it. What fails is left out, and the run goes on."""
        if self.figures.finished(row, who):
            self.say(f"{row}, {who}: measured already")
            return
        self.say(f"{row}, {who}")
        self.figures.begin(row, who)
        folder = self.work / "row"
        folder.mkdir()

        def record(step: str, found: Any) -> None:
            self.figures.record(row, who, step, found)
            runs = [one for one in (found, *found.values()) if isinstance(one, dict) and "seconds" in one]
            self.say(f"  {step}: {' · '.join(map(markdown.cell, runs)) or 'done'}")

        try:
            work(folder, record)
            self.figures.finish(row, who)
        except (SystemExit, subprocess.CalledProcessError, peers.Missing) as error:
            self.say(f"  left out: {error}")
            self.figures.left_out[f"{row}, {who}"] = str(error)
            self.figures.save()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def peer(self, name: str) -> str | None:
        """``name`` as it was asked for: with its threads."""
        return next((one for one in self.peers if one.partition(":")[0] == name), None)

    def run(self) -> None:
        for row in ROWS:
            if row in self.options.rows:
                getattr(self, f"_{row}")()

    def _page(self) -> None:
        for each in self.revisions:
            self.measure(rows.PAGE, each.who, partial(measuring.one_page, each, self.options.times))

    def _peers(self) -> None:
        for each in self.revisions:
            self.measure(rows.PEERS, each.who, partial(measuring.beside, each))
        for name in self.peers:
            self.measure(rows.PEERS, name, partial(measuring.beside_by_peer, name, self.programs))

    def _large(self) -> None:
        for each in self.revisions:
            self.measure(rows.LARGE, each.who, partial(measuring.large, each))
        for name in ("s5cmd", "rclone"):
            if self.peer(name):
                self.measure(rows.LARGE, name, partial(measuring.large_by_peer, name, self.programs))

    def _renames(self) -> None:
        for each in self.revisions:
            self.measure(rows.RENAMES, each.who, partial(measuring.renamed, each))

    def _sizes(self) -> None:
        for files in sorted(self.options.files):
            self._size(files)

    def _size(self, files: int) -> None:
        row, project = f"{files} files", self.work / "project"
        measured = [each for each in self.revisions if each.who == "now" or files in self.options.before_files]
        whole = [*(each.who for each in measured), *(["s5cmd"] if self.peer("s5cmd") else [])]
        if all(self.figures.finished(row, who) for who in whole):
            self.say(f"{row}: measured already")
            return
        self.say(f"{row}: writing them")
        make_project(project, files, self.options.size)
        try:
            for each in measured:
                self.measure(row, each.who, partial(measuring.measure_site, each, project, files, self.options.times,
                                                     self.options.saves))
            if "s5cmd" in whole:
                self.measure(row, "s5cmd", partial(measuring.first_by_s5cmd, project, files, self.programs))
        finally:
            shutil.rmtree(project, ignore_errors=True)


def needed(options: argparse.Namespace) -> needs.Need:
    each = {"page": [needs.need(1, 256)], "renames": [needs.need(measuring.RENAMED_OF, 256)],
            "peers": [needs.need(measuring.PEERS_FILES, measuring.PEERS_SIZE)],
            "large": [needs.need(1, measuring.LARGE_MB * 1_000_000, buckets=2)],  # two, for the one that was killed
            "sizes": [needs.need(files, options.size) for files in options.files]}
    return needs.most(need for row in options.rows for need in each[row])


def parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="+", default=[10_000, 100_000, 300_000, 1_000_000],
                        help="sizes of the sites")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), help="only these")
    parser.add_argument("--peers", nargs="*", default=["s5cmd", "rclone:64", "aws", "coscmd:64"],
                        help=f"of {', '.join(peers.PEERS)}, NAME:N for N threads; none: sitepub alone")
    parser.add_argument("--before", metavar="REV", help="also measure an older revision of sitepub")
    parser.add_argument("--before-files", type=int, nargs="*", metavar="FILES",
                        help=f"sizes for it (default: those of --files up to {_LARGEST_BEFORE:,})")
    parser.add_argument("--output", type=Path, default=revisions.REPO / "benchmarks/results/figures.json",
                        help="JSON file of the figures; a run goes on with those that it has (default: %(default)s)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="also write the tables into this page")
    parser.add_argument("--from", dest="source", type=Path, metavar="FILE",
                        help="measure nothing: tables from the figures of this file")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()),
                        help="where all files lie meanwhile; in memory: /dev/shm (default: %(default)s)")
    parser.add_argument("--size", type=int, default=256, help="bytes of a file of the sites")
    parser.add_argument("--times", type=int, default=3, help="runs of what is quick; the quickest counts")
    parser.add_argument("--saves", type=int, default=10, help="saves while dev runs; the one in the middle counts")
    options = parser.parse_args(words)
    unknown = [name for name in options.peers if name.partition(":")[0] not in peers.PEERS]
    if unknown:
        parser.error(f"unknown peer {unknown[0]}: one of {', '.join(peers.PEERS)}")
    if min(options.files) < 10:
        parser.error("--files: a site has 10 files or more")
    if options.before and not revisions.short(options.before):
        parser.error(f"--before: git does not know the revision {options.before}")
    if options.before_files is None:
        options.before_files = [files for files in options.files if files <= _LARGEST_BEFORE]
    return options


@contextlib.contextmanager
def _prepared(options: argparse.Namespace, words: Sequence[str]) -> Iterator[Bench]:
    began = time.monotonic()
    current = revisions.current()
    about = {**machine(options.folder), "command": shlex.join(["python", "-m", "benchmarks", *words]),
             "revision": current.label, "sitepub": revisions.content(),
             "before": revisions.short(options.before) if options.before else None}
    figures = open_figures(options.output, about)
    wanted = needed(options)
    print(f"All files lie below {options.folder} and are removed at the end: up to {wanted}.", file=sys.stderr)
    needs.check(options.folder, wanted)
    with contextlib.ExitStack() as stack:
        work = Path(tempfile.mkdtemp(prefix="sitepub-bench-", dir=options.folder))
        stack.callback(shutil.rmtree, work, ignore_errors=True)
        bench = Bench(options, figures, work, [current], work, [], began)
        if options.before:
            bench.say(f"installing sitepub of {figures.about['before']}")
            bench.revisions.append(stack.enter_context(revisions.installed(options.before, work)))
        if options.peers:
            bench.say("installing the peers")
            bench.programs, versions, missing = measuring.programs(options.peers, work / "venv")
            figures.about["programs"] = versions
            for name, why in missing.items():
                bench.say(f"  left out: {name}: {why}")
            figures.about["left_out"] = {name: why for name, why in figures.left_out.items()
                                         if name not in peers.PEERS} | missing
            bench.peers = [name for name in options.peers if name.partition(":")[0] in versions]
        yield bench


def _terminated(*_: object) -> None:
    raise KeyboardInterrupt


def main(words: Sequence[str]) -> int:
    options = parsed(words)
    if options.source is not None:
        figures = load(options.source)
    else:
        before = signal.signal(signal.SIGTERM, _terminated)
        # nohup and scripts start a program in the background with SIGINT ignored, which those that it starts inherit
        interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with _prepared(options, words) as bench:
                bench.run()
                figures = bench.figures
        except KeyboardInterrupt:
            print(f"\nInterrupted. The figures so far are in {options.output}; the same command goes on.",
                  file=sys.stderr)
            return 130
        finally:
            signal.signal(signal.SIGTERM, before)
            signal.signal(signal.SIGINT, interrupt)
    if options.write is not None:
        markdown.write(options.write, figures)
        print(f"The tables are in {options.write}.", file=sys.stderr)
    else:
        print(markdown.tables(figures))
    return int(bool(figures.left_out))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
