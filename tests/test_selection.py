"""What a quick run leaves out and says of it, the order of the tests, and that nothing evades either."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.amount import VARIABLE, chosen
from tests.chromium import RunChromium
from tests.selection import UNTIL, in_order, read_slow, write_slow
from tests.touched import ALWAYS, REPO, touched_by

TESTS = Path(__file__).parent

# -- markers ---------------------------------------------------------------------------------------------------

BEHIND_FIXTURES = {"tests.chromium": {"run_chromium", "find_chromium"}, "tests.starters.built": {"install", "npm"}}
PROGRAMS = {"chromium", "chromium-browser", "google-chrome", "npm", "npx"}
MARKED = re.compile(r"^pytestmark = .*pytest\.mark\.npm", re.MULTILINE)
"""Files whose tests all have the marker, without the fixture."""
STARTS = {"which", "run", "Popen", "call", "check_call", "check_output"}


def evasions(text: str) -> list[str]:
    """Ways to a browser or to npm that go past the fixtures."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names} & BEHIND_FIXTURES.get(node.module or "", set())
            found += [f"line {node.lineno}: imports {name}" for name in sorted(names)]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in STARTS:
            words = {one.value for given in node.args for one in ast.walk(given)
                     if isinstance(one, ast.Constant) and isinstance(one.value, str)}
            found += [f"line {node.lineno}: starts {word}" for word in sorted(words & PROGRAMS)]
    return found


@pytest.mark.parametrize("text", [
    "from tests.chromium import Page, run_chromium", "import shutil\nshutil.which('chromium')",
    "def test():\n    from tests.starters.built import install", "subprocess.run(['npm', 'install'])",
    "run(['npx', 'hexo'], check=True)", "subprocess.Popen((which('google-chrome'), '--headless'))"])
def test_a_way_past_the_fixtures_is_seen(text: str) -> None:
    assert evasions(text)


def test_browsers_and_npm_are_reached_through_their_fixtures_only() -> None:
    own = {TESTS / "conftest.py", TESTS / "chromium.py", TESTS / "starters/built.py", Path(__file__),
           TESTS / "pictures/browser.py", TESTS / "check/real_sites.py"}  # for programs and tests that are marked
    texts = {file: file.read_text(encoding="utf-8") for file in TESTS.rglob("*.py") if file not in own}
    found = {file.relative_to(TESTS).as_posix(): evasions(text) for file, text in texts.items()
             if any(word in text for word in (*PROGRAMS, *BEHIND_FIXTURES)) and not MARKED.search(text)}
    assert {file: ways for file, ways in found.items() if ways} == {}


@pytest.fixture
def through(chromium: RunChromium) -> RunChromium:
    return chromium


def test_a_fixture_marks_the_tests_that_use_it_through_another(
    through: RunChromium, request: pytest.FixtureRequest
) -> None:
    assert callable(through) and [mark.name for mark in request.node.iter_markers()] == ["browser"]


# -- a quick run -----------------------------------------------------------------------------------------------

SAMPLE = """
import pytest

@pytest.fixture
def chromium(): return None

@pytest.fixture
def npm_packages(): return None

@pytest.fixture
def site(npm_packages): return None

def test_shown(chromium): raise AssertionError("it was run")
@pytest.mark.parametrize("n", range(3))
def test_built(site, n): raise AssertionError("it was run")
@pytest.mark.parametrize("n", range(6))
def test_plain(n): pass
"""


def quick(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_sample.py").write_text(SAMPLE)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.selection", "-p", "no:cacheprovider", *options],
        cwd=folder, env={**os.environ, VARIABLE: "quick", "PYTHONPATH": str(REPO), **variables}, text=True,
        capture_output=True, check=False, timeout=60)


def test_a_quick_run_leaves_out_what_needs_a_browser_or_npm_and_says_so(tmp_path: Path) -> None:
    ended = quick(tmp_path, "-n", "2", "--dist", "worksteal")
    assert ended.returncode == 0 and "6 passed" in ended.stdout, ended.stdout + ended.stderr
    assert "- tests that need a browser: 1\n- tests that need npm: 3\n" in ended.stdout


def test_a_quick_run_begins_nothing_after_its_time_and_says_so(tmp_path: Path) -> None:
    ended = quick(tmp_path, **{UNTIL: "1"})
    assert "6 skipped" in ended.stdout, ended.stdout + ended.stderr
    assert "- tests that were still to come when the time of a quick run was over: 6" in ended.stdout


def test_an_amount_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="quick, usual, long"):
        chosen("lnog")


# -- the order -------------------------------------------------------------------------------------------------

TESTS_OF = [f"tests/{file}.py::{name}" for file, name in [
    *(("a", f"test_a{number}") for number in range(8)), ("b", "test_long[1]"), ("b", "test_b"), ("b", "test_long[2]"),
    ("c", "test_longer"), ("c", "test_c"), ("d", "test_longest")]]
SECONDS = {"test_long": 4.0, "test_longer": 9.0, "test_longest": 30.0}


@pytest.mark.parametrize("workers", [1, 2, 3, 5, 20])
def test_every_test_is_run_once_and_slow_ones_of_a_file_together(workers: int) -> None:
    order = in_order(TESTS_OF, SECONDS, workers)
    assert Counter(order) == Counter(range(len(TESTS_OF)))
    assert order.index(10) == order.index(8) + 1


def shares(order: list[int], workers: int) -> Iterator[list[int]]:
    """As xdist gives them out at first."""
    left = list(order)
    for number in range(workers):
        count = len(left) // (workers - number)
        yield left[:count]
        left = left[count:]


def test_each_worker_begins_with_slow_tests() -> None:
    begins = [TESTS_OF[share[0]].partition("::")[2] for share in shares(in_order(TESTS_OF, SECONDS, 3), 3)]
    assert begins == ["test_longest", "test_longer", "test_long[1]"]


def test_recorded_seconds_of_tests_that_did_not_run_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "slow.txt"
    write_slow({"test_a": 12.0, "test_b": 5.0, "test_c": 0.1}, file)
    write_slow({"test_b": 1.0, "test_d": 3.5}, file)
    assert read_slow(file) == {"test_a": 12.0, "test_d": 3.5}
    assert list(read_slow(file)) == ["test_a", "test_d"]


# -- what a change touches -------------------------------------------------------------------------------------

@pytest.mark.parametrize(("changed", "wanted"), [
    ([], []),
    (["sitepub/dev/session.py"], ["tests/dev"]),
    (["sitepub/dev/session.py", "sitepub/dev/live.py", "tests/dev/test_dev_builds.py"], ["tests/dev"]),
    (["tests/dev/test_dev_builds.py"], ["tests/dev/test_dev_builds.py"]),
    (["tests/dev/conftest.py"], ["tests/dev"]),
    (["tests/dev/test_that_is_gone.py"], ["tests/dev"]),
    (["sitepub/local/no_room/of/tests.py"], ["tests/local"]),
    (["sitepub/errors.py", "docs/dev.md", "tests/conftest.py", "tests/run"], []),
    (["starters/hexo-starter/package.json"], ["tests/starters"]),
    (["README.md"], ["tests/packaging"]),
])
def test_the_tests_of_a_change(changed: list[str], wanted: list[str]) -> None:
    assert touched_by(changed) == [*ALWAYS, *wanted]
