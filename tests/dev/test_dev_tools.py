"""What dev keeps running and whom it tells: the tool, the browsers."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sitepub.dev.reload_client import ReloadClient
from sitepub.dev.tool_process import Death, KeptRunning
from sitepub.tencent.cloud import Embedded
from tests.dev.dev_process import until

PYTHON = sys.executable.replace("\\", "/")


class Reports:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.deaths: list[Death] = []
        self.starts = 0

    def started(self) -> None:
        self.starts += 1


def keep(command: str, folder: Path, reported: Reports) -> KeptRunning:
    kept = KeptRunning(command, folder, dict(os.environ), output=reported.lines.append,
                       started=reported.started, died=reported.deaths.append, first_wait=0.05)
    kept.start()
    return kept


def test_a_tool_that_dies_is_started_again_later_and_later(tmp_path: Path) -> None:
    reported = Reports()
    kept = keep(f"{PYTHON} -c \"print('hello'); raise SystemExit(3)\"", tmp_path, reported)
    try:
        until(lambda: len(reported.deaths) >= 3, "three deaths")
    finally:
        kept.stop()
    first, second, third = reported.deaths[:3]
    assert "ended with status 3" in first.message and "0.05 s" in first.message
    assert first.status == 3 and first.tail == ("hello",)
    assert "0.1 s" in second.message and "0.2 s" in third.message
    assert reported.starts >= 3


def test_a_command_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    reported = Reports()
    kept = keep("no-such-tool-anywhere", tmp_path, reported)
    try:
        until(lambda: reported.deaths)
    finally:
        kept.stop()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_its_end_takes_along_all_that_it_started_even_what_does_not_want_to_go(tmp_path: Path) -> None:
    reported = Reports()
    stubborn = ("import signal, subprocess, sys, time\n"
                "for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, signal.SIG_IGN)\n"
                "if len(sys.argv) == 1: subprocess.Popen([sys.executable, sys.argv[0], 'child'])\n"
                "print('up', flush=True)\n"
                "time.sleep(600)\n")
    (tmp_path / "stubborn.py").write_text(stubborn)
    kept = keep(f"{PYTHON} stubborn.py", tmp_path, reported)
    until(lambda: reported.lines.count("up") == 2, "both processes")
    kept.stop()

    def all_gone() -> bool:
        """What was killed is gone once the system has taken it away, a moment later on a busy computer."""
        return not [process for process in Path("/proc").iterdir()
                    if process.name.isdigit() and _runs_in(process, tmp_path)]

    until(all_gone, "the end of all processes")
    assert reported.deaths == []


def _runs_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink() == folder
    except OSError:
        return False


class Cloud:
    """Takes notes of what it is reported, and may hang up after each answer."""

    def __init__(self) -> None:
        self.reported: list[dict[str, Any]] = []
        self.hang_up = False
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                cloud.reported.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")
                # without a word, as a server that is started again
                self.close_connection = cloud.hang_up

            def log_message(self, format: str, *args: Any) -> None:
                del format, args

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    cloud = Cloud()
    yield cloud
    cloud.server.shutdown()
    cloud.server.server_close()


@pytest.mark.parametrize("hang_up", [False, True])
def test_browsers_are_reported_everything_in_order(cloud: Cloud, hang_up: bool) -> None:
    cloud.hang_up = hang_up
    live = ReloadClient(Embedded("127.0.0.1", cloud.port), "site-1")
    live.publishing()
    live.published(["a.css"])
    live.failed("line 7")
    live.published([])
    live.published(None)
    live.alive()  # said something just now
    live.off()
    live.close()
    assert len({reported.pop("publisher") for reported in cloud.reported}) == 1, "always by the same name"
    assert cloud.reported == [
        {"bucket": "site-1", "event": "publishing"}, {"bucket": "site-1", "event": "published", "changed": ["a.css"]},
        {"bucket": "site-1", "event": "failed", "message": "line 7"},
        {"bucket": "site-1", "event": "published", "changed": []},
        {"bucket": "site-1", "event": "published", "changed": None}, {"bucket": "site-1", "event": "off"}]


def test_without_a_cloud_nothing_fails() -> None:
    live = ReloadClient(Embedded("127.0.0.1", 9), "site-1")
    live.published(["a"])
    live.close()
