"""Signatures of S3, by the worked examples that Amazon publishes (S3 API reference, sigv4-header-based-auth,
sigv4-query-string-auth, sigv4-streaming, sigv4-streaming-trailers)."""

from __future__ import annotations

import asyncio

import pytest

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.identity import Signer
from sitepub.local.s3.payload import body_of
from sitepub.local.s3.signature import Scope, Signed, canonical_request, signature
from tests.local.pieces import Pieces

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
MOMENT = "20130524T000000Z"
SCOPE = Scope("20130524", "us-east-1", "s3")
HOST = {"host": "examplebucket.s3.amazonaws.com", "x-amz-date": MOMENT}
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
STREAMING = {"host": "s3.amazonaws.com", "x-amz-date": MOMENT, "x-amz-storage-class": "REDUCED_REDUNDANCY",
             "content-encoding": "aws-chunked", "x-amz-decoded-content-length": "66560"}


@pytest.mark.parametrize(("method", "path", "query", "headers", "payload", "expected"), [
    ("GET", "/test.txt", "", {"range": "bytes=0-9"}, EMPTY,
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    ("PUT", "/test$file.text", "",
     {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
     "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
    ("GET", "/", "lifecycle", {}, EMPTY, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    ("GET", "/", "max-keys=2&prefix=J", {}, EMPTY, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
])
def test_the_published_examples_of_the_header(method: str, path: str, query: str, headers: dict[str, str], payload: str,
                                              expected: str) -> None:
    given = {**HOST, "x-amz-content-sha256": payload, **headers}
    text = canonical_request(method, path, query, given, ";".join(sorted(given)), payload)
    assert signature(SCOPE.key(SECRET), MOMENT, SCOPE, text) == expected


def test_the_published_example_of_a_presigned_address() -> None:
    query = ("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
             "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=0")
    text = canonical_request("GET", "/test.txt", query, {"host": HOST["host"]}, "host", "UNSIGNED-PAYLOAD")
    assert signature(SCOPE.key(SECRET), MOMENT, SCOPE, text) == (
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")


def decoded(payload: str, seed: str, body: bytes, headers: dict[str, str], size: int = 1000) -> bytes:
    signer = Signer("1", "1", "AKIAIOSFODNN7EXAMPLE", SECRET)
    signed = Signed(signer, SCOPE.key(SECRET), SCOPE, MOMENT, seed, payload)
    return asyncio.run(body_of(Pieces(body, size), signed, headers).read(1 << 20))


CHUNKS = [(65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
          (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
          (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9")]
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"


def framed(chunks: list[tuple[int, str]], end: str = "\r\n") -> bytes:
    return b"".join(f"{size:x};chunk-signature={one}\r\n".encode() + (b"a" * size + b"\r\n" if size else b"")
                    for size, one in chunks) + end.encode()


def test_the_published_example_of_signed_chunks() -> None:
    form = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    given = {**STREAMING, "x-amz-content-sha256": form, "content-length": "66824"}
    text = canonical_request("PUT", "/examplebucket/chunkObject.txt", "", given, ";".join(sorted(given)), form)
    assert signature(SCOPE.key(SECRET), MOMENT, SCOPE, text) == SEED
    for size in (1, 7, 8192, 1 << 20):
        assert decoded(form, SEED, framed(CHUNKS), given, size) == b"a" * 66560
    whole = framed(CHUNKS)
    for wrong in (framed(CHUNKS[1:]), whole.replace(b"a\r\n0", b"b\r\n0"), whole.replace(b"ad80", b"ad81"),
                  framed(CHUNKS[:2]), framed(CHUNKS)[:-4], framed(CHUNKS[:1]) + framed(CHUNKS[2:]), b"", b"zz\r\n"):
        with pytest.raises(ServiceError) as caught:
            decoded(form, SEED, wrong, given)
        assert caught.value.code in ("SignatureDoesNotMatch", "IncompleteBody")


def test_the_published_example_of_signed_chunks_and_a_trailer() -> None:
    form = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
    chunks = [(65536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
              (1024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
              (0, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992")]
    given = {**STREAMING, "x-amz-content-sha256": form, "x-amz-trailer": "x-amz-checksum-crc32c"}
    text = canonical_request("PUT", "/examplebucket/chunkObject.txt", "", given, ";".join(sorted(given)), form)
    assert signature(SCOPE.key(SECRET), MOMENT, SCOPE, text) == seed
    trailer = ("x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:"
               "63bddb248ad2590c92712055f51b8e78ab024eead08276b24f010b0efd74843f\r\n\r\n")
    assert decoded(form, seed, framed(chunks, trailer), given) == b"a" * 66560
    for wrong, code in ((trailer.replace("sOO8", "sOO9"), "SignatureDoesNotMatch"),
                        (trailer.replace("63bd", "63be"), "SignatureDoesNotMatch"), ("\r\n", "SignatureDoesNotMatch"),
                        (trailer.replace("crc32c", "crc32"), "MalformedTrailerError")):
        with pytest.raises(ServiceError) as caught:
            decoded(form, seed, framed(chunks, wrong), given)
        assert caught.value.code == code


@pytest.mark.parametrize(("name", "value"), [
    # Check values of 123456789 in the catalogue of CRCs (reveng) and of the hashes.
    ("crc32", "y/Q5Jg=="), ("crc32c", "4waSgw=="), ("crc64nvme", "rosUhgp5mIg="),
    ("sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="), ("sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
])
def test_sums_in_a_header_and_behind_the_body(name: str, value: str) -> None:
    header, form = f"x-amz-checksum-{name}", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    body = b"4\r\n1234\r\n5\r\n56789\r\n0\r\n%s:%s\r\n\r\n" % (header.encode(), value.encode())
    assert decoded(form, "", body, {"x-amz-trailer": header}, 3) == b"123456789"
    assert decoded("UNSIGNED-PAYLOAD", "", b"123456789", {header: value}) == b"123456789"
    for payload, wrong, headers in (
            (form, body.replace(b"56789", b"56788"), {"x-amz-trailer": header}),
            ("UNSIGNED-PAYLOAD", b"123456788", {header: value})):
        with pytest.raises(ServiceError) as caught:
            decoded(payload, "", wrong, headers)
        assert caught.value.code == "BadDigest"


@pytest.mark.parametrize(("payload", "body", "headers", "code"), [
    ("f" * 64, b"1", {}, "XAmzContentSHA256Mismatch"),
    ("UNSIGNED-PAYLOAD", b"1", {"x-amz-checksum-md9": "1"}, "InvalidRequest"),
    ("STREAMING-ECDSA-SHA256", b"", {}, "NotImplemented"),
    ("nonsense", b"", {}, "InvalidArgument"),
    ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", b"1\r\na\r\n0\r\n\r\n", {"x-amz-decoded-content-length": "2"},
     "IncompleteBody"),
    ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", b"1\r\na\r\n0\r\n\r\n", {"x-amz-decoded-content-length": "two"},
     "InvalidArgument"),
    ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", b"1\r\na\r\n0\r\n\r\n", {"x-amz-trailer": "x-amz-checksum-crc32"},
     "MalformedTrailerError"),
    ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", b"2\r\na\r\n0\r\n\r\n", {}, "IncompleteBody"),
    ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", b"ffffffff\r\n", {}, "InvalidChunkSizeError"),
])
def test_a_body_that_is_not_what_was_announced(payload: str, body: bytes, headers: dict[str, str], code: str) -> None:
    with pytest.raises(ServiceError) as caught:
        decoded(payload, "", body, headers)
    assert caught.value.code == code
