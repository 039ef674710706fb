"""Multipart uploads."""

from __future__ import annotations

from sitepub.probe.bucket import ProbeBucket
from sitepub.probe.case import Facts, Table

UPLOADS: Table[ProbeBucket] = Table("uploads")
PART = bytes(range(256)) * 4096
"""1 MB: the smallest that a part may have which is not the last."""


def _begin(b: ProbeBucket, key: str) -> str:
    return b.ask("POST", key, {"uploads": ""}, {"Content-Type": "text/x-probe"}).values.get("UploadId", "")


def _part(b: ProbeBucket, key: str, upload: str, number: int, body: bytes) -> str:
    seen = b.ask("PUT", key, {"partNumber": str(number), "uploadId": upload}, body=body)
    return seen.header("etag") or f"status {seen.status}"


def _complete(etags: list[str]) -> bytes:
    parts = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
                    for number, etag in enumerate(etags, 1))
    return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()


@UPLOADS.case("two parts become one object", "436/7742", status=200, form=True, length=str(len(PART) + 3), type=
              "text/x-probe")
def whole(b: ProbeBucket) -> Facts:
    upload = _begin(b, "upload/whole")
    etags = [_part(b, "upload/whole", upload, 1, PART), _part(b, "upload/whole", upload, 2, b"end")]
    seen = b.ask("POST", "upload/whole", {"uploadId": upload}, {"Content-Type": "application/xml"}, _complete(etags))
    head = b.ask("HEAD", "upload/whole")
    return {"status": seen.status, "form": (head.header("etag") or "").strip('"').endswith("-2"),
            "length": head.header("content-length"), "type": head.header("content-type")}


@UPLOADS.case("a part below 1 MB that is not the last", "436/7742", status=400, code="EntityTooSmall")
def small_part(b: ProbeBucket) -> Facts:
    upload = _begin(b, "upload/small")
    etags = [_part(b, "upload/small", upload, 1, b"small"), _part(b, "upload/small", upload, 2, b"end")]
    seen = b.ask("POST", "upload/small", {"uploadId": upload}, {"Content-Type": "application/xml"}, _complete(etags))
    b.ask("DELETE", "upload/small", {"uploadId": upload})
    # An error may come with status 200, after spaces that kept the connection open.
    return {"status": 400 if seen.code and seen.status == 200 else seen.status, "code": seen.code}


@UPLOADS.case("a part with another ETag", "436/7742", status=400, code="InvalidPart")
def wrong_part(b: ProbeBucket) -> Facts:
    upload = _begin(b, "upload/wrong")
    _part(b, "upload/wrong", upload, 1, b"end")
    seen = b.ask("POST", "upload/wrong", {"uploadId": upload}, {"Content-Type": "application/xml"},
                 _complete(['"ee8de918d05640145b18f70f4c3aa602"']))
    b.ask("DELETE", "upload/wrong", {"uploadId": upload})
    return {"status": 400 if seen.code and seen.status == 200 else seen.status, "code": seen.code}


@UPLOADS.case("parts are listed; an aborted upload is gone", "436/7747", parts="1 2", listed=True, aborted=204,
              after=404, code="NoSuchUpload")
def parts(b: ProbeBucket) -> Facts:
    upload = _begin(b, "upload/parts")
    for number in (1, 2):
        _part(b, "upload/parts", upload, number, b"%d" % number)
    found = b.ask("GET", "upload/parts", {"uploadId": upload})
    listed = b.ask("GET", params={"uploads": "", "prefix": "upload/parts"})
    aborted = b.ask("DELETE", "upload/parts", {"uploadId": upload})
    after = b.ask("GET", "upload/parts", {"uploadId": upload})
    return {"parts": " ".join(found.all("PartNumber")), "listed": upload in listed.all("UploadId"),
            "aborted": aborted.status, "after": after.status, "code": after.code}


@UPLOADS.case("a part can be copied", "436/8287", status=200, etag=True)
def part_copy(b: ProbeBucket) -> Facts:
    b.put("upload/source", b"source")
    upload = _begin(b, "upload/copied")
    seen = b.ask("PUT", "upload/copied", {"partNumber": "1", "uploadId": upload},
                 {"x-cos-copy-source": f"{b.cloud.bucket_host(b.name)}/upload/source"})
    b.ask("DELETE", "upload/copied", {"uploadId": upload})
    return {"status": seen.status, "etag": bool(seen.values.get("ETag"))}
