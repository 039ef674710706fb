"""Which handler answers a request, and who may ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from sitepub.local.admin.admin import Administered, administer
from sitepub.local.base.errors import ServiceError, error_response
from sitepub.local.base.hosts import Kind
from sitepub.local.base.messages import Request, Response
from sitepub.local.cloud import LocalCloud
from sitepub.local.cos import bucket_requests, traffic
from sitepub.local.cos.access import access
from sitepub.local.cos.bucket import cors
from sitepub.local.cos.bucket.acceleration import check_endpoint
from sitepub.local.cos.bucket.domain_rules import bound_service
from sitepub.local.cos.bucket_list import list_buckets
from sitepub.local.cos.routes import route
from sitepub.local.cos.signature import verify
from sitepub.local.s3 import requests as s3
from sitepub.local.store.access_log import record
from sitepub.local.store.buckets import Bucket, check_name
from sitepub.local.store.stored import StoredObject, find_object, find_version
from sitepub.local.website import dev_pages, pages


class Dispatcher:
    """Answers the requests of one cloud: finds the handler, checks who asks, counts and logs the answer."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._storage = cloud.storage
        self._identity = cloud.storage.identity
        self._services = cloud.services
        self._dev_mode = cloud.dev_mode
        self._counts = cloud.counts
        self._log = cloud.access_log
        self._addresses = cloud.addresses
        self._api: Callable[[Request], Awaitable[Response]] | None = None
        self._administered = Administered(
            cloud.data, cloud.secret, cloud.addresses, cloud.access_log, cloud.delivery, cloud.lifecycle,
            cloud.dev_mode, cloud.services, cloud.misbehaviour, cloud.counts,
        )

    async def answer(self, request: Request) -> Response:
        """Answer a request. Raises ServiceError unless the host is that of a bucket."""
        if s3.speaks(request):
            return await self._s3(request)
        if request.service.kind is Kind.OTHER:
            request.service = bound_service(self._services, self._storage.buckets, request.service, request.time)
        kind = request.service.kind
        if kind is Kind.BUCKET:
            return await self._bucket(request)
        if kind is Kind.WEBSITE:
            return await self._website(request)
        operation = "Other"
        status = 500
        try:
            if kind is Kind.LOOPBACK and request.path.startswith("/-/"):
                return await administer(self._administered, request)
            operation, response = await self._without_bucket(request)
            status = response.status
            return response
        except ServiceError as error:
            status = error.status
            raise
        finally:
            if not request.path.startswith("/-/"):
                self._counts.add(request.method, operation, "", status)

    async def _s3(self, request: Request) -> Response:
        try:
            inner = await s3.understood(self._storage, request)
        except ServiceError as error:
            self._counts.add(request.method, "S3", "", error.status)
            return s3.answered(request, error_response(error, request))
        if inner.service.kind is Kind.BUCKET:
            return s3.answered(request, await self._bucket(inner))
        if request.method != "GET":
            raise ServiceError("MethodNotAllowed")
        self._counts.add(request.method, "GetService", "", 200)
        return s3.answered(request, self._bucket_list(inner, ""))

    def _bucket_list(self, request: Request, region: str) -> Response:
        if not access.session_permits(request, "", "", "name/cos:GetService", ""):
            raise ServiceError("AccessDenied")
        return list_buckets(self._storage, request, region)

    async def _without_bucket(self, request: Request) -> tuple[str, Response]:
        kind = request.service.kind
        if kind is Kind.CLOUD_API or (kind is Kind.LOOPBACK and _asks_cloud_api(request)):
            return "CloudApi", await self._cloud_api(request)
        # the official SDK, given this address for the list of buckets, sends it as the host too
        if kind is Kind.SERVICE or (kind in (Kind.PATH_STYLE, Kind.LOOPBACK) and request.path in ("", "/")):
            request.signer = verify(self._identity, request)
            if request.method != "GET":
                raise ServiceError("MethodNotAllowed")
            return "GetService", self._bucket_list(request, request.service.region)
        if kind in (Kind.PATH_STYLE, Kind.LOOPBACK):
            raise ServiceError("PathStyleDomainForbidden")
        raise ServiceError("InvalidHostname")

    async def _cloud_api(self, request: Request) -> Response:
        if self._api is None:
            # loaded with the first call: most runs make none
            from sitepub.local.cloud_api.gateway.dispatch import CloudApi, handle

            self._api = partial(handle, CloudApi(
                self._identity, self._services, self._storage, self._log, self._addresses))
        return await self._api(request)

    async def _website(self, request: Request) -> Response:
        storage = self._storage
        bucket = self._find_bucket(request)
        # the edge's cache gets pages without live reload
        dev = None if request.via_edge else self._dev_mode.bucket(request.service.bucket)
        if dev is not None and request.path.startswith("/-/live/"):
            return dev_pages.own_page(request, dev)
        try:
            if dev is None:
                response = await pages.handle(storage, request, bucket)
            else:
                response = await dev_pages.handle(storage, request, bucket, dev)
        except ServiceError as error:
            response = error_response(error, request)
        if request.path == dev_pages.EVENTS and response.status == 404:
            return response  # a page that was left open asks whether dev runs again: no visit
        if bucket is not None:
            if "Origin" in request.headers:
                cors.apply(storage, request, bucket, response)
            record(self._log, request, bucket, response, "GetWebsite", deliver=self._has_logging(bucket))
        self._counts.add(request.method, "Website", request.service.bucket, response.status)
        return response

    async def _bucket(self, request: Request) -> Response:
        """The XML API of one bucket: every answer, errors included, is counted and logged."""
        storage = self._storage
        operation = "Unknown"
        bucket = self._find_bucket(request)
        try:
            operation, action, handler = route(self._services, request)
            check_endpoint(storage, request, bucket)
            if request.method == "OPTIONS":
                if bucket is None:
                    raise ServiceError("NoSuchBucket")
                response = await handler(storage, request, bucket)
            else:
                if not request.s3:
                    request.signer = verify(self._identity, request)
                _check_query(request)
                rate = traffic.limit_of(request, operation)
                if rate:
                    request.body = traffic.SlowBody(request.body, rate)
                if operation == "PutBucket":
                    service = request.service
                    if not access.session_permits(request, service.bucket, service.region, action, ""):
                        raise ServiceError("AccessDenied")
                    response = await bucket_requests.put_bucket(storage, request)
                elif operation == "PostObject" and bucket is not None:
                    response = await handler(storage, request, bucket)  # who asks stands in the form
                else:
                    bucket = self._authorize(request, bucket, action)
                    response = await handler(storage, request, bucket)
                if rate:
                    response = traffic.slowed(response, rate)
        except ServiceError as error:
            response = error_response(error, request)
        if bucket is not None:
            if "Origin" in request.headers and request.method != "OPTIONS":
                cors.apply(storage, request, bucket, response)
            visit = request.signer is None and operation in ("GetObject", "HeadObject")
            deliver = self._has_logging(bucket)
            if visit or deliver:
                record(self._log, request, bucket, response, operation, deliver=deliver)
        self._counts.add(request.method, operation, request.service.bucket, response.status)
        return response

    def _has_logging(self, bucket: Bucket) -> bool:
        return self._storage.database.get_configuration(bucket.id, "logging") is not None

    def _find_bucket(self, request: Request) -> Bucket | None:
        service = request.service
        bucket = self._storage.buckets.find(service.bucket)
        if bucket is not None and service.region and service.region != bucket.region:
            return None
        return bucket

    def _authorize(self, request: Request, bucket: Bucket | None, action: str) -> Bucket:
        storage, signer = self._storage, request.signer
        if bucket is None:
            # Signed with another account's key, the name tells nothing about whether the bucket exists.
            app_id = check_name(request.service.bucket)
            if signer is not None and app_id != signer.app_id:
                raise ServiceError("AccessDenied")
            raise ServiceError("NoSuchBucket")
        owned = signer is not None and signer.app_id == bucket.owner and not signer.policies
        if owned and storage.database.get_configuration(bucket.id, "policy") is None:
            return bucket  # only a policy can deny the owner anything
        found: StoredObject | None = None
        if request.key:
            version = request.query.get("versionId")
            found = (find_version(storage.database, bucket, request.key, version) if version
                     else find_object(storage.database, bucket, request.key))
        if not access.allowed(storage, request, bucket, action, found):
            raise ServiceError("AccessDenied")
        return bucket


def _asks_cloud_api(request: Request) -> bool:
    """Of a request to an address without a name of its own."""
    if request.path != "/":
        return False
    return request.method == "POST" or (request.method == "GET" and (
        "X-TC-Action" in request.headers or ("Action" in request.query and "SecretId" in request.query)))


def _check_query(request: Request) -> None:
    for name, value in request.query.items():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ServiceError("InvalidArgument", f"{name[:100]!a} is not UTF-8.") from None
