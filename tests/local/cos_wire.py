"""A client of the XML API with a signer of its own, written from the published description (436/7778)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote
from xml.etree import ElementTree


class Cloud(Protocol):
    """What the fixture ``local_cloud`` gives."""

    @property
    def app_id(self) -> str: ...
    @property
    def secret_id(self) -> str: ...
    @property
    def secret_key(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def port(self) -> int: ...


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """Code of an error document."""
        return ElementTree.fromstring(self.body).findtext("Code") or ""

    @property
    def tree(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.body)

    def texts(self, path: str) -> list[str]:
        return [node.text or "" for node in self.tree.iterfind(path)]


@dataclass(frozen=True)
class Keys:
    secret_id: str
    secret_key: str = field(repr=False)


def encode(text: str) -> str:
    return quote(text, safe="-_.~")


def signature(keys: Keys, method: str, decoded_path: str, query: Mapping[str, str],
              headers: Mapping[str, str], key_time: str) -> str:
    def pairs(values: Mapping[str, str]) -> str:
        return "&".join(f"{name}={value}" for name, value in
                        sorted((encode(name).lower(), encode(value)) for name, value in values.items()))

    text = "\n".join([method.lower(), decoded_path, pairs(query), pairs(headers), ""])
    sign_key = hmac.new(keys.secret_key.encode(), key_time.encode(), "sha1").hexdigest()
    to_sign = f"sha1\n{key_time}\n{hashlib.sha1(text.encode()).hexdigest()}\n"
    return hmac.new(sign_key.encode(), to_sign.encode(), "sha1").hexdigest()


def authorization(keys: Keys, method: str, key: str, host: str) -> str:
    """An Authorization header that signs the host alone."""
    now = int(time.time())
    values = fields(keys, method, "/" + key, {}, {"host": host}, f"{now - 5};{now + 600}")
    return "&".join(f"{name}={value}" for name, value in values.items())


def fields(keys: Keys, method: str, decoded_path: str, query: Mapping[str, str], headers: Mapping[str, str],
           key_time: str) -> dict[str, str]:
    return {
        "q-sign-algorithm": "sha1", "q-ak": keys.secret_id, "q-sign-time": key_time, "q-key-time": key_time,
        "q-header-list": ";".join(sorted(encode(name).lower() for name in headers)),
        "q-url-param-list": ";".join(sorted(encode(name).lower() for name in query)),
        "q-signature": signature(keys, method, decoded_path, query, headers, key_time),
    }


class Wire:
    """One bucket (or none) on a running cloud. Every call opens a connection of its own."""

    def __init__(self, cloud: Cloud, bucket: str = "", keys: Keys | None = None) -> None:
        self.cloud = cloud
        self.bucket = bucket
        self.keys = keys or Keys(cloud.secret_id, cloud.secret_key)
        place = f"cos.{cloud.region}.myqcloud.com"
        self.host = f"{bucket}.{place}" if bucket else "service.cos.myqcloud.com"

    def call(self, method: str, key: str = "", query: Mapping[str, str] | None = None,
             headers: Mapping[str, str] | None = None, body: bytes | Iterator[bytes] | None = None, *,
             host: str | None = None, signed: bool = True, presigned: bool = False,
             key_time: str | None = None, target: str | None = None) -> Answer:
        """``target`` replaces the request target that would be sent, not what is signed."""
        query, headers = dict(query or {}), dict(headers or {})
        headers["host"] = host or self.host
        if isinstance(body, bytes | None):
            headers.setdefault("content-length", str(len(body or b"")))
            if method in ("GET", "HEAD", "DELETE", "OPTIONS") and body is None:
                del headers["content-length"]
        path = "/" + quote(key, safe="/-_.~")
        now = int(time.time())
        key_time = key_time or f"{now - 60};{now + 600}"
        sent_query = dict(query)
        if presigned:
            sent_query |= fields(self.keys, method, "/" + key, query, {"host": headers["host"]}, key_time)
        elif signed:
            signable = {name: value for name, value in headers.items() if name != "x-cos-security-token"}
            values = fields(self.keys, method, "/" + key, query, signable, key_time)
            headers["authorization"] = "&".join(f"{name}={value}" for name, value in values.items())
        if target is None:
            target = path
            if sent_query:
                target += "?" + "&".join(f"{encode(n)}={encode(v)}" for n, v in sent_query.items())
        return send(self.cloud.port, method, target, headers, body)

    def put(self, key: str, body: bytes = b"", **headers: str) -> Answer:
        """PUT Object; ``x_cos_acl`` stands for ``x-cos-acl``."""
        return self.call("PUT", key, headers={n.replace("_", "-"): v for n, v in headers.items()}, body=body)

    def get(self, key: str, **headers: str) -> Answer:
        return self.call("GET", key, headers={n.replace("_", "-"): v for n, v in headers.items()})

    def delete_many(self, document: str, **query: str) -> Answer:
        data = document.encode()
        md5 = base64.b64encode(hashlib.md5(data).digest()).decode()
        return self.call("POST", "", {"delete": "", **query}, {"content-md5": md5}, data)

    def empty(self) -> None:
        """Remove every object, version and upload."""
        for upload in self.call("GET", query={"uploads": ""}).tree.iterfind("Upload"):
            self.call("DELETE", upload.findtext("Key") or "", {"uploadId": upload.findtext("UploadId") or ""})
        while True:
            tree = self.call("GET", query={"versions": ""}).tree
            entries = [*tree.iterfind("Version"), *tree.iterfind("DeleteMarker")]
            if not entries:
                return
            for entry in entries:
                version = entry.findtext("VersionId") or ""
                self.call("DELETE", entry.findtext("Key") or "", {"versionId": version})


def send(port: int, method: str, target: str, headers: Mapping[str, str],
         body: bytes | Iterator[bytes] | None = None) -> Answer:
    """One request with exactly this target and these headers. An iterator goes out chunked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value.encode())
        chunked = body is not None and not isinstance(body, bytes)
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders(body, encode_chunked=chunked)
        response = connection.getresponse()
        return Answer(response.status, dict(response.headers.items()), response.read())
    finally:
        connection.close()


@contextmanager
def new_bucket(cloud: Cloud, keys: Keys | None = None, app_id: str | None = None) -> Iterator[Wire]:
    """A bucket for the length of the block."""
    wire = Wire(cloud, f"t-{uuid.uuid4().hex[:12]}-{app_id or cloud.app_id}", keys)
    answer = wire.call("PUT")
    assert answer.status == 200, answer.body
    try:
        yield wire
    finally:
        wire.empty()
        assert wire.call("DELETE").status == 204
