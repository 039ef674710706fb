"""The store against a server that misbehaves in ways no real part can be asked for."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote

import pytest
from fastcrc import crc64

from sitepub.errors import (
    CloudError,
    CredentialsError,
    Interrupted,
    NetworkError,
    NotFound,
    PreconditionFailed,
    SiteError,
)
from sitepub.tencent.cloud import Cloud, Credentials, Embedded
from sitepub.tencent.cos import fresh_buckets
from sitepub.tencent.cos.budget import Budget
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.tencent.cos.request import Request
from sitepub.tencent.cos.wire import Wire
from sitepub.tencent.network.clock import Clock
from sitepub.tencent.network.connection import Route
from sitepub.tencent.network.retry import Backoff
from tests.tencent.scripted_server import (
    HANG_UP,
    RESET,
    Raw,
    Received,
    ScriptedServer,
    Step,
    answer,
    error,
    scripted,
    stored,
)

BUCKET = "site-1250000000"
QUICK = Backoff(attempts=4, base=0.001, cap=0.002, longest_asked=0.01)
HTML = {"Content-Type": "text/html"}


def cloud_at(port: int) -> Cloud:
    return Cloud(Credentials("AKIDEXAMPLE", "SECRETEXAMPLE"), "1250000000", "ap-guangzhou",
                 Embedded("127.0.0.1", port))


@contextmanager
def store_on(*steps: Step, timeout: float = 10, clock: Clock | None = None
             ) -> Iterator[tuple[CosObjectStore, ScriptedServer]]:
    with scripted(*steps) as server:
        cloud = cloud_at(server.port)
        route = Route(cloud.bucket_host(BUCKET), "127.0.0.1", server.port, timeout=timeout)
        store = CosObjectStore(cloud, BUCKET, backoff=QUICK, route=route, clock=clock)
        try:
            yield store, server
        finally:
            store.close()


def test_a_put_goes_out_whole_and_signed() -> None:
    with store_on(stored) as (store, server):
        result = store.put("博客/a b+%#?.html", b"hello", {**HTML, "x-cos-meta-note": "中文"})
    request = server.received[0]
    assert result.etag == hashlib.md5(b"hello").hexdigest()
    assert request.method == "PUT"
    assert request.target == "/%E5%8D%9A%E5%AE%A2/a%20b%2B%25%23%3F.html"
    assert request.body == b"hello"
    assert request.headers["host"] == f"{BUCKET}.cos.ap-guangzhou.myqcloud.com"
    assert request.headers["x-cos-meta-note"] == "中文"
    assert request.headers["content-md5"] == "XUFAKrxLKna5cZ2REBfFkg=="
    assert "q-header-list=content-md5;content-type;host;x-cos-meta-note" in request.headers["authorization"]


def test_a_content_type_is_always_sent() -> None:
    with store_on(stored) as (store, server):
        store.put("a", b"", {})
    assert server.received[0].headers["content-type"] == "application/octet-stream"
    assert server.received[0].headers["content-length"] == "0"


@pytest.mark.parametrize("key", ["../up", "a/./b", "a/../b", ".hidden", "a//b", "end/."])
def test_dots_and_double_slashes_stay_in_the_name(key: str) -> None:
    with store_on(stored) as (store, server):
        store.put(key, b"x", HTML)
    target = server.received[0].target
    assert "/../" not in target and "/./" not in target
    assert unquote(target) == "/" + key


@pytest.mark.parametrize("fault", [
    HANG_UP, RESET, error(500, "InternalError"), error(503, "SlowDown"), error(429, "TooManyRequests"),
    error(400, "BadDigest"), answer(502, b"<html>bad gateway</html>"),
    Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ncut", close=True),
    Raw(b"HTTP/1.1 200 OK\r\nContent-Le", close=True), Raw(b"nonsense\r\n\r\n", close=True),
    answer(200, ETag='"0123456789abcdef0123456789abcdef"'), answer(200),
    answer(200, ETag=f'"{hashlib.md5(b"hello").hexdigest()}"', x_cos_hash_crc64ecma="1"),
])
def test_what_may_pass_is_tried_again(fault: Step) -> None:
    waits: list[float] = []
    with store_on(fault, fault, stored) as (store, server):
        store.put("a", b"hello", HTML, retry=lambda _, wait: waits.append(wait))
    assert len(server.received) == 3
    assert len(waits) == 2


@pytest.mark.parametrize(("fault", "kind", "tries"), [
    (error(403, "AccessDenied"), CloudError, 1), (error(403, "SignatureDoesNotMatch"), CredentialsError, 1),
    (error(404, "NoSuchBucket"), NotFound, 1), (error(400, "InvalidArgument"), CloudError, 1),
    (answer(301, Location="http://elsewhere/"), CloudError, 4), (answer(307, Location="http://x/"), CloudError, 4),
    (error(503, "SlowDown"), CloudError, 4), (HANG_UP, NetworkError, 4),
    (answer(200, ETag='"0123456789abcdef0123456789abcdef"'), CloudError, 4),
])
def test_what_will_not_pass_is_told(fault: Step, kind: type[Exception], tries: int) -> None:
    with store_on(fault) as (store, server), pytest.raises(kind):
        store.put("a", b"hello", HTML)
    assert len(server.received) == tries


def test_a_server_that_never_answers_is_given_up() -> None:
    with store_on(Raw(), Raw(), stored, timeout=0.2) as (store, server):
        store.put("a", b"hello", HTML)
    assert len(server.received) == 3


def test_retry_after_is_waited_for() -> None:
    waits: list[float] = []
    with store_on(error(429, "TooManyRequests", Retry_After="0.009"), stored) as (store, _):
        store.put("a", b"hello", HTML, retry=lambda _, wait: waits.append(wait))
    with store_on(error(429, "TooManyRequests", Retry_After="5"), stored) as (store, _):
        store.put("a", b"hello", HTML, retry=lambda _, wait: waits.append(wait))
    assert waits[1] >= QUICK.longest_asked


def test_one_kept_connection_serves_many_requests() -> None:
    with store_on(stored) as (store, server):
        for number in range(5):
            store.put(f"{number}", b"x", HTML)
    assert server.connections == 1


def test_a_connection_that_the_server_had_closed_costs_no_try() -> None:
    waits: list[float] = []

    def stored_then_gone(request: Received) -> Raw:
        return Raw(stored(request).data, close=True)

    with store_on(stored_then_gone, stored) as (store, server):
        store.put("a", b"x", HTML)
        store.put("b", b"x", HTML, retry=lambda _, wait: waits.append(wait))
    assert [request.connection for request in server.received] == [0, 1]
    assert waits == []


def test_connection_close_is_obeyed() -> None:
    def stored_close(request: Received) -> Raw:
        return answer(200, close=True, ETag=f'"{hashlib.md5(request.body).hexdigest()}"', Connection="close")

    with store_on(stored_close) as (store, server):
        store.put("a", b"x", HTML)
        store.put("b", b"x", HTML)
    assert server.connections == 2


def test_a_refusal_before_the_whole_body_was_sent_is_read() -> None:
    """The server answers after the headers and closes while megabytes are still to come."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def refuse() -> None:
        sock, _ = listener.accept()
        with sock:
            seen = b""
            while b"\r\n\r\n" not in seen:
                seen += sock.recv(1000)
            sock.sendall(error(403, "AccessDenied", Connection="close").data)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                """Drain, so that the answer is not lost in a reset."""

    thread = threading.Thread(target=refuse)
    thread.start()
    store = CosObjectStore(cloud_at(port), BUCKET, backoff=QUICK)
    with pytest.raises(CloudError) as caught:
        store.put("a", bytes(3_000_000), HTML)
    assert caught.value.code == "AccessDenied"
    store.close()
    thread.join(10)
    listener.close()


def test_progress_takes_back_what_a_failed_try_had_sent() -> None:
    counts: list[int] = []
    body = bytes(1_000_000)
    with store_on(error(503, "SlowDown"), stored) as (store, _):
        store.put("a", body, HTML, sent=counts.append)
    assert sum(counts) == len(body)
    assert -len(body) in counts
    assert sum(1 for count in counts if count > 0) > 4, "large bodies report block by block"


# A wrong clock

def skewed(request: Received) -> Raw:
    server_time = 1_700_007_200
    period = request.headers["authorization"].partition("q-sign-time=")[2].partition("&")[0]
    start, _, end = period.partition(";")
    if not int(start) <= server_time <= int(end):
        return error(403, "RequestTimeTooSkewed", Date=formatdate(server_time, usegmt=True))
    return stored(request)


def test_a_wrong_clock_is_corrected_at_once_and_stays_corrected() -> None:
    waits: list[float] = []
    clock = Clock(lambda: 1_700_000_000.0)
    with store_on(skewed, clock=clock) as (store, server):
        store.put("a", b"x", HTML, retry=lambda _, wait: waits.append(wait))
        store.put("b", b"x", HTML)
    assert len(server.received) == 3
    assert waits == []


def test_a_wrong_clock_is_corrected_for_every_request_that_was_under_way() -> None:
    together = threading.Barrier(4)

    def all_at_once(request: Received) -> Raw:
        verdict = skewed(request)
        if b"403" in verdict.data[:20]:
            together.wait(60)  # nobody hears of the server's time before all have signed with the wrong one
        return verdict

    failures: list[Exception] = []
    with store_on(all_at_once, clock=Clock(lambda: 1_700_000_000.0)) as (store, server):
        def put(key: str) -> None:
            try:
                store.put(key, b"x", HTML)
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=put, args=(key,)) for key in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert failures == []
    assert len(server.received) == 8


def test_a_clock_that_is_right_is_not_blamed_for_every_403() -> None:
    fault = error(403, "AccessDenied", Date=formatdate(1_700_000_000, usegmt=True))
    with store_on(fault, clock=Clock(lambda: 1_700_000_000.0)) as (store, server), pytest.raises(CloudError):
        store.get("a")
    assert len(server.received) == 1


# Writing only what does not exist

def test_forbidden_overwrite_tells_of_an_existing_object() -> None:
    with store_on(error(409, "FileAlreadyExists")) as (store, server), pytest.raises(PreconditionFailed):
        store.put("lock", b"mine", HTML, forbid_overwrite=True)
    assert [request.method for request in server.received] == ["PUT"]
    assert server.received[0].headers["x-cos-forbid-overwrite"] == "true"


@pytest.mark.parametrize("lost", [HANG_UP, RESET, error(500, "InternalError")])
def test_an_object_from_our_own_lost_try_is_ours(lost: Step) -> None:
    existing = answer(200, b"mine", ETag='"e"')
    with store_on(lost, error(409, "FileAlreadyExists"), existing) as (store, server):
        assert store.put("lock", b"mine", HTML, forbid_overwrite=True).etag == "e"
    assert [request.method for request in server.received] == ["PUT", "PUT", "GET"]


def test_an_object_of_somebody_else_is_not_ours_after_a_lost_try() -> None:
    existing = answer(200, b"theirs", ETag='"e"')
    with (store_on(HANG_UP, error(409, "FileAlreadyExists"), existing) as (store, _),
          pytest.raises(PreconditionFailed)):
        store.put("lock", b"mine", HTML, forbid_overwrite=True)


# Copies

def test_a_copy_names_its_source_and_replaces_the_headers() -> None:
    body = b"<CopyObjectResult><ETag>&quot;abc&quot;</ETag></CopyObjectResult>"
    with store_on(answer(200, body)) as (store, server):
        assert store.copy("to", "von hier/ä.html", HTML, if_match="abc").etag == "abc"
    headers = server.received[0].headers
    assert headers["x-cos-copy-source"] == f"{BUCKET}.cos.ap-guangzhou.myqcloud.com/von%20hier/%C3%A4.html"
    assert headers["x-cos-metadata-directive"] == "Replaced"
    assert headers["x-cos-copy-source-if-match"] == '"abc"'


def test_an_error_inside_a_copys_200_is_an_error() -> None:
    with store_on(answer(200, error(200, "NoSuchKey").data.partition(b"\r\n\r\n")[2])) as (store, server):
        with pytest.raises(NotFound):
            store.copy("to", "from", HTML)
        assert len(server.received) == 1
    busy = answer(200, error(200, "InternalError").data.partition(b"\r\n\r\n")[2])
    good = answer(200, b"<CopyObjectResult><ETag>abc</ETag></CopyObjectResult>")
    with store_on(busy, answer(200, b""), good) as (store, server):
        store.copy("to", "from", HTML)
        assert len(server.received) == 3


def test_the_source_of_a_copy_never_goes_through_the_acceleration_endpoint() -> None:
    cloud = Cloud(Credentials("i", "k"), "1250000000", "ap-guangzhou", accelerate=True)
    assert cloud.bucket_host(BUCKET) == f"{BUCKET}.cos.accelerate.myqcloud.com"
    with scripted(answer(200, b"<CopyObjectResult><ETag>abc</ETag></CopyObjectResult>")) as server:
        route = Route(cloud.bucket_host(BUCKET), "127.0.0.1", server.port)
        store = CosObjectStore(cloud, BUCKET, route=route)
        store.copy("to", "from", HTML)
        store.close()
    assert server.received[0].headers["x-cos-copy-source"] == f"{BUCKET}.cos.ap-guangzhou.myqcloud.com/from"
    assert server.received[0].headers["host"] == f"{BUCKET}.cos.accelerate.myqcloud.com"


def test_an_object_that_the_cloud_encrypts_may_have_any_etag_and_is_checked_by_its_crc() -> None:
    def encrypted(crc: str) -> Raw:
        return answer(200, ETag='"not the md5"', x_cos_server_side_encryption="cos/kms", x_cos_hash_crc64ecma=crc)

    right = str(crc64.xz(b"x"))
    with store_on(encrypted(right), encrypted("1"), encrypted(right)) as (store, server):
        assert store.put("a", b"x", HTML).etag == "not the md5"
        store.put("b", b"x", HTML)
        assert len(server.received) == 3


# Reading

def test_content_that_does_not_fit_its_checksum_is_read_again() -> None:
    damaged = answer(200, b"hellO", x_cos_hash_crc64ecma="10743239389104411823")
    with store_on(damaged, answer(200, b"hello", ETag='"e"')) as (store, server):
        assert store.get("a").data == b"hello"
    assert len(server.received) == 2


def test_head_of_a_missing_object_is_none_and_of_an_existing_one_its_size() -> None:
    named = b"x-cos-request-id: id-1\r\nContent-Length: 300\r\n"
    with store_on(Raw(b"HTTP/1.1 404 Not Found\r\n" + named + b"\r\n"),
                  Raw(b"HTTP/1.1 200 OK\r\n" + named + b'ETag: "e"\r\n\r\n')) as (store, _):
        assert store.head("a") is None
        found = store.head("a")
    assert found is not None and (found.size, found.etag) == (300, "e")


# Deleting

def test_a_missing_key_counts_as_deleted_and_a_refusal_does_not() -> None:
    body = (b"<DeleteResult><Error><Key>a</Key><Code>NoSuchKey</Code><Message/></Error>"
            b"<Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>")
    with store_on(answer(200, body)) as (store, server):
        failures = store.delete(["a", "b", "c & d"])
    assert [(failure.key, failure.code) for failure in failures] == [("b", "AccessDenied")]
    assert server.received[0].target == "/?delete"
    assert b"<Key>c &amp; d</Key>" in server.received[0].body


def test_many_keys_go_in_batches_of_a_thousand_and_unspeakable_ones_alone() -> None:
    def deleted(request: Received) -> Raw:
        return answer(204) if request.method == "DELETE" else answer(200, b"<DeleteResult/>")

    with store_on(deleted) as (store, server):
        assert store.delete([f"k{number}" for number in range(2500)] + ["bell\x07"]) == []
    assert [request.body.count(b"<Key>") for request in server.received] == [1000, 1000, 500, 0]
    assert server.received[-1].target == "/bell%07"


def test_an_answer_to_a_deletion_that_is_cut_is_no_success() -> None:
    with store_on(answer(200, b"<DeleteRes"), answer(200, b"<DeleteResult/>")) as (store, server):
        assert store.delete(["a"]) == []
    assert len(server.received) == 2


# Files

def test_a_file_that_changed_since_it_was_scanned_is_not_published(tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    file.write_bytes(b"new")
    with store_on(stored) as (store, server):
        with pytest.raises(SiteError, match="changed while") as caught:
            store.put("a.html", file, HTML, md5=hashlib.md5(b"old").hexdigest())
        file.unlink()
        with pytest.raises(SiteError, match="changed while"):
            store.put("a.html", file, HTML)
    assert caught.value.hint is not None and "run again" in caught.value.hint
    assert server.received == []


def test_a_line_break_cannot_be_smuggled_into_the_headers() -> None:
    with store_on(stored) as (store, server), pytest.raises(SiteError, match="line break"):
        store.put("a", b"x", {"Cache-Control": "no-cache\r\nx-cos-acl: public-read"})
    assert server.received == []


@pytest.mark.parametrize("name", [
    "Content-Length", "host", "Transfer-Encoding", "Authorization", "a b", "é", ""])
def test_headers_that_frame_or_sign_the_request_are_not_for_callers(name: str) -> None:
    with store_on(stored) as (store, server), pytest.raises(SiteError):
        store.put("a", b"x", {name: "1"})
    assert server.received == []


@pytest.mark.parametrize("key", ["", "/a", "x" * 851, "中" * 284])
def test_what_is_no_object_key_never_becomes_a_request_about_the_bucket(key: str) -> None:
    with store_on(stored) as (store, server):
        for attempt in (lambda: store.put(key, b"x", HTML), lambda: store.get(key), lambda: store.head(key),
                        lambda: store.delete([key]), lambda: store.copy(key, "a", HTML)):
            with pytest.raises(SiteError):
                attempt()
    assert server.received == []


def test_large_files_are_not_all_in_memory_at_once() -> None:
    budget, most, held = Budget(100), [0], [0]
    lock = threading.Lock()

    def work(size: int) -> None:
        with budget.hold(size):
            with lock:
                held[0] += size
                most[0] = max(most[0], held[0])
            with lock:
                held[0] -= size

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, [30, 60, 100, 10] * 50))
    assert 0 < most[0] <= 100
    with budget.hold(500):
        """More than the limit is possible, alone."""


# The network, and stopping

def test_a_network_that_is_down_fails_the_next_files_at_once(closed_port: int) -> None:
    store = CosObjectStore(replace(cloud_at(closed_port), embedded=None), BUCKET, backoff=QUICK,
                           route=Route("site.example", "127.0.0.1", closed_port))
    waits: list[float] = []
    for _ in range(3):
        with pytest.raises(NetworkError, match=r"^The connection to site\.example failed: Connection refused\.$"):
            store.put("a", b"x", HTML, retry=lambda _, wait: waits.append(wait))
    assert len(waits) == QUICK.attempts - 1
    store.close()


def test_closing_the_store_ends_requests_and_waits_under_way() -> None:
    arrived = threading.Event()

    def never(_: Received) -> Raw:
        arrived.set()
        return Raw()

    outcome: list[BaseException] = []

    def put(store: CosObjectStore) -> None:
        try:
            store.put("a", b"x", HTML)
        except BaseException as error:
            outcome.append(error)

    with store_on(never, timeout=60) as (store, _):
        thread = threading.Thread(target=put, args=(store,))
        thread.start()
        assert arrived.wait(60)
        store.close()
        thread.join(10)
        assert not thread.is_alive()
        with pytest.raises(Interrupted):
            store.put("b", b"x", HTML)
    assert isinstance(outcome[0], Interrupted)


def test_a_bucket_that_was_just_created_may_be_denied_for_a_moment() -> None:
    fresh_buckets.remember(BUCKET)
    try:
        with store_on(error(404, "NoSuchBucket"), stored) as (store, server):
            store.put("a", b"x", HTML)
        assert len(server.received) == 2
        with scripted(error(404, "NoSuchBucket"), answer(200, b"yes")) as server:
            wire = Wire(cloud_at(server.port), BUCKET, backoff=QUICK)
            asked = Request("GET", "cos:GetObject", "a")
            assert wire.send(asked, accept=(404,)).answer.status == 200, "also where a 404 would be an answer"
            wire.close()
    finally:
        fresh_buckets.forget(BUCKET)
