"""The embedded cloud's own addresses are for whoever may read its data folder, and its folder for its owner alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LocalCloud, running_cloud
from tests.local.cos_wire import Wire, send

ADDRESSES = [
    ("GET", "/-/health", b""), ("HEAD", "/-/health", b""), ("GET", "/-/requests", b""), ("GET", "/-/logs", b""),
    ("GET", "/-/logs?after=0&wait=0", b""), ("POST", "/-/logs/deliver", b""), ("POST", "/-/live", b"{}"),
    ("POST", "/-/requests/reset", b""), ("GET", "/-/faults", b""), ("POST", "/-/faults", b"500=1"),
    ("POST", "/-/latency", b"60000"), ("GET", "/-/pace", b""), ("POST", "/-/pace", b"9"), ("POST", "/-/cdn", b"{}"),
    ("POST", "/-/dns", b'{"zone": "a.example", "records": []}'), ("GET", "/-/nothing", b""),
    ("GET", "/-/cdn-logs/2026010100-a.example-mainland.gz?st=0", b""),
    ("GET", "/-/edgeone-logs/20260101-00-a.example-mainland.gz", b""),
]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("secret") / "data") as found:
        yield found


def ask(cloud: LocalCloud, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return send(cloud.port, method, path, {"host": "127.0.0.1", "content-length": str(len(body)), **named}, body)


@pytest.mark.parametrize(("method", "path", "body"), ADDRESSES, ids=lambda value: str(value)[:30])
def test_no_address_answers_whoever_does_not_know_the_secret(
        cloud: LocalCloud, method: str, path: str, body: bytes) -> None:
    guesses: list[dict[str, str]] = [
        {}, {"x_sitepub_secret": ""}, {"x_sitepub_secret": cloud.secret[:-1]}, {"x_sitepub_secret": "0" * 64},
        {"x_sitepub_secret": cloud.secret_key}, {"cookie": f"secret={cloud.secret}"}, {"x_sitepub_nonce": "abc"},
        {"authorization": f"Bearer {cloud.secret[1:]}"}, {"x_sitepub_secret": cloud.secret, "origin": "http://evil"},
    ]
    for headers in guesses:
        assert ask(cloud, method, path, body, **headers).status in (403, 404), headers
    state = json.loads(ask(cloud, "GET", "/-/faults", x_sitepub_secret=cloud.secret).body)
    assert state == {"faults": [], "latency": 0}, "nothing was changed"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]"])
def test_a_page_whose_name_was_made_to_lead_here_reaches_no_address(cloud: LocalCloud, host: str) -> None:
    answer = send(cloud.port, "GET", "/-/requests", {"host": host, **cloud.allowed})
    assert answer.status in (400, 403, 404) and b"methods" not in answer.body


def test_a_server_proves_itself_and_says_nothing_else_without_the_secret(cloud: LocalCloud) -> None:
    nonce = "5" * 32
    description = json.loads(ask(cloud, "GET", "/-/health", x_sitepub_nonce=nonce).body)
    text = f"sitepub-local listens\n{cloud.port}\n{nonce}".encode()
    assert description == {"service": "sitepub-local",
                    "proof": hmac.new(cloud.secret.encode(), text, hashlib.sha256).hexdigest()}
    for bad in ("", "5" * 31, "5" * 65, "g" * 32, f"{nonce}\t{nonce}"):
        assert ask(cloud, "GET", "/-/health", x_sitepub_nonce=bad).status == 403


def test_a_restart_keeps_the_secret_so_that_who_knows_it_goes_on(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "data") as first:
        pass
    with running_cloud(tmp_path / "data") as second:
        assert second.secret == first.secret and len(second.secret) == 64
    with running_cloud(tmp_path / "other") as other:
        assert other.secret != first.secret


def modes(data: Path) -> dict[str, str]:
    """What is not as private as it should be."""
    found = {}
    for path in [data, *data.rglob("*")]:
        mode = path.lstat().st_mode & 0o777
        if mode != (0o700 if path.is_dir() else 0o600):
            found[str(path.relative_to(data))] = oct(mode)
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
@pytest.mark.parametrize("before", [None, 0o777, 0o755, 0o700])
def test_everything_is_for_its_owner_whatever_was_there(tmp_path: Path, umask: int, before: int | None) -> None:
    data = tmp_path / "data"
    if before is not None:
        data.mkdir()
        data.chmod(before)
        (data / "content" / "ab").mkdir(parents=True, mode=0o777)
        (data / "content" / "incoming").mkdir(mode=0o777)
        for name in ("server.log", "lock", "cloud.json", "content/incoming/left"):
            (data / name).touch()
            (data / name).chmod(0o666)
    words = [sys.executable, "-m", "sitepub.local", "--data", str(data), "--port", "0", "--json"]
    command = f"import os,sys; os.umask({umask}); os.execv(sys.executable, sys.argv[1:])"
    process = subprocess.Popen([sys.executable, "-c", command, *words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        description = json.loads(process.stdout.readline())
        cloud = LocalCloud(**{**description, "data": data})
        wire = Wire(cloud, f"private-{cloud.app_id}")
        assert wire.call("PUT").status == 200
        assert wire.put("small", b"s").status == wire.put("large", b"l" * 300_000).status == 200
        assert modes(data) == {}
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert modes(data) == {}
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_a_folder_with_other_things_in_it_keeps_its_mode_and_theirs(tmp_path: Path) -> None:
    data = tmp_path / "mine"
    data.mkdir()
    data.chmod(0o755)
    (data / "photo.jpg").touch()
    (data / "photo.jpg").chmod(0o644)
    (data / "identity.json.txt").symlink_to(data / "photo.jpg")
    with running_cloud(data):
        pass
    assert modes(data).keys() - {"identity.json.txt"} == {".", "photo.jpg"}
    assert (data / "photo.jpg").stat().st_mode & 0o777 == 0o644
