"""A forked run is what a new interpreter is, and what was loaded before it depends on nothing of the run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.program import starting

pytestmark = pytest.mark.skipif(not starting.FORKS, reason="forks are for Linux")
ROOT = Path(__file__).parents[2]
KNOWN = re.compile(
    r"(zoneinfo\S*|sysconfig\S*) (\$_?PYTHON\w*|\$HOME|expanduser\(\))"  # where packages and time zones are
    r"|\S+ \$(\w+_NO_EXTENSIONS|PYTHON\w+|PY_SAX_PARSER|AIOHTTP_NOSENDFILE)"  # how a library is made
    r"|ssl \$SSLKEYLOGFILE"  # whoever sets it gets a new interpreter
    r"|_strptime getlocale\(\)"  # it looks again at each use
    r"|rich getcwd\(\)|logging time\(\)"  # used for tracebacks, and for the time since the start
    r"|socket socket\.__new__|urllib3\S* socket\.bind|mimetypes open .*"  # the computer's: IPv6, types of files
)

Both = Callable[..., list[tuple[int, str, str]]]


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Both:
    """Code, stdout and stderr of the mirror, forked and not."""
    def run(*words: str, cwd: Path = ROOT, **extra: str) -> list[tuple[int, str, str]]:
        found = []
        for way in ("fork", "exec"):
            monkeypatch.setattr(starting, "WAY", way)
            found.append(starting.run("tests.program.mirror", words, cwd=cwd, timeout=60,
                                      environ={**os.environ, "PYTHONIOENCODING": "utf-8", **extra}))
        return found
    return run


def started(*words: str) -> starting.Forked:
    run = starting.start("tests.program.mirror", words, cwd=ROOT, environ={**os.environ, "PYTHONIOENCODING": "utf-8"})
    assert isinstance(run, starting.Forked)
    return run


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "WAY", "fork")


def test_a_fork_sees_what_a_new_interpreter_sees(both: Both, tmp_path: Path) -> None:
    place = tmp_path / "a 目录"
    place.mkdir()
    umask = os.umask(0o027)
    try:
        seen = [json.loads(out) for _code, out, _err in both(
            "show", "", "--a=b", "\udc80 名", cwd=place, TZ="Asia/Shanghai", HOME="/nowhere", COLUMNS="\udcff")]
    finally:
        os.umask(umask)
    assert seen[0] == seen[1]
    shown: dict[str, Any] = seen[0]
    assert shown["cwd"] == str(place) and shown["zone"][0][0] == "CST" and shown["umask"] == 0o027
    assert list(shown["descriptors"]) == ["0", "1", "2"] and shown["environ"]["COLUMNS"] == "\udcff"
    assert [shown["path"][0], *shown["argv"][1:]] == [str(place), "show", "", "--a=b", "\udc80 名"]


@pytest.mark.parametrize(("word", "code"), [
    (["exit", "7"], 7), (["exit", "0"], 0), (["text"], 1), (["raise"], 1), (["interrupt"], -signal.SIGINT),
    (["kill"], -signal.SIGKILL), (["ends"], 0),
    (["full"], 1 if os.environ.get("PYTHONUNBUFFERED") else 120)])
def test_a_fork_ends_as_a_new_interpreter_does(both: Both, word: list[str], code: int) -> None:
    fork, new = both(*word)
    assert fork[0] == new[0] == code
    assert fork[1] == new[1]
    # A traceback names the file that was started, too.
    assert fork[2].splitlines()[-1:] == new[2].splitlines()[-1:]
    if word == ["ends"]:
        assert fork[1:] == new[1:] == ("main thread\nat the end\n", "taken apart\n")


@pytest.mark.usefixtures("forks")
def test_each_fork_has_random_numbers_of_its_own() -> None:
    found = {started("random").communicate(timeout=60)[0] for _ in range(3)}
    assert len({number for line in found for number in line.split()}) == 6


@pytest.mark.usefixtures("forks")
def test_signals_reach_a_fork_and_its_end_is_known() -> None:
    for number, code in ((signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, -signal.SIGINT),
                         (signal.SIGKILL, -signal.SIGKILL)):
        run = started("wait")
        assert run.stdout is not None and run.stdout.readline() == "waiting\n"
        assert run.poll() is None and Path(f"/proc/{run.pid}").exists()
        with pytest.raises(subprocess.TimeoutExpired):
            run.wait(0.01)
        run.send_signal(number)
        assert run.wait(30) == run.poll() == code
        assert not Path(f"/proc/{run.pid}").exists()
        run.kill()
        run.communicate()


@pytest.mark.usefixtures("forks")
def test_a_fork_that_takes_too_long_or_is_forgotten_is_killed() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        started("wait").communicate(timeout=0.1)
    run = started("wait")
    pid = run.pid
    assert run.stdout is not None and run.stdout.readline() == "waiting\n"
    run.stdout.close()
    del run
    until = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.usefixtures("forks")
def test_another_locale_and_what_only_a_start_reads_get_a_new_interpreter() -> None:
    for name in ("LC_ALL", "LANG", "PYTHONPATH", "PYTHONUTF8", "LD_PRELOAD", "SSL_CERT_FILE"):
        run = starting.start("tests.program.mirror", ["exit", "3"], cwd=ROOT,
                             environ={**os.environ, "PYTHONIOENCODING": "utf-8", name: ""})
        run.communicate(timeout=60)
        assert isinstance(run, subprocess.Popen) and run.returncode == 3, name


@pytest.mark.usefixtures("forks")
def test_a_program_that_cannot_be_loaded_is_shown() -> None:
    with pytest.raises(RuntimeError, match=r"No module named 'tests\.nothing'"):
        starting.run("tests.nothing", [], cwd=ROOT, timeout=60, environ={**os.environ, "PYTHONIOENCODING": "utf-8"})


@pytest.mark.parametrize("program", ["sitepub", "sitepub.local"])
def test_loading_depends_on_nothing_that_runs_differ_in(program: str) -> None:
    done = subprocess.run([sys.executable, "-m", "tests.program.reads_of_loading", program], cwd=ROOT, check=True,
                          capture_output=True, encoding="utf-8")
    assert done.stdout and not [line for line in done.stdout.splitlines() if not KNOWN.fullmatch(line)]
