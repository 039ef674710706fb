"""Global acceleration of a bucket (COS API 436/38869 and 436/38868): its document, and who may use the endpoint."""

from __future__ import annotations

from sitepub.local.base.documents import check, malformed, read, text
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.storage import Storage


def parse(body: bytes) -> bool:
    """Whether the document switches acceleration on. Raises ServiceError MalformedXML."""
    root = read(body, "AccelerateConfiguration")
    check(root, ("Status", "Type"))
    status = text(root, "Status")
    if status not in ("Enabled", "Suspended") or text(root, "Type") not in (None, "", "COS"):
        raise malformed("AccelerateConfiguration needs a Status: Enabled or Suspended.")
    return status == "Enabled"


def render(body: bytes) -> bytes:
    status = "Enabled" if parse(body) else "Suspended"
    return (f"<AccelerateConfiguration><Status>{status}</Status><Type>COS</Type>"
            "</AccelerateConfiguration>").encode()


def check_endpoint(storage: Storage, request: Request, bucket: Bucket | None) -> None:
    """The acceleration endpoint answers only for buckets with acceleration switched on.

    Raises ServiceError BucketAccelerateNotEnabled (observed, not documented). The real service needs a while after
    the switch; how long is not documented."""
    if bucket is None or request.service.region:
        return
    document = storage.database.get_configuration(bucket.id, "accelerate")
    if document is None or not parse(document):
        raise ServiceError("BucketAccelerateNotEnabled")
