"""Settings of which a bucket has several, each with an id: inventories (COS API 436/33705 to 33709) and intelligent
tiering (436/51458 to 51459, 436/107627)."""

from __future__ import annotations

import json

from sitepub.local.base import xml
from sitepub.local.base.documents import received
from sitepub.local.base.errors import ServiceError
from sitepub.local.base.messages import Request, Response
from sitepub.local.cos.bucket import kept_documents
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.database import Database
from sitepub.local.store.storage import Storage

PAGE = 100
"""Configurations in one answer of a list."""
DEFAULT = "default"
"""Id of the tiering rule that the older form, without ids, is about."""


async def inventory(storage: Storage, request: Request, bucket: Bucket) -> Response:
    """`?inventory`, with `id` or, for the list, without. Raises ServiceError."""
    database, method, identifier = storage.database, request.method, request.query.get("id", "")
    known = _known(database, bucket, "inventory")
    if method in ("GET", "HEAD"):
        if not identifier:
            return _list(request, known, "ListInventoryConfigurationResult")
        if identifier not in known:
            raise ServiceError("InventoryConfigurationNotFoundError")
        return Response.xml(xml.HEADER + known[identifier])
    if method == "DELETE":
        await _keep(database, bucket, "inventory", {name: one for name, one in known.items() if name != identifier})
        return Response(204)
    body = await received(request)
    document = kept_documents.inventory(body, identifier).decode()
    if method == "POST":
        return Response(200)  # made at once: what is written, and when, is not part of the embedded cloud
    kept_documents.check_scheduled(body)
    if identifier not in known and len(known) >= kept_documents.INVENTORIES:
        raise ServiceError("InventoryFull")
    await _keep(database, bucket, "inventory", {**known, identifier: document})
    return Response(200)


async def tiering(storage: Storage, request: Request, bucket: Bucket, kind: str) -> Response:
    """`?intelligenttiering` knows the rule `default` only, `?intelligent-tiering` any `id`. Raises ServiceError."""
    database, method = storage.database, request.method
    listed = kind == "intelligent-tiering"
    identifier = request.query.get("id", "") if listed else DEFAULT
    known = _known(database, bucket, "intelligenttiering")
    if method in ("GET", "HEAD"):
        if listed and not identifier:
            return _list(request, known, "ListBucketIntelligentTieringConfigurationsOutput")
        # what a bucket without is answered is not documented
        return Response.xml(xml.HEADER + known.get(identifier, "<IntelligentTieringConfiguration/>"))
    if method == "DELETE" and listed:
        await _keep(database, bucket, "intelligenttiering",
                    {name: one for name, one in known.items() if name != identifier})
        return Response(204)
    if method != "PUT":
        raise ServiceError("MethodNotAllowed")
    if not identifier:
        raise ServiceError("InvalidArgument", "The parameter id must name the rule.")
    document = kept_documents.tiering(await received(request), identifier).decode()
    await _keep(database, bucket, "intelligenttiering", {**known, identifier: document})
    return Response(200)


def _list(request: Request, known: dict[str, str], root: str) -> Response:
    token = request.query.get("continuation-token", "")
    names = list(known)
    if token and token not in known:
        raise ServiceError("InvalidArgument", "continuation-token")
    start = names.index(token) if token else 0
    page, rest = names[start : start + PAGE], names[start + PAGE :]
    parts = [known[name] for name in page]
    parts.append(xml.element("IsTruncated", "true" if rest else "false"))
    if token:
        parts.append(xml.element("ContinuationToken", token))
    if rest:
        parts.append(xml.element("NextContinuationToken", rest[0]))
    return Response.xml(xml.document(root, parts))


def _known(database: Database, bucket: Bucket, kind: str) -> dict[str, str]:
    """Documents by id, oldest first."""
    stored = database.get_configuration(bucket.id, kind)
    found: dict[str, str] = {} if stored is None else json.loads(stored)
    return found


async def _keep(database: Database, bucket: Bucket, kind: str, documents: dict[str, str]) -> None:
    if documents:
        await database.put_configuration(bucket.id, kind, json.dumps(documents).encode())
    else:
        await database.delete_configuration(bucket.id, kind)
