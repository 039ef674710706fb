"""The end of what CI prints names each test that failed, with its reason, whatever was printed before it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.failures import VARIABLE, listed

REPO = Path(__file__).parents[1]
BROKEN = '''
import json, pytest

@pytest.fixture
def no_folder():
    yield
    raise OSError(39, "Directory not empty", "/tmp/x")

def test_compares(): assert len("abc") == 4, "too short"
def test_chain():
    try:
        1 / 0
    except ZeroDivisionError as error:
        raise OSError("cannot be deleted") from error
def test_ends(no_folder): pass
def test_message(): pytest.fail("\\n".join(f"line {n}" for n in range(100)))
def test_library(): json.loads("{")
def test_right(): pass
'''


def test_each_failed_test_is_named_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "test_not_python.py").write_text("def", encoding="utf-8")
    found = tmp_path / "failures"
    environ = {**os.environ, VARIABLE: str(found), "PYTHONPATH": str(REPO)}
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    words = ["-q", "-n", "2", "-p", "tests.failures", "-p", "no:cacheprovider", "--continue-on-collection-errors"]
    subprocess.run([sys.executable, "-m", "pytest", *words], cwd=tmp_path, env=environ, capture_output=True,
                   check=False)
    lines = found.read_text(encoding="utf-8").splitlines()
    assert {line for line in lines if not line.startswith(" ")} == {
        *(f"FAILED test_broken.py::test_{name}" for name in ("compares", "chain", "message", "library")),
        "FAILED test_broken.py::test_ends (at teardown)", "FAILED test_not_python.py (at collection)"}
    text = "\n".join(lines)
    for reason in ("test_broken.py:9: AssertionError: too short", "assert 3 == 4",
                   "test_broken.py:12: ZeroDivisionError", "test_broken.py:14: OSError: cannot be deleted",
                   "test_broken.py:7: OSError: [Errno 39] Directory not empty: '/tmp/x'", "line 0\n", "line 99",
                   "JSONDecodeError: Expecting property name", "from test_broken.py:17", "SyntaxError"):
        assert reason in text, f"{reason} is not in\n{text}"
    assert len(lines) < 60


def test_the_more_tests_failed_the_less_is_said_of_each() -> None:
    for count in (1, 5, 20, 60):
        lines = list(listed({f"test_{n}": [f"reason {line} {'x' * 500}" for line in range(20)] for n in range(count)}))
        assert sum(line.startswith("FAILED") for line in lines) == count
        assert sum("reason 0 " in line for line in lines) == count
        assert len(lines) <= max(60, 2 * count)
        assert max(map(len, lines)) < 320


@pytest.mark.skipif(shutil.which("bash") is None or sys.platform == "win32", reason="CI runs it with bash")
@pytest.mark.parametrize("codes", [(0, 0), (1, 0), (0, 3), (2, 124)])
def test_what_failed_is_said_last_whichever_part_it_was(tmp_path: Path, codes: tuple[int, int]) -> None:
    (tmp_path / ".ci").mkdir()
    (tmp_path / "tests").mkdir()
    shutil.copy(REPO / ".ci/run", tmp_path / ".ci/run")
    for name, code in zip(("run", "lowest"), codes, strict=True):
        # The first part has failed tests; the other one comes to its end without them.
        failures = f'printf "FAILED a\\n    why\\n" > "${VARIABLE}"\n' if name == "run" and code else ""
        (tmp_path / "tests" / name).write_text(
            f"{failures}for n in $(seq 300); do echo words of {name} $n; done\necho complaint of {name} >&2\n"
            f"exit {code}\n", encoding="utf-8", newline="\n")
    done = subprocess.run(["bash", ".ci/run"], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8",
                          check=False)
    assert done.returncode == next((code for code in codes if code), 0)
    end = done.stdout.splitlines()[-60:]
    assert done.stdout.count("words of run 300\n") >= 1 and not done.stderr
    if codes[0]:
        at = end.index(f"== failed: tests/run, with exit code {codes[0]}")
        assert end[at + 1:at + 3] == ["FAILED a", "    why"]
    if codes[1]:
        assert f"== failed: tests/lowest, with exit code {codes[1]}" in end and end[-1] == "complaint of lowest"
    assert ("== failed" in done.stdout) == any(codes)
