"""A request in the names of S3 becomes one of object storage, and its response one of S3."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

from multidict import CIMultiDict

from sitepub.local.base import xml
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.hosts import Kind, Service
from sitepub.local.base.identity import REGION
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos.access.acl import ALL_USERS, AUTHENTICATED_USERS
from sitepub.local.s3 import headers, payload, signature
from sitepub.local.store.storage import Storage

_LIMIT = 8 * 1024 * 1024
"""Bytes of a document."""
_GROUPS = ((b"http://acs.amazonaws.com/groups/global/AllUsers", ALL_USERS.encode()),
           (b"http://acs.amazonaws.com/groups/global/AuthenticatedUsers", AUTHENTICATED_USERS.encode()))
_CODES = {"KeyTooLong": "KeyTooLongError", "FileAlreadyExists": "PreconditionFailed"}
"""Codes of object storage that S3 names otherwise."""
_REGION = re.compile(r"[a-z]{2}-[a-z]+(?:-[0-9])?\Z")
_ELSEWHERE = re.compile(r"(?:us|af|ca|il|mx)-|[a-z]{2}-(?:north|south|east|west|central)")
"""Regions of other clouds: a client that knows no others names one of them."""


@dataclass(frozen=True, slots=True)
class Held:
    """A body that was read already."""

    data: bytes

    async def read(self, limit: int) -> bytes:
        if len(self.data) > limit:
            raise ServiceError("EntityTooLarge")
        return self.data

    async def chunks(self) -> AsyncIterator[bytes]:
        if self.data:
            yield self.data


def speaks(request: Request) -> bool:
    """Whether a request is one of S3."""
    return signature.carries(request) and request.service.kind is not Kind.CLOUD_API


async def understood(storage: Storage, request: Request) -> Request:
    """The same request for object storage, its signature verified. Raises ServiceError."""
    signed = signature.verify(storage.identity, request)
    bucket, path = _addressed(request)
    known = storage.buckets.find(bucket)
    region = known.region if known is not None else request.service.region or REGION
    body = payload.body_of(request.body, signed, request.headers)
    length = payload.decoded_length(request.headers) if isinstance(body, payload.Chunked) else request.content_length
    query = {name: value for name, value in request.query.items() if not name.startswith("X-Amz-") and name != "x-id"}
    if "attributes" in query:
        # passed over, it would give out the object itself, which no client can read as the attributes
        raise ServiceError("NotImplemented", "?attributes is not part of the embedded cloud.")
    host = f"{bucket}.cos.{region}.myqcloud.com"
    inner = replace(
        request, path=path, key=unquote(path[1:], errors="surrogateescape"), query=query, body=body,
        headers=headers.to_cos(request.headers, host, storage.buckets), signer=signed.signer, s3=True,
        content_length=length, service=Service(Kind.BUCKET if bucket else Kind.SERVICE, host, bucket, region))
    if request.method in ("PUT", "POST"):
        if inner.key and request.headers.get("If-None-Match") == "*":
            inner.headers = _with(inner, "x-cos-forbid-overwrite", "true")
        if not _is_object(inner):
            return await _with_document(inner)
    return inner


def answered(request: Request, response: Response) -> Response:
    """The response in the names of S3."""
    response.headers = headers.from_cos(response.headers, request.request_id)
    if response.body and response.headers.get("Content-Type") == "application/xml" and response.stream is None \
            and "ETag" not in response.headers:
        for theirs, ours in _GROUPS:
            response.body = response.body.replace(ours, theirs)
    code = _CODES.get(response.error_code)
    if code is not None:
        response.body = response.body.replace(f"<Code>{response.error_code}<".encode(), f"<Code>{code}<".encode())
        response.error_code = code
        response.status = 412 if code == "PreconditionFailed" else response.status
    return response


def _is_object(request: Request) -> bool:
    """Whether the body is an object's content."""
    return bool(request.key) and request.method == "PUT" and not request.query.keys() & {"acl", "tagging"}


def _addressed(request: Request) -> tuple[str, str]:
    """Bucket and raw path of the key: from the host, or from the path's first part. Empty for the list of buckets."""
    service = request.service
    if service.kind is Kind.BUCKET:
        return service.bucket, request.path
    if service.kind is Kind.OTHER and service.name.endswith(".localhost"):
        return service.name.removesuffix(".localhost"), request.path
    if service.kind not in (Kind.PATH_STYLE, Kind.LOOPBACK, Kind.SERVICE):
        raise ServiceError("InvalidHostname")
    bucket, slash, rest = request.path.removeprefix("/").partition("/")
    return unquote(bucket), f"/{rest}" if slash else "/"


async def _with_document(request: Request) -> Request:
    """Read the document, so that the handler can be given a Content-MD5 and the names that it knows."""
    data = await request.body.read(_LIMIT)
    if request.headers.get("Content-MD5") not in (None, _md5(data)):
        raise ServiceError("BadDigest")
    for theirs, ours in _GROUPS:
        data = data.replace(theirs, ours)
    service = request.service
    if request.method == "PUT" and not request.key and not request.query:
        region = _constraint(data)
        data = b""
        service = replace(service, region=region or service.region)
    return replace(request, body=Held(data), content_length=len(data), service=service,
                   headers=_with(request, "Content-MD5", _md5(data)))


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _with(request: Request, name: str, value: str) -> CIMultiDict[str]:
    changed = CIMultiDict(request.headers)
    changed[name] = value
    return changed


def _constraint(data: bytes) -> str:
    """The region of a CreateBucketConfiguration; empty for one that no bucket here could be in."""
    if not data.strip():
        return ""
    try:
        region = xml.text_of(xml.parse(data, "CreateBucketConfiguration"), "LocationConstraint")
    except xml.MalformedXMLError as error:
        raise ServiceError("MalformedXML", str(error)) from error
    return region if _REGION.match(region) and not _ELSEWHERE.match(region) else ""
