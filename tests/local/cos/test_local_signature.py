"""Who is let in: signatures in the header and in the URL, clocks, keys, tokens."""

from __future__ import annotations

import json
import socket
import time
from email.utils import parsedate_to_datetime
from typing import Any, cast
from urllib.parse import unquote

import pytest

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.hosts import service_of
from sitepub.local.base.identity import Account, Identity
from sitepub.local.base.messages import Request, parse_query
from sitepub.local.cos.signature import verify
from tests.local.cos_wire import Keys, Wire, authorization, encode, fields, send

EXAMPLE_HOST = "site-1250000000.cos.ap-guangzhou.myqcloud.com"
EXAMPLE_TIME = "1700000000;1700003660"
EXAMPLE_IDENTITY = Identity(Account("1250000000", "1", "AKIDEXAMPLE", "SECRETEXAMPLE"), Account("2", "2", "B", "C"))


class Headers(dict[str, str]):
    """Case-insensitive enough for a verifier."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


def example(method: str, target: str, headers: dict[str, str], signature: str, params: str = "") -> Request:
    path, _, query = target.partition("?")
    authorization = (
        f"q-sign-algorithm=sha1&q-ak=AKIDEXAMPLE&q-sign-time={EXAMPLE_TIME}&q-key-time={EXAMPLE_TIME}"
        f"&q-header-list={';'.join(sorted(headers))}&q-url-param-list={params}&q-signature={signature}"
    )
    return Request(
        method=method, target=target, path=path,
        key="", query=parse_query(query), headers=Headers(headers | {"authorization": authorization}),
        service=service_of(EXAMPLE_HOST), body=cast(Any, None), remote="127.0.0.1", request_id="r",
        time=1700000100.0,
    )


LIST = ("GET", "/?prefix=%E4%B8%AD+%E6%96%87%2F&max-keys=1000&delimiter=/", {"host": EXAMPLE_HOST},
        "21c0d0b650ca28dd9ffdd7a47f9b64ea8e26172f", "delimiter;max-keys;prefix")
PUT = ("PUT", "/a%20b/%E4%B8%AD.html",
       {"host": EXAMPLE_HOST, "content-type": "text/html", "cache-control": "max-age=60, public",
        "x-cos-meta-md5": "abc", "content-length": "2"}, "fa7859e6902d6780b19c2b6c3958d8790915d304", "")


@pytest.mark.parametrize("vector", [LIST, PUT], ids=["list", "put"])
def test_the_golden_signatures_are_accepted(vector: Any) -> None:
    signer = verify(EXAMPLE_IDENTITY, example(*vector))
    assert signer is not None
    assert signer.app_id == "1250000000"


@pytest.mark.parametrize("vector", [LIST, PUT], ids=["list", "put"])
def test_a_golden_signature_for_another_method_is_refused(vector: Any) -> None:
    with pytest.raises(ServiceError, match="SignatureDoesNotMatch"):
        verify(EXAMPLE_IDENTITY, example("DELETE", *vector[1:]))


def test_a_host_signed_without_its_port_is_accepted() -> None:
    method, target, headers, signature, params = LIST
    with_port = {**headers, "host": EXAMPLE_HOST + ":7070"}
    signer = verify(EXAMPLE_IDENTITY, example(method, target, with_port, signature, params))
    assert signer is not None


def test_a_changed_signed_header_is_refused(wire: Wire) -> None:
    now = int(time.time())
    signed = {"host": wire.host, "content-type": "text/css"}
    values = fields(wire.keys, "PUT", "/a.css", {}, signed, f"{now - 5};{now + 60}")
    authorization = "&".join(f"{name}={value}" for name, value in values.items())
    sent = {**signed, "content-length": "0", "authorization": authorization}
    assert send(wire.cloud.port, "PUT", "/a.css", sent).status == 200
    answer = send(wire.cloud.port, "PUT", "/a.css", {**sent, "content-type": "text/html"})
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("name", [
    "x-cos-meta-a!b", "x-cos-meta-%41", "x-cos-meta-100%", "x-cos-meta-a+b&c'd", "x-cos-meta-A|b"])
def test_the_name_of_a_signed_header_is_encoded_in_the_list(wire: Wire, name: str) -> None:
    signed = {"host": wire.host, name: "a b;c&d=%20"}
    values = fields(wire.keys, "PUT", "/odd", {}, signed, f"{int(time.time()) - 5};{int(time.time()) + 60}")
    assert encode(name).lower() in values["q-header-list"].split(";")
    authorization = "&".join(f"{key}={value}" for key, value in values.items())
    sent = {**signed, "content-length": "0", "authorization": authorization}
    assert send(wire.cloud.port, "PUT", "/odd", sent).status == 200
    assert wire.call("HEAD", "odd").headers[name.lower()] == "a b;c&d=%20"
    assert send(wire.cloud.port, "PUT", "/odd", {**sent, name: "other"}).code == "SignatureDoesNotMatch"


def test_headers_and_parameters_that_the_signature_does_not_name_are_free(wire: Wire) -> None:
    wire.put("free", b"x")
    now = int(time.time())
    values = fields(wire.keys, "GET", "/free", {}, {}, f"{now - 5};{now + 60}")
    authorization = "&".join(f"{name}={value}" for name, value in values.items())
    answer = send(wire.cloud.port, "GET", "/free?whatever=1",
                  {"host": wire.host, "x-other": "1", "authorization": authorization})
    assert (answer.status, answer.body) == (200, b"x")


def test_a_signed_parameter_that_is_missing_is_refused(wire: Wire) -> None:
    answer = wire.call("GET", query={"prefix": "a"}, target="/")
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


def test_a_plus_in_the_query_is_a_space_and_an_encoded_one_is_a_plus(wire: Wire) -> None:
    wire.put("p q+r", b"")
    answer = wire.call("GET", query={"prefix": "p q+"}, target="/?prefix=p+q%2B")
    assert answer.texts("Contents/Key") == ["p q+r"]


@pytest.mark.parametrize("target", ["/?versioning", "/?versioning="])
def test_a_subresource_is_the_same_with_and_without_an_equals_sign(wire: Wire, target: str) -> None:
    answer = wire.call("GET", query={"versioning": ""}, target=target)
    assert (answer.status, answer.tree.tag) == (200, "VersioningConfiguration")


@pytest.mark.parametrize(
    "key",
    ["a//b", "x/", "..", "a/../b", "./a", "a%2Fb", "a+b", "中 文/é.html", "a?b#c&d=e", "tab\tkey", "'\"<>&", "...",
     "....", "a/..."],
)
def test_the_path_is_verified_and_stored_as_it_was_sent(wire: Wire, key: str) -> None:
    assert wire.put(key, key.encode()).status == 200
    assert wire.get(key).body == key.encode()
    listed = wire.call("GET", query={"prefix": key, "encoding-type": "url"})
    assert key in [unquote(text) for text in listed.texts("Contents/Key")]


def test_a_key_that_starts_with_a_slash_is_another_key(wire: Wire) -> None:
    assert wire.put("/a", b"x").status == 200
    assert (wire.get("/a").body, wire.get("a").status) == (b"x", 404)
    assert wire.put("/abc/../", b"y").status == 200
    assert wire.get("/abc/../").body == b"y"
    answer = wire.put("\\a", b"x")
    assert (answer.status, answer.code) == (400, "InvalidURI")


@pytest.mark.parametrize("key", ["/", "///////", "/./", "././//"])
def test_a_path_of_slashes_and_dots_is_the_bucket_and_is_only_read(wire: Wire, key: str) -> None:
    assert wire.get(key).tree.tag == "ListBucketResult"
    for method in ("PUT", "DELETE", "POST"):
        assert wire.call(method, key).code == "InvalidURI"


def test_a_signature_may_stand_in_one_parameter(wire: Wire) -> None:
    """`?sign=` holds what the header would, as older clients sign URLs."""
    odd = "a,./;'[]\\-=`~!@#$%^&*()_+{}|\":>?<"
    wire.put("signed", b"x")
    now = int(time.time())
    keys = Keys(wire.cloud.secret_id, wire.cloud.secret_key)
    for signed, sent, status in (({}, {}, 200), ({odd: odd}, {odd: odd}, 200), ({odd: odd}, {odd: "b"}, 403)):
        values = fields(keys, "GET", "/signed", signed, {"host": wire.host}, f"{now - 5};{now + 600}")
        sign = "&".join(f"{name}={value}" for name, value in values.items())
        assert wire.call("GET", "signed", {"sign": sign, **sent}, signed=False).status == status


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (+16 * 60, +60 * 60, "RequestTimeTooSkewed"),
        (-60 * 60, -50 * 60, "RequestTimeTooSkewed"),
        (-10 * 60, -1, "AccessDenied"),
    ],
    ids=["fast clock", "slow clock", "expired"],
)
def test_times_outside_of_the_signature_are_refused(wire: Wire, start: int, end: int, code: str) -> None:
    now = int(time.time())
    answer = wire.call("GET", key_time=f"{now + start};{now + end}")
    assert (answer.status, answer.code) == (403, code)
    date = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    assert abs(date - now) < 60, "the Date header lets a client correct its clock"


def test_a_date_header_that_is_far_off_is_refused(wire: Wire) -> None:
    answer = wire.call("GET", headers={"date": "Sun, 06 Nov 1994 08:49:37 GMT"})
    assert (answer.status, answer.code) == (403, "RequestTimeTooSkewed")


def test_an_unknown_key_id_is_told_apart_from_a_wrong_key(wire: Wire) -> None:
    unknown = Wire(wire.cloud, wire.bucket, Keys("AKIDnobody", "x")).call("GET")
    assert (unknown.status, unknown.code) == (403, "InvalidAccessKeyId")
    wrong = Wire(wire.cloud, wire.bucket, Keys(wire.keys.secret_id, "wrong")).call("GET")
    assert (wrong.status, wrong.code) == (403, "SignatureDoesNotMatch")


def test_a_token_with_a_permanent_key_is_refused(wire: Wire) -> None:
    answer = wire.call("GET", headers={"x-cos-security-token": "made-up"})
    assert (answer.status, answer.code) == (403, "InvalidAccessKeyId")


def test_temporary_keys_need_their_token_and_expire() -> None:
    identity = Identity(Account("1", "1", "A", "B"), Account("2", "2", "C", "D"))
    temporary = identity.add_temporary("1", time.time() + 60)
    assert identity.signer(temporary.secret_id) == temporary
    now = int(time.time())

    def ask(token: str | None, at: float) -> Any:
        keys = Keys(temporary.secret_id, temporary.secret_key)
        values = fields(keys, "GET", "/", {}, {"host": "h"}, f"{now - 5};{now + 600}")
        headers = Headers({"host": "h", "authorization": "&".join(f"{n}={v}" for n, v in values.items())})
        if token:
            headers["x-cos-security-token"] = token
        return verify(identity, Request(
            method="GET", target="/", path="/", key="",
            query={}, headers=headers, service=service_of("h"), body=cast(Any, None), remote="",
            request_id="", time=at))

    assert ask(temporary.token, now).app_id == "1"
    for token in (None, "other"):
        with pytest.raises(ServiceError, match="InvalidAccessKeyId"):
            ask(token, now)
    with pytest.raises(ServiceError, match="ExpiredToken"):
        ask(temporary.token, now + 61)


def test_presigned_urls_work_until_they_expire(wire: Wire) -> None:
    wire.put("pre signed", b"hello")
    answer = wire.call("GET", "pre signed", presigned=True)
    assert (answer.status, answer.body) == (200, b"hello")
    answer = wire.call("PUT", "by-url", presigned=True, body=b"12")
    assert answer.status == 200
    now = int(time.time())
    answer = wire.call("GET", "pre signed", presigned=True, key_time=f"{now - 7200};{now - 3600}")
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_a_presigned_url_may_set_response_headers(wire: Wire) -> None:
    wire.put("doc", b"x", content_type="text/plain")
    query = {"response-content-disposition": 'attachment; filename="é.txt"',
             "response-content-type": "image/png"}
    answer = wire.call("GET", "doc", query, presigned=True)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"].encode("latin-1").decode() == 'attachment; filename="é.txt"'


@pytest.mark.parametrize(
    "authorization", ["nonsense", "q-sign-algorithm=sha1", "Bearer abc", "q-ak=a&q-ak=b"]
)
def test_a_malformed_authorization_is_refused(wire: Wire, authorization: str) -> None:
    answer = send(wire.cloud.port, "GET", "/", {"host": wire.host, "authorization": authorization})
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_unsigned_requests_to_a_private_bucket_are_denied(wire: Wire) -> None:
    wire.put("secret", b"x")
    asked = (("GET", "secret"), ("HEAD", "secret"), ("GET", ""), ("PUT", "new"), ("DELETE", "secret"))
    for method, key in asked:
        answer = wire.call(method, key, signed=False)
        assert answer.status == 403, (method, key)
    assert wire.get("secret").status == 200


def test_names_are_encoded_as_the_signature_wants() -> None:
    assert encode("a b/中~") == "a%20b%2F%E4%B8%AD~"


def test_a_temporary_key_with_its_token_is_let_in(wire: Wire, local_cloud: Any) -> None:
    entry = json.loads((local_cloud.data / "identity.json").read_text())["temporary"]
    temporary = Wire(local_cloud, wire.bucket, Keys(entry["secret_id"], entry["secret_key"]))
    token = {"x-cos-security-token": entry["token"]}
    assert temporary.call("PUT", "by-token", headers=token, body=b"x").status == 200
    assert temporary.call("PUT", "by-token", body=b"x").code == "InvalidAccessKeyId"


def test_headers_and_parameters_that_are_not_utf8_are_refused(wire: Wire) -> None:
    signed = authorization(wire.keys, "GET", "", wire.host)
    headers = {"host": wire.host, "authorization": signed}
    answer = send(wire.cloud.port, "GET", "/?versions&key-marker=%ff", headers)
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    lines = [b"PUT /a HTTP/1.1", f"Host: {wire.host}".encode(), b"Content-Length: 0", b"Connection: close",
             f"Authorization: {authorization(wire.keys, 'PUT', 'a', wire.host)}".encode(),
             b"x-cos-meta-a: \xff", b"", b""]
    with socket.create_connection(("127.0.0.1", wire.cloud.port), timeout=20) as connection:
        connection.sendall(b"\r\n".join(lines))
        received = connection.makefile("rb").read()
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b"<Code>InvalidArgument</Code>" in received
