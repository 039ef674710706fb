"""How often the tests of the laws try to break them: kills, pauses, foreign answers, random histories.

    python -m benchmarks.laws                 # each test once
    python -m benchmarks.laws --seeds 10      # the random ones ten times, each time with other histories

Runs the tests themselves and counts what happens in them. docs/reliability.md shows the figures."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

RANDOM = ["tests/publish/test_publish_laws.py", "tests/publish/test_publish_foreign.py",
          "tests/publish/previews/test_publish_previews.py", "tests/publish/test_publish_retention.py"]
"""Tests on random histories, in a cloud in memory."""
TOGETHER = ["tests/publish/histories"]
"""All that is done with releases in one history; and tabs that stay open. As often as SITEPUB_TESTS says."""
KILLS = ["tests/publish/release", "tests/publish/test_publish_lease.py", "tests/publish/test_publish_takeover.py",
         "tests/publish/test_publish_dev_states.py"]
PAUSES = ["tests/publish/test_publish_races.py"]
HOSTS = ["tests/e2e/test_e2e_broken_hosts.py"]
ANSWERS = ["tests/tencent/test_tencent_foreign_answers.py", "tests/e2e/test_e2e_foreign_answers.py"]

counts: Counter[str] = Counter()


def count(name: str, module: Any, function: str, when: Callable[[Any], bool] = lambda _: True) -> None:
    """Count the calls of a function, before the tests import it by its name."""
    real = getattr(module, function)

    def counted(*args: Any, **named: Any) -> Any:
        found = real(*args, **named)
        counts[name] += when(found)
        return found

    setattr(module, function, counted)


def count_everything() -> None:
    from sitepub.publish import publish
    from tests.e2e import test_e2e_broken_hosts
    from tests.publish import memory_cloud, pausing, sites
    from tests.publish.histories import world
    from tests.tencent import intercepting, scripted_server

    count("deploys that came to their end", publish, "publish")
    count("looks whether every live page is whole", sites, "check_pages_whole")
    count("clouds, each with a history of its own", memory_cloud.MemoryCloud, "__init__")
    count_kills(memory_cloud.MemoryCloud)
    count("processes paused at an answer", pausing.Deploy, "wait_for_stop", bool)
    count("scripts of answers of the cloud API", scripted_server, "scripted")
    count_breaks(test_e2e_broken_hosts.Calls)
    count("acts of histories of releases", world.World, "act")
    count_tabs(world.World)
    for name in ("once", "for_ever", "first_of"):
        count_answers(intercepting, name)


def count_kills(cloud: Any) -> None:
    """A dead process may try to write more than once: one kill for each time that the next one begins."""
    revive = cloud.revive

    def revived(self: Any) -> None:
        counts["kills"] += self._dead
        revive(self)

    cloud.revive = revived


def count_tabs(world: Any) -> None:
    look = world._pages_whole

    def looked(self: Any, place: Any) -> None:
        before = self.seen
        look(self, place)
        counts["files that open tabs may load, looked for"] += self.seen - before
        counts["looks whether every live page is whole"] += 1

    world._pages_whole = looked


def count_breaks(calls: Any) -> None:
    before = calls.before

    def counted(self: Any, what: str) -> None:
        over = self.over
        try:
            before(self, what)
        finally:
            counts["setups of a host broken at a call"] += self.over and not over

    calls.before = counted


def count_answers(module: Any, function: str) -> None:
    real = getattr(module, function)

    def counted(*args: Any) -> Any:
        replace = real(*args)

        def replaced(number: int, name: str) -> Any:
            answer = replace(number, name)
            counts["answers that somebody else gave"] += answer is not None
            return answer

        counts["calls that somebody else answered"] += 1
        return replaced

    setattr(module, function, counted)


class Ends:
    """How the tests themselves ended."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            counts[f"tests {report.outcome}"] += 1


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--seeds", type=int, default=1, help="runs of the random tests, each with other histories")
    asked = options.parse_args()
    count_everything()
    found: dict[str, dict[str, float]] = {}
    for name, files, runs in (("random histories and kills", RANDOM, asked.seeds),
                              ("releases, previews, promotion and dev together", TOGETHER, 1),
                              ("kills of take-overs and sessions", KILLS, 1),
                              ("pauses at each answer", PAUSES, 1), ("hosts", HOSTS, 1),
                              ("answers of others", ANSWERS, 1)):
        counts.clear()
        began = time.monotonic()
        for seed in range(runs):
            with contextlib.redirect_stdout(sys.stderr):
                pytest.main(["-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning",
                             f"--hypothesis-seed={seed}", *files], plugins=[Ends()])
        found[name] = {"seconds": round(time.monotonic() - began), **counts}
    print(json.dumps(found, indent=1))
    return int(any(key in ("tests failed", "tests error") for part in found.values() for key in part))


if __name__ == "__main__":
    sys.exit(main())
