"""Multipart uploads: all calls, and every way in which they are refused."""

from __future__ import annotations

import asyncio
import hashlib
import os
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from fastcrc import crc64

from sitepub.local.base.errors import ServiceError
from sitepub.local.cos import multipart
from tests.local.cos_wire import Answer, Wire, new_bucket

MB = 1024 * 1024


def initiate(wire: Wire, key: str, **headers: str) -> str:
    answer = wire.call("POST", key, {"uploads": ""}, {n.replace("_", "-"): v for n, v in headers.items()})
    assert (answer.tree.findtext("Bucket"), answer.tree.findtext("Key")) == (wire.bucket, key)
    return answer.tree.findtext("UploadId") or ""


def part(wire: Wire, key: str, upload: str, number: int, data: bytes) -> str:
    answer = wire.call("PUT", key, {"partNumber": str(number), "uploadId": upload}, body=data)
    assert answer.status == 200, answer.body
    assert answer.headers["x-cos-hash-crc64ecma"] == str(crc64.xz(data))
    assert answer.headers["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'
    return answer.headers["ETag"]


def complete(wire: Wire, key: str, upload: str, parts: list[tuple[int, str]]) -> Answer:
    body = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>" for n, etag in parts)
    return wire.call("POST", key, {"uploadId": upload},
                     body=f"<CompleteMultipartUpload>{body}</CompleteMultipartUpload>".encode())


def test_parts_become_one_object_with_the_headers_of_the_start(wire: Wire) -> None:
    data = [os.urandom(MB), os.urandom(2 * MB + 5), os.urandom(100)]
    upload = initiate(wire, "big/中", content_type="video/mp4", x_cos_meta_a="1")
    etags = [part(wire, "big/中", upload, number, block) for number, block in enumerate(data, 1)]
    answer = complete(wire, "big/中", upload, list(enumerate(etags, 1)))
    assert (answer.status, answer.tree.tag) == (200, "CompleteMultipartUploadResult")
    etag = answer.tree.findtext("ETag") or ""
    assert etag.strip('"').endswith("-3")
    whole = b"".join(data)
    got = wire.get("big/中")
    assert got.body == whole
    assert (got.headers["Content-Type"], got.headers["x-cos-meta-a"]) == ("video/mp4", "1")
    assert got.headers["ETag"] == etag
    assert got.headers["x-cos-hash-crc64ecma"] == str(crc64.xz(whole))
    assert wire.get("big/中", range=f"bytes={MB - 2}-{MB + 1}").body == whole[MB - 2 : MB + 2]
    assert complete(wire, "big/中", upload, [(1, etags[0])]).code == "NoSuchUpload"


def test_a_single_small_part_is_enough(wire: Wire) -> None:
    upload = initiate(wire, "one")
    etag = part(wire, "one", upload, 7, b"abc")
    assert complete(wire, "one", upload, [(7, etag)]).status == 200
    assert wire.get("one").body == b"abc"


def test_a_part_sent_again_replaces_the_first(wire: Wire) -> None:
    upload = initiate(wire, "again")
    old = part(wire, "again", upload, 1, b"old")
    new = part(wire, "again", upload, 1, b"new")
    assert complete(wire, "again", upload, [(1, old)]).code == "InvalidPart"
    assert complete(wire, "again", upload, [(1, new)]).status == 200
    assert wire.get("again").body == b"new"


def test_completions_that_are_refused(wire: Wire) -> None:
    upload = initiate(wire, "no")
    small, large, last = (part(wire, "no", upload, n, d) for n, d in ((1, b"x"), (2, b"y" * MB), (3, b"z")))
    for parts, code in [
        ([(1, small), (2, large)], "EntityTooSmall"),
        ([(2, large), (9, last)], "InvalidPart"),
        ([(2, small)], "InvalidPart"),
        ([(3, last), (2, large)], "InvalidPartOrder"),
        ([], "MalformedXML"),
    ]:
        answer = complete(wire, "no", upload, parts)
        assert (answer.status, answer.code) == (400, code), parts
    assert wire.get("no").status == 404
    assert wire.call("DELETE", "no", {"uploadId": upload}).status == 204


@pytest.mark.parametrize("number", ["0", "10001", "x", "-1", ""])
def test_part_numbers_are_from_1_to_10000(wire: Wire, number: str) -> None:
    upload = initiate(wire, "numbers")
    answer = wire.call("PUT", "numbers", {"partNumber": number, "uploadId": upload}, body=b"x")
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_an_upload_that_is_unknown_or_of_another_key(wire: Wire) -> None:
    upload = initiate(wire, "mine")
    for key, name in (("mine", "made-up"), ("other", upload)):
        for method in ("PUT", "GET", "DELETE", "POST"):
            answer = wire.call(method, key, {"uploadId": name, "partNumber": "1"}, body=b"")
            assert (answer.status, answer.code) == (404, "NoSuchUpload"), (key, method)


def test_parts_are_listed_in_pages(wire: Wire) -> None:
    upload = initiate(wire, "listed")
    for number in (1, 2, 5):
        part(wire, "listed", upload, number, b"x" * number)
    first = wire.call("GET", "listed", {"uploadId": upload, "max-parts": "2"})
    assert first.texts("Part/PartNumber") == ["1", "2"]
    assert first.texts("IsTruncated") == ["true"]
    marker = first.texts("NextPartNumberMarker")[0]
    rest = wire.call("GET", "listed", {"uploadId": upload, "part-number-marker": marker})
    assert (rest.texts("Part/PartNumber"), rest.texts("Part/Size")) == (["5"], ["5"])


def test_an_aborted_upload_is_gone_with_its_parts(wire: Wire, local_cloud: Any) -> None:
    def files() -> int:
        return sum(1 for file in (local_cloud.data / "content").rglob("*") if file.is_file())

    before = files()
    upload = initiate(wire, "aborted")
    part(wire, "aborted", upload, 1, os.urandom(MB))
    assert files() == before + 1
    assert wire.call("DELETE", "aborted", {"uploadId": upload}).status == 204
    assert wire.call("GET", "aborted", {"uploadId": upload}).code == "NoSuchUpload"
    assert files() == before


def test_uploads_are_listed_with_prefix_and_pages(local_cloud: Any) -> None:
    with new_bucket(local_cloud) as wire:
        ids = {key: [initiate(wire, key) for _ in range(2)] for key in ("a", "p/1", "p/2")}
        answer = wire.call("GET", query={"uploads": ""})
        assert answer.texts("Upload/Key") == ["a", "a", "p/1", "p/1", "p/2", "p/2"]
        assert set(answer.texts("Upload/UploadId")) == {name for names in ids.values() for name in names}
        below = wire.call("GET", query={"uploads": "", "prefix": "p/"})
        assert below.texts("Upload/Key") == ["p/1"] * 2 + ["p/2"] * 2
        folded = wire.call("GET", query={"uploads": "", "delimiter": "/"})
        assert folded.texts("CommonPrefixes/Prefix") == ["p/"]
        found: list[str] = []
        query: dict[str, str] = {}
        while True:
            page = wire.call("GET", query={"uploads": "", "max-uploads": "1", **query})
            found += page.texts("Upload/UploadId")
            if page.texts("IsTruncated") == ["false"]:
                break
            query = {"key-marker": page.texts("NextKeyMarker")[0],
                     "upload-id-marker": page.texts("NextUploadIdMarker")[0]}
        assert sorted(found) == sorted(name for names in ids.values() for name in names)
        assert wire.call("DELETE").code == "BucketNotEmpty"


@pytest.mark.parametrize("size", [1000, 3 * MB])
def test_a_part_can_be_copied_from_an_object(wire: Wire, size: int) -> None:
    data = os.urandom(size)
    wire.put("source", data)
    upload = initiate(wire, "assembled")
    headers = {"x-cos-copy-source": f"{wire.host}/source", "x-cos-copy-source-range": f"bytes=10-{size - 1}"}
    answer = wire.call("PUT", "assembled", {"partNumber": "1", "uploadId": upload}, headers)
    assert (answer.status, answer.tree.tag) == (200, "CopyPartResult")
    etag = answer.tree.findtext("ETag") or ""
    assert etag == f'"{hashlib.md5(data[10:]).hexdigest()}"'
    assert complete(wire, "assembled", upload, [(1, etag)]).status == 200
    assert wire.get("assembled").body == data[10:]


def test_a_slow_completion_sends_spaces_and_then_what_became_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multipart, "_KEEP_ALIVE", 0.01)
    request: Any = SimpleNamespace(path="/a", request_id="r1")

    async def joined() -> Any:
        await asyncio.sleep(0.1)
        raise ServiceError("NoSuchUpload")

    async def answer() -> bytes:
        joining = asyncio.ensure_future(joined())
        return b"".join([chunk async for chunk in multipart._slow_answer(request, request, joining)])

    body = asyncio.run(answer())
    assert body.startswith(b" ")
    assert ElementTree.fromstring(body).findtext("Code") == "NoSuchUpload"
