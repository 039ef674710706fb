"""Requests on buckets as such: creation, removal, a look (COS API 436/7738, 436/7732, 436/7735)."""

from __future__ import annotations

from sitepub.local.base import xml
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos.access.acl_configuration import acl_of_new_bucket
from sitepub.local.store.buckets import Bucket, check_name
from sitepub.local.store.storage import Storage


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
    traits = _traits(await request.body.read(64 * 1024))
    bucket = await storage.buckets.create(name, request.service.region, app_id, acl_of_new_bucket(request, signer))
    if traits:
        await storage.database.put_configuration(bucket.id, "traits", " ".join(traits).encode())
    return Response(200, {"Location": f"/{name}"})


def _traits(body: bytes) -> list[str]:
    """`MAZ` (several availability zones) and `OFS` (metadata acceleration), as CreateBucketConfiguration asks."""
    if not body.strip():
        return []
    try:
        tree = xml.parse(body, "CreateBucketConfiguration")
    except xml.MalformedXMLError as error:
        raise ServiceError("MalformedXML", str(error)) from error
    wanted = (xml.text_of(tree, "BucketAZConfig", "OAZ"), xml.text_of(tree, "BucketArchConfig", "COS"))
    if wanted[0] not in ("MAZ", "OAZ") or wanted[1] not in ("OFS", "COS"):
        raise ServiceError("MalformedXML", "BucketAZConfig can be MAZ, BucketArchConfig OFS.")
    return [trait for trait in wanted if trait in ("MAZ", "OFS")]


async def delete_bucket(storage: Storage, _: Request, bucket: Bucket) -> Response:
    """DELETE Bucket (COS API 436/7732)."""
    await storage.buckets.remove(bucket)
    return Response(204)


async def head_bucket(storage: Storage, _: Request, bucket: Bucket) -> Response:
    """HEAD Bucket (COS API 436/7735)."""
    headers = {"x-cos-bucket-region": bucket.region}
    traits = (storage.database.get_configuration(bucket.id, "traits") or b"").split()
    if b"MAZ" in traits:
        headers["x-cos-bucket-az-type"] = "MAZ"
    if b"OFS" in traits:
        headers["x-cos-bucket-arch"] = "OFS"
    return Response(200, headers)
