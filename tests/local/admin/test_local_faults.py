"""Misbehaviour on demand, latency, counters and forced download."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sitepub.local.base.faults import Fault, Misbehaviour, parse_faults
from tests.conftest import running_cloud
from tests.local.cos_wire import Wire, new_bucket, send


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One of our own: its faults must not hit the tests of others."""
    with running_cloud(tmp_path_factory.mktemp("faults") / "data", "--force-download") as found:
        yield found


@pytest.fixture
def wire(cloud: Any) -> Iterator[Wire]:
    admin(cloud, "POST", "faults", "")
    admin(cloud, "POST", "latency", "0")
    with new_bucket(cloud) as found:
        yield found
        admin(cloud, "POST", "faults", "")
        admin(cloud, "POST", "latency", "0")


def admin(cloud: Any, method: str, page: str, body: str | None = None) -> Any:
    data = None if body is None else body.encode()
    headers = {"host": f"127.0.0.1:{cloud.port}", "content-length": str(len(data or b"")), **cloud.allowed}
    answer = send(cloud.port, method, f"/-/{page}", headers, data)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def test_specifications_are_read() -> None:
    assert parse_faults("500=0.1, put:503=0.2,,reset=1") == (
        Fault("500", 0.1), Fault("503", 0.2, "PUT"), Fault("reset", 1.0))
    assert parse_faults("") == ()
    assert str(Fault("503", 0.2, "PUT")) == "PUT:503=0.2"


@pytest.mark.parametrize("bad", ["500", "404=0.1", "500=2", "500=x", "FETCH:500=0.1", "500=-1", "500=nan"])
def test_bad_specifications_are_named(bad: str) -> None:
    with pytest.raises(ValueError, match=bad):
        parse_faults(bad)


def test_a_rate_is_kept_roughly() -> None:
    misbehaviour = Misbehaviour(parse_faults("PUT:503=0.2"))
    hits = sum(misbehaviour.draw("PUT") == "503" for _ in range(10_000))
    assert 1500 < hits < 2500
    assert not any(misbehaviour.draw("GET") for _ in range(1000))


@pytest.mark.parametrize(("kind", "code"), [("500", "InternalError"), ("503", "SlowDown")])
def test_server_errors_do_nothing_and_say_so(wire: Wire, kind: str, code: str) -> None:
    admin(wire.cloud, "POST", "faults", f"PUT:{kind}=1")
    answer = wire.put("a", b"x")
    assert (answer.status, answer.code) == (int(kind), code)
    assert wire.get("a").status == 404


def test_a_reset_breaks_the_connection_before_or_after_the_work(wire: Wire) -> None:
    admin(wire.cloud, "POST", "faults", "PUT:reset=1")
    for name in ("a", "b"):
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            wire.put(name, b"x")
    assert sorted([wire.get("a").status, wire.get("b").status]) == [200, 404]


def test_a_truncated_answer_ends_early_though_the_work_is_done(wire: Wire) -> None:
    wire.put("a", b"0123456789")
    wire.put("large", b"0123456789" * 100_000)
    admin(wire.cloud, "POST", "faults", "truncate=1")
    for name in ("a", "large"):
        with pytest.raises(http.client.IncompleteRead):
            wire.get(name)
    # Python's client takes headers that end in the middle for complete ones
    assert "x-cos-hash-crc64ecma" not in wire.put("b", b"x").headers
    admin(wire.cloud, "POST", "faults", "")
    assert wire.get("b").body == b"x"


def test_a_timeout_never_answers(wire: Wire) -> None:
    admin(wire.cloud, "POST", "faults", "PUT:timeout=1")
    connection = http.client.HTTPConnection("127.0.0.1", wire.cloud.port, timeout=0.3)
    connection.request("PUT", "/a", b"x", {"Host": wire.host})
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
    assert wire.get("a").status == 404


def test_latency_delays_everyone_without_queueing(wire: Wire) -> None:
    from concurrent.futures import ThreadPoolExecutor

    admin(wire.cloud, "POST", "latency", "600")
    start = time.monotonic()
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda n: wire.put(f"{n}", b"x"), range(40)))
    assert {answer.status for answer in answers} == {200}
    seconds = time.monotonic() - start
    assert seconds >= 0.6, "each waits"
    assert seconds < 40 * 0.6, "but not for the others"


def test_requests_are_counted_by_method_operation_and_bucket(wire: Wire) -> None:
    admin(wire.cloud, "POST", "requests/reset", "")
    wire.put("a", b"x")
    wire.put("b", b"x")
    wire.get("a")
    wire.get("missing")
    wire.call("GET")
    counts = admin(wire.cloud, "GET", "requests")
    assert counts["methods"] == {"PUT": 2, "GET": 3}
    assert counts["buckets"][wire.bucket] == {"PutObject": 2, "GetObject": 2, "GetBucket": 1}
    assert counts["statuses"] == {"200": 4, "404": 1}
    assert admin(wire.cloud, "POST", "requests/reset", "")["total"] == 0


def test_the_admin_pages_are_for_programs_on_this_computer(cloud: Any) -> None:
    health = admin(cloud, "GET", "health")
    assert (health["service"], health["pid"]) == ("sitepub-local", cloud.pid)
    assert Path(health["data"]) == cloud.data
    page = send(cloud.port, "GET", "/-/health", {"host": "localhost", "origin": "https://example.com", **cloud.allowed})
    assert page.status == 403
    bad = send(cloud.port, "POST", "/-/faults", {"host": "localhost", "content-length": "3", **cloud.allowed}, b"bad")
    assert (bad.status, bad.code) == (400, "InvalidArgument")
    other = send(cloud.port, "GET", "/-/health", {"host": "www.example.com"})
    assert other.status == 400


def test_forced_download_shows_on_get_alone(wire: Wire) -> None:
    wire.put("page.html", b"x")
    wire.put("own.html", b"x", content_disposition="inline")
    got = wire.get("page.html").headers
    assert (got["Content-Disposition"], got["x-cos-force-download"]) == ("attachment", "true")
    assert wire.get("own.html").headers["Content-Disposition"] == "inline"
    head = wire.call("HEAD", "page.html").headers
    assert "Content-Disposition" not in head
    assert "x-cos-force-download" not in head
