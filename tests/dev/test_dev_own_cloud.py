"""The embedded cloud that dev starts by itself ends with it; one that others use does not."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sitepub.embedded.cloud import CloudOptions, find, start, stop
from tests.dev.dev_process import DevProcess, Site, environment, until


@pytest.fixture
def data(tmp_path: Path, home: Path) -> Iterator[Path]:
    """The folder of an embedded cloud that does not run yet."""
    data = tmp_path / "own"
    yield data
    stop(data, environ={"SITEPUB_HOME": str(home / "sitepub")})


@contextmanager
def dev_at(site: Site, home: Path, data: Path) -> Iterator[DevProcess]:
    dev = DevProcess(site, {**environment(site.cloud, home), "SITEPUB_LOCAL_DATA": str(data)})
    try:
        dev.wait_for_first()
        yield dev
    finally:
        dev.end()


def pid_of(data: Path) -> int:
    pid = json.loads((data / "cloud.json").read_text())["pid"]
    assert isinstance(pid, int)
    return pid


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"


def test_the_cloud_that_dev_started_ends_with_it(site: Site, home: Path, data: Path) -> None:
    with dev_at(site, home, data) as dev:
        cloud = pid_of(data)
        assert dev.end() == 130
        assert find(data) is None and not (data / "cloud.json").exists()
        until(lambda: is_gone(cloud), "the end of the cloud")
        dev.wait_for_line("dev has ended, and with it the embedded cloud that it had started")


def test_after_a_mistake_at_the_start_nothing_is_left_either(site: Site, home: Path, data: Path) -> None:
    environ = {**environment(site.cloud, home), "SITEPUB_LOCAL_DATA": str(data)}
    dev = DevProcess(site, environ, "--serve", "--cwd", str(site.root / "nowhere"))
    assert dev.process.wait(60) == 2
    assert find(data) is None


def test_one_that_was_running_before_is_left_running(site: Site, home: Path) -> None:
    with dev_at(site, home, site.cloud.data) as dev:
        assert dev.end() == 130
    found = find(site.cloud.data)
    assert found is not None and found.pid == site.cloud.pid


def test_one_of_another_version_is_started_again_so_that_pages_reload(site: Site, home: Path, data: Path) -> None:
    environ = {**environment(site.cloud, home), "SITEPUB_LOCAL_DATA": str(data)}
    old, _ = start(data, CloudOptions(port=0), environ=environ)
    description = json.loads((data / "cloud.json").read_text())
    (data / "cloud.json").write_text(json.dumps({**description, "edition": "0.0.1+older"}))
    with dev_at(site, home, data) as dev:
        dev.wait_for_line("was of another version of sitepub, and was started again")
        running = find(data)
        assert running is not None and running.pid != old.pid and is_gone(old.pid)
        url = urlsplit(str(dev.published[0]["url"]))
        connection = http.client.HTTPConnection("127.0.0.1", running.address.port, timeout=30)
        try:
            connection.request("GET", "/-/live/events", headers={"Host": url.netloc})
            assert connection.getresponse().status == 200
        finally:
            connection.close()
        assert dev.end() == 130
    assert find(data) == running, "it belongs to whom it belonged before"


def test_one_that_another_run_uses_is_left_to_it(make_site: Callable[..., Site], home: Path, data: Path) -> None:
    sites = [make_site(), make_site()]
    for site in sites:
        site.write({"index.html": "1", "error.html": "e"})
    with dev_at(sites[0], home, data) as first, dev_at(sites[1], home, data) as second:
        assert first.end() == 130
        found = find(data)
        assert found is not None, "the second one still needs it"
        seen = len(second.published)
        sites[1].write({"index.html": "2"})
        until(lambda: len(second.published) > seen, "a publish after that")
        assert second.failures == [] and second.end() == 130
    assert find(data) is None, "the last one ends what the first one started"


@pytest.mark.parametrize("command", [("local", "start"), ("deploy", "--local")])
def test_who_asks_for_it_meanwhile_keeps_it(site: Site, home: Path, data: Path, command: tuple[str, ...]) -> None:
    with dev_at(site, home, data) as dev:
        environ = {**environment(site.cloud, home), "SITEPUB_LOCAL_DATA": str(data)}
        subprocess.run([sys.executable, "-m", "sitepub", *command], cwd=site.root, env=environ, check=True)
        assert dev.end() == 130
    assert find(data) is not None


def test_of_two_runs_of_one_site_the_first_to_end_leaves_the_preview_to_the_other(
        site: Site, home: Path, data: Path) -> None:
    with dev_at(site, home, data) as first, dev_at(site, home, data) as second:
        second.process.send_signal(signal.SIGINT)
        assert second.process.wait(30) == 130
        found = find(data)
        assert found is not None
        seen = len(first.published)
        site.write({"posts/00.html": "after the other one"})
        until(lambda: len(first.published) > seen, "a publish after that")
        assert first.end() == 130
    assert find(data) is None
