"""Who is believed to be the embedded cloud: whoever knows its secret, in the version that this program brings."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sitepub.dev.reload_client import ReloadClient
from sitepub.embedded import cloud as local_cloud
from sitepub.embedded import process as local_process
from sitepub.embedded.cloud import CloudOptions, EmbeddedCloud
from sitepub.embedded.data_folder import data_folder
from sitepub.errors import NetworkError, SitepubError
from sitepub.logs.embedded import EmbeddedFeed
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cloud_api import CloudApi
from sitepub.tencent.cos.bucket_settings import BucketSettings
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.tencent.embedded_gone import is_gone
from tests.terminal.screen import Screen, sitepub

posix = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


@pytest.fixture
def environ(home: Path) -> Iterator[Mapping[str, str]]:
    values = dict(os.environ)
    yield values
    local_cloud.stop(data_folder(values), environ=values)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def data(environ: Mapping[str, str]) -> Path:
    return data_folder(environ)


def start(environ: Mapping[str, str], data: Path, **wish: Any) -> EmbeddedCloud:
    return local_cloud.start(data, CloudOptions(**{"port": 0, **wish}), environ=environ)[0]


def kill(cloud: EmbeddedCloud) -> None:
    os.kill(cloud.pid, signal.SIGKILL)
    while local_process.alive(cloud.pid):
        time.sleep(0.01)


class Impostor:
    """Another program on the port: it keeps what it is sent, and answers what it was taught."""

    def __init__(self, port: int, answer: Callable[[bytes], bytes]) -> None:
        self.heard = b""
        self._answer = answer
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        deadline = time.monotonic() + 20
        while True:
            try:
                self._listener.bind(("127.0.0.1", port))
                break
            except OSError:
                # connections of the dead process are still being closed
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self._listener.listen(50)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with sock, contextlib.suppress(OSError):
                sock.settimeout(5)
                while asked := sock.recv(1 << 20):
                    self.heard += asked
                    sock.sendall(self._answer(asked))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


def http(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nContent-Type: application/json\r\n\r\n".encode() + body


def lies(cloud: EmbeddedCloud, other: EmbeddedCloud | None) -> dict[str, Callable[[bytes], bytes]]:
    """What an impostor may answer; ``other`` is a real one elsewhere, which it may ask."""
    health = {"service": "sitepub-local", "pid": cloud.pid, "data": str(cloud.data), "publishers": 0}

    def relayed(asked: bytes) -> bytes:
        assert other is not None
        with socket.create_connection(("127.0.0.1", other.address.port), 5) as sock:
            sock.sendall(asked)
            return sock.recv(1 << 20)

    return {
        "what the real one would say": lambda _: http(json.dumps(health).encode()),
        "a proof of nothing": lambda _: http(json.dumps({**health, "proof": "0" * 64}).encode()),
        "no text": lambda _: http(b"\xff\xfe"), "nested": lambda _: http(b"[" * 20_000),
        "a list": lambda _: http(b"[]"), "a number": lambda _: http(b'{"proof": 3}'),
        "not HTTP": lambda _: b"220 hello\r\n\r\n", "403": lambda _: http(b"{}", "403 Forbidden"),
        "relayed": relayed,
    }


@posix
@pytest.mark.parametrize("lie", [
    "what the real one would say", "a proof of nothing", "no text", "nested", "a list", "a number", "not HTTP", "403",
    "relayed"])
def test_a_program_that_takes_the_port_after_a_crash_is_not_believed_and_hears_nothing(
        environ: Mapping[str, str], data: Path, tmp_path: Path, lie: str) -> None:
    cloud = start(environ, data)
    address = cloud.address
    kill(cloud)
    other: EmbeddedCloud | None = None
    if lie == "relayed":
        # the same data, so the same secret, on another port
        shutil.copytree(data, tmp_path / "copy")
        other = start(environ, tmp_path / "copy")
        assert other.address.secret == address.secret and other.address.port != address.port
    impostor = Impostor(address.port, lies(cloud, other)[lie])
    try:
        assert local_cloud.find(data) is None
        assert is_gone(address)
        # Programs that knew the real one before.
        real = Cloud(cloud.credentials, cloud.app_id, cloud.region, address)
        store = CosObjectStore(real, f"private-{cloud.app_id}")
        with pytest.raises(NetworkError) as gone:
            store.put("page.html", b"the page of a client", headers={})
        assert gone.value.code == "LocalCloudGone"
        with pytest.raises(SitepubError):
            BucketSettings(real, f"private-{cloud.app_id}").create()
        with pytest.raises(SitepubError):
            CloudApi(real.credentials, real.region, address).call("ssl", "2019-12-05", "UploadCertificate", {
                "CertificatePublicKey": "p", "CertificatePrivateKey": "the private key"})
        live = ReloadClient(address, f"private-{cloud.app_id}")
        live.failed("line 7 of secret.js")
        feed = EmbeddedFeed(lambda: address, f"private-{cloud.app_id}")
        with pytest.raises(NetworkError):
            list(feed.read(datetime.now(UTC)))
        assert local_cloud.stop(data, environ=environ) is False
        again, started = local_cloud.start(data, CloudOptions(), environ=environ)
        assert started and again.address.port != address.port
    finally:
        impostor.close()
        if other is not None:
            local_cloud.stop(tmp_path / "copy", environ=environ)
    requests = [line for line in impostor.heard.split(b"\r\n") if line.endswith(b" HTTP/1.1")]
    assert set(requests) == {b"GET /-/health HTTP/1.1"}, "only what proves it"
    for secret in (address.secret, cloud.credentials.secret_key, cloud.credentials.secret_id, "client", "private"):
        assert secret.encode() not in impostor.heard


@posix
def test_one_of_an_older_version_that_proves_nothing_is_started_again(environ: Mapping[str, str], data: Path) -> None:
    cloud = start(environ, data)
    file = data / "cloud.json"
    told = json.loads(file.read_text())
    for name in ("secret", "edition", "options"):
        del told[name]
    file.write_text(json.dumps(told))
    (data / "lock").write_text("")  # it did not name itself there either
    code, screen = sitepub("local", "status", environ=environ)
    assert code == 1 and "is of another version" in screen.printed
    notes: list[str] = []
    again, started = local_cloud.start(data, CloudOptions(), environ=environ, note=notes.append)
    assert started and again.pid != cloud.pid and again.address.port == cloud.address.port
    assert not local_process.alive(cloud.pid)
    assert again.credentials == cloud.credentials
    assert notes == ["The embedded cloud was started again: it was of an older version."]


def test_one_of_another_edition_is_started_again_as_it_was_started(environ: Mapping[str, str], data: Path) -> None:
    cloud = start(environ, data, latency=3, faults="PUT:503=0.5", force_download=True)
    assert cloud.edition == local_process.edition()
    file = data / "cloud.json"
    (data / "of-dev").write_text(str(cloud.pid))
    file.write_text(json.dumps({**json.loads(file.read_text()), "edition": "0.0.9+abc"}))
    code, screen = sitepub("local", "start", environ=environ)
    assert code == 0 and "was of another version of sitepub, and was started again" in screen.noted
    again = local_cloud.find(data)
    assert again is not None and again.pid != cloud.pid and again.options == cloud.options
    assert again.address.port == cloud.address.port and again.address.secret == cloud.address.secret
    code, screen = sitepub("local", "start", environ=environ)
    assert code == 0 and "already running" in screen.printed and "version" not in screen.noted


def test_dev_still_ends_the_one_that_it_started_when_another_version_started_it_again(
        environ: Mapping[str, str], data: Path) -> None:
    cloud = start(environ, data)
    (data / "of-dev").write_text(str(cloud.pid))
    file = data / "cloud.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "edition": "0.0.9+abc"}))
    again = local_cloud.ensure_embedded(environ)
    assert again.pid != cloud.pid and (data / "of-dev").read_text() == str(again.pid)


@posix
@pytest.mark.parametrize("content", [
    "", "{", "[]", "null", "3", '"text"', "{}", '{"endpoint": 3}', '{"endpoint": "http://127.0.0.1:99999"}',
    "[" * 100_000, '{"endpoint": "http://127.0.0.1:7070", "pid": Infinity}', "\x00", None, "folder"])
def test_a_damaged_description_of_a_running_one_is_made_anew(
        environ: Mapping[str, str], data: Path, content: str | None) -> None:
    cloud = start(environ, data)
    file = data / "cloud.json"
    file.unlink()
    if content == "folder":
        file.mkdir()
    elif content is not None:
        file.write_text(content)
    assert local_cloud.find(data) is None
    if content == "folder":
        code, screen = sitepub("local", "start", environ=environ)
        assert code == 1 and "cloud.json is damaged: it is a folder" in screen.noted
        assert "sitepub local reset" in screen.noted
        assert sitepub("local", "reset", "--yes", environ=environ)[0] == 0
        return
    again, started = local_cloud.start(data, CloudOptions(), environ=environ)
    assert started and not local_process.alive(cloud.pid)
    assert local_cloud.find(data) == again


@posix
@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give files away")
def test_a_description_that_another_user_wrote_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "cloud.json"
    file.write_text("{}")
    os.chown(file, 65534, 65534)
    child = os.fork()
    if child == 0:
        os.setuid(65533)
        try:
            local_process.read_own(file)
        except PermissionError:
            os._exit(0)
        except BaseException:
            os._exit(3)
        os._exit(4)
    assert os.waitpid(child, 0)[1] == 0


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_what_a_command_makes_is_for_the_user_alone(environ: Mapping[str, str], data: Path, umask: int) -> None:
    data.mkdir(parents=True)
    data.chmod(0o777)
    (data / "server.log").touch()
    (data / "server.log").chmod(0o666)
    before = os.umask(umask)
    try:
        start(environ, data)
    finally:
        os.umask(before)
    home = Path(environ["SITEPUB_HOME"])
    wrong = {str(path): oct(path.lstat().st_mode & 0o777) for path in [data, *data.rglob("*"), *home.rglob("locks/**")]
             if path.lstat().st_mode & 0o077}
    assert wrong == {}


def test_nothing_of_this_is_said_to_a_screen(environ: Mapping[str, str], data: Path) -> None:
    cloud = start(environ, data)
    screen = Screen()
    screen.result(repr(cloud))
    assert cloud.address.secret not in screen.printed
