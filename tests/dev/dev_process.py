"""A real ``sitepub dev`` as a process, and the bucket that it is to keep equal to a folder."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sitepub.errors import NotFound
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.object_store import CosObjectStore
from tests.conftest import LocalCloud
from tests.program import starting

PATIENCE = 60.0
"""Seconds until what a test waits for must have happened, on a busy computer too."""


def until(true: Callable[[], Any], what: str = "it") -> Any:
    """The first true value."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = true()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {PATIENCE:g} seconds")


@dataclass
class Site:
    """A project in a folder, and its bucket on the embedded cloud."""

    root: Path
    cloud: LocalCloud
    name: str
    published: Path
    config: dict[str, Any] = field(default_factory=dict)

    def configure(self, **inputs: Any) -> None:
        self.config.update(inputs)
        text = json.dumps({"component": "website", "name": self.name, "inputs": self.config})
        (self.root / "serverless.yml").write_text(text, encoding="utf-8")

    def write(self, files: Mapping[str, str], below: str = "site") -> None:
        for name, text in files.items():
            path = self.root / below / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def on_disk(self) -> dict[str, str]:
        return {path.relative_to(self.published).as_posix(): hashlib.md5(path.read_bytes()).hexdigest()
                for path in self.published.rglob("*")
                if path.is_file() and not any(part.startswith(".") for part in path.relative_to(self.published).parts)}

    def in_bucket(self) -> dict[str, str]:
        cloud = Cloud(Credentials(self.cloud.secret_id, self.cloud.secret_key), self.cloud.app_id, "ap-guangzhou",
                      self.cloud.address)
        store = CosObjectStore(cloud, f"{self.name}-{self.cloud.app_id}")
        try:
            return {one.key: one.etag for one in store.list()}
        except NotFound:
            return {}
        finally:
            store.close()

    def settled(self) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return self.on_disk() == self.in_bucket()
        return False

    def wait_until_equal(self) -> None:
        until(self.settled, "the bucket equal to the folder")


class DevProcess:
    """``sitepub dev --local --json``."""

    def __init__(self, site: Site, environ: Mapping[str, str], *options: str) -> None:
        self.site = site
        self.process = starting.start("sitepub", ["dev", "--local", "--json", *options], cwd=site.root, environ=environ)
        self.events: list[dict[str, Any]] = []
        self.lines: list[str] = []
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue()
        for read in (self._read_events, self._read_lines):
            threading.Thread(target=read, daemon=True).start()

    def _read_events(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def _read_lines(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    @property
    def published(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event.get("event") == "published"]

    @property
    def failures(self) -> list[dict[str, Any]]:
        return [event["error"] for event in self.events if event["status"] == "error"]

    def wait_for_first(self) -> None:
        until(lambda: self.published or self._dead(), "the first publish")

    def wait_for_line(self, text: str) -> None:
        until(lambda: any(text in line for line in self.lines) or self._dead(), f"the line {text!r}")

    def _dead(self) -> bool:
        if self.process.poll() is None:
            return False
        time.sleep(0.2)
        raise AssertionError("sitepub dev ended:\n" + "\n".join(self.lines))

    def end(self) -> int:
        """Ctrl-C; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


@contextlib.contextmanager
def browser(site: Site) -> Iterator[list[dict[str, Any]]]:
    """What a browser that shows the site receives, as it comes."""
    bucket = f"{site.name}-{site.cloud.app_id}"
    connection = http.client.HTTPConnection("127.0.0.1", site.cloud.port, timeout=PATIENCE)
    connection.request("GET", "/-/live/events", headers={
        "Host": f"{bucket}.cos-website.ap-guangzhou.localhost:{site.cloud.port}"})
    answer = connection.getresponse()
    assert answer.status == 200
    seen: list[dict[str, Any]] = []

    def read() -> None:
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException, AttributeError):
            name = ""
            for line in answer:
                if line.startswith(b"event:"):
                    name = line.removeprefix(b"event:").decode().strip()
                elif line.startswith(b"data:"):
                    seen.append({"event": name, **json.loads(line.removeprefix(b"data:"))})

    threading.Thread(target=read, daemon=True).start()
    try:
        yield seen
    finally:
        if connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()


def environment(cloud: LocalCloud, home: Path) -> dict[str, str]:
    environ = {name: value for name, value in os.environ.items() if name != "CI"}
    return environ | {"SITEPUB_LOCAL_DATA": str(cloud.data), "SITEPUB_HOME": str(home / "sitepub"),
                      "HOME": str(home), "PYTHONIOENCODING": "utf-8",
                      "npm_config_cache": os.environ.get("npm_config_cache", str(Path.home() / ".npm"))}


@contextlib.contextmanager
def running(site: Site, home: Path, *options: str, wait: bool = True) -> Iterator[DevProcess]:
    dev = DevProcess(site, environment(site.cloud, home), *options)
    try:
        if wait:
            dev.wait_for_first()
        yield dev
    finally:
        if dev.end() != 130:
            raise AssertionError("\n".join(dev.lines))
