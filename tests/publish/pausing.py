"""Deploys in processes of their own that can be stopped at each answer they get: the whole process, as when a laptop
is closed. Between a deploy and the embedded cloud stands a proxy that counts the answers.

The processes are forked from one that has loaded everything: hundreds of them take no longer than their deploys."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sitepub.errors import Refused, SitepubError
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.prepare import Prepared, prepare
from sitepub.publish.publish import publish
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.site.snapshot import SiteFile, Snapshot
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.store import stamp_of
from tests.conftest import LocalCloud
from tests.publish.memory_cloud import project
from tests.publish.sites import site_file, snapshot

Files = Mapping[str, str]
"""Key → content; ``"content@9"`` is one with a Cache-Control of 9 seconds, and ``"//tmp/film"`` that of a file."""


def site_of(files: Files) -> Snapshot:
    def parts(text: str) -> tuple[str, int]:
        content, _, age = text.partition("@")
        return content, int(age or 0)

    return snapshot(*(_on_disk(key, Path(text[1:])) if text.startswith("/") else site_file(
        key, parts(text)[0].encode(), "text/html" if key.endswith(".html") else "text/css", parts(text)[1])
        for key, text in files.items()))


def _on_disk(key: str, path: Path) -> SiteFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "md5").hexdigest()
    file_of = site_file(key, b"", "video/mp4")
    return replace(file_of, size=path.stat().st_size, md5=digest, data=None, path=path, stamp=stamp_of(path.stat()))


def place_of(cloud: LocalCloud, named: Mapping[str, Any], port: int = 0) -> Remote:
    # What proves that the cloud is the right one names its port: a proxy has no proof.
    address = replace(cloud.address, port=port, secret="") if port else cloud.address
    return open_remote(project(**named), Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id,
                                               cloud.region, address))


def deploy(place: Remote, site: Snapshot, *, yes: bool = False, verify: bool = False) -> dict[str, Any]:
    """How it ended."""
    def approve(prepared: Prepared) -> None:
        if prepared.plan.taken_over and not yes:
            raise Refused("not without a yes", code="ForeignObjects")

    try:
        prepared = prepare(place, site, verify=verify)
        approve(prepared)
        outcome = publish(place, site, prepared, PublishOptions(allow_delete=True, approve=approve))
    except SitepubError as error:
        return {"status": "error", "code": error.code, "message": str(error)}
    return {"status": str(outcome.status), "changed": outcome.counts.changed,
            "failures": [str(one) for one in outcome.failures]}


class Nursery:
    """Forks a process for each deploy."""

    def __init__(self, cloud: LocalCloud, folder: Path) -> None:
        self.cloud = cloud
        self._folder = folder
        self._lock = threading.Lock()
        self._count = 0
        self._process = subprocess.Popen([sys.executable, "-m", "tests.publish.pausing"], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])

    def begin(self, task: Mapping[str, Any]) -> tuple[int, Path]:
        """The process, and the file that it will write its result to."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        with self._lock:
            self._count += 1
            result = self._folder / f"{self._count}.json"
            process.stdin.write(json.dumps({**task, "result": str(result)}) + "\n")
            process.stdin.flush()
            return int(process.stdout.readline()), result

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


def _serve() -> None:
    import qcloud_cos  # noqa: F401 - the slowest to load

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        task = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                _carry_out(task)
            finally:
                os._exit(0)
        print(pid, flush=True)


def _carry_out(task: dict[str, Any]) -> None:
    os.environ["SITEPUB_LEASE"] = str(task["lease"])
    cloud = LocalCloud(**{**task["cloud"], "data": Path(task["cloud"]["data"])})
    with place_of(cloud, task["named"], task["port"]) as place:
        try:
            found = deploy(place, site_of(task["files"]))
        except Exception as error:
            found = {"status": "bug", "message": f"{type(error).__name__}: {error}"}
    result = Path(task["result"])
    written = result.with_suffix(".new")
    written.write_text(json.dumps(found))
    written.rename(result)


@dataclass(eq=False)
class Deploy:
    """One run. It stops at the answer ``stop_at``."""

    nursery: Nursery
    files: Files
    named: Mapping[str, Any]
    stop_at: int = 0
    lease: float = 60.0
    answers: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._counting = threading.Lock()
        self._known = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        cloud = self.nursery.cloud
        self._pid, self._result = self.nursery.begin({
            "cloud": {**cloud.__dict__, "data": str(cloud.data)}, "named": self.named, "files": self.files,
            "port": self._server.getsockname()[1], "lease": self.lease})
        self._known.set()

    def wait_for_stop(self) -> bool:
        """False: it ended before."""
        while not self.stopped.wait(0.01):
            if self._result.exists():
                return False
        return True

    def wake(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    def result(self) -> dict[str, Any]:
        deadline = time.monotonic() + 90
        while not self._result.exists():
            assert time.monotonic() < deadline, "the deploy did not end"
            time.sleep(0.01)
        found: dict[str, Any] = json.loads(self._result.read_text())
        assert found["status"] != "bug", found
        return found

    def close(self) -> None:
        self._server.close()
        if not self._result.exists():
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        address = (self.nursery.cloud.host, self.nursery.cloud.port)
        with suppress(OSError), client, socket.create_connection(address) as cloud:
            asked = threading.Event()
            threading.Thread(target=_forward, args=(client, cloud, asked), daemon=True).start()
            while data := cloud.recv(1 << 16):
                if asked.is_set():
                    asked.clear()
                    self._answered()
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)

    def _answered(self) -> None:
        with self._counting:
            self.answers += 1
            if self.answers != self.stop_at:
                return
        self._known.wait()
        os.kill(self._pid, signal.SIGSTOP)
        self.stopped.set()


def _forward(client: socket.socket, cloud: socket.socket, asked: threading.Event) -> None:
    with suppress(OSError):
        while data := client.recv(1 << 16):
            asked.set()
            cloud.sendall(data)
        cloud.shutdown(socket.SHUT_WR)


@contextmanager
def deploying(nursery: Nursery, files: Files, named: Mapping[str, Any], **how: Any) -> Iterator[Deploy]:
    run = Deploy(nursery, files, named, **how)
    try:
        yield run
    finally:
        run.close()


if __name__ == "__main__":
    _serve()
