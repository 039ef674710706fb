"""The process: one per data folder, the port, the file that describes it, signals, and sudden death."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import LocalCloud, running_cloud
from tests.local.cos_wire import Wire, authorization, send

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def command(data: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "sitepub.local", "--data", str(data), "--port", "0", "--json", *options]


def start(data: Path, *options: str) -> tuple[subprocess.Popen[str], LocalCloud]:
    process = subprocess.Popen([*command(data), *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = json.loads(process.stdout.readline())
    return process, LocalCloud(**{**found, "data": Path(found["data"])})


LATER = {"edge_http", "edge_https", "dns", "ca", "secret", "edition", "options", "moved_from"}


def test_what_it_prints_is_what_it_writes_and_nobody_else_may_read_it(local_cloud: LocalCloud) -> None:
    file = local_cloud.data / "cloud.json"
    description = json.loads(file.read_text())
    assert description == {
        "endpoint": local_cloud.endpoint, "app_id": local_cloud.app_id, "secret_id": local_cloud.secret_id,
        "secret_key": local_cloud.secret_key, "region": "ap-guangzhou", "data": str(local_cloud.data),
        "pid": local_cloud.pid, **{name: getattr(local_cloud, name) for name in description.keys() & LATER},
    }
    if sys.platform != "win32":
        for name in ("cloud.json", "identity.json"):
            assert (local_cloud.data / name).stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_served_is_refused(local_cloud: LocalCloud) -> None:
    second = subprocess.run(command(local_cloud.data), capture_output=True, text=True, timeout=60,
                            check=False)
    assert second.returncode == 5
    assert "already served" in second.stderr


@pytest.mark.parametrize("options", [["--faults", "nonsense"], ["--faults", "500=7"], ["--nope"]])
def test_wrong_usage_ends_with_2(tmp_path: Path, options: list[str]) -> None:
    done = subprocess.run([*command(tmp_path / "d"), *options], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_restart_keeps_identity_port_and_data(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_cloud(data) as first:
        wire = Wire(first, f"kept-{first.app_id}")
        wire.call("PUT")
        wire.put("small", b"s")
        wire.put("large", b"l" * 300_000)
    assert not (data / "cloud.json").exists()
    process = subprocess.Popen([sys.executable, "-m", "sitepub.local", "--data", str(data), "--json"],
                               stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        again = json.loads(process.stdout.readline())
        assert (again["secret_key"], again["endpoint"]) == (first.secret_key, first.endpoint)
        assert wire.get("small").body == b"s"
        assert wire.get("large").body == b"l" * 300_000
    finally:
        process.terminate()
        assert process.stdout is not None
        process.stdout.close()
        process.wait(20)


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_under_way_finish(tmp_path: Path, number: int) -> None:
    process, cloud = start(tmp_path / "data", "--latency", "500")
    answers: list[int] = []
    wire = Wire(cloud, f"ends-{cloud.app_id}")
    asking = threading.Thread(target=lambda: answers.append(wire.call("PUT").status))
    asking.start()
    while not running_requests(cloud):
        time.sleep(0.01)
    process.send_signal(number)
    asking.join(20)
    assert process.wait(20) == 0
    assert answers == [200]
    assert not (tmp_path / "data" / "cloud.json").exists()
    assert process.stdout is not None
    process.stdout.close()


def running_requests(cloud: LocalCloud) -> int:
    answer = send(cloud.port, "GET", "/-/requests", {"host": "127.0.0.1", **cloud.allowed})
    # the question itself is one of them
    return int(json.loads(answer.body)["running"]) - 1


def write_until_dead(cloud: LocalCloud, bucket: str, number: int, acknowledged: dict[str, bytes]) -> None:
    """PUT objects, small and large, over one connection; note each that was answered with 200."""
    wire = Wire(cloud, bucket)
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=20)
    try:
        for count in range(100_000):
            # the same few keys too: an overwrite must not lose what it replaces
            key = f"{number}/{count}" if count % 3 else f"{number}/again"
            body = f"{number}-{count}".encode() * (20 if count % 10 else 20_000)
            signed = authorization(wire.keys, "PUT", key, wire.host)
            connection.request("PUT", "/" + key, body, {"Host": wire.host, "Authorization": signed})
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                return
            acknowledged[key] = body
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()


@posix
def test_a_kill_under_load_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    data = tmp_path / "data"
    process, cloud = start(data)
    bucket = f"killed-{cloud.app_id}"
    acknowledged: dict[str, bytes] = {}
    assert Wire(cloud, bucket).call("PUT").status == 200
    for round_number in range(2):
        mine: list[dict[str, bytes]] = [{} for _ in range(8)]
        threads = [threading.Thread(target=write_until_dead, args=(cloud, bucket, n, one))
                   for n, one in enumerate(mine)]
        for thread in threads:
            thread.start()
        while sum(len(one) for one in mine) < 400:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(20)
        for thread in threads:
            thread.join(30)
        for one in mine:
            acknowledged |= one
        assert process.stdout is not None
        process.stdout.close()
        process, cloud = start(data)
        wire = Wire(cloud, bucket)
        for key, body in acknowledged.items():
            answer = wire.get(key)
            assert answer.status == 200, (round_number, key)
            # the write after the last acknowledged one may have happened too
            assert answer.body == body or key.endswith("/again"), (round_number, key)
    files = {file.name for file in (data / "content").rglob("*") if file.is_file()}
    process.terminate()
    process.wait(20)
    assert process.stdout is not None
    process.stdout.close()
    connection = sqlite3.connect(data / "cloud.sqlite3")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    known = {row[0] for row in connection.execute("SELECT file FROM objects WHERE file IS NOT NULL")}
    orphans = connection.execute("SELECT count(*) FROM bodies WHERE id NOT IN"
                                 " (SELECT body FROM objects WHERE body IS NOT NULL)").fetchone()
    connection.close()
    assert files == known, "files that a kill left behind are swept, and none is missing"
    assert orphans == (0,)


def test_a_large_object_passes_through_in_little_memory(tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("reads /proc")
    with running_cloud(tmp_path / "data") as cloud:
        wire = Wire(cloud, f"large-{cloud.app_id}")
        wire.call("PUT")

        def memory() -> int:
            text = Path(f"/proc/{cloud.pid}/status").read_text(encoding="utf-8")
            line = next(line for line in text.splitlines() if line.startswith("VmHWM"))
            return int(line.split()[1]) // 1024

        wire.put("warm", b"x" * 1_000_000)
        before = memory()
        size = 200 * 1024 * 1024
        assert wire.call("PUT", "large", body=(b"x" * 65536 for _ in range(size // 65536))).status == 200
        assert wire.call("GET", "large", presigned=True, headers={"range": "bytes=0-0"}).status == 206
        connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=60)
        signed = authorization(wire.keys, "GET", "large", wire.host)
        connection.request("GET", "/large", headers={"Host": wire.host, "Authorization": signed})
        response = connection.getresponse()
        received = 0
        while block := response.read(1 << 20):
            received += len(block)
        connection.close()
        assert received == size
        assert memory() - before < 64, "megabytes"


def test_a_client_that_hangs_up_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "data") as cloud:
        wire = Wire(cloud, f"hangs-{cloud.app_id}")
        wire.call("PUT")
        signed = authorization(wire.keys, "PUT", "half", wire.host)
        with socket.create_connection(("127.0.0.1", cloud.port)) as connection:
            connection.sendall((
                f"PUT /half HTTP/1.1\r\nHost: {wire.host}\r\nContent-Length: 5000000\r\n"
                f"Authorization: {signed}\r\n\r\n").encode() + b"x" * 3_000_000)
        while running_requests(cloud):
            time.sleep(0.01)
        assert wire.get("half").status == 404
        assert [file for file in (cloud.data / "content").rglob("*") if file.is_file()] == []


