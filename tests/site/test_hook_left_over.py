"""Commands whose starter is in a hurry, or gone: nothing of them is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sitepub.site.build.process import HookProcess, kill_all

if sys.platform == "win32":
    pytest.skip("process groups are POSIX's", allow_module_level=True)

STUBBORN = "trap '' INT TERM HUP; sleep 300 & echo $! > inner; echo $$ > outer.new; mv outer.new outer; wait; sleep 300"
STARTER = """\
import os, sys, time
from pathlib import Path
from sitepub.site.build.process import HookProcess
process = HookProcess(sys.argv[1], Path.cwd(), dict(os.environ))
if sys.argv[2] == "closes":
    while not Path("outer").exists():
        time.sleep(0.01)
    process.close()
Path("started").touch()
time.sleep(300)
"""


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def runs(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        if Path("/proc/self").exists():
            return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def ids(folder: Path) -> list[int]:
    until((folder / "outer").exists)
    return [int((folder / name).read_text()) for name in ("inner", "outer")]


def test_all_that_runs_is_ended_at_once_when_asked(tmp_path: Path) -> None:
    process = HookProcess(STUBBORN, tmp_path, dict(os.environ))
    numbers = ids(tmp_path)
    kill_all()
    assert process.status() == -signal.SIGKILL
    until(lambda: not any(runs(number) for number in numbers))
    process.close()
    kill_all()  # which has nothing to do


@pytest.mark.parametrize("how", ["holds", "closes"])
def test_what_nobody_looks_after_any_more_ends(tmp_path: Path, how: str) -> None:
    """Except for what was let go on purpose."""
    starter = subprocess.Popen([sys.executable, "-c", STARTER, STUBBORN, how], cwd=tmp_path)
    try:
        numbers = ids(tmp_path)
        until((tmp_path / "started").exists)
    finally:
        starter.kill()
        starter.wait()
    try:
        if how == "holds":
            until(lambda: not any(runs(number) for number in numbers))
        else:
            watch = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
            assert f"sh -c read -r _ || {{ kill -s INT -- \"-$0\"; sleep 2; kill -s KILL -- \"-$0\"; }} 2>/dev/null " \
                f"{numbers[1]}" not in watch, "nobody waits to end it"
            assert all(runs(number) for number in numbers)
    finally:
        for number in numbers:
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                continue
