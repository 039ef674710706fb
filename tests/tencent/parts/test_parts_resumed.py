"""An upload in parts goes on from the parts that are there."""

from __future__ import annotations

import hashlib
import os
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

from sitepub.errors import CloudError, Interrupted, NetworkError, SiteError
from sitepub.tencent.cos.crc64 import combined
from sitepub.tencent.cos.file_part import FilePart
from sitepub.tencent.cos.multipart import part_size_for
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.tencent.cos.store import FileStamp, LargeFile, stamp_of
from sitepub.tencent.cos.unfinished_upload import parse_parts
from sitepub.tencent.cos.verdict import BadAnswer
from tests.tencent.scripted_server import HANG_UP, Raw, Received, answer, error, stored
from tests.tencent.test_tencent_store_faults import HTML, store_on

MB = 1024 * 1024
SIZE = 36 * MB + 5
RESUMED = LargeFile(resume=True)


@dataclass
class Bucket:
    """Unfinished uploads of one key by their id, each with its parts by number."""

    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    whole: bytes | None = None
    sent: list[int] = field(default_factory=list)
    """Numbers of the parts that came in."""
    began: int = 0
    faults: dict[str, list[Raw]] = field(default_factory=dict)
    part_crc: bool = True
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Received) -> Raw:
        query = request.target.partition("?")[2]
        part = re.search(r"partNumber=(\d+)", query)
        name = ("initiate" if query == "uploads" else "uploads" if "max-uploads" in query else
                "part" if part else "parts" if request.method == "GET" else
                {"POST": "complete", "DELETE": "abort", "HEAD": "head"}[request.method])
        with self._lock:
            if self.faults.get(name):
                return self.faults[name].pop(0)
            return self._do(name, int(part.group(1)) if part else 0, re.search(r"uploadId=([\w-]+)", query), request)

    def _do(self, name: str, number: int, found: re.Match[str] | None, request: Received) -> Raw:
        upload = found.group(1) if found else ""
        if name == "initiate":
            self.began += 1
            self.uploads[f"new-{self.began}"] = {}
            return answer(200, b"<InitiateMultipartUploadResult><UploadId>new-%d</UploadId>"
                               b"</InitiateMultipartUploadResult>" % self.began)
        if name == "uploads":
            inner = "".join(f"<Upload><Key>film.mp4</Key><UploadId>{one}</UploadId></Upload>" for one in self.uploads)
            return answer(200, f"<ListMultipartUploadsResult>{inner}</ListMultipartUploadsResult>".encode())
        if upload not in self.uploads:
            return error(404, "NoSuchUpload")
        parts = self.uploads[upload]
        if name == "parts":
            after = int(dict(pair.split("=") for pair in request.target.partition("?")[2].split("&")
                             if "=" in pair).get("part-number-marker", "0"))
            page = [one for one in sorted(parts) if one > after][:2]
            more = any(one > (page[-1] if page else after) for one in parts)
            inner = "".join(f'<Part><PartNumber>{one}</PartNumber><ETag>"{hashlib.md5(parts[one]).hexdigest()}"</ETag>'
                            f"<Size>{len(parts[one])}</Size></Part>" for one in page)
            marker = f"<NextPartNumberMarker>{page[-1]}</NextPartNumberMarker>" if more else ""
            return answer(200, f"<ListPartsResult><IsTruncated>{str(more).lower()}</IsTruncated>{marker}{inner}"
                               "</ListPartsResult>".encode())
        if name == "part":
            parts[number] = request.body
            self.sent.append(number)
            return stored(request) if self.part_crc else answer(
                200, ETag=f'"{hashlib.md5(request.body).hexdigest()}"')
        if name == "abort":
            del self.uploads[upload]
            return answer(204)
        wanted = re.findall(rb"<PartNumber>(\d+)</PartNumber><ETag>\"(\w+)\"", request.body)
        assert [hashlib.md5(parts[int(one)]).hexdigest().encode() for one, _ in wanted] == [etag for _, etag in wanted]
        self.whole = b"".join(parts[int(one)] for one, _ in wanted)
        del self.uploads[upload]
        body = b"<CompleteMultipartUploadResult><ETag>&quot;abc-5&quot;</ETag></CompleteMultipartUploadResult>"
        return answer(200, body, x_cos_hash_crc64ecma=str(crc64.xz(self.whole)))


@contextmanager
def store_of(bucket: Bucket) -> Iterator[CosObjectStore]:
    with store_on(bucket, timeout=20) as (store, _):
        yield store


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("film") / "film.mp4"
    file.write_bytes(b"".join(bytes([number]) * MB for number in range(36)) + b"12345")
    return file


def parts_of(data: bytes) -> dict[int, bytes]:
    each = part_size_for(len(data))
    return {number: data[start:start + each] for number, start in enumerate(range(0, len(data), each), 1)}


def stamp(file: Path) -> FileStamp:
    return stamp_of(file.stat())


@pytest.mark.parametrize(("there", "sent"), [
    ({}, {1, 2, 3, 4, 5}),
    ({1, 3, 4}, {2, 5}),
    ({5}, {1, 2, 3, 4}),
    ({1, 2, 3, 4, 5}, set()),
])
def test_parts_that_are_there_are_not_sent_again(film: Path, there: set[int], sent: set[int]) -> None:
    data = film.read_bytes()
    bucket = Bucket({"old": {number: part for number, part in parts_of(data).items() if number in there}})
    counts: list[int] = []
    with store_of(bucket) as store:
        stored = store.put("film.mp4", film, HTML, md5=hashlib.md5(data).hexdigest(), large=RESUMED,
                           sent=counts.append)
    assert stored.etag == "abc-5"
    assert bucket.whole == data
    assert sorted(bucket.sent) == sorted(sent)
    assert sum(counts) == len(data), "the progress counts what is there already"
    assert bucket.began == 0
    assert not bucket.uploads


@pytest.mark.parametrize("part", [b"", b"short", bytes(8 * MB), bytes(8 * MB + 1)],
                         ids=["empty", "short", "other content", "too long"])
def test_a_part_that_is_another_is_sent_again(film: Path, part: bytes) -> None:
    data = film.read_bytes()
    bucket = Bucket({"old": {**parts_of(data), 2: part}})
    with store_of(bucket) as store:
        store.put("film.mp4", film, HTML, large=RESUMED)
    assert bucket.whole == data
    assert bucket.sent == [2]


def test_parts_beyond_the_end_are_left_out(film: Path) -> None:
    data = film.read_bytes()
    bucket = Bucket({"old": {**parts_of(data), 6: b"more"}})
    with store_of(bucket) as store:
        store.put("film.mp4", film, HTML, large=RESUMED)
    assert (bucket.whole, bucket.sent) == (data, [])


def test_of_several_uploads_the_one_with_most_parts_goes_on(film: Path) -> None:
    parts = parts_of(film.read_bytes())
    bucket = Bucket({"one": {1: parts[1]}, "two": {1: parts[1], 2: parts[2], 4: parts[4]}, "three": {5: parts[5]}})
    with store_of(bucket) as store:
        store.put("film.mp4", film, HTML, large=RESUMED)
    assert sorted(bucket.sent) == [3, 5]
    assert not bucket.uploads, "the others are thrown away"


def test_whoever_may_not_look_sends_all_parts(film: Path) -> None:
    bucket = Bucket(faults={"uploads": [error(403, "AccessDenied")]})
    with store_of(bucket) as store:
        store.put("film.mp4", film, HTML, large=RESUMED)
    assert (bucket.whole, len(bucket.sent)) == (film.read_bytes(), 5)


def test_what_the_caller_remembers_stays_when_the_network_fails(film: Path) -> None:
    bucket = Bucket(faults={"part": [HANG_UP] * 100})
    with store_of(bucket) as store, pytest.raises(NetworkError):
        store.put("film.mp4", film, HTML, large=LargeFile(keep=True))
    assert list(bucket.uploads) == ["new-1"]
    bucket.faults.clear()
    with store_of(bucket) as store:
        store.put("film.mp4", film, HTML, large=LargeFile(keep=True, resume=True))
    assert (bucket.whole, bucket.began) == (film.read_bytes(), 1)


def test_what_is_interrupted_ends_at_once_and_stays(film: Path) -> None:
    bucket = Bucket()

    def stop(count: int) -> None:
        if count > 0:
            raise Interrupted("now")

    with store_of(bucket) as store, pytest.raises(Interrupted):
        store.put("film.mp4", film, HTML, large=LargeFile(keep=True), sent=stop)
    assert list(bucket.uploads) == ["new-1"]


def test_a_refused_part_is_no_reason_to_keep_anything(film: Path) -> None:
    bucket = Bucket(faults={"part": [error(403, "AccessDenied")]})
    with store_of(bucket) as store, pytest.raises(CloudError):
        store.put("film.mp4", film, HTML, large=LargeFile(keep=True))
    assert not bucket.uploads


def test_a_file_that_is_as_it_was_scanned_is_read_once(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its MD5 is not computed again, neither of the whole nor of the parts."""
    def again(_: FilePart) -> str:
        raise AssertionError("read once more")

    monkeypatch.setattr(FilePart, "md5", again)
    bucket = Bucket()
    with store_of(bucket) as store:
        store.put("film.mp4", film, HTML, md5="0" * 32, large=LargeFile(stamp(film)))
    assert bucket.whole == film.read_bytes()


def test_a_file_of_uncertain_stamp_is_read_once_where_its_crc_is_known(film: Path,
                                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FilePart, "md5", lambda _: pytest.fail("read once more"))
    bucket = Bucket()
    with store_of(bucket) as store:
        store.put("film.mp4", film, HTML, md5="0" * 32, large=LargeFile(crc=crc64.xz(film.read_bytes())))
    assert bucket.whole == film.read_bytes()


@pytest.mark.parametrize("where", [0, 8 * MB, SIZE - 1])
@pytest.mark.parametrize("resumed", [False, True])
def test_other_content_under_the_same_stamp_is_never_put_together(tmp_path: Path, where: int, resumed: bool) -> None:
    """Edited within a tick of the file system's clock, before the upload or between two runs."""
    file = tmp_path / "film.mp4"
    data = bytearray(SIZE)
    crc = crc64.xz(bytes(data))
    data[where] = 1
    file.write_bytes(data)
    bucket = Bucket({"old": parts_of(bytes(SIZE))} if resumed else {})
    with store_of(bucket) as store, pytest.raises(SiteError, match="changed while"):
        store.put("film.mp4", file, HTML, md5="0" * 32, large=LargeFile(stamp(file), crc, resume=resumed))
    assert bucket.whole is None


def test_a_file_with_another_stamp_is_refused_before_anything_is_completed(film: Path) -> None:
    size, mtime, ctime, inode = stamp(film)
    for other in [(size + 1, mtime, ctime, inode), (size, mtime - 1, ctime, inode), (size, mtime, ctime + 1, inode),
                  (size, mtime, ctime, inode + 1)]:
        bucket = Bucket()
        with store_of(bucket) as store, pytest.raises(SiteError, match="changed while"):
            store.put("film.mp4", film, HTML, md5="0" * 32, large=LargeFile(other))
        assert bucket.whole is None
        assert not bucket.uploads


@pytest.mark.parametrize("what", ["longer", "shorter", "edited", "gone"])
def test_a_file_that_changes_while_it_is_sent_is_never_completed(tmp_path: Path, what: str) -> None:
    file = tmp_path / "film.mp4"
    file.write_bytes(bytes(SIZE))
    bucket = Bucket()
    done = threading.Event()

    def change(_: int) -> None:
        if done.is_set():
            return
        done.set()
        match what:
            case "longer":
                with file.open("ab") as end:
                    end.write(b"more")
            case "shorter":
                os.truncate(file, SIZE // 2)
            case "edited":
                with file.open("r+b") as middle:
                    middle.seek(SIZE - 1)
                    middle.write(b"x")
            case _:
                file.unlink()

    with store_of(bucket) as store, pytest.raises(SiteError, match="changed while"):
        store.put("film.mp4", file, HTML, large=LargeFile(stamp(file)), sent=change)
    assert bucket.whole is None


def test_without_a_crc_in_the_answer_the_etag_decides(film: Path) -> None:
    good = Bucket(part_crc=False)
    with store_of(good) as store:
        store.put("film.mp4", film, HTML)
    assert good.whole == film.read_bytes()
    bad = Bucket(part_crc=False, faults={"part": [answer(200, ETag=f'"{"0" * 32}"')]})
    with store_of(bad) as store:
        store.put("film.mp4", film, HTML)
    assert bad.whole == film.read_bytes(), "it was sent once more"


@pytest.mark.parametrize("body", [
    b"", b"<ListPartsResult>", b"<Error/>", b"<ListPartsResult></ListPartsResult>",
    b"<ListPartsResult><IsTruncated>true</IsTruncated></ListPartsResult>",
    b"<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>3</NextPartNumberMarker></ListPartsResult>",
])
def test_half_a_list_of_parts_is_none(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        parse_parts(body, 3)


@given(st.lists(st.binary(max_size=200), max_size=6))
def test_the_crc_of_a_whole_comes_from_those_of_its_parts(parts: list[bytes]) -> None:
    crc = crc64.xz(b"")
    for part in parts:
        crc = combined(crc, crc64.xz(part), len(part))
    assert crc == crc64.xz(b"".join(parts))


@pytest.mark.parametrize("size", [0, 1, 8 * MB, 8 * MB + 1, 20 * MB - 7])
def test_the_crc_of_large_parts(size: int) -> None:
    first, second = b"begin" * 1000, bytes(size)
    assert combined(crc64.xz(first), crc64.xz(second), size) == crc64.xz(first + second)
