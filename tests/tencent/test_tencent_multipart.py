"""Large files in parts, against a bucket in memory that can misbehave."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fastcrc import crc64
from hypothesis import given
from hypothesis import strategies as st

from sitepub.errors import CloudError, Interrupted, SiteError
from sitepub.tencent.cos.multipart import SINGLE_MAX, part_size_for
from sitepub.tencent.cos.object_store import CosObjectStore
from tests.tencent.scripted_server import HANG_UP, Raw, Received, answer, error, stored
from tests.tencent.test_tencent_store_faults import HTML, store_on

MB = 1024 * 1024


@dataclass
class PartsBucket:
    """The four calls of a multipart upload, and HEAD."""

    parts: dict[int, bytes] = field(default_factory=dict)
    whole: bytes | None = None
    aborted: int = 0
    faults: dict[str, list[Raw]] = field(default_factory=dict)
    crc_header: bool = True
    wrong_crc: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Received) -> Raw:
        query = request.target.partition("?")[2]
        part = re.search(r"partNumber=(\d+)", query)
        name = ("initiate" if query == "uploads" else "part" if part else
                {"POST": "complete", "DELETE": "abort", "HEAD": "head"}[request.method])
        with self._lock:
            fault = self.faults[name].pop(0) if self.faults.get(name) else None
            if fault is not None and fault != HANG_UP:
                return fault
            reply = self._do(name, int(part.group(1)) if part else 0, request)
            return fault or reply

    def _do(self, name: str, number: int, request: Received) -> Raw:
        if name == "initiate":
            return answer(200, b"<InitiateMultipartUploadResult><UploadId>u&amp;1</UploadId>"
                               b"</InitiateMultipartUploadResult>")
        if name == "part":
            self.parts[number] = request.body
            return stored(request)
        if name == "abort":
            self.aborted += 1
            return answer(204)
        if name == "complete":
            if self.whole is not None:
                return error(404, "NoSuchUpload")
            self.whole = b"".join(self.parts[number] for number in sorted(self.parts))
            assert len(re.findall(b"<PartNumber>", request.body)) == len(self.parts)
            root = "CompleteMultipartUploadResult"
            body = f"   <{root}><ETag>&quot;abc-5&quot;</ETag></{root}>".encode()
            if not self.crc_header:
                return answer(200, body)
            return answer(200, body, x_cos_hash_crc64ecma=self._crc())
        assert name == "head" and self.whole is not None
        return Raw(f"HTTP/1.1 200 OK\r\nx-cos-request-id: id-1\r\nContent-Length: {len(self.whole)}\r\n"
                   "ETag: \"abc-5\"\r\n"
                   f"x-cos-hash-crc64ecma: {self._crc()}\r\n\r\n".encode())

    def _crc(self) -> str:
        assert self.whole is not None
        return "1" if self.wrong_crc else str(crc64.xz(self.whole))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("large") / "film.mp4"
    file.write_bytes(b"".join(bytes([number]) * MB for number in range(33)) + b"end")
    return file


@contextmanager
def parts_store(bucket: PartsBucket) -> Iterator[CosObjectStore]:
    with store_on(bucket, timeout=20) as (store, _):
        yield store


def test_a_large_file_arrives_whole(large: Path) -> None:
    bucket = PartsBucket()
    counts: list[int] = []
    data = large.read_bytes()
    with parts_store(bucket) as store:
        result = store.put("film.mp4", large, HTML, md5=hashlib.md5(data).hexdigest(), sent=counts.append)
    assert bucket.whole == data
    assert result.etag == "abc-5"
    assert len(bucket.parts) == 5
    assert sum(counts) == len(data)
    assert bucket.aborted == 0


def test_broken_parts_are_sent_again(large: Path) -> None:
    bucket = PartsBucket(faults={"part": [error(503, "SlowDown"), HANG_UP, error(500, "InternalError")],
                                 "initiate": [error(503, "SlowDown")], "complete": [error(503, "SlowDown")]})
    with parts_store(bucket) as store:
        store.put("film.mp4", large, HTML)
    assert bucket.whole == large.read_bytes()


@pytest.mark.parametrize("faults", [
    {"part": [error(403, "AccessDenied")]}, {"part": [error(500, "InternalError")] * 40},
    {"complete": [error(400, "InvalidPart")]},
    {"complete": [answer(200, b"  <Error><Code>InvalidPart</Code><Message>m</Message></Error>")]},
])
def test_a_failed_upload_is_aborted(large: Path, faults: dict[str, list[Raw]]) -> None:
    bucket = PartsBucket(faults=faults)
    with parts_store(bucket) as store, pytest.raises(CloudError):
        store.put("film.mp4", large, HTML)
    assert bucket.aborted == 1
    assert bucket.whole is None


def test_an_error_inside_the_200_that_may_pass_is_tried_again(large: Path) -> None:
    busy = answer(200, b"  <Error><Code>InternalError</Code><Message>m</Message></Error>")
    bucket = PartsBucket(faults={"complete": [busy]})
    with parts_store(bucket) as store:
        assert store.put("film.mp4", large, HTML).etag == "abc-5"


def test_a_completion_whose_answer_was_lost_is_recognised(large: Path) -> None:
    bucket = PartsBucket(faults={"complete": [HANG_UP]})
    with parts_store(bucket) as store:
        assert store.put("film.mp4", large, HTML).etag == "abc-5"
    assert bucket.aborted == 0


def test_without_a_checksum_in_the_answer_the_object_is_asked(large: Path) -> None:
    bucket = PartsBucket(crc_header=False)
    with parts_store(bucket) as store:
        assert store.put("film.mp4", large, HTML).etag == "abc-5"


@pytest.mark.parametrize("crc_header", [True, False])
def test_a_whole_with_another_checksum_is_an_error(large: Path, crc_header: bool) -> None:
    with (parts_store(PartsBucket(wrong_crc=True, crc_header=crc_header)) as store,
          pytest.raises(CloudError, match="damaged")):
        store.put("film.mp4", large, HTML)


def test_a_file_that_is_not_the_one_scanned_is_never_completed(large: Path) -> None:
    bucket = PartsBucket()
    with parts_store(bucket) as store, pytest.raises(SiteError, match="changed while"):
        store.put("film.mp4", large, HTML, md5="0" * 32)
    assert bucket.whole is None
    assert bucket.aborted == 1


def test_a_store_that_is_closed_in_the_middle_leaves_no_parts(large: Path) -> None:
    bucket = PartsBucket()
    outcome: list[BaseException] = []

    def put(store: CosObjectStore) -> None:
        try:
            store.put("film.mp4", large, HTML)
        except BaseException as error:
            outcome.append(error)

    # No part is ever answered, so that the upload is still going on.
    bucket.faults = {"part": [Raw()] * 40}
    arrived = threading.Event()

    def watch(request: Received) -> Raw:
        if "partNumber" in request.target:
            arrived.set()
        return bucket(request)

    with store_on(watch, timeout=60) as (store, _):
        thread = threading.Thread(target=put, args=(store,))
        thread.start()
        assert arrived.wait(20)
        store.close()
        thread.join(20)
        assert not thread.is_alive()
    assert isinstance(outcome[0], Interrupted)
    assert bucket.aborted == 1


@given(st.integers(SINGLE_MAX + 1, 48 * 1024 ** 4))
def test_no_file_needs_more_than_ten_thousand_parts(size: int) -> None:
    part = part_size_for(size)
    assert -(-size // part) <= 10_000
    assert 8 * MB <= part <= 5 * 1024 * MB
    assert part % MB == 0
