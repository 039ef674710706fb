"""Fixtures shared by all tests: the embedded cloud as a process, and a home of one's own."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from sitepub import threads
from sitepub.tencent.cloud import Embedded
from sitepub.terminal import secrets as screen
from tests.amount import AMOUNT, times
from tests.official import session as official
from tests.program import starting

if TYPE_CHECKING:
    from tests.chromium import RunChromium
    from tests.program.starting import Running
    from tests.starters.built import InstallPackages

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell: what is tested here would ignore Ctrl-C, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # Started with nohup: programs that are started here would ignore it, too. A handler is not inherited.
    signal.signal(signal.SIGHUP, lambda _number, _frame: None)

pytest_plugins = ("tests.selection", "tests.failures")
settings.register_profile("sitepub", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow],
                          max_examples=times(100))
settings.load_profile("sitepub")


def pytest_configure(config: pytest.Config) -> None:
    official.begin(config)


def pytest_collection_finish() -> None:
    """What has been imported and collected stays to the end. The garbage collector need not look through it again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if not official.end(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = official.summary(config)
    if lines:
        terminalreporter.section("calls of the cloud API that the official models do not allow", red=True)
        for line in lines:
            terminalreporter.line(line)


@dataclass(frozen=True)
class LocalCloud:
    """A running embedded cloud, as it describes itself."""

    endpoint: str
    app_id: str
    secret_id: str
    secret_key: str
    region: str
    data: Path
    pid: int
    edge_http: int = 0
    edge_https: int = 0
    dns: int = 0
    ca: str = ""
    secret: str = ""
    edition: str = ""
    options: Sequence[str] = ()
    moved_from: int = 0

    @property
    def port(self) -> int:
        return int(self.endpoint.rsplit(":", 1)[1])

    @property
    def host(self) -> str:
        return self.endpoint.removeprefix("http://").rsplit(":", 1)[0]

    @property
    def allowed(self) -> dict[str, str]:
        """The header that the addresses below ``/-/`` ask for."""
        return {"x-sitepub-secret": self.secret}

    @property
    def address(self) -> Embedded:
        return Embedded(self.host, self.port, self.edge_http, self.edge_https, self.dns, self.ca, self.secret)


def _read_ready_line(stream: IO[str], process: Running) -> dict[str, Any]:
    line = stream.readline()
    if not line:
        process.wait(60)
        raise RuntimeError(f"the embedded cloud ended with {process.returncode} before it listened")
    description: dict[str, Any] = json.loads(line)
    return description


@contextlib.contextmanager
def running_cloud(data: Path, *options: str) -> Iterator[LocalCloud]:
    """Run an embedded cloud on a free port until the block ends."""
    words = ["--data", str(data), "--port", "0", "--json", *options]
    environ = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    log = data.with_name(data.name + ".log")
    data.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as errors:
        process = starting.start("sitepub.local", words, cwd=Path.cwd(), environ=environ, log=errors)
    try:
        assert process.stdout is not None
        found = _read_ready_line(process.stdout, process)
        yield LocalCloud(**{**found, "data": Path(found["data"])})
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="session")
def local_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """One embedded cloud for all tests of this worker. Use bucket names of your own."""
    with running_cloud(tmp_path_factory.mktemp("cloud") / "data", "--most-buckets", "10000") as cloud:
        yield cloud


@pytest.fixture(scope="session")
def chromium() -> RunChromium:
    """Runs a browser, with options of its own. Tests that use it are left out of ``tests/run --quick``."""
    from tests.chromium import run_chromium

    return run_chromium


@pytest.fixture(scope="session")
def npm_packages() -> InstallPackages:
    """Gives a copy of a starter its packages. Tests that use it are left out of ``tests/run --quick``."""
    from tests.starters.built import install

    return install


@pytest.fixture(scope="module")
def one_after_another() -> Iterator[None]:
    """For long histories against a cloud in memory, which answers at once: to start threads for a few reads takes
    longer than the reads. ``tests/run --long`` starts them."""
    with pytest.MonkeyPatch.context() as patch:
        if AMOUNT != "long":
            patch.setattr(threads, "pool", lambda *_: contextlib.nullcontext(_Here()))
        yield


class _Here:
    """An executor that does what it is given at once, and all of it, as threads do."""

    def submit(self, task: Callable[[], Any]) -> Future[Any]:
        found: Future[Any] = Future()
        try:
            found.set_result(task())
        except BaseException as error:
            found.set_exception(error)
        return found


CLOUD_NAMES = ("TENCENT", "TENCENTCLOUD", "SITEPUB", "COS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the developer's own credentials, proxies or colours."""
    for name in list(os.environ):
        if name.upper().startswith(CLOUD_NAMES) or name in {"NO_COLOR", "FORCE_COLOR", "STAGE", "CI"}:
            monkeypatch.delenv(name)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Of an address where nobody listens, nor will: the port is taken, and takes no connection."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of one's own: configuration, cache, data and the user's folder below a temporary one."""
    place = tmp_path / "home"
    place.mkdir()
    monkeypatch.setenv("SITEPUB_HOME", str(place / "sitepub"))
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("USERPROFILE", str(place))
    return place


@pytest.fixture(autouse=True)
def no_keys_of_another_test() -> Iterator[None]:
    """The register of secrets in use belongs to the process, and a process runs many tests."""
    yield
    screen.forget(*screen.held())
