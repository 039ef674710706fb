"""Whatever the program waits for: it ends within a second of the first signal, with 130, and says so.

The program as a process of its own, a real signal, and a cloud, a network or a command that lets it wait for ever."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import itertools
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sitepub.config.places import data_dir
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.e2e.conftest import MakeSite, Site, Sitepub, make_sitepub
from tests.e2e.test_e2e_faults import count_anew, switch, wait_for_writes
from tests.edgeone_zone import made_zone
from tests.load import HeldUp, until_at_rest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals to one process are POSIX")

SECOND = 1.0
_numbers = itertools.count(1)
KEYS = {"TENCENTCLOUD_SECRET_ID": "AKID" + "z" * 32, "TENCENTCLOUD_SECRET_KEY": "k" * 32,
        "TENCENT_APP_ID": "1250000000"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Where nothing comes to an end: states take ten minutes."""
    with running_cloud(tmp_path_factory.mktemp("waits") / "data", "--pace", "600") as cloud:
        yield cloud


@pytest.fixture
def program(cloud: LocalCloud, home: Path) -> Iterator[Sitepub]:
    yield make_sitepub(cloud, home)
    switch(cloud, "faults", "")
    Account(cloud).pace(600)


@dataclass
class Waiting:
    """A process of the program, and what it said until now."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._threads = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in (
            (self.process.stderr, self.said), (self.process.stdout, self.lines))]
        for thread in self._threads:
            thread.start()

    def _read(self, stream: object, kept: list[str]) -> None:
        kept.extend(stream)  # type: ignore[arg-type]

    def until(self, ready: Callable[[], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            assert self.process.poll() is None, f"it has ended: {self.said} {self.lines}"
            assert time.monotonic() < deadline, f"it never waited: {self.said}"
            time.sleep(0.02)

    def says(self, words: str) -> Callable[[], bool]:
        return lambda: any(words in line for line in self.said)

    def end(self, number: int = signal.SIGINT, code: int | None = 130) -> str:
        """Send the signal; it must end in time, with this code (``None``: or it was just about to end by itself). What
        it said on stderr."""
        with HeldUp() as held:
            self.process.send_signal(number)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                pytest.fail(f"it goes on waiting after the signal: {self.said}")
        for thread in self._threads:
            thread.join(60)
        said = "".join(self.said)
        assert held.took < SECOND + held.margin, f"{held.took:.2f} s: {said}"
        assert self.process.returncode in ((code,) if code is not None else (0, 1, 4, 5, 130)), said
        assert "Traceback" not in said
        assert "Exception ignored" not in said
        return said


Start = Callable[..., Waiting]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Waiting] = []

    def begin(program: Sitepub, folder: Path, *arguments: str, **extra: str) -> Waiting:
        running.append(Waiting(program.start(*arguments, cwd=folder, **extra)))
        return running[-1]

    yield begin
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


@pytest.fixture
def swallowing() -> Iterator[int]:
    """A port that takes connections and never answers: a proxy in a network that swallows everything."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


def hosts_of(cloud: LocalCloud, edge: str, count: int, *, zone: bool = True) -> list[dict[str, object]]:
    name = f"waits{next(_numbers)}-{os.getpid()}.com"
    account = Account(cloud)
    if zone:
        account.zone(name)
    else:
        account.zone_elsewhere(name, [{"name": "@", "type": "NS", "value": f"ns.{name}"}])
    if edge == "edgeone":
        account.pace(0)
        made_zone(account.sdk, name, proved=zone)
        account.pace(600)
    return [{"host": f"h{number}.{name}", "edge": edge} for number in range(count)]


# Hosts

@pytest.mark.parametrize(("edge", "count", "number"), [
    ("cdn", 1, signal.SIGINT), ("cdn", 2, signal.SIGINT), ("cdn", 2, signal.SIGTERM), ("edgeone", 2, signal.SIGINT),
    ("cos", 1, signal.SIGTERM), ("cos", 3, signal.SIGINT)])
def test_dns_that_somebody_else_edits(program: Sitepub, start: Start, make_site: MakeSite, edge: str, count: int,
                                      number: int) -> None:
    hosts = hosts_of(program.cloud, edge, count, zone=False)
    Account(program.cloud).pace(0)
    site = make_site(f"dns-{edge}-{count}-{number:d}", https="auto", hosts=hosts)
    waiting = start(program, site.folder, "deploy", "--local")
    waiting.until(lambda: sum("add this record" in line for line in waiting.said) >= count)
    said = waiting.end(number)
    assert "Interrupted" in said and "command again to" in said


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("edge", "https", "words"), [
    ("cdn", "auto", "applied for"), ("cdn", "off", "created on"), ("edgeone", "auto", "created on")])
def test_a_cloud_that_is_busy_with_hosts(program: Sitepub, start: Start, make_site: MakeSite, edge: str, https: str,
                                         words: str, count: int) -> None:
    hosts = hosts_of(program.cloud, edge, count)
    site = make_site(f"busy-{edge}-{https}-{count}", hosts=hosts, **({"https": "auto"} if https == "auto" else {}))
    waiting = start(program, site.folder, "deploy", "--local")
    waiting.until(lambda: sum(words in line for line in waiting.said) >= count)
    time.sleep(0.3)
    assert "command again to" in waiting.end()


def test_purges_that_spread_and_hosts_that_are_taken_down(program: Sitepub, start: Start, make_site: MakeSite) -> None:
    account = Account(program.cloud)
    account.pace(0)
    site = make_site("purged", hosts=hosts_of(program.cloud, "cdn", 2))
    program.deploy(site.folder)
    account.pace(600)
    waiting = start(program, site.folder, "purge", "--all", "--local")
    waiting.until(waiting.says("is spreading"))
    waiting.end()
    site.write({"index.html": "new"})
    waiting = start(program, site.folder, "deploy", "--local")
    waiting.until(waiting.says("is spreading"))
    waiting.end()
    waiting = start(program, site.folder, "remove", "--local", "--yes")
    waiting.until(waiting.says("closing"))
    assert "command again to" in waiting.end()


# A cloud without answers

EVERY = [("deploy",), ("plan",), ("info",), ("certs",), ("doctor",), ("purge", "--all"), ("warm", "/"), ("logs",),
         ("logs", "--follow"), ("remove", "--yes")]


@pytest.mark.parametrize("faults", ["timeout=1", "503=1"])
def test_every_command_before_a_cloud_that_does_not_answer(program: Sitepub, start: Start, make_site: MakeSite,
                                                           faults: str) -> None:
    site = make_site("silent", hosts=[{"host": "www.silent.example.com"}])
    switch(program.cloud, "faults", faults)
    waiting = [start(program, site.folder, *command, "--local") for command in EVERY]
    until_at_rest([one.process for one in waiting], 4)
    # Who says that there is no answer, and ends, waits for nothing.
    still = [one for one in waiting if one.process.poll() is None]
    assert len(still) >= (8 if faults == "timeout=1" else 4)
    for one in still:
        if one.process.poll() is None:
            one.end(signal.SIGINT if faults == "timeout=1" else signal.SIGTERM, code=None)


def test_uploads_that_hang(program: Sitepub, start: Start, make_site: MakeSite) -> None:
    site = make_site("hanging", {f"{n}/index.html": f"page {n}" for n in range(600)} | {"index.html": "first"})
    switch(program.cloud, "latency", "30")
    count_anew(program.cloud)
    waiting = start(program, site.folder, "deploy", "--local")
    wait_for_writes(program.cloud, 100)
    waiting.process.send_signal(signal.SIGSTOP)  # until its requests hang
    switch(program.cloud, "latency", "0")
    switch(program.cloud, "faults", "PUT:timeout=1")
    waiting.process.send_signal(signal.SIGCONT)
    time.sleep(0.3)
    said = waiting.end()
    assert "Interrupted" in said and "command again to" in said
    switch(program.cloud, "faults", "")
    report = program.deploy(site.folder)
    assert 0 < report["changes"]["uploaded"] < 602
    assert program.deploy(site.folder, "--verify")["changes"]["unchanged"] == len(site.published())


@pytest.mark.parametrize("count", [1, 2])
def test_hosts_whose_requests_hang(program: Sitepub, start: Start, make_site: MakeSite, count: int) -> None:
    site = make_site(f"mute-{count}", https="auto", hosts=hosts_of(program.cloud, "cdn", count))
    waiting = start(program, site.folder, "deploy", "--local")
    waiting.until(lambda: sum("applied for" in line for line in waiting.said) >= count)
    switch(program.cloud, "faults", "timeout=1")
    time.sleep(6)  # until each of them asks again
    said = waiting.end()
    assert "command again to" in said


def test_a_program_reads_one_object_that_says_interrupted(program: Sitepub, start: Start, make_site: MakeSite) -> None:
    site = make_site("object", hosts=hosts_of(program.cloud, "cdn", 2))
    waiting = start(program, site.folder, "deploy", "--local", "--json")
    Account(program.cloud).pace(600)
    waiting.until(lambda: any("cdn" in str(one) for one in _cdn_domains(program.cloud, site)))
    switch(program.cloud, "faults", "timeout=1")
    time.sleep(1)
    waiting.end()
    [line] = waiting.lines
    told = json.loads(line)
    assert (told["status"], told["error"]["code"]) == ("error", "Interrupted") and told["error"]["hint"]


def _cdn_domains(cloud: LocalCloud, site: Site) -> list[object]:
    names = [host["host"] for host in site.inputs["hosts"]]
    told = Account(cloud).sdk("cdn", "DescribeDomainsConfig", {"Filters": [{"Name": "domain", "Value": names}]})
    return list(told["Domains"])


# A network that swallows everything

@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_every_command_in_a_network_that_swallows_everything(
    program: Sitepub, start: Start, make_site: MakeSite, swallowing: int, number: int
) -> None:
    site = make_site("far", hosts=[{"host": "www.far.example.com"}])
    proxy = f"http://127.0.0.1:{swallowing}"
    waiting = {command: start(program, site.folder, *command, HTTPS_PROXY=proxy, https_proxy=proxy, **KEYS)
               for command in (*EVERY, ("whoami",))}
    until_at_rest([one.process for one in waiting.values()], 4)
    doctor = waiting.pop(("doctor",))
    # It gives up first, and on a busy computer before the others have come so far.
    if doctor.process.poll() is None:
        doctor.end(number, code=None)
    for one in waiting.values():
        assert "Interrupted" in one.end(number)


def test_a_key_that_is_being_checked(program: Sitepub, swallowing: int, tmp_path: Path) -> None:
    proxy = f"http://127.0.0.1:{swallowing}"
    process = subprocess.Popen(
        [sys.executable, "-m", "sitepub", "login", "--secret-id", KEYS["TENCENTCLOUD_SECRET_ID"],
         "--secret-key-stdin"], cwd=tmp_path, env={**program.environ, "HTTPS_PROXY": proxy, "https_proxy": proxy},
        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write("k" * 32 + "\n")
    process.stdin.flush()
    waiting = Waiting(process)
    until_at_rest([process], 1.2)
    assert "Interrupted." in waiting.end()
    assert not list(Path(program.environ["SITEPUB_HOME"]).rglob("profiles.ini"))


IN_C = """import ctypes, socket, sys
if "sitepub" in sys.orig_argv:
    def getaddrinfo(*_, **__):
        # As a resolver does whose servers are silent: a wait in C that no signal ends.
        libc = ctypes.CDLL(None)
        mutex = ctypes.create_string_buffer(256)
        libc.pthread_mutex_lock(mutex)
        libc.pthread_mutex_lock(mutex)
    socket.getaddrinfo = getaddrinfo
"""


@pytest.mark.parametrize("command", [("whoami",), ("deploy", "--json"), ("info",)], ids=" ".join)
def test_a_look_up_of_the_system_that_no_signal_ends(program: Sitepub, start: Start, make_site: MakeSite,
                                                     tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "early").mkdir()
    (tmp_path / "early/sitecustomize.py").write_text(IN_C)
    site = make_site("deaf")
    waiting = start(program, site.folder, *command, PYTHONPATH=str(tmp_path / "early"), **KEYS)
    until_at_rest([waiting.process], 1.5)
    said = waiting.end()
    if "--json" in command:
        assert [json.loads(line)["error"]["code"] for line in waiting.lines] == ["Interrupted"]
    else:
        assert "Interrupted." in said


# Commands of the user

STUBBORN = """import os, signal, subprocess, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
open(sys.argv[1] + str(os.getpid()), "w").close()
print("ready", flush=True)
if sys.argv[2:]:
    subprocess.Popen([sys.executable, __file__, sys.argv[1]]).wait()
while True:
    time.sleep(600)
"""


def alive(place: Path) -> list[int]:
    return [number for mark in place.glob("pid-*") if running(number := int(mark.name[4:]))]


def running(number: int) -> bool:
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{number}/stat").read_text(encoding="utf-8")
        return stat.rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("timeout", [None, 1], ids=["forever", "over its time"])
def test_a_hook_that_ignores_signals(program: Sitepub, start: Start, make_site: MakeSite, tmp_path: Path, number: int,
                                     timeout: int | None) -> None:
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    words = [sys.executable, str(tmp_path / "stubborn.py"), str(tmp_path / "pid-"), "child"]
    site = make_site("hook", src={"src": "./src", "dist": "./src", "hook": shlex.join(words),
                                  **({"timeout": timeout} if timeout else {})})
    waiting = start(program, site.folder, "deploy", "--local")
    waiting.until(lambda: len(list(tmp_path.glob("pid-*"))) == 2)
    if timeout:
        time.sleep(timeout + 0.5)
    said = waiting.end(number)
    assert "nterrupted" in said and "nothing was published" in said
    deadline = time.monotonic() + 60
    while alive(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(tmp_path)


def test_a_hook_may_say_goodbye(program: Sitepub, start: Start, make_site: MakeSite, tmp_path: Path) -> None:
    (tmp_path / "polite.py").write_text(
        "import signal, sys, time\ndef bye(*_):\n    time.sleep(0.1); print('tidied up', flush=True); sys.exit(0)\n"
        "signal.signal(signal.SIGINT, bye)\nprint('ready', flush=True)\ntime.sleep(600)\n")
    site = make_site("polite", src={"src": "./src", "dist": "./src",
                                    "hook": shlex.join([sys.executable, str(tmp_path / "polite.py")])})
    waiting = start(program, site.folder, "deploy", "--local")
    waiting.until(waiting.says("ready"))
    assert "tidied up" in waiting.end()


def test_output_that_nobody_reads(program: Sitepub, make_site: MakeSite) -> None:
    site = make_site("full", src={"src": "./src", "dist": "./src", "hook": "yes 'a line that nobody reads'"})
    process = program.start("deploy", "--local", cwd=site.folder)
    until_at_rest([process], 2)
    with HeldUp() as held:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    assert held.took < SECOND + held.margin
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()


@pytest.mark.parametrize("command", ["dev.command", "src.hook"])
def test_dev_with_a_tool_that_ignores_signals(program: Sitepub, start: Start, make_site: MakeSite, tmp_path: Path,
                                              command: str) -> None:
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    words = shlex.join([sys.executable, str(tmp_path / "stubborn.py"), str(tmp_path / "pid-"), "child"])
    site = make_site("devtool")
    if command == "dev.command":
        site.configure(dev={"command": words})
    else:
        site.configure(src={"src": "./src", "dist": "./src", "hook": words})
    waiting = start(program, site.folder, "dev", "--local")
    waiting.until(lambda: len(list(tmp_path.glob("pid-*"))) == 2)
    time.sleep(0.5)
    waiting.end()
    deadline = time.monotonic() + 60
    while alive(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_dev_whose_cloud_is_silent(program: Sitepub, start: Start, make_site: MakeSite, number: int) -> None:
    site = make_site("devsilent")
    waiting = start(program, site.folder, "dev", "--local", "--no-logs")
    waiting.until(lambda: any("everything is live" in line or "published" in line for line in waiting.said))
    switch(program.cloud, "faults", "timeout=1")
    site.write({"index.html": "new"})
    time.sleep(1)
    waiting.end(number)


# The computer

def test_the_lock_for_starting_the_embedded_cloud(program: Sitepub, start: Start, make_site: MakeSite, tmp_path: Path
                                                  ) -> None:
    data = tmp_path / "other-cloud"
    site = make_site("locked")
    locks = data_dir({"SITEPUB_HOME": program.environ["SITEPUB_HOME"], "HOME": program.environ["HOME"]}) / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    lock = locks / f"local-{hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:16]}.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = start(program, site.folder, "deploy", "--local", SITEPUB_LOCAL_DATA=str(data))
        until_at_rest([waiting.process], 1.2)
        assert "Interrupted." in waiting.end()
    assert not data.exists() or not (data / "cloud.json").exists()


SLOW_START = """import os, sys, time
if "sitepub.local" in sys.orig_argv:
    open(os.environ["STARTED"], "w").write(str(os.getpid()))
    time.sleep(600)
"""


def test_an_embedded_cloud_that_does_not_come_up(program: Sitepub, start: Start, make_site: MakeSite, tmp_path: Path
                                                 ) -> None:
    (tmp_path / "early").mkdir()
    (tmp_path / "early/sitecustomize.py").write_text(SLOW_START)
    site = make_site("slow-start")
    mark = tmp_path / "pid"
    waiting = start(program, site.folder, "deploy", "--local", SITEPUB_LOCAL_DATA=str(tmp_path / "slow-cloud"),
                    PYTHONPATH=str(tmp_path / "early"), STARTED=str(mark))
    waiting.until(lambda: mark.exists() and mark.read_text() != "")
    assert "Interrupted." in waiting.end()
    deadline = time.monotonic() + 60
    while running(int(mark.read_text())) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running(int(mark.read_text()))


def test_a_git_that_hangs(program: Sitepub, start: Start, make_site: MakeSite, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").write_text(f"#!/bin/sh\n: > {tmp_path}/called\nexec sleep 600\n")
    (tmp_path / "bin/git").chmod(0o755)
    site = make_site("git")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", *words], cwd=site.folder, check=True)
    waiting = start(program, site.folder, "deploy", "--local", PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    waiting.until(lambda: (tmp_path / "called").exists() or waiting.process.poll() is not None)
    time.sleep(0.2)
    assert "command again to" in waiting.end()


def test_logs_that_are_followed(program: Sitepub, start: Start, make_site: MakeSite) -> None:
    Account(program.cloud).pace(0)
    site = make_site("followed")
    program.deploy(site.folder)
    for number in (signal.SIGINT, signal.SIGTERM):
        waiting = start(program, site.folder, "logs", "--local", "--follow")
        waiting.until(waiting.says("visits from"))
        time.sleep(0.3)
        waiting.end(number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_at_any_moment_of_the_start(program: Sitepub, make_site: MakeSite, number: int) -> None:
    """Python itself takes 20 ms or so until the program's first line. From there on it is 130, or the work was done."""
    site = make_site("early")
    codes = set()
    for moment in range(24):
        process = program.start("plan", "--local", cwd=site.folder, PYTHONPROFILEIMPORTTIME="1")
        assert process.stderr is not None
        # The first thing that is imported after the signals were taken over.
        while line := process.stderr.readline():
            if line.rstrip().endswith(" sitepub.cli"):
                break
        time.sleep(moment * 0.02)
        process.send_signal(number)
        process.communicate()
        codes.add(process.returncode)
    assert codes <= {0, 130} and 130 in codes
