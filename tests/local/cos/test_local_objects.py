"""Objects: writing, reading, conditions, ranges, copies, removal, limits."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import http.client
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pytest
from fastcrc import crc64

from tests.local.cos_wire import Answer, Wire, authorization, fields, send


def md5_of(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data).digest()).decode()


SIZES = [0, 1, 4096, 65535, 65536, 65537, 3_000_000]


@pytest.mark.parametrize("size", SIZES)
def test_any_size_comes_back_byte_for_byte(wire: Wire, size: int) -> None:
    data = os.urandom(size)
    put = wire.put("sized", data, content_md5=md5_of(data))
    etag = f'"{hashlib.md5(data).hexdigest()}"'
    assert (put.status, put.headers["ETag"], put.body) == (200, etag, b"")
    for answer in (wire.get("sized"), wire.call("HEAD", "sized")):
        assert answer.headers["ETag"] == etag
        assert answer.headers["x-cos-hash-crc64ecma"] == str(crc64.xz(data))
        assert answer.headers["Content-Length"] == str(size)
        assert answer.headers["Server"] == "tencent-cos"
        assert answer.headers["Last-Modified"].endswith(" GMT")
        assert answer.headers["x-cos-request-id"]
        assert answer.headers["Date"]
    assert wire.get("sized").body == data
    assert wire.call("HEAD", "sized").body == b""


def test_the_published_checksum_is_computed(wire: Wire) -> None:
    answer = wire.put("object", b"[Object Content]")
    assert answer.headers["ETag"] == '"ee8de918d05640145b18f70f4c3aa602"'
    assert answer.headers["x-cos-hash-crc64ecma"] == "16749565679157681890"


@pytest.mark.parametrize("size", SIZES)
def test_chunked_bodies_of_any_size_are_taken(wire: Wire, size: int) -> None:
    data = os.urandom(size)
    pieces = [data[at : at + 10_000] for at in range(0, size, 10_000)]
    answer = wire.call("PUT", "chunked", body=iter(pieces))
    assert answer.status == 200
    assert wire.get("chunked").body == data


def test_a_put_without_any_length_is_refused(wire: Wire) -> None:
    answer = wire.call("PUT", "no-length", headers={"content-length": ""}, body=iter([b""]))
    assert answer.status in (200, 400)  # an empty Content-Length beside chunks is no length
    lengthless = raw(wire, "PUT", "no-length", {})
    assert lengthless.startswith(b"HTTP/1.1 411 ")
    assert b"<Code>MissingContentLength</Code>" in lengthless


def raw(wire: Wire, method: str, key: str, headers: dict[str, str]) -> bytes:
    """Everything the server says to exactly these headers, read until it closes."""
    lines = [f"{method} /{key} HTTP/1.1", f"Host: {wire.host}", "Connection: close",
             f"Authorization: {authorization(wire.keys, method, key, wire.host)}",
             *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    with socket.create_connection(("127.0.0.1", wire.cloud.port), timeout=20) as connection:
        connection.sendall("\r\n".join(lines).encode())
        received = b""
        while block := connection.recv(65536):
            received += block
    return received


def test_a_client_that_waits_for_100_continue_is_invited(wire: Wire) -> None:
    head = "\r\n".join([
        "PUT /waits HTTP/1.1", f"Host: {wire.host}", "Content-Length: 5", "Expect: 100-continue",
        f"Authorization: {authorization(wire.keys, 'PUT', 'waits', wire.host)}", "", ""])
    with socket.create_connection(("127.0.0.1", wire.cloud.port), timeout=20) as connection:
        connection.sendall(head.encode())
        stream = connection.makefile("rb")
        assert stream.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert stream.readline() == b"\r\n"
        connection.sendall(b"hello")
        assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
    assert wire.get("waits").body == b"hello"


def test_a_client_that_waits_is_refused_before_it_sends(wire: Wire) -> None:
    answer = raw(wire, "PUT", "x" * 851, {"Content-Length": "1000", "Expect": "100-continue"})
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"KeyTooLong" in answer


def test_one_connection_serves_many_requests(wire: Wire) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", wire.cloud.port, timeout=20)
    used = set()
    for number in range(5):
        for method, body in (("PUT", b"abc"), ("HEAD", None), ("GET", None)):
            signed = authorization(wire.keys, method, f"kept{number}", wire.host)
            connection.request(method, f"/kept{number}", body, {"Host": wire.host, "Authorization": signed})
            response = connection.getresponse()
            response.read()
            assert response.status == 200
            used.add(connection.sock.getsockname())
    connection.close()
    assert len(used) == 1


def test_a_wrong_content_md5_stores_nothing(wire: Wire) -> None:
    for size in (10, 200_000):
        answer = wire.put("bad", b"x" * size, content_md5=md5_of(b"y"))
        assert (answer.status, answer.code) == (400, "BadDigest")
    answer = wire.put("bad", b"x", content_md5="not base64!")
    assert (answer.status, answer.code) == (400, "InvalidDigest")
    assert wire.get("bad").status == 404


def test_headers_come_back_as_they_were_sent(wire: Wire) -> None:
    sent = {"cache-control": "max-age=60, public", "content-disposition": "inline; filename=\"é.html\"",
            "content-encoding": "br", "content-language": "zh", "content-type": "text/html; charset=utf-8",
            "expires": "Thu, 01 Jan 2032 00:00:00 GMT", "x-cos-meta-note": "值 1"}
    assert wire.call("PUT", "described", headers=sent, body=b"x").status == 200
    for answer in (wire.get("described"), wire.call("HEAD", "described")):
        got = {name.lower(): value.encode("latin-1").decode() for name, value in answer.headers.items()}
        assert sent.items() <= got.items()
    wire.put("described", b"x")
    assert "x-cos-meta-note" not in wire.get("described").headers


def test_a_missing_content_type_is_guessed_from_the_suffix(wire: Wire) -> None:
    wire.put("guess.css", b"")
    wire.put("guess.unknown-suffix", b"")
    assert wire.get("guess.css").headers["Content-Type"] == "text/css"
    assert wire.get("guess.unknown-suffix").headers["Content-Type"] == "application/octet-stream"


def test_limits_of_key_and_metadata(wire: Wire) -> None:
    assert wire.put("中" * 283).status == 200  # 849 bytes
    answer = wire.put("中" * 284)
    assert (answer.status, answer.code) == (400, "KeyTooLong")
    assert wire.put("meta", b"", x_cos_meta_a="v" * 2030).status == 200
    answer = wire.put("meta", b"", x_cos_meta_a="v" * 2048)
    assert (answer.status, answer.code) == (400, "MetadataTooLarge")


def test_an_object_over_five_gigabytes_is_refused_by_its_declared_length(wire: Wire) -> None:
    answer = raw(wire, "PUT", "huge", {"Content-Length": str(5 * 1024**3 + 1)})
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"EntityTooLarge" in answer


@pytest.mark.parametrize("target", ["/%ff", "/a%01b", "/%5cback"])
def test_names_that_no_object_may_have_are_refused(wire: Wire, target: str) -> None:
    now = int(time.time())
    values = fields(wire.keys, "PUT", "/", {}, {}, f"{now - 5};{now + 60}")
    # signed over raw bytes, which the text-based signer of these tests cannot spell
    digest = hashlib.sha1(b"put\n" + unquote_to_bytes(target) + b"\n\n\n").hexdigest()
    period = values["q-key-time"]
    key = hmac.new(wire.keys.secret_key.encode(), period.encode(), "sha1").hexdigest()
    to_sign = f"sha1\n{period}\n{digest}\n".encode()
    values["q-signature"] = hmac.new(key.encode(), to_sign, "sha1").hexdigest()
    signed = "&".join(f"{n}={v}" for n, v in values.items())
    answer = send(wire.cloud.port, "PUT", target,
                  {"host": wire.host, "content-length": "0", "authorization": signed})
    assert (answer.status, answer.code) == (400, "InvalidURI")


def test_forbid_overwrite_lets_only_the_first_in(wire: Wire) -> None:
    wire.call("DELETE", "once")
    assert wire.put("once", b"1", x_cos_forbid_overwrite="true").status == 200
    answer = wire.put("once", b"2", x_cos_forbid_overwrite="true")
    assert (answer.status, answer.code) == (409, "FileAlreadyExists")
    assert wire.get("once").body == b"1"
    assert wire.put("once", b"3").status == 200


def test_of_many_writers_that_forbid_overwriting_exactly_one_wins(wire: Wire) -> None:
    wire.call("DELETE", "raced")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: wire.put("raced", b"x", x_cos_forbid_overwrite="true"), range(16)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 15


DATA = bytes(range(256)) * 400


@pytest.mark.parametrize("key", ["small", "large"])
@pytest.mark.parametrize(
    ("header", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=5-9", 5, 10), ("bytes=10-", 10, None), ("bytes=-7", -7, None),
     ("bytes=0-99999999", 0, None), ("bytes=-99999999", 0, None)],
)
def test_ranges(wire: Wire, key: str, header: str, start: int, end: int | None) -> None:
    data = DATA if key == "large" else DATA[:1000]
    wire.put(key, data)
    answer = wire.get(key, range=header)
    assert (answer.status, answer.body) == (206, data[start:end])
    first = start % len(data)
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(answer.body) - 1}/{len(data)}"


def test_ranges_that_cannot_be_or_mean_nothing(wire: Wire) -> None:
    wire.put("ranged", b"0123456789")
    answer = wire.get("ranged", range="bytes=10-")
    assert (answer.status, answer.code) == (416, "InvalidRange")
    assert answer.headers["Content-Range"] == "bytes */10"
    for header in ("bytes=5-2", "lines=1-2", "bytes=0-1,3-4", "bytes=-"):
        assert wire.get("ranged", range=header).status == 200, header


def test_conditions(wire: Wire) -> None:
    put = wire.put("cond", b"x", cache_control="max-age=1")
    etag = put.headers["ETag"]
    modified = wire.get("cond").headers["Last-Modified"]
    before, after = "Sun, 06 Nov 1994 08:49:37 GMT", "Fri, 06 Nov 2054 08:49:37 GMT"

    def status(**headers: str) -> int:
        return wire.get("cond", **headers).status

    assert status(if_match=etag) == 200
    assert status(if_match='"other"') == 412
    assert status(if_none_match=etag) == 304
    assert status(if_none_match=f'"a", W/{etag}') == 304
    assert status(if_none_match='"other"') == 200
    assert status(if_modified_since=modified) == 304
    assert status(if_modified_since=before) == 200
    assert status(if_unmodified_since=before) == 412
    assert status(if_unmodified_since=after) == 200
    assert status(if_none_match='"other"', if_modified_since=after) == 200
    assert status(if_modified_since="nonsense") == 200
    unchanged = wire.get("cond", if_none_match=etag)
    assert (unchanged.body, unchanged.headers["ETag"]) == (b"", etag)
    assert unchanged.headers["Cache-Control"] == "max-age=1"
    assert wire.get("cond", range="bytes=0-0", if_range='"other"').status == 200
    assert wire.get("cond", range="bytes=0-0", if_range=etag).status == 206


def copy(wire: Wire, source: str, target: str, **headers: str) -> Answer:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers["x-cos-copy-source"] = f"{wire.host}/{quote(source)}"
    return wire.call("PUT", target, headers=headers)


@pytest.mark.parametrize("size", [0, 100, 200_000])
def test_a_copy_has_the_bytes_and_headers_of_its_source(wire: Wire, size: int) -> None:
    data = os.urandom(size)
    wire.put("源 1+2", data, content_type="text/x-a", x_cos_meta_a="1")
    answer = copy(wire, "源 1+2", "copied")
    assert (answer.status, answer.tree.tag) == (200, "CopyObjectResult")
    assert answer.tree.findtext("ETag") == f'"{hashlib.md5(data).hexdigest()}"'
    wire.call("DELETE", "源 1+2")
    got = wire.get("copied")
    assert (got.body, got.headers["Content-Type"], got.headers["x-cos-meta-a"]) == (data, "text/x-a", "1")


def test_a_copy_with_the_directive_replaced_has_new_headers(wire: Wire) -> None:
    wire.put("orig", b"x", content_type="text/x-a", x_cos_meta_a="1")
    answer = copy(wire, "orig", "orig")
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    answer = copy(wire, "orig", "orig", x_cos_metadata_directive="Replaced", content_type="text/x-b")
    assert answer.status == 200
    got = wire.get("orig")
    assert (got.body, got.headers["Content-Type"]) == (b"x", "text/x-b")
    assert "x-cos-meta-a" not in got.headers


def test_copies_that_cannot_be(wire: Wire) -> None:
    wire.put("there", b"x")
    answer = copy(wire, "not there", "target")
    assert (answer.status, answer.code) == (404, "NoSuchKey")
    answer = copy(wire, "there", "target", x_cos_copy_source_If_Match='"other"')
    assert (answer.status, answer.code) == (412, "PreconditionFailed")
    answer = wire.call("PUT", "target", headers={"x-cos-copy-source": "nonsense"})
    assert (answer.status, answer.code) == (400, "InvalidCopySource")
    missing = f"nobody-{wire.cloud.app_id}.cos.{wire.cloud.region}.myqcloud.com/a"
    answer = wire.call("PUT", "target", headers={"x-cos-copy-source": missing})
    assert (answer.status, answer.code) == (404, "NoSuchBucket")
    assert wire.get("target").status == 404


def test_removal_answers_204_whether_or_not_it_was_there(wire: Wire) -> None:
    wire.put("gone", b"x" * 100_000)
    assert [wire.call("DELETE", "gone").status for _ in range(2)] == [204, 204]
    answer = wire.get("gone")
    assert (answer.status, answer.code) == (404, "NoSuchKey")
    assert answer.tree.findtext("Resource")
    assert answer.tree.findtext("RequestId") == answer.headers["x-cos-request-id"]
    head = wire.call("HEAD", "gone")
    assert (head.status, head.body) == (404, b"")


def test_many_are_removed_at_once(wire: Wire) -> None:
    names = ["m/1", "m/2 &<>", "m/中"]
    for name in names:
        wire.put(name, b"x")
    objects = "".join(f"<Object><Key>{html.escape(name)}</Key></Object>" for name in names)
    answer = wire.delete_many(f"<Delete>{objects}<Object><Key>never there</Key></Object></Delete>")
    assert answer.texts("Deleted/Key") == [*names, "never there"]
    assert [wire.get(name).status for name in names] == [404] * 3
    quiet = wire.delete_many("<Delete><Quiet>true</Quiet><Object><Key>m/1</Key></Object></Delete>")
    assert (quiet.status, list(quiet.tree)) == (200, [])


def test_removals_that_are_refused(wire: Wire) -> None:
    too_many = "".join(f"<Object><Key>{n}</Key></Object>" for n in range(1001))
    assert wire.delete_many(f"<Delete>{too_many}</Delete>").code == "MalformedXML"
    assert wire.delete_many("<Delete><Object>").code == "MalformedXML"
    entity = "<!DOCTYPE a [<!ENTITY b 'c'>]><Delete><Object><Key>&b;</Key></Object></Delete>"
    assert wire.delete_many(entity).code == "MalformedXML"
    assert wire.call("POST", "", {"delete": ""}, body=b"<Delete/>").code == "InvalidDigest"
    other = {"content-md5": md5_of(b"")}
    assert wire.call("POST", "", {"delete": ""}, other, b"<Delete/>").code == "BadDigest"
    just_enough = too_many.removesuffix("<Object><Key>1000</Key></Object>")
    assert wire.delete_many(f"<Delete>{just_enough}</Delete>").status == 200


def test_subresources_that_are_not_here_are_never_taken_for_something_else(wire: Wire) -> None:
    wire.put("kept", b"x")
    for method, key in (("PUT", ""), ("DELETE", ""), ("PUT", "kept"), ("POST", "kept")):
        answer = wire.call(method, key, {"notification": "", "live": ""})
        assert (answer.status, answer.code) == (501, "NotImplemented")
    assert wire.get("kept").body == b"x"


def test_grants_in_the_headers_of_an_object_are_its_list(wire: Wire) -> None:
    grants = {"x-cos-grant-read": 'id="qcs::cam::anyone:anyone"', "x-cos-grant-full-control": 'id="300003"'}
    assert wire.call("PUT", "granted", headers=grants, body=b"x").status == 200
    listed = wire.call("GET", "granted", {"acl": ""})
    assert sorted(listed.texts("AccessControlList/Grant/Permission")) == ["FULL_CONTROL", "FULL_CONTROL", "READ"]
    assert any("300003" in name for name in listed.texts("AccessControlList/Grant/Grantee/ID"))
    assert wire.call("GET", "granted", signed=False).body == b"x", "everybody may read it"
    copied = {**grants, "x-cos-copy-source": f"{wire.host}/granted"}
    assert wire.call("PUT", "copied", headers=copied).status == 200
    assert wire.call("GET", "copied", signed=False).status == 200
    begun = wire.call("POST", "parts", {"uploads": ""}, headers=grants)
    upload = {"uploadId": begun.texts("UploadId")[0]}
    etag = wire.call("PUT", "parts", {**upload, "partNumber": "1"}, body=b"y").headers["ETag"]
    body = f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>" \
        "</CompleteMultipartUpload>"
    assert wire.call("POST", "parts", upload, body=body.encode()).status == 200
    assert wire.call("GET", "parts", signed=False).body == b"y"
    both = {"x-cos-acl": "private", "x-cos-grant-read": 'id="300003"'}
    assert wire.call("PUT", "both", headers=both, body=b"x").status == 200
    assert wire.call("GET", "both", signed=False).status == 403
    for wrong in ("nobody", 'id="x y"', "id="):
        refused = wire.call("PUT", "wrong", headers={"x-cos-grant-read": wrong}, body=b"x")
        assert (refused.status, refused.code) == (400, "InvalidArgument"), wrong
    assert wire.call("HEAD", "wrong").status == 404


def test_grants_in_the_headers_of_a_new_bucket_are_its_list(local_cloud: Any) -> None:
    wire = Wire(local_cloud, f"granted-{local_cloud.app_id}")
    assert wire.call("PUT", headers={"x-cos-grant-read": 'id="qcs::cam::anyone:anyone"'}).status == 200
    wire.put("a", b"x")
    assert wire.call("GET", "a", signed=False).body == b"x"
    assert wire.call("PUT", "b", signed=False, body=b"x").status == 403
    wire.call("DELETE", "a")
    assert wire.call("DELETE").status == 204
