"""Cross-origin answers of a bucket, on the XML API and on the website."""

from __future__ import annotations

from sitepub.local.base.messages import Request, Response
from sitepub.local.cos.bucket import cors_rules
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.storage import Storage


def preflight(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """OPTIONS (COS API 436/8288): 200 without a body. Raises ServiceError AccessForbidden, BadRequest."""
    return Response(200, cors_rules.preflight(_rules(storage, bucket), request.headers))


def apply(storage: Storage, request: Request, bucket: Bucket, response: Response) -> None:
    """Add the CORS headers to an answer, also to an error."""
    if request.method != "OPTIONS":
        response.headers.update(cors_rules.actual(_rules(storage, bucket), request.method, request.headers))


def _rules(storage: Storage, bucket: Bucket) -> cors_rules.Cors | None:
    document = storage.database.get_configuration(bucket.id, "cors")
    return None if document is None else cors_rules.parse(document)
