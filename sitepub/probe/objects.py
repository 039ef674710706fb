"""Objects: writing with checksums, not overwriting, copying, conditional reading, deleting."""

from __future__ import annotations

import hashlib
import threading

from sitepub.probe.bucket import ProbeBucket, Seen
from sitepub.probe.case import Facts, Table
from sitepub.tencent.cos.integrity import bare, content_md5, crc_of, md5_of

OBJECTS: Table[ProbeBucket] = Table("objects")
TEXT = b"[Object Content]"
"""The content of the documents' own example (COS API 436/7749)."""
OTHER = b"other content"


def _source(b: ProbeBucket, key: str) -> str:
    return f"{b.cloud.bucket_host(b.name)}/{key}"


@OBJECTS.case("PUT answers the MD5 as ETag and the CRC64", "436/7749", status=200,
              etag='"ee8de918d05640145b18f70f4c3aa602"', crc="16749565679157681890")
def put_checksums(b: ProbeBucket) -> Facts:
    seen = b.put("put/checksums.txt", TEXT)
    return {"status": seen.status, "etag": seen.header("etag"), "crc": seen.header("x-cos-hash-crc64ecma")}


@OBJECTS.case("an empty object", "436/7749", status=200, etag='"d41d8cd98f00b204e9800998ecf8427e"', crc="0", length="0")
def put_empty(b: ProbeBucket) -> Facts:
    seen = b.put("put/empty.txt", b"")
    return {"status": seen.status, "etag": seen.header("etag"), "crc": seen.header("x-cos-hash-crc64ecma"),
            "length": b.ask("HEAD", "put/empty.txt").header("content-length")}


@OBJECTS.case("a wrong Content-MD5 is refused, and nothing is stored", "436/7730", status=400, code="BadDigest",
              there=404)
def wrong_md5(b: ProbeBucket) -> Facts:
    seen = b.ask("PUT", "put/wrong.txt", headers={"Content-MD5": content_md5(md5_of(OTHER))}, body=TEXT)
    return {"status": seen.status, "code": seen.code, "there": b.ask("HEAD", "put/wrong.txt").status}


@OBJECTS.case("what is not an MD5 at all is refused", "436/7730", status=400, code="InvalidDigest")
def no_md5(b: ProbeBucket) -> Facts:
    seen = b.ask("PUT", "put/wrong.txt", headers={"Content-MD5": "no md5"}, body=TEXT)
    return {"status": seen.status, "code": seen.code}


@OBJECTS.case("headers and metadata come back with the object", "436/7749", status=200, type="text/x-probe",
              cache="public, max-age=60", meta="kept", encoding="identity-probe", language="zh")
def headers_kept(b: ProbeBucket) -> Facts:
    b.put("put/headers.txt", TEXT, content_type="text/x-probe", cache_control="public, max-age=60",
          x_cos_meta_probe="kept", content_encoding="identity-probe", content_language="zh")
    seen = b.ask("HEAD", "put/headers.txt")
    return {"status": seen.status, "type": seen.header("content-type"), "cache": seen.header("cache-control"),
            "meta": seen.header("x-cos-meta-probe"), "encoding": seen.header("content-encoding"),
            "language": seen.header("content-language")}


@OBJECTS.case("an object of another content replaces all headers", "436/7749", status=200, meta=None, cache=None)
def headers_replaced(b: ProbeBucket) -> Facts:
    b.put("put/replaced.txt", TEXT, cache_control="public", x_cos_meta_probe="old")
    b.put("put/replaced.txt", OTHER)
    seen = b.ask("HEAD", "put/replaced.txt")
    return {"status": seen.status, "meta": seen.header("x-cos-meta-probe"), "cache": seen.header("cache-control")}


@OBJECTS.case("keys with Chinese, spaces, plus, percent and dots", "436/13324", statuses="200 200 200 200 200 200",
              same=True)
def odd_keys(b: ProbeBucket) -> Facts:
    keys = ["odd/中文 文件.txt", "odd/a b.txt", "odd/a+b.txt", "odd/100%.txt", "odd/.hidden/..x", "odd/~!'(*)@&=,;:$"]
    statuses = [str(b.put(key, key.encode()).status) for key in keys]
    same = all(b.ask("GET", key).body == key.encode() for key in keys)
    return {"statuses": " ".join(statuses), "same": same}


@OBJECTS.case("x-cos-forbid-overwrite lets only the first writer in", "436/7749", first=200, second=409,
              code="FileAlreadyExists", content="[Object Content]")
def forbid_overwrite(b: ProbeBucket) -> Facts:
    b.ask("DELETE", "forbid/once.txt")
    first = b.put("forbid/once.txt", TEXT, x_cos_forbid_overwrite="true")
    second = b.put("forbid/once.txt", OTHER, x_cos_forbid_overwrite="true")
    return {"first": first.status, "second": second.status, "code": second.code,
            "content": b.ask("GET", "forbid/once.txt").text}


@OBJECTS.case("x-cos-forbid-overwrite: false overwrites", "436/7749", status=200)
def forbid_nothing(b: ProbeBucket) -> Facts:
    b.put("forbid/free.txt", TEXT)
    return {"status": b.put("forbid/free.txt", OTHER, x_cos_forbid_overwrite="false").status}


@OBJECTS.case("of eight writers at the same moment one gets the lock", "assumed", made=1, refused=7)
def state_lock(b: ProbeBucket) -> Facts:
    b.ask("DELETE", "forbid/lock")
    answers: list[Seen] = []
    start = threading.Barrier(8)

    def write(number: int) -> None:
        own = ProbeBucket(b.cloud, b.name)
        try:
            start.wait(30)
            answers.append(own.put("forbid/lock", str(number).encode(), x_cos_forbid_overwrite="true"))
        finally:
            b.requests += own.requests
            own.close()

    threads = [threading.Thread(target=write, args=(number,), daemon=True) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    statuses = [answer.status for answer in answers]
    return {"made": statuses.count(200), "refused": statuses.count(409)}


@OBJECTS.case("a server-side copy keeps content, type and metadata", "436/10881", status=200,
              etag="ee8de918d05640145b18f70f4c3aa602", meta="kept", cache="public")
def copy(b: ProbeBucket) -> Facts:
    b.put("copy/from.txt", TEXT, cache_control="public", x_cos_meta_probe="kept")
    seen = b.ask("PUT", "copy/to.txt", headers={"x-cos-copy-source": _source(b, "copy/from.txt")})
    head = b.ask("HEAD", "copy/to.txt")
    return {"status": seen.status, "etag": bare(seen.values.get("ETag", "")), "meta": head.header("x-cos-meta-probe"),
            "cache": head.header("cache-control")}


@OBJECTS.case("a copy with Replaced takes the headers of the request", "436/10881", status=200, meta=None,
              type="text/x-new")
def copy_replaced(b: ProbeBucket) -> Facts:
    b.put("copy/self.txt", TEXT, x_cos_meta_probe="old")
    seen = b.ask("PUT", "copy/self.txt", headers={
        "x-cos-copy-source": _source(b, "copy/self.txt"), "x-cos-metadata-directive": "Replaced",
        "Content-Type": "text/x-new"})
    head = b.ask("HEAD", "copy/self.txt")
    return {"status": seen.status, "meta": head.header("x-cos-meta-probe"), "type": head.header("content-type")}


@OBJECTS.case("a copy of what is not there", "436/10881", status=404, code="NoSuchKey")
def copy_missing(b: ProbeBucket) -> Facts:
    seen = b.ask("PUT", "copy/none.txt", headers={"x-cos-copy-source": _source(b, "copy/missing.txt")})
    return {"status": seen.status, "code": seen.code}


@OBJECTS.case("a copy with another If-Match than the source has", "436/10881", status=412, code="PreconditionFailed")
def copy_condition(b: ProbeBucket) -> Facts:
    b.put("copy/condition.txt", TEXT)
    seen = b.ask("PUT", "copy/none.txt", headers={
        "x-cos-copy-source": _source(b, "copy/condition.txt"),
        "x-cos-copy-source-If-Match": f'"{hashlib.md5(OTHER).hexdigest()}"'})
    return {"status": seen.status, "code": seen.code}


@OBJECTS.case("a copy can refuse to overwrite", "436/10881", status=409, code="FileAlreadyExists")
def copy_forbidden(b: ProbeBucket) -> Facts:
    b.put("copy/a.txt", TEXT)
    b.put("copy/b.txt", OTHER)
    seen = b.ask("PUT", "copy/b.txt", headers={"x-cos-copy-source": _source(b, "copy/a.txt"),
                                               "x-cos-forbid-overwrite": "true"})
    return {"status": seen.status, "code": seen.code}


@OBJECTS.case("conditional reads", "436/7753", same=304, other=200, wrong=412, since=304, unmodified=412)
def conditions(b: ProbeBucket) -> Facts:
    etag = b.put("read/condition.txt", TEXT).header("etag") or ""
    modified = b.ask("HEAD", "read/condition.txt").header("last-modified") or ""

    def ask(name: str, value: str) -> int:
        return b.ask("GET", "read/condition.txt", headers={name: value}).status

    return {"same": ask("If-None-Match", etag), "other": ask("If-None-Match", '"0"'), "wrong": ask("If-Match", '"0"'),
            "since": ask("If-Modified-Since", modified),
            "unmodified": ask("If-Unmodified-Since", "Mon, 01 Jan 2018 00:00:00 GMT")}


@OBJECTS.case("ranges", "436/7753", part=206, text="[Obj", range="bytes 0-3/16", outside=416, code="InvalidRange")
def ranges(b: ProbeBucket) -> Facts:
    b.put("read/range.txt", TEXT)
    part = b.ask("GET", "read/range.txt", headers={"Range": "bytes=0-3"})
    outside = b.ask("GET", "read/range.txt", headers={"Range": "bytes=100-200"})
    return {"part": part.status, "text": part.text, "range": part.header("content-range"), "outside": outside.status,
            "code": outside.code}


@OBJECTS.case("what is not there", "436/7730", get=404, code="NoSuchKey", head=404, deleted=204)
def missing(b: ProbeBucket) -> Facts:
    seen = b.ask("GET", "missing.txt")
    return {"get": seen.status, "code": seen.code, "head": b.ask("HEAD", "missing.txt").status,
            "deleted": b.ask("DELETE", "missing.txt").status}


@OBJECTS.case("many objects are deleted at once, also one that is not there", "436/8289", status=200, deleted=3,
              errors=0, left=404)
def delete_many(b: ProbeBucket) -> Facts:
    for name in ("a", "b"):
        b.put(f"many/{name}", TEXT)
    body = ("<Delete><Quiet>false</Quiet>"
            + "".join(f"<Object><Key>many/{name}</Key></Object>" for name in ("a", "b", "none")) + "</Delete>").encode()
    seen = b.ask("POST", params={"delete": ""}, body=body, headers={
        "Content-Type": "application/xml", "Content-MD5": content_md5(md5_of(body))})
    return {"status": seen.status, "deleted": seen.text.count("<Deleted>"), "errors": seen.text.count("<Error>"),
            "left": b.ask("HEAD", "many/a").status}


@OBJECTS.case("a key may have 850 bytes", "436/13324", longest=200, longer=400, code="KeyTooLong")
def long_keys(b: ProbeBucket) -> Facts:
    longer = b.put("l" * 851, TEXT)
    return {"longest": b.put("l" * 850, TEXT).status, "longer": longer.status, "code": longer.code}


@OBJECTS.case("the CRC64 of a large object", "436/40334", status=200, same=True)
def large(b: ProbeBucket) -> Facts:
    body = bytes(range(256)) * 4096
    seen = b.put("put/large.bin", body)
    return {"status": seen.status, "same": seen.header("x-cos-hash-crc64ecma") == str(crc_of(body))}
