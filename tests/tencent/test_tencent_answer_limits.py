"""Answers without bounds: every reader has a limit, says it, and needs little memory and time to get there."""

from __future__ import annotations

import gzip
import itertools
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from sitepub.errors import CloudError, NetworkError, SitepubError
from sitepub.publish.states import packed
from sitepub.publish.states.releases import Releases
from sitepub.publish.states.sharded import NoReader
from sitepub.publish.states.state import State
from sitepub.publish.states.state_store import StateStore
from sitepub.tencent.cloud import Cloud, Credentials, Embedded
from sitepub.tencent.cloud_api import CloudApi
from sitepub.tencent.cos import leftover_uploads
from sitepub.tencent.cos.bucket_settings import BucketSettings
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.tencent.network import limits
from sitepub.tencent.network.retry import Backoff
from tests.publish.memory_cloud import MemoryCloud
from tests.publish.memory_store import MemoryStore
from tests.publish.state_forms import encode
from tests.tencent.intercepting import PAGE
from tests.tencent.scripted_server import Raw, answer, foreign, scripted, served

BUCKET = "site-1250000000"
QUICK = Backoff(attempts=4, base=0.001, cap=0.002)
OWN = b"HTTP/1.1 200 OK\r\nx-cos-request-id: id-1\r\nETag: \"e\"\r\nContent-Type: application/json\r\n"


def endless(start: bytes, block: bytes) -> Iterator[bytes]:
    yield start
    yield from itertools.repeat(block)


FLOODS: dict[str, Callable[[], Iterator[bytes]]] = {
    "600 MB announced": lambda: endless(OWN + b"Content-Length: 629145600\r\n\r\n", b" " * 65536),
    "10^18 bytes announced": lambda: endless(OWN + b"Content-Length: 1000000000000000000\r\n\r\n", b" " * 65536),
    "a length of 5,000 digits": lambda: endless(OWN + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", b" " * 65536),
    "a length of 4,000 digits": lambda: endless(OWN + b"Content-Length: " + b"9" * 4000 + b"\r\n\r\n", b" " * 65536),
    "no length": lambda: endless(OWN + b"Connection: close\r\n\r\n", b" " * 65536),
    "chunks without end": lambda: endless(OWN + b"Transfer-Encoding: chunked\r\n\r\n",
                                          b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "a chunk of 2^60 bytes": lambda: endless(OWN + b"Transfer-Encoding: chunked\r\n\r\n1000000000000000\r\n",
                                             b" " * 65536),
    "a chunk line without end": lambda: endless(OWN + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 65536),
    "trailers without end": lambda: endless(OWN + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n" * 1000),
    "headers without end": lambda: endless(OWN, b"a-header: value\r\n" * 1000),
    "a header without end": lambda: endless(OWN + b"a: ", b"a" * 65536),
    "a status line without end": lambda: endless(b"HTTP/1.1 200 ", b"a" * 65536),
    "interim answers without end": lambda: endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100),
    "64 MB of zeros, packed": lambda: packed_zeros(),
}


ZEROS = gzip.compress(bytes(64 << 20), 1)


def packed_zeros() -> Iterator[bytes]:
    yield OWN + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + ZEROS


@contextmanager
def flooding(flood: Callable[[], Iterator[bytes]]) -> Iterator[int]:
    """A server that answers every request with the flood, until the other end goes away."""
    def one(sock: socket.socket) -> None:
        with suppress(OSError), sock:
            sock.recv(65536)
            for block in flood():
                sock.sendall(block)

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                sock, _ = listener.accept()
                threading.Thread(target=one, args=(sock,), daemon=True).start()

    with served(serve) as port:
        yield port


def cloud_at(port: int) -> Cloud:
    return Cloud(Credentials("AKIDEXAMPLE", "SECRETEXAMPLE"), "1250000000", "ap-guangzhou",
                 Embedded("127.0.0.1", port))


def get(port: int) -> object:
    return CosObjectStore(cloud_at(port), BUCKET, backoff=QUICK).get("state.json.gz")


def listing(port: int) -> object:
    return list(CosObjectStore(cloud_at(port), BUCKET, backoff=QUICK).list())


def settings(port: int) -> object:
    return BucketSettings(cloud_at(port), BUCKET, backoff=QUICK).get_website()


def call(port: int) -> object:
    return CloudApi(cloud_at(port).credentials, "ap-guangzhou", Embedded("127.0.0.1", port), backoff=QUICK).call(
        "cdn", "2018-06-06", "DescribeDomains", {})


@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("reader", [get, listing, settings, call])
def test_a_flood_ends_at_the_limit(
    monkeypatch: pytest.MonkeyPatch, flood: str, reader: Callable[[int], object]
) -> None:
    for name in ("OBJECT", "ANSWER", "API_ANSWER"):
        assert getattr(limits, name) <= 256 * 1024 * 1024
    monkeypatch.setattr(limits, "OBJECT", 4 << 20)
    monkeypatch.setattr(limits, "API_ANSWER", 4 << 20)
    started = time.monotonic()
    tracemalloc.start()
    try:
        with flooding(FLOODS[flood]) as port, pytest.raises((NetworkError, CloudError)) as caught:
            reader(port)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 150 << 20
    assert time.monotonic() - started < 40
    assert caught.value.hint


def test_a_listing_that_goes_on_for_ever_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = itertools.count(1)

    def page(contents: str, marker: str) -> Raw:
        return answer(200, (f"<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
                            f"<NextMarker>{marker}</NextMarker>{contents}</ListBucketResult>").encode())

    entry = "<Contents><Key>k{0:09}</Key><Size>1</Size><ETag>\"e\"</ETag></Contents>"
    monkeypatch.setattr(limits, "PAGES", 50)
    monkeypatch.setattr(limits, "EMPTY_PAGES", 20)
    for steps, tries in (
        (page(entry.format(1), "k1"), 2),
        (lambda _: page(entry.format(number := next(numbers)), f"k{number:09}"), 50),
        (lambda _: page("", f"k{next(numbers):09}"), 21),
    ):
        with scripted(steps) as server:
            store = CosObjectStore(cloud_at(server.port), BUCKET, backoff=QUICK)
            with pytest.raises(CloudError) as caught:
                list(store.list())
            store.close()
        assert caught.value.code == "BadListing"
        assert len(server.received) == tries


def test_uploads_that_are_listed_for_ever_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftover_uploads, "_ROUNDS", 2)
    uploads = "<Upload><Key>a</Key><UploadId>u</UploadId></Upload>" * 1000
    full = answer(200, f"<ListMultipartUploadsResult>{uploads}</ListMultipartUploadsResult>".encode())

    def both(request: object) -> Raw:
        return answer(204) if getattr(request, "method", "") == "DELETE" else full

    with scripted(both) as server:
        store = CosObjectStore(cloud_at(server.port), BUCKET, backoff=QUICK)
        assert store.discard_uploads(["a"]) == 2000
        store.close()


@pytest.mark.parametrize("body", [
    b"<a>" * 190_000 + b"</a>" * 190_000, b"<a>" * 3_000_000, b"<a/>" * 500_000,
    b"<a " + b"b='c' " * 100_000 + b"/>",
    b"<!DOCTYPE a [<!ENTITY b \"" + b"c" * 1000 + b"\">]><a>" + b"&b;" * 10_000 + b"</a>",
    b"<WebsiteConfiguration>" + b"<a>" * 1000 + b"</a>" * 1000 + b"</WebsiteConfiguration>",
], ids=["nested", "nested, cut", "many", "attributes", "entities", "a nested setting"])
def test_xml_without_bounds_is_no_answer(body: bytes) -> None:
    with scripted(answer(200, body)) as server:
        for reader in (listing, settings):
            with pytest.raises((CloudError, NetworkError)):
                reader(server.port)


@pytest.mark.parametrize("body", [b"[" * 1_000_000, b'{"a":' * 200_000, b'{"Response":{"RequestId":"r","a":' * 9000])
def test_json_nested_without_end_is_no_answer(body: bytes) -> None:
    with scripted(foreign(200, body, Content_Type="application/json")) as server, pytest.raises(NetworkError):
        call(server.port)
    with scripted(answer(200, body)) as server, pytest.raises(NetworkError):
        BucketSettings(cloud_at(server.port), BUCKET, backoff=QUICK).get_policy()


# The state

def state_bucket() -> MemoryStore:
    cloud = MemoryCloud()
    cloud.bucket("states-1250000000").create()
    return cloud.store("states-1250000000")


def state_of(data: bytes) -> StateStore:
    store = state_bucket()
    states = StateStore(store, "app/dev/site/")
    store.put(states.key, data, {})
    return states


@pytest.mark.parametrize("data", [
    gzip.compress(bytes(64 << 20), 1), gzip.compress(b" " * (33 << 20), 1),
    gzip.compress(b'{"version":1,"app":' + b"[" * 1_000_000), gzip.compress(b"[" * 1_000_000),
    gzip.compress(b'{"version":1,"manifest":' + b'{"a":' * 100_000), encode(State(
        version=1, app="a", stage="s", name="n", region="r", bucket="b")) + gzip.compress(b"more"),
], ids=["zeros", "blanks", "nested field", "nested", "nested manifest", "more behind it"])
def test_a_state_without_bounds_is_damaged(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    assert 300 << 20 < packed.UNPACKED_MAX < 4 << 30, "a million files make 150 MB"
    monkeypatch.setattr(packed, "UNPACKED_MAX", 32 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(SitepubError) as caught:
            state_of(data).load()
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()
    assert caught.value.code == "StateDamaged"


def test_a_web_page_in_place_of_the_state_is_no_reason_to_delete_the_state() -> None:
    for page in (PAGE, b"<html>sign in</html>", b"\r\n <!doctype html>"):
        with pytest.raises(NetworkError) as caught:
            state_of(page).load()
        assert "delete" not in f"{caught.value.message} {caught.value.hint}"
        store = state_bucket()
        store.put("app/releases/20261120T213000Z-ab12cd.json.gz", page, {})
        with pytest.raises(NetworkError):
            Releases(store, "app/", NoReader()).read("20261120T213000Z-ab12cd", None)
