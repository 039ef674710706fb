"""Which operation a request on a bucket or an object asks for.

Every subresource that is documented stands in one of the tables below. One that is not part of the embedded cloud is
answered NotImplemented, an unknown one InvalidArgument: a request never becomes another one, as `DELETE
/page?live` would become the removal of the page if `live` were passed over.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos import (
    appending,
    bucket_requests,
    listing,
    listing_v2,
    multidelete,
    multipart,
    multipart_listing,
    objects,
    post_object,
    restoring,
    symlinks,
    versioning,
)
from sitepub.local.cos.bucket import configuration, cors, domain_rules
from sitepub.local.services.services import Services
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.storage import Storage

Handler = Callable[[Storage, Request, Bucket], Awaitable[Response]]
Route = tuple[str, str, Handler]
"""Operation name, policy action, handler."""

CONFIGURATIONS = {
    "accelerate": "Accelerate", "acl": "ACL", "cors": "CORS", "domain": "Domain",
    "domaincertificate": "DomainCertificate", "encryption": "Encryption", "intelligenttiering": "IntelligentTiering",
    "intelligent-tiering": "IntelligentTiering", "inventory": "Inventory", "lifecycle": "Lifecycle",
    "location": "Location", "logging": "Logging", "object-lock": "ObjectLockConfiguration", "origin": "Origin",
    "policy": "Policy", "referer": "Referer", "replication": "Replication", "response-control": "ResponseControl",
    "tagging": "Tagging", "website": "Website",
}
"""Subresources of a bucket that `bucket.configuration` answers, and what policies call them; ``acl`` and ``tagging``
also below an object."""
ELSEWHERE = (
    "notification", "live", "vod", "select", "retention", "legal-hold", "torrent",
    "ci-process", "image_process", "pic_process", "rename", "truncate", "quota", "requestPayment", "publicAccessBlock",
    "ownershipControls", "analytics", "metrics", "style", "imageInspect", "cancel",
)
"""Documented for COS, its data processing or S3, not part of the embedded cloud: answered NotImplemented."""
_ANYWHERE = frozenset({
    "prefix", "delimiter", "marker", "max-keys", "encoding-type", "fetch-owner", "key-marker", "version-id-marker",
    "upload-id-marker", "max-uploads", "part-number-marker", "max-parts", "versionId", "partNumber", "uploadId",
    "position", "id", "continuation-token", "domainname", "region", "sign", "clientIP", "clientUA", "token",
})
"""Parameters that may be sent without a value and are no subresources."""
_METHODS = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Delete"}
_BUCKET_ONLY = ("versioning", "versions", "delete")
_OBJECT_ONLY = ("append", "restore", "symlink")


def route(services: Services, request: Request) -> Route:
    """What answers a request. Raises ServiceError NotImplemented, MethodNotAllowed, InvalidArgument."""
    method, key, query = request.method, request.key, request.query
    if method == "OPTIONS":
        return _named("OptionsObject", _preflight)
    if key and all(part in ("", ".") for part in key.split("/")):
        # the service joins slashes and `/./`: what is left then is the bucket (seen in the tests of its Node SDK)
        if method not in ("GET", "HEAD"):
            raise ServiceError("InvalidURI", "The path names no object.")
        request.key = key = ""
    if query:
        for kind in CONFIGURATIONS:
            if kind in query and (not key or kind in ("acl", "tagging")):
                return _configuration(services, method, key, kind)
        _check_known(method, key, query)
    operation, handler = _object(request) if key else _bucket(request)
    return _named(operation, handler)


def _named(operation: str, handler: Handler) -> Route:
    return operation, f"name/cos:{operation}", handler


def _check_known(method: str, key: str, query: Mapping[str, str]) -> None:
    known = _OBJECT_ONLY if key else _BUCKET_ONLY
    strangers = (*CONFIGURATIONS, *(_BUCKET_ONLY if key else _OBJECT_ONLY))
    for name, value in query.items():
        if name in known or name == "uploads" or name in _ANYWHERE:
            continue
        if name in ELSEWHERE and (not value or name == "ci-process"):
            raise ServiceError("NotImplemented", f"?{name} is not part of the embedded cloud.")
        if name in strangers and not value:
            raise ServiceError("MethodNotAllowed", f"?{name} is a subresource of {'buckets' if key else 'objects'}.")
        if value or name.lower().startswith(("q-", "x-cos-", "response-")):
            continue  # of the signature, or a parameter of the client's own
        if key and method in ("GET", "HEAD"):
            continue  # pages ask for `style.css?20240101`
        raise ServiceError("InvalidArgument", f"There is no subresource ?{name[:100]}.")


def _configuration(services: Services, method: str, key: str, kind: str) -> Route:
    verb = "Post" if (method, kind) == ("POST", "inventory") else _METHODS.get(method)
    if verb is None:
        raise ServiceError("MethodNotAllowed")

    async def handler(storage: Storage, request: Request, bucket: Bucket) -> Response:
        if kind in ("domain", "domaincertificate"):
            return await domain_rules.handle(storage, services, request, bucket, kind)
        return await configuration.handle(storage, request, bucket, kind)

    return _named(f"{verb}{'Object' if key else 'Bucket'}{CONFIGURATIONS[kind]}", handler)


def _bucket(request: Request) -> tuple[str, Handler]:
    method, query = request.method, request.query
    if method == "GET":
        if "versioning" in query:
            return "GetBucketVersioning", versioning.get_versioning
        if "versions" in query:
            return "GetBucketObjectVersions", versioning.list_versions
        if "uploads" in query:
            return "ListMultipartUploads", multipart_listing.list_uploads
        if "delete" not in query:
            second = request.s3 and query.get("list-type") == "2"
            return "GetBucket", listing_v2.list_objects if second else listing.list_objects
    if method == "PUT" and "versioning" in query:
        return "PutBucketVersioning", versioning.put_versioning
    if method == "POST" and "delete" in query:
        return "DeleteMultipleObjects", multidelete.delete_objects
    if query.keys() & {"versioning", "versions", "uploads", "delete"}:
        raise ServiceError("MethodNotAllowed")
    if method == "HEAD":
        return "HeadBucket", bucket_requests.head_bucket
    if method == "PUT":
        return "PutBucket", _never
    if method == "DELETE":
        return "DeleteBucket", bucket_requests.delete_bucket
    if method == "POST" and request.headers.get("Content-Type", "").lower().startswith("multipart/form-data"):
        return "PostObject", post_object.post_object
    raise ServiceError("MethodNotAllowed")


def _object(request: Request) -> tuple[str, Handler]:
    method, query = request.method, request.query
    if query:
        if "uploads" in query:
            return _only(method, {"POST": ("InitiateMultipartUpload", multipart.initiate)})
        if "append" in query:
            return _only(method, {"POST": ("AppendObject", appending.append_object)})
        if "restore" in query:
            return _only(method, {"POST": ("PostObjectRestore", restoring.restore_object)})
        if "symlink" in query:
            return _only(method, {"PUT": ("PutSymlink", symlinks.put_symlink), "GET": ("GetSymlink",
                                                                                       symlinks.get_symlink)})
        if "uploadId" in query or "partNumber" in query:
            return _only(method, {
                "PUT": ("UploadPart", multipart.upload_part), "GET": ("ListParts", multipart_listing.list_parts),
                "DELETE": ("AbortMultipartUpload", multipart.abort),
                "POST": ("CompleteMultipartUpload", multipart.complete)})
    return _only(method, {
        "PUT": ("PutObject", objects.put_object), "GET": ("GetObject", objects.get_object),
        "HEAD": ("HeadObject", objects.head_object), "DELETE": ("DeleteObject", objects.delete_object)})


def _only(method: str, handlers: Mapping[str, tuple[str, Handler]]) -> tuple[str, Handler]:
    if method not in handlers:
        raise ServiceError("MethodNotAllowed")
    return handlers[method]


async def _preflight(storage: Storage, request: Request, bucket: Bucket) -> Response:
    return cors.preflight(storage, request, bucket)


async def _never(_: Storage, __: Request, ___: Bucket) -> Response:
    raise ServiceError("MethodNotAllowed")
