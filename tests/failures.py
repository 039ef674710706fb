"""Which tests failed, and why, in a few lines each: for the end of a log that may be cut. ``conftest`` loads it as a
plugin of pytest.

``.ci/run`` names a file in :data:`VARIABLE`; what the run finds is written there, and printed after all else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

VARIABLE = "SITEPUB_TESTS_FAILURES"
_LINES = 48
"""For the reasons of all tests together; each has one at least."""
_MOST = 8
"""Lines of one reason."""
_WIDTH = 300


class Failures:
    """Of the first process, which hears of the tests of all workers."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._reasons: dict[str, list[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            when = f" (at {report.when})" if report.when in ("setup", "teardown") else ""
            self._reasons[report.nodeid + when] = list(reason(report))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._reasons[f"{report.nodeid} (at collection)"] = list(reason(report))

    def pytest_sessionfinish(self) -> None:
        self._file.write_text("".join(f"{line}\n" for line in listed(self._reasons)), encoding="utf-8")


def reason(report: pytest.TestReport | pytest.CollectReport) -> Iterator[str]:
    """Where it failed and with which message; before it, the error that this one came from."""
    chain = getattr(report.longrepr, "chain", None)
    if chain is None:
        yield from report.longreprtext.strip().splitlines()[-_MOST:]
        return
    for traceback, crash, _ in chain:
        last = traceback.reprentries[-1] if traceback.reprentries else None
        if crash is not None:
            first, *more = crash.message.strip().splitlines() or [""]
            yield f"{_short(crash.path)}:{crash.lineno}: {first}"
            yield from more
        elif last is not None:
            yield from (line for line in getattr(last, "lines", ()) if line.startswith("E"))
    own = report.nodeid.partition("::")[0]
    for traceback, crash, _ in chain[-1:]:
        places = [getattr(entry, "reprfileloc", None) for entry in reversed(traceback.reprentries)]
        line = next((place.lineno for place in places if place is not None and _short(place.path) == own), None)
        if line is not None and (crash is None or (_short(crash.path), crash.lineno) != (own, line)):
            yield f"from {own}:{line}"


def _short(path: str) -> str:
    return Path(path).as_posix().removeprefix(f"{Path.cwd().as_posix()}/")


def listed(reasons: dict[str, list[str]]) -> Iterator[str]:
    """Every test; the more there are, the less of each reason."""
    room = min(_MOST, max(1, _LINES // max(1, len(reasons)) - 1))
    for test, lines in reasons.items():
        yield f"FAILED {test}"
        said = [line[:_WIDTH] for line in lines if line.strip()]
        kept = said if len(said) <= room else [*said[:(room + 1) // 2], *said[len(said) - room // 2:]]
        yield from (f"    {line}" for line in kept)


def pytest_configure(config: pytest.Config) -> None:
    # Taken away at once: tests start pytest, too.
    file = os.environ.pop(VARIABLE, "")
    if file and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Failures(Path(file)))
