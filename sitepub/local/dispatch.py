"""Which handler answers a request, and who may ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sitepub.local.admin.admin import administer
from sitepub.local.base.errors import ServiceError, error_response
from sitepub.local.base.hosts import Kind
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos import listing, multidelete, multipart, multipart_listing, objects, versioning
from sitepub.local.cos.bucket.acceleration import check_endpoint
from sitepub.local.cos.signature import verify
from sitepub.local.services.custom_domains import bound_service
from sitepub.local.store import buckets
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.stored import StoredObject, find_object, find_version

CONFIGURATIONS = ("accelerate", "website", "cors", "acl", "policy", "tagging", "lifecycle", "logging", "referer",
                  "domain", "domaincertificate")
"""Subresources that ``bucket_configuration`` answers; ``acl`` and ``tagging`` also below an object."""
OTHER_SUBRESOURCES = (
    "append", "encryption", "intelligenttiering", "inventory",
    "notification", "object-lock", "origin", "replication", "restore", "retention", "select", "symlink",
)
"""Documented, not part of the embedded cloud: answered NotImplemented, never mistaken for something else."""

Handler = Callable[[Request, Bucket], Awaitable[Response]]


async def answer(request: Request) -> Response:
    """Answer a request. Raises ServiceError for what is not that of a bucket."""
    if request.service.kind is Kind.OTHER:
        request.service = bound_service(request.cloud, request.service, request.time)
    kind = request.service.kind
    if kind is Kind.BUCKET:
        return await _bucket(request)
    if kind is Kind.WEBSITE:
        return await _website(request)
    operation = "Other"
    status = 500
    try:
        if kind is Kind.LOOPBACK and request.path.startswith("/-/"):
            return await administer(request)
        operation, response = await _without_bucket(request)
        status = response.status
        return response
    except ServiceError as error:
        status = error.status
        raise
    finally:
        if not request.path.startswith("/-/"):
            request.cloud.counts.add(request.method, operation, "", status)


async def _without_bucket(request: Request) -> tuple[str, Response]:
    kind = request.service.kind
    if kind is Kind.CLOUD_API or (kind is Kind.LOOPBACK and request.method == "POST" and request.path == "/"):
        from sitepub.local import cloud_api

        return "CloudApi", await cloud_api.handle(request)
    # the official SDK, told to use this address for the account's list, sends it as the host too
    if kind is Kind.SERVICE or (kind in (Kind.PATH_STYLE, Kind.LOOPBACK) and request.path in ("", "/")):
        request.signer = verify(request)
        if request.method != "GET":
            raise ServiceError("MethodNotAllowed")
        return "GetService", buckets.list_buckets(request, request.service.region)
    if kind in (Kind.PATH_STYLE, Kind.LOOPBACK):
        raise ServiceError("PathStyleDomainForbidden")
    raise ServiceError("InvalidHostname")


async def _website(request: Request) -> Response:
    from sitepub.local.cos.bucket import cors
    from sitepub.local.store import access_log
    from sitepub.local.website import dev_pages, pages

    bucket = _find_bucket(request)
    # what the edge keeps is shown without live reload
    session = None if request.via_edge else request.cloud.live.session(request.service.bucket)
    if session is not None and request.path.startswith("/-/live/"):
        return dev_pages.own_page(request, session)
    try:
        if session is None:
            response = await pages.handle(request, bucket)
        else:
            response = await dev_pages.handle(request, bucket, session)
    except ServiceError as error:
        response = error_response(error, request)
    if request.path == dev_pages.EVENTS and response.status == 404:
        return response  # a page that was left open looks whether dev is there again: no visit
    if bucket is not None:
        if "Origin" in request.headers:
            cors.apply(request, bucket, response)
        access_log.record(request, bucket, response, "GetWebsite")
    request.cloud.counts.add(request.method, "Website", request.service.bucket, response.status)
    return response


async def _bucket(request: Request) -> Response:
    """The XML API of one bucket: every answer, errors included, is counted and logged."""
    operation = "Unknown"
    bucket = _find_bucket(request)
    try:
        operation, action, handler = _route(request)
        check_endpoint(request, bucket)
        if request.method == "OPTIONS":
            if bucket is None:
                raise ServiceError("NoSuchBucket")
            response = await handler(request, bucket)
        else:
            request.signer = verify(request)
            _check_query(request)
            if operation == "PutBucket":
                response = await buckets.put_bucket(request)
            else:
                bucket = _authorize(request, bucket, action)
                response = await handler(request, bucket)
    except ServiceError as error:
        response = error_response(error, request)
    if bucket is not None:
        if "Origin" in request.headers and request.method != "OPTIONS":
            from sitepub.local.cos.bucket import cors

            cors.apply(request, bucket, response)
        visit = request.signer is None and operation in ("GetObject", "HeadObject")
        if visit or request.cloud.database.get_configuration(bucket.id, "logging") is not None:
            from sitepub.local.store import access_log

            access_log.record(request, bucket, response, operation)
    request.cloud.counts.add(request.method, operation, request.service.bucket, response.status)
    return response


def _check_query(request: Request) -> None:
    for name, value in request.query.items():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ServiceError("InvalidArgument", f"{name[:100]!a} is not UTF-8.") from None


def _find_bucket(request: Request) -> Bucket | None:
    service = request.service
    bucket = request.cloud.buckets.find(service.bucket)
    if bucket is not None and service.region and service.region != bucket.region:
        return None
    return bucket


def _authorize(request: Request, bucket: Bucket | None, action: str) -> Bucket:
    signer = request.signer
    if bucket is None:
        # Signed with another account's key, the name tells nothing about whether the bucket exists.
        app_id = buckets.check_name(request.service.bucket)
        if signer is not None and app_id != signer.app_id:
            raise ServiceError("AccessDenied")
        raise ServiceError("NoSuchBucket")
    owned = signer is not None and signer.app_id == bucket.owner
    if owned and request.cloud.database.get_configuration(bucket.id, "policy") is None:
        return bucket  # only a policy can deny the owner anything
    from sitepub.local.cos.access import access

    found: StoredObject | None = None
    if request.key:
        version = request.query.get("versionId")
        found = (find_version(request.cloud, bucket, request.key, version) if version
                 else find_object(request.cloud, bucket, request.key))
    if not access.allowed(request, bucket, action, found):
        raise ServiceError("AccessDenied")
    return bucket


def _route(request: Request) -> tuple[str, str, Handler]:
    """Operation name, policy action, handler."""
    method, key, query = request.method, request.key, request.query
    if method == "OPTIONS":
        return "OptionsObject", "name/cos:OptionsObject", _preflight
    if query:
        for kind in CONFIGURATIONS:
            if kind in query and (not key or kind in ("acl", "tagging")):
                return _configuration_route(method, key, kind)
        for kind in OTHER_SUBRESOURCES:
            if kind in query:
                raise ServiceError("NotImplemented", f"?{kind} is not part of the embedded cloud.")
    route = _object_route(method, query) if key else _bucket_route(method, query)
    operation, handler = route
    return operation, _ACTIONS.get(operation, f"name/cos:{operation}"), handler


def _configuration_route(method: str, key: str, kind: str) -> tuple[str, str, Handler]:
    names = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Delete"}
    if method not in names:
        raise ServiceError("MethodNotAllowed")
    subject = {"acl": "ACL", "cors": "CORS", "domaincertificate": "DomainCertificate"}.get(kind, kind.capitalize())
    operation = f"{names[method]}{'Object' if key else 'Bucket'}{subject}"

    async def handler(request: Request, bucket: Bucket) -> Response:
        from sitepub.local.cos.bucket import configuration

        return await configuration.handle(request, bucket, kind)

    return operation, f"name/cos:{operation}", handler


def _bucket_route(method: str, query: object) -> tuple[str, Handler]:
    assert isinstance(query, dict)
    if method == "GET":
        if "versioning" in query:
            return "GetBucketVersioning", versioning.get_versioning
        if "versions" in query:
            return "GetBucketObjectVersions", versioning.list_versions
        if "uploads" in query:
            return "ListMultipartUploads", multipart_listing.list_uploads
        return "GetBucket", listing.list_objects
    if method == "HEAD":
        return "HeadBucket", _head_bucket
    if method == "PUT":
        if "versioning" in query:
            return "PutBucketVersioning", versioning.put_versioning
        return "PutBucket", _never
    if method == "DELETE":
        return "DeleteBucket", buckets.delete_bucket
    if method == "POST" and "delete" in query:
        return "DeleteMultipleObjects", multidelete.delete_objects
    raise ServiceError("MethodNotAllowed")


def _object_route(method: str, query: object) -> tuple[str, Handler]:
    assert isinstance(query, dict)
    if method == "PUT":
        if "partNumber" in query or "uploadId" in query:
            return "UploadPart", multipart.upload_part
        return "PutObject", objects.put_object
    if method == "GET":
        if "uploadId" in query:
            return "ListParts", multipart_listing.list_parts
        return "GetObject", objects.get_object
    if method == "HEAD":
        return "HeadObject", objects.head_object
    if method == "DELETE":
        if "uploadId" in query:
            return "AbortMultipartUpload", multipart.abort
        return "DeleteObject", objects.delete_object
    if method == "POST":
        if "uploads" in query:
            return "InitiateMultipartUpload", multipart.initiate
        if "uploadId" in query:
            return "CompleteMultipartUpload", multipart.complete
    raise ServiceError("MethodNotAllowed")


_ACTIONS = {
    "DeleteMultipleObjects": "name/cos:DeleteMultipleObjects",
    "GetBucketObjectVersions": "name/cos:GetBucketObjectVersions",
}


async def _preflight(request: Request, bucket: Bucket) -> Response:
    from sitepub.local.cos.bucket import cors

    return cors.preflight(request, bucket)


async def _head_bucket(_: Request, bucket: Bucket) -> Response:
    return buckets.head_bucket(bucket)


async def _never(_: Request, __: Bucket) -> Response:
    raise ServiceError("MethodNotAllowed")
