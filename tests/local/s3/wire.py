"""Clients of S3 for the embedded cloud: boto3 as its documentation says, and requests that are signed by hand."""

from __future__ import annotations

import hashlib
import http.client
import time
from typing import Any
from urllib.parse import quote

import boto3
from botocore.config import Config

from sitepub.local.s3.signature import Scope, canonical_request, signature
from tests.conftest import LocalCloud


def client(cloud: LocalCloud, *, secret_key: str = "", token: str | None = None, virtual: bool = False,
           region: str = "us-east-1", secret_id: str = "", **settings: Any) -> Any:
    """With the bucket in the path; ``virtual``: in the host, whose real name reaches the cloud as through a proxy."""
    address = f"http://{cloud.host}:{cloud.port}"
    if virtual:
        settings |= {"proxies": {"http": address}, "s3": {"addressing_style": "virtual"}}
    return boto3.client(
        "s3", endpoint_url=f"http://cos.{cloud.region}.myqcloud.com" if virtual else address, region_name=region,
        aws_access_key_id=secret_id or cloud.secret_id, aws_secret_access_key=secret_key or cloud.secret_key,
        aws_session_token=token, config=Config(retries={"total_max_attempts": 1}, **settings))


class Raw:
    """Requests whose body and headers are made by a test."""

    def __init__(self, cloud: LocalCloud, bucket: str) -> None:
        self.cloud, self.bucket = cloud, bucket
        self.moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self.scope = Scope(self.moment[:8], "eu-west-1", "s3")
        self.key = self.scope.key(cloud.secret_key)

    def signed(self, method: str, key: str, payload: str, headers: dict[str, str] | None = None,
               query: str = "") -> tuple[str, dict[str, str]]:
        """Path and headers of a request."""
        path = f"/{self.bucket}/{quote(key, safe='/-_.~')}"
        found = {"host": f"{self.cloud.host}:{self.cloud.port}", "x-amz-date": self.moment,
                 "x-amz-content-sha256": payload, **(headers or {})}
        names = ";".join(sorted(found))
        text = canonical_request(method, path, query, found, names, payload)
        seed = signature(self.key, self.moment, self.scope, text)
        found["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.cloud.secret_id}/{self.scope}, "
                                  f"SignedHeaders={names}, Signature={seed}")
        return f"{path}?{query}" if query else path, found

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.cloud.host, self.cloud.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def get(self, key: str) -> bytes:
        empty = hashlib.sha256(b"").hexdigest()
        status, body = self.ask("GET", *self.signed("GET", key, empty))
        assert status == 200, body
        return body
