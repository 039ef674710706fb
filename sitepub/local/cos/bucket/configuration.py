"""The documents that configure a bucket: `?website`, `?cors`, `?policy` … and the ACL and tags of an object.

Each document is checked as a whole when it is put, and kept as it was sent. What GET answers, and what it
answers when there is none, stands in the table DOCUMENTS, from the API page of each document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sitepub.local.base import xml
from sitepub.local.base.documents import received
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos.access import policy, referer
from sitepub.local.cos.access.acl_configuration import bucket_acl, object_acl
from sitepub.local.cos.bucket import (
    acceleration,
    cors_rules,
    kept_documents,
    lifecycle,
    logging_document,
    named_documents,
    tagging,
    website_document,
)
from sitepub.local.cos.bucket.object_tagging import object_tagging
from sitepub.local.store.buckets import Bucket, check_attachments
from sitepub.local.store.storage import Storage


@dataclass(frozen=True)
class Document:
    """How one kind is put and got.

    `check` raises ServiceError for a document that is not valid. `render` makes GET's answer from what was
    put. `missing`: the error code, or the document that GET answers, when there is none. `deletable`: DELETE
    is documented; else a document without content removes it (`is_off`).
    """

    check: Callable[[bytes], object]
    missing: str
    render: Callable[[bytes], bytes] = bytes
    put_status: int = 200
    media: str = "application/xml"
    deletable: bool = True
    is_off: Callable[[bytes], bool] = lambda _: False


DOCUMENTS: Mapping[str, Document] = {
    "website": Document(
        website_document.parse, "NoSuchWebsiteConfiguration",
        render=lambda body: website_document.render(website_document.parse(body)).encode(),
    ),
    "cors": Document(
        cors_rules.parse, "NoSuchCORSConfiguration",
        render=lambda body: cors_rules.render(cors_rules.parse(body)).encode(),
    ),
    "policy": Document(policy.parse, "NoSuchBucketPolicy", put_status=204, media="application/json",
                       render=policy.render),
    "tagging": Document(
        lambda body: tagging.parse(body, tagging.BUCKET_TAGS), "NoSuchTagSet", put_status=204,
        render=lambda body: tagging.render(tagging.parse(body, tagging.BUCKET_TAGS)).encode(),
    ),
    "lifecycle": Document(lifecycle.check_lifecycle, "NoSuchLifecycleConfiguration"),
    "logging": Document(
        logging_document.parse, xml.document("BucketLoggingStatus", ()), deletable=False,
        is_off=lambda body: logging_document.parse(body) is None,
    ),
    # Once switched on it can be suspended, not deleted.
    "accelerate": Document(
        acceleration.parse, xml.document("AccelerateConfiguration", ()), render=acceleration.render, deletable=False,
    ),
    "referer": Document(
        referer.parse, xml.document("RefererConfiguration", ()), deletable=False,
        is_off=lambda body: not body.strip(),
    ),
    "encryption": Document(kept_documents.encryption, "NoSuchEncryptionConfiguration",
                           render=kept_documents.render_encryption),
    "replication": Document(kept_documents.check_replication, "ReplicationConfigurationNotFoundError"),
    "origin": Document(kept_documents.check_origin, "OriginConfigurationNotFoundError"),
    "object-lock": Document(kept_documents.check_object_lock, "NoSuchObjectLockConfiguration", deletable=False),
    # what a bucket without is answered is not documented
    "response-control": Document(kept_documents.check_response_control,
                                 xml.document("ResponseControlConfiguration", ())),
}


async def handle(storage: Storage, request: Request, bucket: Bucket, kind: str) -> Response:
    """Answer a request on a subresource. Raises ServiceError."""
    if kind == "acl":
        return await (object_acl if request.key else bucket_acl)(storage, request, bucket)
    if kind == "tagging" and request.key:
        return await object_tagging(storage, request, bucket)
    if kind == "location":
        return _location(request, bucket)
    if kind == "inventory":
        return await named_documents.inventory(storage, request, bucket)
    if kind in ("intelligenttiering", "intelligent-tiering"):
        return await named_documents.tiering(storage, request, bucket, kind)
    document = DOCUMENTS[kind]
    if request.method in ("GET", "HEAD"):
        return _get(storage, bucket, kind, document)
    if request.method == "PUT":
        return await _put(storage, request, bucket, kind, document)
    if request.method == "DELETE" and document.deletable:
        await storage.database.delete_configuration(bucket.id, kind)
        return Response(204)
    raise ServiceError("MethodNotAllowed")


def _location(request: Request, bucket: Bucket) -> Response:
    """GET ?location (COS API 436/8275)."""
    if request.method not in ("GET", "HEAD"):
        raise ServiceError("MethodNotAllowed")
    return Response.xml(f"{xml.HEADER}{xml.element('LocationConstraint', bucket.region)}")


def _get(storage: Storage, bucket: Bucket, kind: str, document: Document) -> Response:
    found = storage.database.get_configuration(bucket.id, kind)
    if found is not None:
        return Response(200, {"Content-Type": document.media}, document.render(found))
    if document.missing.startswith("<"):
        return Response.xml(document.missing)
    raise ServiceError(document.missing)


async def _put(storage: Storage, request: Request, bucket: Bucket, kind: str, document: Document) -> Response:
    body = await received(request)
    database = storage.database
    if document.is_off(body):
        await database.delete_configuration(bucket.id, kind)
        return Response(document.put_status)
    document.check(body)
    if kind == "logging":
        _check_log_target(storage, bucket, body)
    if kind == "replication":
        _check_versions(storage, bucket, body)
    if kind == "policy" and database.get_configuration(bucket.id, kind) is None:
        await database.put_configuration(
            bucket.id, kind, body, check=lambda transaction: check_attachments(transaction, bucket.owner)
        )
    else:
        await database.put_configuration(bucket.id, kind, body)
    return Response(document.put_status)


def _check_versions(storage: Storage, bucket: Bucket, body: bytes) -> None:
    """Both buckets must have versioning (COS API 436/19223)."""
    if bucket.versioning != "Enabled":
        raise ServiceError("BucketVersionNotOpen")
    for name in kept_documents.destinations(body):
        target = storage.buckets.find(name)
        if target is None:
            raise ServiceError("NoSuchBucket")
        if target.versioning != "Enabled":
            raise ServiceError("BucketVersionNotOpen")


def _check_log_target(storage: Storage, bucket: Bucket, body: bytes) -> None:
    """Logs go to a bucket of the same account in the same region (COS API 436/16920)."""
    target = logging_document.parse(body)
    found = storage.buckets.find(target.bucket) if target else None
    if found is None or found.owner != bucket.owner or found.region != bucket.region:
        raise ServiceError("InvalidTargetBucketForLogging", "The target bucket for logging is not valid.")
