"""`?tagging` of an object (COS API 436/42997 PUT, 436/42998 GET, 436/42999 DELETE)."""

from __future__ import annotations

from sitepub.local.base.documents import received
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos.access.acl_configuration import wanted_object
from sitepub.local.cos.bucket import tagging
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import set_object_text


async def object_tagging(storage: Storage, request: Request, bucket: Bucket) -> Response:
    stored = wanted_object(storage, request, bucket)
    if request.method in ("GET", "HEAD"):
        # An object without tags answers an empty set; only buckets answer NoSuchTagSet.
        return Response.xml(tagging.render(tagging.stored(stored.tagging)))
    if request.method == "PUT":
        text = tagging.to_header(tagging.parse(await received(request), tagging.OBJECT_TAGS))
    elif request.method == "DELETE":
        text = ""
    else:
        raise ServiceError("MethodNotAllowed")
    version = request.query.get("versionId")
    await set_object_text(storage.database, bucket, request.key, version, "tagging", text)
    return Response(204)
