"""The rows of the tables: the goal of each, when it is missed, and what bounds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Steps = Mapping[str, Any]
"""Step → its figures."""
Sizes = Mapping[int, Steps]
"""Number of files → what was measured of a site with so many."""

_NOTHING = {10_000: 0.4, 100_000: 1.0, 300_000: 2.5, 1_000_000: 8.0}
_NO_MORE = 0.05
"""Seconds …"""
_NO_MORE_PART = 0.1
"""… or this part of them, whichever is more, count as the same."""
_LINEAR = 1.2
"""A file may take so many times as long as in the smallest site before time is no longer linear."""


def number(value: float) -> str:
    """Seconds, MB or KB with about three digits."""
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


@dataclass(frozen=True)
class SizeRow:
    """One that is measured with every size of a site."""

    title: str
    step: str
    goal: str
    missed: Callable[[Sizes], Iterator[str]]
    bound: str

    def of(self, sizes: Sizes) -> Sizes:
        return {files: steps for files, steps in sorted(sizes.items()) if self.step in steps}


def _spread(sizes: Sizes, step: str, most: float) -> Iterator[str]:
    """Memory does not grow with the site."""
    if 10_000 in sizes and 300_000 in sizes:
        grown = sizes[300_000][step]["peak_mb"] - sizes[10_000][step]["peak_mb"]
        if grown >= most:
            yield f"{number(grown)} MB more with 300,000 files than with 10,000"


def _first(sizes: Sizes) -> Iterator[str]:
    each = {files: steps["first"]["seconds"] / files for files, steps in sizes.items() if files >= 10_000}
    for files, steps in sizes.items():
        if files in each and each[files] > _LINEAR * each[min(each)]:
            yield (f"a file takes {number(each[files] / each[min(each)])} times as long with {files:,} files as with "
                   f"{min(each):,}")
        if steps["first"]["peak_mb"] > 250:
            yield f"{number(steps['first']['peak_mb'])} MB with {files:,} files"
    yield from _spread(sizes, "first", 100)


def _nothing(sizes: Sizes) -> Iterator[str]:
    for files, steps in sizes.items():
        if steps["nothing"]["seconds"] > _NOTHING.get(files, float("inf")):
            yield f"{number(steps['nothing']['seconds'])} s with {files:,} files"
        if steps["nothing"]["peak_mb"] > 60:
            yield f"{number(steps['nothing']['peak_mb'])} MB with {files:,} files"
    yield from _spread(sizes, "nothing", 20)


def _changed(sizes: Sizes) -> Iterator[str]:
    for files, steps in sizes.items():
        more = steps["changed"]["seconds"] - steps["nothing"]["seconds"]
        if more > 1:
            yield f"{number(more)} s more with {files:,} files"


def _state(sizes: Sizes) -> Iterator[str]:
    for files, steps in sizes.items():
        for way in ("sent", "read"):
            if (kb := steps["changed"].get(f"state_{way}_kb", 0)) > 500:
                yield f"{number(kb)} KB {way} with {files:,} files"


def _ready(sizes: Sizes) -> Iterator[str]:
    for files, steps in sizes.items():
        more = steps["dev ready"]["seconds"] - steps["nothing"]["seconds"]
        if more > max(_NO_MORE, _NO_MORE_PART * steps["nothing"]["seconds"]):
            yield f"{number(more)} s more with {files:,} files"


def _save(sizes: Sizes) -> Iterator[str]:
    for files, steps in sizes.items():
        if steps["dev save"]["seconds"] > 0.1:
            yield f"{number(steps['dev save']['seconds'])} s with {files:,} files"


FIRST = SizeRow("first deploy", "first", "linear (for a file at most 1.2 times as long as with 10,000); 250 MB", _first,
                "0.09 ms of processor time for an upload, a third of it for sending and receiving; the embedded cloud, "
                "which works on the same processors")
NOTHING = SizeRow("nothing changed", "nothing", "0.4 · 1.0 · 2.5 · 8 s; 60 MB at any size", _nothing,
                  "asking the file system about each file, 3 µs each")
CHANGED = SizeRow("one file changed", "changed", "1 s more than nothing changed", _changed,
                  "the same, and 0.4 s of imports, plan and requests")
REQUESTS = SizeRow("its requests", "changed", "8 round trips", lambda _: iter(()),
                   "eight [round trips](architecture.md#round-trips) after the one that finds the state unchanged; a "
                   "test counts them")
STATE = SizeRow("its state: KB sent, read", "changed", "500, 500 at any size", _state,
                "one shard of about 1,000 entries; the root, which names each shard")
READY = SizeRow("`dev` until it is ready", "dev ready", "the seconds of nothing changed (0.05 s or 10 % more)", _ready,
                "the same as nothing changed; the kernel's watches: 15 µs for a folder of 100 files")
SAVE = SizeRow("`dev`, a save", "dev save", "0.1 s at any size", _save,
               "30 ms in which dev waits whether more is saved; requests")
TIMED = (FIRST, NOTHING, CHANGED, READY, SAVE)
"""Rows of seconds; REQUESTS and STATE belong to CHANGED."""

SITEPUB_BOUND = "10,000 requests of 30 ms side by side, and the processors, which the embedded cloud shares"
PEER_BOUNDS: Mapping[str, str] = {
    "s5cmd": "256 workers; SHA-256 of headers and content for each signature, in the client and in the server",
    "rclone": "64 transfers; the same signatures",
    "aws": "10 requests at once, its default: 30 s of latency alone; Python",
    "coscmd": "64 threads of one Python process",
}
"""Of a peer's first upload."""


@dataclass(frozen=True)
class SingleRow:
    """One that is measured once."""

    key: str
    title: str
    step: str
    goal: str
    missed: Callable[[Mapping[str, Steps]], Iterator[str]]
    """Who → what was measured."""
    bound: str


def _more_than(step: str, most: float) -> Callable[[Mapping[str, Steps]], Iterator[str]]:
    def missed(found: Mapping[str, Steps]) -> Iterator[str]:
        if (seconds := found["now"][step]["seconds"]) > most:
            yield f"{number(seconds)} s"

    return missed


def _slower(found: Mapping[str, Steps]) -> Iterator[str]:
    theirs = found.get("s5cmd", {}).get("deploy")
    if theirs and (times := found["now"]["deploy"]["seconds"] / theirs["seconds"]) > 1:
        yield f"{number(times)} times s5cmd's seconds"


def _again(found: Mapping[str, Steps]) -> Iterator[str]:
    killed = found["now"].get("killed", {})
    if killed.get("sent twice"):
        yield f"{killed['sent twice']} parts sent twice"


PAGE, RENAMES, LARGE, PEERS = "one page", "renames", "large file", "peers"
SINGLE = (
    SingleRow(PAGE, "one page, nothing changed", "nothing", "0.25 s", _more_than("nothing", 0.25),
              "loading Python's own modules for HTTP and TLS"),
    SingleRow(RENAMES, "20,000 renamed of 100,000, 10 ms before every answer", "deploy", "6 s", _more_than("deploy", 6),
              "20,000 copies, plan, journal and state; the embedded cloud, which works on the same processors"),
    SingleRow(LARGE, "a file of 1 GB", "deploy", "no slower than s5cmd", _slower,
              "half of the processor time is its MD5, which s5cmd does not compute; the rest is sending, and the "
              "CRC-64 of each part"),
    SingleRow(LARGE, "the same, killed: parts before, after, sent twice", "killed", "none sent twice", _again,
              "parts under way at the kill"),
)


def reached(missed: Iterator[str]) -> str:
    """What stands in the column beside the goal."""
    found = list(missed)
    return f"no: {'; '.join(found)}" if found else "yes"
