"""Requests on buckets as such: the list of an account, creation, removal (COS API 436/8291, 436/7738, 436/7732)."""

from __future__ import annotations

from sitepub.local.base import xml
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.base.times import iso_time
from sitepub.local.cos.access.acl_configuration import acl_of_new_bucket
from sitepub.local.cos.owner import owner_xml
from sitepub.local.store.buckets import Bucket, check_name
from sitepub.local.store.storage import Storage


def list_buckets(storage: Storage, request: Request, region: str = "") -> Response:
    """GET Service (COS API 436/8291)."""
    if request.signer is None:
        raise ServiceError("AccessDenied")
    wanted = region or request.query.get("region", "")
    buckets = [
        xml.element("Bucket", (
            xml.element("Name", bucket.name),
            xml.element("Location", bucket.region),
            xml.element("CreationDate", iso_time(bucket.created, milliseconds=False)),
            xml.element("BucketType", "cos"),
        ))
        for bucket in storage.buckets.owned_by(request.signer.app_id)
        if not wanted or bucket.region == wanted
    ]
    return Response.xml(xml.document("ListAllMyBucketsResult", (
        xml.element("Owner", [owner_xml(storage.identity, request.signer.app_id)]),
        xml.element("Buckets", buckets),
    )))


async def put_bucket(storage: Storage, request: Request) -> Response:
    """PUT Bucket (COS API 436/7738)."""
    name, signer = request.service.bucket, request.signer
    if signer is None:
        raise ServiceError("AccessDenied")
    app_id = check_name(name)
    if app_id != signer.app_id:
        raise ServiceError("AccessDenied", "The APPID of the bucket is not that of the account.")
    if not request.service.region:
        raise ServiceError("ActionAccelerateNotSupported", "The acceleration endpoint makes no buckets.")
    await request.body.read(64 * 1024)
    await storage.buckets.create(name, request.service.region, app_id, acl_of_new_bucket(request, signer))
    return Response(200, {"Location": f"/{name}"})


async def delete_bucket(storage: Storage, _: Request, bucket: Bucket) -> Response:
    """DELETE Bucket (COS API 436/7732)."""
    await storage.buckets.remove(bucket)
    return Response(204)


async def head_bucket(_: Storage, __: Request, bucket: Bucket) -> Response:
    """HEAD Bucket (COS API 436/7735)."""
    return Response(200, {"x-cos-bucket-region": bucket.region})
