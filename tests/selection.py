"""Which tests a run takes, and in which order: a plugin of pytest that ``conftest`` loads.

- A quick run leaves out what needs a browser or npm, and what is known to be slow. It says so at the end.
- Slow tests start first, spread over the workers, so that none of them runs alone at the end.
- ``slow.txt`` knows the slow ones; ``tests/run --record-slow`` writes it.
"""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.amount import AMOUNT

SLOW = 3.0
"""Seconds from which on a test is slow."""
_UNEXPECTED = 15.0
"""Seconds after which an unknown one is named, on a busy computer too."""
FILE = Path(__file__).with_name("slow.txt")
UNTIL = "SITEPUB_TESTS_UNTIL"
"""The variable with the second (as of ``date +%s``) after which a quick run begins no further test."""
NEEDS: Mapping[str, str] = {"chromium": "browser", "npm_packages": "npm"}
"""Fixture → the marker of every test that uses it, directly or through another fixture."""
_WORDS = {"browser": "need a browser", "npm": "need npm", "slow": f"take {SLOW:g} seconds and more"}
_TIME_WAS_UP = "the time of a quick run was over"

LEFT_OUT = pytest.StashKey["Counter[str]"]()
TOOK = pytest.StashKey["Took"]()


def read_slow(file: Path = FILE) -> dict[str, float]:
    """Name of the test function → seconds of its longest case."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {name: float(seconds) for seconds, name in (line.split() for line in lines if not line.startswith("#"))}


def write_slow(took: Mapping[str, float], file: Path = FILE) -> None:
    """Tests that did not run keep their line."""
    known = {name: seconds for name, seconds in read_slow(file).items() if name not in took}
    known |= {name: seconds for name, seconds in took.items() if seconds >= SLOW}
    rows = sorted(known.items(), key=lambda row: (-row[1], row[0]))
    file.write_text("# Seconds and tests, the longest first: tests/run --record-slow writes this file.\n"
                    + "".join(f"{seconds:5.1f} {name}\n" for name, seconds in rows), encoding="utf-8")


def function_of(test: str) -> str:
    """Node id → name of the test function."""
    return test.partition("[")[0].rpartition("::")[2]


def in_order(tests: Sequence[str], slow: Mapping[str, float], workers: int) -> list[int]:
    """Positions of the tests in the order to run them.

    xdist gives each worker a contiguous share and lets those that have ended take from the tail of others. So the share
    of each begins with slow tests; those of a file stay together, for the fixtures of their module.
    """
    files: defaultdict[str, list[int]] = defaultdict(list)
    for at, test in enumerate(tests):
        if function_of(test) in slow:
            files[test.partition("::")[0]].append(at)
    seconds = {file: sum(slow[function_of(tests[at])] for at in ats) for file, ats in files.items()}
    heads: list[list[int]] = [[] for _ in range(workers)]
    loads = [0.0] * workers
    for file in sorted(files, key=lambda file: (-seconds[file], file)):
        least = loads.index(min(loads))
        heads[least] += files[file]
        loads[least] += seconds[file]
    rest = [at for at, test in enumerate(tests) if function_of(test) not in slow]
    found: list[int] = []
    for number, head in enumerate(heads):
        share = (len(tests) - len(found)) // (workers - number) - len(head)
        found += head + rest[:max(0, share)]
        rest = rest[max(0, share):]
    return found + rest


def left_out(markers: Iterable[str], name: str, slow: Mapping[str, float]) -> str | None:
    """Why a quick run leaves a test out."""
    for marker in markers:
        if marker in NEEDS.values():
            return marker
    return "slow" if name in slow else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-slow", action="store_true", help=f"write {FILE.name} from this run")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: runs Chromium; set by the fixture that starts it")
    config.addinivalue_line("markers", "npm: runs packages of npm; set by the fixture that installs them")
    config.stash[LEFT_OUT] = Counter[str]()
    config.stash[TOOK] = Took()
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(config.stash[TOOK])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    slow = read_slow()
    kept: list[pytest.Item] = []
    for item in items:
        for name in getattr(item, "fixturenames", ()):
            if name in NEEDS:
                item.add_marker(NEEDS[name])
        why = left_out((mark.name for mark in item.iter_markers()), function_of(item.nodeid), slow)
        if AMOUNT == "quick" and why is not None:
            config.stash[LEFT_OUT][why] += 1
        else:
            kept.append(item)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    order = in_order([item.nodeid for item in kept], slow, workers) if workers > 1 else range(len(kept))
    items[:] = [kept[at] for at in order]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if AMOUNT == "quick" and time.time() > float(os.environ.get(UNTIL, "inf")):
        item.config.stash[LEFT_OUT][_TIME_WAS_UP] += 1
        pytest.skip(_TIME_WAS_UP)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        counts = session.config.stash[LEFT_OUT]
        session.config.workeroutput["left_out"] = {why: counts[why] for why in counts}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker has ended. Every one collects all tests, and begins its own share."""
    del error
    ours: Counter[str] = node.config.stash[LEFT_OUT]
    for why, count in getattr(node, "workeroutput", {}).get("left_out", {}).items():
        ours[why] = ours[why] + count if why == _TIME_WAS_UP else count


class Took:
    """Seconds of each test function's longest case: in the first process, which hears of the tests of all workers."""

    def __init__(self) -> None:
        self._tests: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._tests[report.nodeid] += report.duration

    def longest(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for test, seconds in self._tests.items():
            name = function_of(test)
            found[name] = max(found.get(name, 0.0), seconds)
        return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    longest = config.stash[TOOK].longest()
    counts = config.stash[LEFT_OUT]
    if config.getoption("--record-slow"):
        write_slow(longest)
    for line in quick_lines(counts) if AMOUNT == "quick" else unknown_lines(longest):
        terminalreporter.write_line(line)


def quick_lines(counts: Mapping[str, int]) -> list[str]:
    """What a quick run left out."""
    words = {**_WORDS, _TIME_WAS_UP: f"were still to come when {_TIME_WAS_UP}"}
    return ["left out (tests/run without --quick does it):",
            *(f"- tests that {said}: {counts[why]}" for why, said in words.items() if counts.get(why)),
            "- most of the examples that are made at random"]


def unknown_lines(longest: Mapping[str, float]) -> list[str]:
    """Tests that took long, and that the next run does not know to start first."""
    known = read_slow()
    found = [f"- {name}: {seconds:.0f} s" for name, seconds in longest.items()
             if seconds > _UNEXPECTED and name not in known]
    return [f"slow, and not in {FILE.name} (tests/run --record-slow enters them):", *found] if found else []
